import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';

/**
 * withFile opens a file, and waits for the disk: it is for threads of their own. It gives undefined for what isn't a file, and throws what
 * Node's file system does.
 */
export function withFile<T>(path: string, use: (file: number, size: number) => T): T | undefined {
  let file: number | undefined;
  try {
    // A pipe in the place of a file must not keep the thread waiting for a writer.
    file = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    const info = fstatSync(file);
    return info.isFile() ? use(file, info.size) : undefined;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/** readInto reads the first `size` bytes of a file, or all that it has, into memory that holds as many, and gives them there. */
export function readInto(memory: Buffer, file: number, size: number): Buffer {
  let at = 0;
  while (at < size) {
    const length = readSync(file, memory, at, size - at, at);
    if (length === 0) break;
    at += length;
  }
  return memory.subarray(0, at);
}
