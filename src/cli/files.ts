import { mkdir, open, rename, rm, stat, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { unusable } from './usage.ts';

const ANYBODY = 0o666;

/**
 * createFile writes a file that isn't there yet. `mode` is who may use it, of which the user's umask takes away. What can't be written whole
 * is removed again.
 */
export async function createFile(path: string, bytes: Uint8Array, mode = ANYBODY, option = '--out'): Promise<void> {
  try {
    const file = await open(callersPath(path), 'wx', mode);
    let isWhole = false;
    try {
      await file.writeFile(bytes);
      await file.sync();
      isWhole = true;
    } finally {
      await file.close();
      if (!isWhole) await rm(callersPath(path), { force: true });
    }
  } catch (error) {
    const isThere = codeOf(error) === 'EEXIST';
    const why = isThere ? 'is there already, and is never overwritten' : `can't be written: ${reasonOf(error)}`;
    throw unusable(`${option}: ${path} ${why}`, error);
  }
}

/** replaceFile writes a file anew: whoever reads it meanwhile has it whole, as it was or as it is. */
export async function replaceFile(option: string, path: string, bytes: Uint8Array): Promise<void> {
  const target = callersPath(path);
  const partial = `${target}.${process.pid}.partial`;
  try {
    await writeFile(partial, bytes);
    await rename(partial, target);
  } catch (error) {
    await rm(partial, { force: true });
    throw unusable(`${option}: ${path} can't be written: ${reasonOf(error)}`, error);
  }
}

/** createFolder makes a folder that isn't there yet. */
export async function createFolder(option: string, path: string): Promise<void> {
  await refuseExisting(option, path);
  try {
    await mkdir(callersPath(path));
  } catch (error) {
    throw unusable(`${option}: ${path} can't be made: ${reasonOf(error)}`, error);
  }
}

/** refuseExisting throws TARGET_INVALID for what is there already. */
export async function refuseExisting(option: string, path: string): Promise<void> {
  const isThere = (await stat(callersPath(path)).catch(() => undefined)) !== undefined;
  if (isThere) throw unusable(`${option}: ${path} is there already, and is never overwritten`);
}

/** isUserFolder tells whether a path that the user named is a folder. */
export const isUserFolder = async (path: string): Promise<boolean> =>
  (await stat(callersPath(path)).catch(() => undefined))?.isDirectory() === true;

/**
 * readUserFile reads a file that the user named, as an option or, where `option` is empty, as an argument. Of what is larger
 * than `most` bytes it gives one byte more than that, by which whoever parses it sees that it is too large.
 */
export async function readUserFile(option: string, path: string, most: number): Promise<Buffer> {
  const bytes = await readUserFileIfThere(option, path, most);
  if (bytes === undefined) throw unreadable(option, path, 'there is no such file');
  return bytes;
}

/** readUserFileIfThere does the same, and gives undefined for a file that doesn't exist. */
export async function readUserFileIfThere(option: string, path: string, most: number): Promise<Buffer | undefined> {
  try {
    // Not by its size, which a pipe doesn't have. The stream closes the file.
    const chunks: Buffer[] = [];
    const stream = (await open(callersPath(path))).createReadStream({ end: most });
    for await (const chunk of stream) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw unreadable(option, path, reasonOf(error), error);
  }
}

const unreadable = (option: string, path: string, why: string, cause?: unknown): Error =>
  unusable(`${option === '' ? '' : `${option}: `}${path} can't be read: ${why}`, cause);

/** callersPath makes a path absolute from where the user is: `npm run` changes the folder and keeps the user's in INIT_CWD. */
export const callersPath = (path: string): string => resolve(process.env['INIT_CWD'] ?? '.', path);

/** codeOf gives the code of a fault of the operating system. */
export const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? 'fault';

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'you have no right to it (EACCES)',
  EDQUOT: 'no more room is granted to you there (EDQUOT)',
  EEXIST: 'there is a file of that name (EEXIST)',
  EFBIG: 'it would be larger than a file may be there (EFBIG)',
  EISDIR: 'it is a folder (EISDIR)',
  ENOENT: 'there is no such folder (ENOENT)',
  ENOSPC: 'the disk has no room left (ENOSPC)',
  ENOTDIR: 'what its path names as a folder is a file (ENOTDIR)',
};

/** reasonOf says in words why the operating system refused to open, read or create something. */
export const reasonOf = (error: unknown): string => REASONS[codeOf(error)] ?? codeOf(error);
