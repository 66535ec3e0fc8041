import { BATCH_SEGMENTS, PARTITIONS, SyntheticLedger } from './syntheticLedger.ts';
import {
  TILE_WIDTH,
  changedTiles,
  encodeBundle,
  encodeTile,
  formatBundlePath,
  formatTilePath,
  parseBundlePath,
  parseTilePath,
} from '../src/core/merkle/tile.ts';
import type { Tile } from '../src/core/merkle/tile.ts';
import {
  NEWEST_CHECKPOINT,
  batchName,
  checkpointName,
  parseBatchName,
  parseCheckpointName,
  parseSegmentName,
  segmentName,
} from '../src/core/objects/names.ts';
import type { ObjectInfo, ObjectStore, SearchableTiles, TileInfo, TileStore } from '../src/ports/store.ts';

/** What a blob service answers one listing request with at most. */
const PAGE = 5000;

/** Requests are what a blob service would count. */
export interface Requests {
  /** creations and other writes */
  readonly write: number;
  readonly read: number;
  readonly exists: number;
  readonly list: number;
}

/**
 * SyntheticStore is a synthetic ledger as it was when its log had so many batches, and what was written since. It counts
 * requests and the bytes that were read. What was made once is kept, so that making it is not measured a second time.
 */
export class SyntheticStore implements ObjectStore {
  readonly #ledger: SyntheticLedger;
  readonly #batches: number;
  #segments: number;
  readonly #written = new Map<string, Buffer>();
  readonly #made = new Map<string, Buffer>();
  #tileNames: readonly string[] | undefined;
  #requests = { write: 0, read: 0, exists: 0, list: 0 };
  #bytes = 0;

  constructor(ledger: SyntheticLedger, batches: number) {
    this.#ledger = ledger;
    this.#batches = batches;
    this.#segments = batches * BATCH_SEGMENTS;
  }

  /** expose adds segments that have no entry yet. */
  expose(count: number): void {
    this.#segments += count;
  }

  /** put adds an object of another kind, and counts nothing. */
  put(name: string, bytes: Buffer): void {
    this.#written.set(name, bytes);
  }

  /** forget drops all that was written, and hides what was exposed. */
  forget(): void {
    this.#written.clear();
    this.#segments = this.#batches * BATCH_SEGMENTS;
  }

  /** take gives what was counted since it was last called. */
  take(): { readonly requests: Requests; readonly total: number; readonly bytes: number } {
    const requests = this.#requests;
    const bytes = this.#bytes;
    this.#requests = { write: 0, read: 0, exists: 0, list: 0 };
    this.#bytes = 0;
    return { requests, total: Object.values(requests).reduce((sum, count) => sum + count, 0), bytes };
  }

  async create(name: string, bytes: Uint8Array): Promise<'created' | 'exists'> {
    this.#requests.write += 1;
    if (this.#has(name)) return 'exists';
    this.#written.set(name, Buffer.from(bytes));
    return 'created';
  }

  async read(name: string): Promise<Buffer | undefined> {
    return this.readEnd(name, Infinity);
  }

  async readEnd(name: string, length: number): Promise<Buffer | undefined> {
    return this.#read(
      name,
      () => (this.#has(name) ? () => this.#make(name) : undefined),
      (bytes) => bytes.subarray(-length),
    );
  }

  async metadata(name: string): Promise<Readonly<Record<string, string>> | undefined> {
    return (await this.exists(name)) ? {} : undefined;
  }

  /** read reads a part of what was written, or of what `maker` knows how to make. */
  #read(
    name: string,
    maker: () => (() => Buffer) | undefined,
    partOf = (bytes: Buffer): Buffer => bytes,
  ): Buffer | undefined {
    this.#requests.read += 1;
    const make = this.#written.has(name) ? undefined : maker();
    const bytes = make === undefined ? this.#written.get(name) : this.#once(name, make);
    const part = bytes && partOf(bytes);
    this.#bytes += part?.length ?? 0;
    return part && Buffer.from(part);
  }

