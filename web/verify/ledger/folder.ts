import type { Bytes } from '../bytes.ts';
import type { Findings } from './findings.ts';
import { MAX_CONTENT_BYTES } from '../zstd/frames.ts';

/** StoredFile is a file of a mirror under the name of its object. */
export interface StoredFile {
  readonly name: string;
  readonly size: number;
  /** gives the bytes, or rejects where the device can't */
  read(): Promise<Bytes>;
}

/** Files that a copy that was cut off leaves behind; they are no objects. */
const PARTIAL = /\.[0-9a-f]{16}\.partial$/;

/** TLOG is the folder of a mirror that holds the tiles. */
export const TLOG = 'tlog/';

/** Folder is a mirror: files by name, of which one is read at a time. */
export class Folder {
  readonly #files = new Map<string, StoredFile>();
  /** in the order of their names, which is that of the numbers in them */
  readonly names: readonly string[];
  readonly #findings: Findings;
  readonly #onRead: (name: string, bytes: number) => void;

  constructor(files: Iterable<StoredFile>, findings: Findings, onRead: (name: string, bytes: number) => void) {
    for (const file of files) if (!PARTIAL.test(file.name)) this.#files.set(file.name, file);
    this.names = [...this.#files.keys()].sort();
    this.#findings = findings;
    this.#onRead = onRead;
  }

  has(name: string): boolean {
    return this.#files.has(name);
  }

  /** under gives the names that begin with a folder's. */
  under(folder: string): readonly string[] {
    const { names } = this;
    let [low, high] = [0, names.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((names[middle] as string) < folder) low = middle + 1;
      else high = middle;
    }
    let end = low;
    while (names[end]?.startsWith(folder) === true) end++;
    return names.slice(low, end);
  }

  sizeOf(name: string): number {
    return this.#files.get(name)?.size ?? 0;
  }

  /**
   * read gives an object's bytes; undefined if there is none, or if it can't be read, which is noted; 'oversize' for one of
   * more than the format allows, which is not read.
   */
  async read(name: string): Promise<Bytes | 'oversize' | undefined> {
    const file = this.#files.get(name);
    if (file === undefined) return undefined;
    if (file.size > MAX_CONTENT_BYTES) return 'oversize';
    try {
      const bytes = await file.read();
      this.#onRead(name, bytes.length);
      return bytes;
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      this.#findings.unread(name, error.message);
      return undefined;
    }
  }

  /** readSmall is read, but gives an object that is too large as one without bytes, which is no valid one. */
  async readSmall(name: string): Promise<Bytes | undefined> {
    const bytes = await this.read(name);
    return bytes === 'oversize' ? new Uint8Array() : bytes;
  }
}
