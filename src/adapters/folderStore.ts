import { randomBytes } from 'node:crypto';
import { createReadStream, statSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { link, open, opendir, readFile, readdir, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolders } from './makeFolders.ts';
import { withoutSecret } from '../config/secrets.ts';
import { AuditsealError } from '../core/errors.ts';
import { litterOf } from '../core/objects/litter.ts';
import { maxBytesOf } from '../core/objects/sizes.ts';
import type { ObjectStore, TileInfo, TooLarge } from '../ports/store.ts';

/** TLOG_FOLDER is the folder of a mirror that holds what the tile container holds: no objects of the ledger's container. */
export const TLOG_FOLDER = 'tlog';

/** Names that Windows keeps for devices, whatever their extension. */
const DEVICE = /^(con|prn|aux|nul|com[0-9\u00b9\u00b2\u00b3]|lpt[0-9\u00b9\u00b2\u00b3])(\.|$)/i;

/**
 * FolderStore is a plain folder that holds objects as files under their names.
 *
 * Names are untrusted (they come from a container): none leads out of the folder. Files that an operating system or a copy that
 * was cut off left are not listed.
 */
export class FolderStore implements ObjectStore {
  readonly #root: string;
  readonly #isLitter: (name: string) => boolean;

  constructor(root: string, isLitter = (name: string): boolean => litterOf(name) !== undefined) {
    this.#root = root;
    this.#isLitter = isLitter;
  }

  async create(name: string, bytes: Uint8Array): Promise<'created' | 'exists'> {
    const path = this.pathOf(name);
    const partial = `${path}.${randomBytes(8).toString('hex')}.partial`;
    return this.#run(name, async () => {
      await makeFolders(this.#root, name);
      const file = await open(partial, 'wx');
      try {
        await file.writeFile(bytes);
        await file.sync();
        await file.close();
        // Durable point: a link appears whole or not at all, and never replaces a file.
        await link(partial, path);
        return 'created';
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EEXIST') return 'exists';
        throw error;
      } finally {
        await file.close().catch(() => {});
        await unlink(partial);
      }
    });
  }

  async read(name: string, most: number = maxBytesOf(name)): Promise<Buffer | TooLarge | undefined> {
    const path = this.pathOf(name);
    return this.#run(name, async () => {
      const info = await statOrUndefined(path);
      if (info === undefined || !info.isFile()) return undefined;
      if (info.size > most) return 'too-large';
      return readFile(path);
    });
  }

  readEnd(name: string, length: number): Promise<Buffer | TooLarge | undefined> {
    return this.#readPart(name, (size) => ({ start: Math.max(size - length, 0), end: size }));
  }

  /** readPart gives bytes from `offset` on, `length` of them, or as many as there are. */
  readPart(name: string, offset: number, length: number): Promise<Buffer | TooLarge | undefined> {
    return this.#readPart(name, (size) => ({ start: Math.min(offset, size), end: Math.min(offset + length, size) }));
  }

  async #readPart(
    name: string,
    partOf: (size: number) => { readonly start: number; readonly end: number },
  ): Promise<Buffer | TooLarge | undefined> {
    const path = this.pathOf(name);
    return this.#run(name, async () => {
      const info = await statOrUndefined(path);
      if (info === undefined || !info.isFile()) return undefined;
      const { start, end } = partOf(info.size);
      if (end - start > maxBytesOf(name)) return 'too-large';
      const file = await open(path);
      try {
        const { buffer, bytesRead } = await file.read(Buffer.alloc(end - start), 0, end - start, start);
        return buffer.subarray(0, bytesRead);
      } finally {
        await file.close();
      }
    });
  }

  /** removeBlank removes a file that holds zeros alone, as one does whose bytes a crash took, and tells whether it did. */
  async removeBlank(name: string): Promise<boolean> {
    const path = this.pathOf(name);
    return this.#run(name, async () => {
      if (((await statOrUndefined(path))?.size ?? 0) === 0) return false;
      for await (const chunk of createReadStream(path)) if ((chunk as Buffer).some((byte) => byte !== 0)) return false;
      await unlink(path);
      return true;
    });
  }

  /** metadata gives none: files have no such thing, and their bytes can be read. */
  async metadata(name: string): Promise<Readonly<Record<string, string>> | undefined> {
    return (await this.exists(name)) ? {} : undefined;
  }

  async exists(name: string): Promise<boolean> {
    const path = this.pathOf(name);
    return this.#run(name, async () => (await statOrUndefined(path))?.isFile() === true);
  }

  async *list(prefix: string, from = ''): AsyncIterable<TileInfo> {
    // The prefix is a folder and the start of names in it; a folder sorts as its name with a slash.
    for (const { name, isFolder } of await this.#entries(prefix)) {
      if (isFolder) {
        if (from < name || from.startsWith(name)) yield* this.list(name, from);
      } else if (name >= from) {
        const info = await this.#run(name, async () => statNow(join(this.#root, name)));
        // A link to nowhere, or a name that isn't text, is listed too, though nobody can read it.
        yield { name, size: info?.size ?? 0, written: info?.mtimeMs ?? 0 };
      }
    }
  }

  async *children(prefix: string): AsyncIterable<{ readonly name: string; readonly isFolder: boolean }> {
    yield* await this.#entries(prefix);
  }

  /** files yields the paths of all files, what no listing has included. */
  async *files(folder = ''): AsyncGenerator<string> {
    const entries = await this.#run(folder || withoutSecret(this.#root), () =>
      readdir(join(this.#root, folder), { withFileTypes: true }),
    );
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      if (entry.isDirectory()) yield* this.files(`${folder}${entry.name}/`);
      else yield `${folder}${entry.name}`;
    }
  }

  /** startOf gives the first bytes of a file that files yields; undefined if it can't be read. */
  async startOf(file: string, length: number): Promise<Buffer | undefined> {
    const path = join(this.#root, file);
    try {
      if (!(await stat(path)).isFile()) return undefined;
      const opened = await open(path);
      try {
        const { buffer, bytesRead } = await opened.read(Buffer.alloc(length), 0, length, 0);
        return buffer.subarray(0, bytesRead);
      } finally {
        await opened.close();
      }
    } catch {
      return undefined;
    }
  }

  /**
   * entries gives what stands in the prefix's folder and begins with the prefix, sorted as a blob listing is. What is found
   * on the disk is listed whatever it is called; a prefix that no name on the disk can have gives nothing.
   */
  async #entries(prefix: string): Promise<{ name: string; isFolder: boolean }[]> {
    const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1);
    const found: { name: string; isFolder: boolean }[] = [];
    await this.#run(folder === '' ? withoutSecret(this.#root) : folder, async () => {
      if (folder.split('/').slice(0, -1).some(leadsElsewhere) || folder.startsWith(`${TLOG_FOLDER}/`)) return;
      const path = join(this.#root, folder);
      if (folder !== '' && (await statOrUndefined(path))?.isDirectory() !== true) return;
      for await (const entry of await opendir(path, { bufferSize: 1024 })) {
        const name = `${folder}${entry.name}${entry.isDirectory() ? '/' : ''}`;
        if (name === `${TLOG_FOLDER}/`) continue;
        if (!name.startsWith(prefix) || (!entry.isDirectory() && this.#isLitter(name))) continue;
        found.push({ name, isFolder: entry.isDirectory() });
      }
    });
    return found.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** pathOf gives the path of an object's file. It throws TARGET_INVALID for a name that may lead out of the folder. */
  pathOf(name: string): string {
    const parts = name.split('/');
    if (parts.some((part) => part === '' || isUnsafe(part))) throw unsafe();
    return join(this.#root, ...parts);
  }

  async #run<T>(what: string, action: () => Promise<T>): Promise<T> {
    try {
      return await action();
    } catch (error) {
      if (error instanceof AuditsealError) throw error;
      if (isFull(error)) throw storeFull(what, error);
      const code = (error as NodeJS.ErrnoException).code ?? 'fault';
      const why = code === 'ENOENT' || code === 'ENOTDIR' ? 'is not a folder' : `can't be used (${code})`;
      throw new AuditsealError('STORE_UNAVAILABLE', `${what} ${why}`, { cause: error });
    }
  }
}

