import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { AuditsealError } from '../core/errors.ts';

const ANYBODY = 0o666;

/** createFile writes a file that isn't there yet. `mode` is who may use it, of which the user's umask takes away. */
export async function createFile(path: string, bytes: Uint8Array, mode = ANYBODY): Promise<void> {
  try {
    const file = await open(callersPath(path), 'wx', mode);
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'fault';
    const why = code === 'EEXIST' ? 'is there already' : `can't be written (${code})`;
    throw new AuditsealError('TARGET_INVALID', `--out: ${path} ${why}`, { cause: error });
  }
}

/** callersPath makes a path absolute from where the user is: `npm run` changes the folder and keeps the user's in INIT_CWD. */
export const callersPath = (path: string): string => resolve(process.env['INIT_CWD'] ?? '.', path);
