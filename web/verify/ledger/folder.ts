import type { Bytes } from '../bytes.ts';
import { decodeUtf8 } from '../bytes.ts';
import type { Findings } from './findings.ts';
import { sha256 } from './hash.ts';
import { isFolderName, isSaved, litterKind } from './litter.ts';
import type { Kind } from './litter.ts';
import { isKnownName } from './names.ts';
import { maxBytesOf } from './sizes.ts';
import { readSlice } from './slice.ts';
import type { Slice } from './slice.ts';
import { MAX_CONTENT_BYTES } from '../zstd/frames.ts';

/** StoredFile is a file of a mirror under the name of its object. */
export interface StoredFile {
  readonly name: string;
  readonly size: number;
  /** gives the bytes, or `most` of them or more, or rejects where the device can't */
  read(most?: number): Promise<Bytes>;
}

/** A file that holds the name of a foreign object; the object's bytes lie beside it, without the suffix. */
const FOREIGN_NAME = /^foreign\/([0-9a-f]{64})\.name$/;
const NAME_SUFFIX = '.name';
/** MAX_NAME_BYTES bounds the name of an object. */
export const MAX_NAME_BYTES = 3072;

/** TLOG is the folder of a mirror that holds the tiles. */
export const TLOG = 'tlog/';

/** Folder is a mirror: files by name, of which one is read at a time. */
export class Folder {
  readonly #files: ReadonlyMap<string, StoredFile>;
  /** in the order of their names, which is that of the numbers in them */
  readonly names: readonly string[];
  /** objects whose names the format doesn't know, which a mirror keeps apart */
  readonly #foreign: ReadonlyMap<string, StoredFile>;
  /** what is no object, and why not */
  readonly ignored: Map<Kind, string[]>;
  /** the file that says what slice the folder is */
  readonly #slice: StoredFile | undefined;
  readonly #findings: Findings;
  readonly #onRead: (name: string, bytes: number) => void;

  private constructor(
    files: ReadonlyMap<string, StoredFile>,
    foreign: ReadonlyMap<string, StoredFile>,
    ignored: Map<Kind, string[]>,
    slice: StoredFile | undefined,
    findings: Findings,
    onRead: (name: string, bytes: number) => void,
  ) {
    this.#files = files;
    this.names = [...files.keys()].sort();
    this.#foreign = foreign;
    this.ignored = ignored;
    this.#slice = slice;
    this.#findings = findings;
    this.#onRead = onRead;
  }

  /** open sorts the files of a mirror, and reads the names of foreign objects. */
  static async open(
    given: Iterable<StoredFile>,
    findings: Findings,
    onRead: (name: string, bytes: number) => void,
  ): Promise<Folder> {
    const files = new Map<string, StoredFile>();
    const ignored = new Map<Kind, string[]>();
    let slice: StoredFile | undefined;
    for (const file of [...given].sort(byName)) {
      const kind = litterKind(file.name) ?? ((await isSaved(file)) ? 'saved' : undefined);
      if (kind === 'slice') slice = file;
      if (kind === undefined) files.set(file.name, file);
      else if (ignored.get(kind)?.push(file.name) === undefined) ignored.set(kind, [file.name]);
    }
    const foreign = await takeForeign(files);
    return new Folder(files, foreign, ignored, slice, findings, onRead);
  }

  /** takeMarkers takes the objects without bytes that mark a folder out of names that the format doesn't know, and gives the others. */
  takeMarkers(names: readonly string[]): string[] {
    const isMarker = (name: string): boolean => {
      const sizes = [this.#files.get(name), this.#foreign.get(name)].flatMap((file) => file?.size ?? []);
      return isFolderName(name) && sizes.length === 1 && sizes[0] === 0;
    };
    const markers = names.filter(isMarker);
    if (markers.length > 0) this.ignored.set('marker', markers);
    return names.filter((name) => !isMarker(name));
  }

  /** foreign is the names of the objects that a mirror keeps apart, in order. */
  get foreign(): readonly string[] {
    return [...this.#foreign.keys()].sort();
  }

  /** slice gives what the folder claims to be a slice of; 'unreadable' where its file says nothing of that. */
  async slice(): Promise<Slice | 'unreadable' | undefined> {
    const file = this.#slice;
    return file && ((await readSlice(file)) ?? 'unreadable');
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
    return file === undefined || file.size <= MAX_CONTENT_BYTES ? this.#read(name, file) : 'oversize';
  }

  /**
   * seenAs gives what an object is seen as: the SHA-256 of its bytes, or null for one of more than its name may have. What
   * stands in the mirror twice is seen as nothing.
   */
  async seenAs(name: string): Promise<string | null | undefined> {
    // Of what is among the tiles nothing is an object.
    const [plain, apart] = [name.startsWith(TLOG) ? undefined : this.#files.get(name), this.#foreign.get(name)];
    if (plain !== undefined && apart !== undefined) return undefined;
    const file = plain ?? apart;
    if (file !== undefined && file.size > maxBytesOf(name)) return null;
    const bytes = await this.#read(name, file);
    return bytes && sha256(bytes);
  }

  async #read(name: string, file: StoredFile | undefined): Promise<Bytes | undefined> {
    if (file === undefined) return undefined;
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

const byName = ({ name: a }: StoredFile, { name: b }: StoredFile): number => (a < b ? -1 : a > b ? 1 : 0);

/** takeForeign takes the files of foreign objects out of those of a mirror, and gives the objects' names. docs/format.md, section 2. */
async function takeForeign(files: Map<string, StoredFile>): Promise<Map<string, StoredFile>> {
  const objects = new Map<string, StoredFile>();
  for (const file of files.values()) {
    const name = await foreignName(file);
    if (name === undefined) continue;
    files.delete(file.name);
    const bytes = files.get(file.name.slice(0, -NAME_SUFFIX.length));
    // Without its bytes it is what a copy that was cut off left.
    if (bytes === undefined) continue;
    files.delete(bytes.name);
    objects.set(name, bytes);
  }
  return objects;
}

/** foreignName gives the name that a file holds if it is called after it, and undefined for every other file. */
async function foreignName(file: StoredFile): Promise<string | undefined> {
  const digest = FOREIGN_NAME.exec(file.name)?.[1];
  if (digest === undefined || file.size > MAX_NAME_BYTES) return undefined;
  const bytes = await file.read().catch(() => new Uint8Array());
  const name = sha256(bytes) === digest ? decodeUtf8(bytes) : undefined;
  return name === undefined || isKnownName(name) ? undefined : name;
}