/** isFull tells whether the operating system had no room for something. */
export const isFull = (error: unknown): boolean =>
  ['ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException).code ?? '');

/** storeFull says that there was no room for something. */
export const storeFull = (what: string, cause: unknown): AuditsealError =>
  new AuditsealError('STORE_FULL', `${what}: the disk is full (${(cause as NodeJS.ErrnoException).code})`, { cause });

/** Windows also splits at backslashes and colons, and drops dots and spaces at the end of a part. */
const isUnsafe = (part: string): boolean =>
  /[\\:*?"<>|\x00-\x1f\x7f]|[. ]$/.test(part) || DEVICE.test(part) || Buffer.byteLength(part) > 255;

/** leadsElsewhere tells whether a part of a prefix is no name of a folder, which may be called what no object's could be. */
const leadsElsewhere = (part: string): boolean =>
  ['', '.', '..'].includes(part) || part.includes('\0') || (process.platform === 'win32' && isUnsafe(part));

const unsafe = (): AuditsealError =>
  new AuditsealError('TARGET_INVALID', "its name can't be a file name on every system");

async function statOrUndefined(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    return undefinedIfMissing(error);
  }
}

/** statNow does so at once: of each file that is listed, by way of the thread pool it takes as long as checking a small segment. */
function statNow(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch (error) {
    return undefinedIfMissing(error);
  }
}

function undefinedIfMissing(error: unknown): undefined {
  // ENOTDIR: a file stands where the name has a folder.
  if (['ENOENT', 'ENOTDIR', 'ENAMETOOLONG'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
  throw error;
}