  #once(name: string, make: () => Buffer): Buffer {
    const made = this.#made.get(name) ?? make();
    this.#made.set(name, made);
    return made;
  }

  async exists(name: string): Promise<boolean> {
    this.#requests.exists += 1;
    return this.#has(name);
  }

  #has(name: string): boolean {
    const place = parseSegmentName(name);
    if (place !== undefined && place.index < this.#lengthOf(place.partition)) return true;
    const number = parseBatchName(name) ?? parseCheckpointName(name) ?? Infinity;
    return number < this.#batches || this.#written.has(name);
  }

  #make(name: string): Buffer {
    const place = parseSegmentName(name);
    if (place !== undefined) return this.#ledger.segment(Number(place.partition), place.index);
    const number = parseBatchName(name);
    return number === undefined
      ? this.#ledger.checkpoint(parseCheckpointName(name) as number)
      : this.#ledger.batch(number);
  }

  #lengthOf(partition: string): number {
    if (Number(partition) >= PARTITIONS) return 0;
    return Math.ceil((this.#segments - Number(partition)) / PARTITIONS);
  }

  async *list(prefix: string, from = ''): AsyncGenerator<ObjectInfo> {
    yield* this.#paged(this.#names(prefix, from));
  }

  *#paged(names: Iterable<string>): Generator<ObjectInfo> {
    this.#requests.list += 1;
    let listed = 0;
    for (const name of names) {
      if (listed > 0 && listed % PAGE === 0) this.#requests.list += 1;
      listed += 1;
      const place = parseSegmentName(name);
      // Nobody asks how large the others are.
      const bytes = place && (this.#written.get(name) ?? this.#once(name, () => this.#make(name)));
      yield { name, size: bytes?.length ?? 0 };
    }
  }

  /** names gives names under a folder, or that one name, in order. What was written comes last in each folder. */
  *#names(prefix: string, from: string): Generator<string> {
    const dense = DENSE.find(({ folder }) => folder === prefix) ?? segmentsOf(prefix);
    if (dense !== undefined) {
      const end = dense.partition === undefined ? this.#batches : this.#lengthOf(dense.partition);
      for (let index = dense.parse(from) ?? 0; index < end; index++) yield dense.format(index);
    } else if (!this.#written.has(prefix) && this.#has(prefix)) yield prefix;
    const written = [...this.#written.keys()].filter((name) => name.startsWith(prefix) && name >= from);
    yield* written.filter((name) => !TILE.test(name)).sort();
  }

  async *children(prefix: string): AsyncGenerator<{ readonly name: string; readonly isFolder: boolean }> {
    this.#requests.list += 1;
    const partitions = Array.from({ length: PARTITIONS }, (_, i) => `segments/${i}/x`);
    const names = [...DENSE.map(({ folder }) => `${folder}x`), ...partitions, ...this.#written.keys()];
    const below = names.filter((name) => name.startsWith(prefix) && !TILE.test(name));
    const folders = below.map((name) => name.slice(0, name.indexOf('/', prefix.length) + 1));
    for (const name of [...new Set(folders)].sort()) yield { name, isFolder: true };
  }

  /** tiles are the log's. */
  readonly tiles: TileStore & SearchableTiles = {
    write: async (name, bytes) => {
      this.#requests.write += 1;
      this.#written.set(name, Buffer.from(bytes));
    },
    read: async (name) => this.#read(name, () => this.#tileMaker(name)),
    readPart: async (name, offset, length) =>
      this.#read(
        name,
        () => this.#tileMaker(name),
        (bytes) => bytes.subarray(offset, offset + length),
      ),
    list: (prefix) => this.#listTiles(prefix),
    remove: () => Promise.resolve(),
  };

  #tileMaker(name: string): (() => Buffer) | undefined {
    if (name === NEWEST_CHECKPOINT) return () => this.#ledger.checkpoint(this.#batches - 1);
    const bundle = parseBundlePath(name);
    const tile = parseTilePath(name) ?? (bundle && { level: 0, ...bundle });
    if (tile === undefined || !this.#wasWritten(tile)) return undefined;
    const { level, index, width } = tile;
    const start = index * TILE_WIDTH;
    if (bundle === undefined) return () => encodeTile(this.#ledger.hashesAt(level, start, width));
    return () => encodeBundle(Array.from({ length: width }, (_, i) => this.#ledger.entryAt(start + i)));
  }

  /** wasWritten tells whether a tree had that tile behind one of the batches. */
  #wasWritten({ level, index, width }: Tile): boolean {
    const hashes = index * TILE_WIDTH + width;
    const leaves = hashes * TILE_WIDTH ** level;
    const count = SyntheticLedger.batchesOf(leaves);
    if (count > this.#batches) return false;
    return width === TILE_WIDTH || Math.floor(SyntheticLedger.treeSize(count) / TILE_WIDTH ** level) === hashes;
  }

  async *#listTiles(prefix: string): AsyncGenerator<TileInfo> {
    this.#tileNames ??= this.#allTiles();
    const written = [...this.#written.keys()].filter((name) => TILE.test(name));
    const names = [...this.#tileNames, ...written].filter((name) => name.startsWith(prefix));
    for (const info of this.#paged(names)) yield { ...info, written: 0 };
  }

  #allTiles(): string[] {
    const names = [NEWEST_CHECKPOINT];
    for (let count = 1; count <= this.#batches; count++) {
      for (const tile of changedTiles(SyntheticLedger.treeSize(count - 1), SyntheticLedger.treeSize(count))) {
        names.push(formatTilePath(tile), ...(tile.level === 0 ? [formatBundlePath(tile)] : []));
      }
    }
    return names.sort();
  }
}

const TILE = /^(tile\/|checkpoint$)/;

/** Folder is one whose names are dense. */
interface Folder {
  readonly folder: string;
  readonly partition?: string;
  readonly format: (index: number) => string;
  readonly parse: (name: string) => number | undefined;
}

const DENSE: readonly Folder[] = [
  { folder: 'batches/', format: batchName, parse: parseBatchName },
  { folder: 'checkpoints/', format: checkpointName, parse: parseCheckpointName },
];

function segmentsOf(folder: string): Folder | undefined {
  const [, partition] = /^segments\/(\d+)\/$/.exec(folder) ?? [];
  if (partition === undefined) return undefined;
  const format = (index: number): string => segmentName(partition, index);
  return { folder, partition, format, parse: (name) => parseSegmentName(name)?.index };
}
