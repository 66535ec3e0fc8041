/** The contracts between the pipeline and the world. The pipeline knows these; adapters fulfil them. */
import { AuditsealError } from '../core/errors.ts';
import { MAX_SEGMENT_BYTES } from '../core/segment/zstd.ts';

export interface ObjectInfo {
  readonly name: string;
  readonly size: number;
}

/**
 * ObjectStore holds a ledger's objects. There is no way to replace or remove one.
 *
 * A write is durable when its promise resolves, and visible to every later read. Implementations retry passing faults;
 * what they throw is final: STORE_UNAVAILABLE, STORE_REFUSED, or OBJECT_TOO_LARGE from read. All methods may run
 * concurrently, also from other processes.
 */
export interface ObjectStore {
  /** create stores bytes under name, unless the name is taken. After a lost response it may say 'exists' of its own write. */
  create(name: string, bytes: Uint8Array, metadata?: Readonly<Record<string, string>>): Promise<'created' | 'exists'>;
  /** read gives the bytes under name, or undefined if there are none. */
  read(name: string): Promise<Buffer | undefined>;
  exists(name: string): Promise<boolean>;
  /** list yields what is under prefix in ascending order of names, from the name `from` on. */
  list(prefix: string, from?: string): AsyncIterable<ObjectInfo>;
  /**
   * children yields what is directly under prefix: objects, in ascending order of names, and folders by their full names,
   * which end in a slash.
   */
  children(prefix: string): AsyncIterable<{ readonly name: string; readonly isFolder: boolean }>;
}

/**
 * TileStore holds what can be made again from the ledger: the tiles of the log and its newest checkpoint, under the names
 * of c2sp.org/tlog-tiles. Nothing in it is believed without a proof, and anything in it may be replaced.
 */
export interface TileStore {
  /** write stores bytes under name, whether it is taken or not. */
  write(name: string, bytes: Uint8Array): Promise<void>;
  /** read gives the bytes under name, or undefined if there are none. */
  read(name: string): Promise<Buffer | undefined>;
  /** list yields what is under prefix in ascending order of names. */
  list(prefix: string): AsyncIterable<ObjectInfo>;
}

/** ReadableTiles is a TileStore as who only reads has it. */
export type ReadableTiles = Pick<TileStore, 'read' | 'list'>;

/** MAX_OBJECT_BYTES bounds what is read into memory. A segment is never larger stored than its lines may be. */
export const MAX_OBJECT_BYTES = MAX_SEGMENT_BYTES;

/** objectTooLarge is the fault of an object above MAX_OBJECT_BYTES. */
export const objectTooLarge = (size: number): AuditsealError =>
  new AuditsealError(
    'OBJECT_TOO_LARGE',
    `it has ${size} bytes; no object of a ledger has more than ${MAX_OBJECT_BYTES}`,
  );
