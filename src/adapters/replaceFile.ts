import { randomBytes } from 'node:crypto';
import { mkdir, open, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isFull, storeFull } from './folderStore.ts';
import { AuditsealError } from '../core/errors.ts';

/**
 * replaceFile writes a file of a mirror that may be there already: readers see the old file or the new one, whole. `name` is what a fault
 * calls it. It throws STORE_FULL and STORE_UNAVAILABLE.
 */
export async function replaceFile(path: string, bytes: Uint8Array, name: string): Promise<void> {
  const partial = `${path}.${randomBytes(8).toString('hex')}.partial`;
  try {
    await mkdir(dirname(path), { recursive: true });
    const file = await open(partial, 'wx');
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    // Durable point.
    await rename(partial, path);
  } catch (error) {
    await unlink(partial).catch(() => {}); // the first failure is what counts
    if (isFull(error)) throw storeFull(name, error);
    const code = (error as NodeJS.ErrnoException).code ?? 'fault';
    throw new AuditsealError('STORE_UNAVAILABLE', `${name} can't be written (${code})`, { cause: error });
  }
}
