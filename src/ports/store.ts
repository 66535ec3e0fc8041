import type { IgnoredWhy } from '../core/objects/litter.ts';

export interface ObjectInfo {
  readonly name: string;
  readonly size: number;
  /** of the bytes, where the store says it; it shows damage, and no forgery */
  readonly md5?: Uint8Array;
}

/** IgnoredFile is a file of a mirror that is no object, and why not. */
export interface IgnoredFile {
  readonly name: string;
  readonly why: IgnoredWhy;
}

/**
 * ObjectStore holds a ledger's objects. There is no way to replace or remove one.
 *
 * A write is durable when its promise resolves, and visible to every later read. Implementations retry passing faults;
 * what they throw is final: STORE_UNAVAILABLE or STORE_REFUSED. All methods may run concurrently, also from other
 * processes.
 */
export interface ObjectStore {
  /** create stores bytes under name, unless the name is taken. After a lost response it may say 'exists' of its own write. */
  create(name: string, bytes: Uint8Array, metadata?: Readonly<Record<string, string>>): Promise<'created' | 'exists'>;
  /**
   * read gives the bytes under name, why nobody reads them, or undefined if there is none. What has more than `most` bytes is
   * too large; left out, that is what maxBytesOf says of the name.
   */
  read(name: string, most?: number): Promise<Buffer | Unread | undefined>;
  /** readEnd gives the last bytes of an object, as many as asked for or all, whatever its size; else it answers as read does. */
  readEnd(name: string, length: number): Promise<Buffer | Unread | undefined>;
  /** metadata gives the metadata of an object, with names in lower case, also where its bytes can't be read. */
  metadata(name: string): Promise<Readonly<Record<string, string>> | undefined>;
  exists(name: string): Promise<boolean>;
  /** list yields what is under prefix in ascending order of names, from the name `from` on. */
  list(prefix: string, from?: string): AsyncIterable<ObjectInfo>;
  /**
   * children yields what is directly under prefix: objects, in ascending order of names, and folders by their full names,
   * which end in a slash.
   */
  children(prefix: string): AsyncIterable<{ readonly name: string; readonly isFolder: boolean }>;
}

/** ReadableObjects is the part of an ObjectStore that a reader needs who knows the names of what it reads. */
export type ReadableObjects = Pick<ObjectStore, 'read' | 'readEnd' | 'metadata' | 'exists' | 'list'>;

/** TileInfo is a file among the tiles. */
export interface TileInfo extends ObjectInfo {
  /** when it was written last (ms since 1970), by the store's clock */
  readonly written: number;
}

/**
 * TileStore holds what can be made again from the ledger: the tiles of the log and its newest checkpoint, under the names
 * of c2sp.org/tlog-tiles, and its index. Nothing in it is believed without a proof, and anything in it may be replaced.
 */
export interface TileStore {
  /** write stores bytes under name, whether it is taken or not. */
  write(name: string, bytes: Uint8Array): Promise<void>;
  /** read gives the bytes under name, why nobody reads them, or undefined if there is none. maxBytesOf says what is too large. */
  read(name: string): Promise<Buffer | Unread | undefined>;
  /** list yields what is under prefix in ascending order of names. */
  list(prefix: string): AsyncIterable<TileInfo>;
  /** remove removes a file that was listed, unless it has been written since; one that is gone is no fault. */
  remove(file: Pick<TileInfo, 'name' | 'written'>): Promise<void>;
}

/** ReadableTiles is the part of a TileStore that a reader needs. */
export interface ReadableTiles extends Pick<TileStore, 'read'> {
  /** list yields what is under prefix in ascending order of names. */
  list(prefix: string): AsyncIterable<ObjectInfo>;
}

/** SearchableTiles is the part of a TileStore that a reader needs who looks things up in the index. */
export interface SearchableTiles extends Pick<TileStore, 'read'> {
  /**
   * readPart gives bytes of a file from `offset` on, `length` of them, or as many as there are; else it answers as read does: also of a
   * part is too large what has more bytes than maxBytesOf says.
   */
  readPart(name: string, offset: number, length: number): Promise<Buffer | Unread | undefined>;
}

/**
 * TooLarge is the answer instead of the bytes of an object that has more than one of its name may have. It is no fault: whoever
 * may create objects can put one anywhere, and every reader has to go on behind it.
 */
export type TooLarge = 'too-large';

/**
 * Unread is the answer instead of the bytes of an object that is there: it is too large, in a tier that can't be read
 * without waiting for hours, encrypted with a key that whoever created it has, or stands in a mirror twice.
 */
export type Unread = TooLarge | 'archived' | 'encrypted' | 'twice';

/** WHY_UNREAD is what a finding says of an object that nobody reads. */
export const WHY_UNREAD: Readonly<Record<Unread, string>> = {
  'too-large': 'it is too large: no object of such a name has so many bytes',
  archived: 'it is in the archive tier, where nothing can be read: rehydrate it',
  encrypted: 'it can only be read with a key that whoever created it has: no object of a ledger is so',
  twice: 'it stands in the mirror twice, in the folder foreign and under its own name: remove the one that is no copy',
};

/** GONE is what is said of an object that a listing has, and a read hasn't. */
export const GONE = 'it was listed, and is gone';

/** isSame tells whether an object was read that has just these bytes. */
export const isSame = (read: Buffer | Unread | undefined, bytes: Uint8Array): boolean =>
  typeof read === 'object' && read.equals(bytes);
