import { TreeRoot, nodesOf } from './tree.ts';
import type { LeafRange, ReadNode, TreeNode } from './tree.ts';
import { AuditsealError } from '../errors.ts';
import type { Hash } from '../hash.ts';
import { parseDecimal } from '../text.ts';

// c2sp.org/tlog-tiles. A tile of level 0 holds leaf hashes; one of a higher level holds the roots of full tiles of the
// level below, so its hashes are the tree's nodes of level 8 * level.

/** Tile is up to 256 hashes of a tree side by side. It is partial until it is 256 wide. */
export interface Tile {
  readonly level: number;
  readonly index: number;
  readonly width: number;
}

/** TILE_WIDTH is how many hashes a full tile holds. */
export const TILE_WIDTH = 256;

const TILE_LEVELS = 8;
const MAX_TILE_LEVEL = 63;
const HASH_BYTES = 32;
/** ENTRY_LENGTH_BYTES is what an entry bundle has in front of each entry: its length, big-endian. */
export const ENTRY_LENGTH_BYTES = 2;

/** storedWidths gives the widths under which a tile or bundle may stand: who keeps a partial one may drop it when it has grown full. */
export const storedWidths = (width: number): readonly number[] => (width < TILE_WIDTH ? [width, TILE_WIDTH] : [width]);

/** MAX_ENTRY_BYTES is the most that an entry bundle has room for in one entry. */
export const MAX_ENTRY_BYTES = 65_535;
/** MAX_TILE_BYTES and MAX_BUNDLE_BYTES are the bytes of a full tile, and of an entry bundle full of the longest entries. */
export const MAX_TILE_BYTES = TILE_WIDTH * HASH_BYTES;
export const MAX_BUNDLE_BYTES = TILE_WIDTH * (ENTRY_LENGTH_BYTES + MAX_ENTRY_BYTES);

const PLACE = /^((?:x[0-9]{3}\/){0,5}[0-9]{3})(?:\.p\/([1-9][0-9]{0,2}))?$/;

const malformed = (why: string): AuditsealError => new AuditsealError('TILE_MALFORMED', why);

/** formatTilePath names a tile, as `tile/0/x001/x234/067.p/5`. */
export const formatTilePath = ({ level, index, width }: Tile): string => `tile/${level}/${formatPlace(index, width)}`;

/** formatBundlePath names the entry bundle under a tile of level 0. */
export const formatBundlePath = ({ index, width }: Omit<Tile, 'level'>): string =>
  `tile/entries/${formatPlace(index, width)}`;

function formatPlace(index: number, width: number): string {
  const digits = String(index);
  const groups = digits.padStart(Math.ceil(digits.length / 3) * 3, '0').match(/.../g) as string[];
  const last = groups.pop() as string;
  return `${groups.map((group) => `x${group}/`).join('')}${last}${width === TILE_WIDTH ? '' : `.p/${width}`}`;
}

/** parseTilePath is the inverse of formatTilePath, and gives undefined for every other text. */
export function parseTilePath(path: string): Tile | undefined {
  const [, levelText = '', place = ''] = /^tile\/([0-9]{1,2})\/(.*)$/.exec(path) ?? [];
  const level = parseDecimal(levelText);
  const at = parsePlace(place);
  return level === undefined || level > MAX_TILE_LEVEL || at === undefined ? undefined : { level, ...at };
}

/** parseBundlePath is the inverse of formatBundlePath, and gives undefined for every other text. */
export const parseBundlePath = (path: string): Omit<Tile, 'level'> | undefined =>
  path.startsWith('tile/entries/') ? parsePlace(path.slice('tile/entries/'.length)) : undefined;

function parsePlace(place: string): Omit<Tile, 'level'> | undefined {
  const [, groups = '', widthText] = PLACE.exec(place) ?? [];
  const index = Number(groups.replaceAll(/[x/]/g, ''));
  const width = widthText === undefined ? TILE_WIDTH : Number(widthText);
  const isCanonical = Number.isSafeInteger(index) && width <= TILE_WIDTH && formatPlace(index, width) === place;
  return isCanonical ? { index, width } : undefined;
}

/** hashesAt is how many hashes the tiles of a level hold together, for a tree of `size` leaves. */
const hashesAt = (level: number, size: number): number => Math.floor(size / TILE_WIDTH ** level);

/**
 * changedTiles are the tiles that a tree of `to` leaves has, and that of `from` didn't or had narrower: those to write.
 * The ones of level 0 are the entry bundles to write, too. With `from` 0 they are all the tiles of a tree.
 */
export function* changedTiles(from: number, to: number): Generator<Tile> {
  for (let level = 0; hashesAt(level, to) > 0; level++) {
    const end = hashesAt(level, to);
    let start = hashesAt(level, from);
    while (start < end) {
      const index = Math.floor(start / TILE_WIDTH);
      const width = Math.min(end - index * TILE_WIDTH, TILE_WIDTH);
      yield { level, index, width };
      start = index * TILE_WIDTH + width;
    }
  }
}

