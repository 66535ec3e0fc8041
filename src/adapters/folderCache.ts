import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rename, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { sha256 } from '../core/hash.ts';
import type { ByteCache } from '../ports/cache.ts';

const HASH_BYTES = 32;

/**
 * FolderCache keeps bytes in files of a folder, which nobody else may read: they may be of logs. Each file begins with the SHA-256 of
 * what follows, so one that was cut, or rotted, is none. Any file, or the folder, may be removed at any time.
 */
export class FolderCache implements ByteCache {
  readonly #folder: string;
  /** why something couldn't be kept; undefined as long as everything was */
  fault: string | undefined;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async get(key: string): Promise<Buffer | undefined> {
    let file: Buffer;
    try {
      file = await readFile(join(this.#folder, key));
    } catch {
      return undefined; // whatever keeps it from being read, it is fetched
    }
    const bytes = file.subarray(HASH_BYTES);
    return sha256(bytes) === file.toString('latin1', 0, HASH_BYTES) ? Buffer.from(bytes) : undefined;
  }

  async put(key: string, bytes: Buffer): Promise<void> {
    if (this.fault !== undefined) return;
    const path = join(this.#folder, key);
    const partial = `${path}.${randomBytes(8).toString('hex')}.partial`;
    try {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      const file = await open(partial, 'wx', 0o600);
      try {
        await file.writeFile(Buffer.from(sha256(bytes), 'latin1'));
        await file.writeFile(bytes);
      } finally {
        await file.close();
      }
      await rename(partial, path);
    } catch (error) {
      await unlink(partial).catch(() => {}); // the first failure is what counts
      this.fault = (error as NodeJS.ErrnoException).code ?? 'fault';
    }
  }
}
