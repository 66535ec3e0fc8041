import { concat, equalBytes } from '../bytes.ts';
import type { Findings } from './findings.ts';
import { TLOG } from './folder.ts';
import type { Folder } from './folder.ts';
import { RootOf, foldRight, leafHash } from './hash.ts';
import type { Digest } from './hash.ts';

// c2sp.org/tlog-tiles.

/** TILE_WIDTH is how many hashes a full tile has. */
const TILE_WIDTH = 256;
const MAX_LEVEL = 63;

/** Tile is a file that the tree over the log's entries gives, by its name within `tlog`. */
interface TileFile {
  readonly name: string;
  /** the name of the full tile that it grows to */
  readonly whole: string;
  readonly bytes: Uint8Array;
}

function placeName(index: number): string {
  const digits = String(index);
  const groups = digits.padStart(Math.ceil(digits.length / 3) * 3, '0').match(/.../g) as string[];
  return groups.map((group, i) => (i === groups.length - 1 ? group : `x${group}`)).join('/');
}

const fileOf = (kind: string, index: number, width: number, bytes: Uint8Array): TileFile => {
  const whole = `tile/${kind}/${placeName(index)}`;
  return { name: width === TILE_WIDTH ? whole : `${whole}.p/${width}`, whole, bytes };
};

/** parseTileName gives level, index and width in the name of a tile or an entry bundle, and undefined for other names. */
function parseTileName(name: string): { level: number; index: number; width: number } | undefined {
  const [, kind = '', place = '', widthText] =
    /^tile\/(entries|0|[1-9]\d?)\/((?:x\d{3}\/){0,5}\d{3})(?:\.p\/([1-9]\d{0,2}))?$/.exec(name) ?? [];
  const level = kind === 'entries' ? 0 : Number(kind);
  const index = Number(place.replaceAll(/[x/]/g, ''));
  const width = Number(widthText ?? TILE_WIDTH);
  const isPartial = widthText !== undefined;
  if (kind === '' || level > MAX_LEVEL || !Number.isSafeInteger(index) || placeName(index) !== place) return undefined;
  return isPartial && width >= TILE_WIDTH ? undefined : { level, index, width };
}

/** LogTree is the tree over the log's entries. It holds the edge of the tree: at most 255 hashes for each factor of 256. */
export class LogTree {
  size = 0;
  /** per level, the hashes of the tile that isn't full */
  readonly #edge: Digest[][] = [[]];
  /** per level, how many tiles are full */
  readonly #full: number[] = [];
  /** of the entries since the last full bundle, each behind its length */
  #bundle: Uint8Array[] = [];
  #changed: TileFile[] = [];

  append(entry: Uint8Array): void {
    this.size += 1;
    this.#bundle.push(concat(Uint8Array.of(entry.length >> 8, entry.length & 255), entry));
    this.#push(0, leafHash(entry));
  }

  #push(level: number, hash: Digest): void {
    const edge = (this.#edge[level] ??= []);
    edge.push(hash);
    if (edge.length < TILE_WIDTH) return;
    this.#changed.push(...this.#filesOf(level, edge));
    if (level === 0) this.#bundle = [];
    this.#edge[level] = [];
    this.#full[level] = (this.#full[level] ?? 0) + 1;
    this.#push(level + 1, rootsOf(edge)[0] as Digest);
  }

  #filesOf(level: number, hashes: readonly Digest[]): TileFile[] {
    const index = this.#full[level] ?? 0;
    const tile = fileOf(String(level), index, hashes.length, concat(...hashes));
    return level > 0 ? [tile] : [fileOf('entries', index, hashes.length, concat(...this.#bundle)), tile];
  }

  /** takeFiles gives the files that are new since the last time: those that were filled, and those at the edge. */
  takeFiles(): TileFile[] {
    const edges = this.#edge.flatMap((hashes, level) => (hashes.length === 0 ? [] : this.#filesOf(level, hashes)));
    const files = [...this.#changed, ...edges];
    this.#changed = [];
    return files;
  }

  root(): Digest {
    return foldRight(this.#edge.toReversed().flatMap(rootsOf));
  }
}

function rootsOf(hashes: readonly Digest[]): readonly Digest[] {
  const tree = new RootOf();
  for (const hash of hashes) tree.add(hash);
  return tree.roots();
}

/** TileCheck compares the files in `tlog` with those that the entries give. */
export class TileCheck {
  readonly #folder: Folder;
  readonly #findings: Findings;
  /** by full name, the file that is missing, and of which batch it is */
  readonly #missing = new Map<string, { readonly name: string; readonly batch: number }>();
  readonly #compared = new Set<string>();
  compared = 0;

  constructor(folder: Folder, findings: Findings) {
    this.#folder = folder;
    this.#findings = findings;
  }

  #say(name: string, detail: string): void {
    this.#findings.say('tile-mismatch', `${TLOG}${name}`, detail);
  }

  async add(batch: number, files: readonly TileFile[]): Promise<void> {
    for (const { name, whole, bytes } of files) {
      // A tile at the edge of a higher level stays the same for many batches.
      if (this.#compared.has(name)) continue;
      if (name !== whole) this.#compared.add(name);
      if (!this.#folder.has(`${TLOG}${name}`)) {
        if (!this.#missing.has(whole) || name === whole) this.#missing.set(whole, { name, batch });
        continue;
      }
      const stored = await this.#folder.readSmall(`${TLOG}${name}`);
      if (stored === undefined) continue;
      this.compared += 1;
      if (!equalBytes(stored, bytes)) this.#say(name, 'it is not what the entries of the log give');
    }
    // Memory: what can still come again is at the edge.
    if (this.#compared.size > 1000) this.#compared.clear();
  }

  /**
   * finish says what is missing of the batches before `end`, and what no log of `size` entries has (Infinity if that isn't
   * known) that tiles were made of at these `sizes`.
   */
  finish(end: number, size: number, sizes: readonly number[]): void {
    for (const [whole, { name, batch }] of this.#missing) {
      // A partial tile may be dropped once the full one is there.
      const isDropped = name !== whole && this.#folder.has(`${TLOG}${whole}`);
      if (batch < end && !isDropped) this.#say(name, 'it is missing');
    }
    const rising = sizes.toSorted((a, b) => a - b);
    for (const path of this.#folder.under(TLOG)) {
      const name = path.slice(TLOG.length);
      const tile = parseTileName(name);
      if (name === 'checkpoint') continue;
      if (tile === undefined) {
        this.#say(name, 'a log has no tile of this name');
        continue;
      }
      const leaves = TILE_WIDTH ** tile.level;
      const from = (tile.index * TILE_WIDTH + tile.width) * leaves;
      if (from > size) this.#say(name, `a log of ${size} entries has no such tile`);
      else if (tile.width < TILE_WIDTH && size < Infinity && !isAmong(rising, from, from + leaves)) {
        this.#say(name, 'no checkpoint of the log has a tile of this width');
      }
    }
  }
}

/** isAmong tells whether a number from `start` to before `end` is among others. */
function isAmong(rising: readonly number[], start: number, end: number): boolean {
  let [low, high] = [0, rising.length];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if ((rising[middle] as number) < start) low = middle + 1;
    else high = middle;
  }
  return (rising[low] ?? Infinity) < end;
}