/** edgeTiles are the partial tiles of a tree: what has to be read before leaves can be added. */
export function edgeTiles(size: number): Tile[] {
  const tiles: Tile[] = [];
  for (let level = 0; hashesAt(level, size) > 0; level++) {
    const width = hashesAt(level, size) % TILE_WIDTH;
    if (width > 0) tiles.push({ level, index: Math.floor(hashesAt(level, size) / TILE_WIDTH), width });
  }
  return tiles;
}

/** NodePlace says from which hashes of which tile a node's hash is made: `count` of them, from `start` on. */
export interface NodePlace {
  readonly tile: Tile;
  readonly start: number;
  readonly count: number;
}

/** placeOfNode finds a node in the tiles of a tree of `size` leaves. */
export function placeOfNode({ level, index }: TreeNode, size: number): NodePlace {
  const tileLevel = Math.floor(level / TILE_LEVELS);
  const count = 2 ** (level % TILE_LEVELS);
  const first = index * count;
  const hashes = hashesAt(tileLevel, size);
  if (first + count > hashes) throw new RangeError(`a tree of ${size} leaves has no node ${index} at level ${level}`);
  const tileIndex = Math.floor(first / TILE_WIDTH);
  const width = Math.min(hashes - tileIndex * TILE_WIDTH, TILE_WIDTH);
  return { tile: { level: tileLevel, index: tileIndex, width }, start: first % TILE_WIDTH, count };
}

/** tilesOfRanges are the tiles to read for a proof over these ranges of a tree of `size` leaves, each one once. */
export function tilesOfRanges(ranges: readonly LeafRange[], size: number): Tile[] {
  const tiles = ranges.flatMap(nodesOf).map((node) => placeOfNode(node, size).tile);
  return [...new Map(tiles.map((tile) => [formatTilePath(tile), tile])).values()];
}

/** readNodeFrom gives the hashes of a tree's nodes out of its tiles. It checks nothing: check the root, or the proof. */
export const readNodeFrom =
  (size: number, readTile: (tile: Tile) => readonly Hash[]): ReadNode =>
  (node) => {
    const { tile, start, count } = placeOfNode(node, size);
    return perfectRoot(readTile(tile).slice(start, start + count));
  };

/** perfectRoot is the root over the hashes of a full tile, or of an aligned part of one. */
export function perfectRoot(hashes: readonly Hash[]): Hash {
  const tree = new TreeRoot();
  for (const hash of hashes) tree.add(hash);
  return tree.root();
}

/** encodeTile gives a tile's bytes: its hashes, one after the other. */
export const encodeTile = (hashes: readonly Hash[]): Buffer => Buffer.from(hashes.join(''), 'latin1');

/** decodeTile is the inverse of encodeTile for a tile of that width, and throws TILE_MALFORMED. */
export function decodeTile(bytes: Buffer, width: number): Hash[] {
  if (bytes.length !== width * HASH_BYTES) {
    throw malformed(`the tile has ${bytes.length} bytes; one of ${width} hashes has ${width * HASH_BYTES}`);
  }
  const hashes = bytes.toString('latin1');
  return Array.from({ length: width }, (_, i) => hashes.slice(i * HASH_BYTES, (i + 1) * HASH_BYTES) as Hash);
}

/**
 * encodeBundle gives an entry bundle's bytes: each entry behind its length in two bytes. The bytes of a partial bundle
 * and those of the entries that came after it, one behind the other, are the bytes of the grown bundle.
 */
export function encodeBundle(entries: readonly Uint8Array[]): Buffer {
  const parts = entries.flatMap((entry) => {
    if (entry.length > MAX_ENTRY_BYTES)
      throw malformed(`an entry of the bundle has more than ${MAX_ENTRY_BYTES} bytes`);
    const length = Buffer.alloc(ENTRY_LENGTH_BYTES);
    length.writeUInt16BE(entry.length);
    return [length, entry];
  });
  return Buffer.concat(parts);
}

/** decodeBundle is the inverse of encodeBundle for a bundle of that width, and throws TILE_MALFORMED. */
export function decodeBundle(bytes: Buffer, width: number): Buffer[] {
  const entries: Buffer[] = [];
  let at = 0;
  while (entries.length < width) {
    const start = at + ENTRY_LENGTH_BYTES;
    const end = start <= bytes.length ? start + bytes.readUInt16BE(at) : Infinity;
    if (end > bytes.length) throw malformed(`the entry bundle ends in entry ${entries.length} of ${width}`);
    entries.push(bytes.subarray(start, end));
    at = end;
  }
  if (at !== bytes.length) throw malformed(`the entry bundle has more than ${width} entries`);
  return entries;
}
