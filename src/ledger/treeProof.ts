import { readTile } from './tiles.ts';
import { AuditsealError } from '../core/errors.ts';
import { leafHash } from '../core/hash.ts';
import type { Hash } from '../core/hash.ts';
import {
  consistencyRanges,
  inclusionRanges,
  proveConsistency,
  proveInclusion,
  verifyConsistency,
  verifyInclusion,
} from '../core/merkle/proof.ts';
import { decodeTile, formatTilePath, readNodeFrom, storedWidths, tilesOfRanges } from '../core/merkle/tile.ts';
import type { Tile } from '../core/merkle/tile.ts';
import { rangeHash } from '../core/merkle/tree.ts';
import type { LeafRange, ReadNode, TreeHead } from '../core/merkle/tree.ts';
import type { TileStore } from '../ports/store.ts';

type Tiles = Pick<TileStore, 'read'>;

/** nodesFromTiles reads the tiles that give the hashes of ranges of a tree. Nothing is checked: check the proof. */
export async function nodesFromTiles(tiles: Tiles, ranges: readonly LeafRange[], size: number): Promise<ReadNode> {
  const needed = tilesOfRanges(ranges, size);
  const read = new Map<string, readonly Hash[]>(
    await Promise.all(needed.map(async (tile) => [formatTilePath(tile), await readTileHashes(tiles, tile)] as const)),
  );
  return readNodeFrom(size, (tile) => read.get(formatTilePath(tile)) as readonly Hash[]);
}

/**
 * proveGrowth proves that the tree `to` begins with its own first `from` leaves, for 0 < from < to.size. It throws
 * TILE_MALFORMED if the tiles give no such proof: they are not those of `to`.
 */
export async function proveGrowth(tiles: Tiles, from: number, to: TreeHead): Promise<readonly Hash[]> {
  return (await growth(tiles, from, to)).proof;
}

/**
 * hasGrownFrom tells whether the tree `to` begins with the tree `from`, whose size is at most its own. It throws
 * TILE_MALFORMED if the tiles don't say: they are not those of `to`.
 */
export async function hasGrownFrom(tiles: Tiles, from: TreeHead, to: TreeHead): Promise<boolean> {
  if (from.size === 0 || from.size === to.size) return verifyConsistency(from, to, []);
  return (await growth(tiles, from.size, to)).rootHash === from.rootHash;
}

/** endsWith tells whether these entries are the last ones of a tree, as far as its tiles prove it. Throws TILE_MALFORMED. */
export async function endsWith(tiles: Tiles, head: TreeHead, entries: readonly Buffer[]): Promise<boolean> {
  const first = head.size - entries.length;
  const placed = entries.map((line, i) => ({ leaf: first + i, line }));
  return first >= 0 && holds(tiles, head, placed);
}

/** PlacedEntry is an entry, and the number of its leaf. */
export interface PlacedEntry {
  readonly leaf: number;
  readonly line: Buffer;
}

/** holds tells whether a tree has entries in their places, which are below its size, as far as its tiles prove it. Throws TILE_MALFORMED. */
export async function holds(
  tiles: Tiles,
  { size, rootHash }: TreeHead,
  entries: readonly PlacedEntry[],
): Promise<boolean> {
  const ranges = entries.flatMap(({ leaf }) => inclusionRanges(leaf, size));
  const readNode = await nodesFromTiles(tiles, ranges, size);
  return entries.every(({ leaf, line }) =>
    verifyInclusion(proveInclusion(leaf, size, readNode), leafHash(line), rootHash),
  );
}

/** growth gives the root over the first `from` leaves of a tree, and the proof that it begins with them. */
async function growth(
  tiles: Tiles,
  from: number,
  to: TreeHead,
): Promise<{ readonly rootHash: Hash; readonly proof: readonly Hash[] }> {
  const start = { start: 0, end: from };
  const readNode = await nodesFromTiles(tiles, [start, ...consistencyRanges(from, to.size)], to.size);
  const rootHash = rangeHash(start, readNode);
  const proof = proveConsistency(from, to.size, readNode);
  if (verifyConsistency({ size: from, rootHash }, to, proof)) return { rootHash, proof };
  throw new AuditsealError('TILE_MALFORMED', `the tiles do not fit the checkpoint of size ${to.size}: rebuild them`);
}

/** readTileHashes gives the hashes of a tile, and throws TILE_MALFORMED where it is missing. Nothing is checked: check the proof. */
export async function readTileHashes(tiles: Tiles, tile: Tile): Promise<readonly Hash[]> {
  for (const width of storedWidths(tile.width)) {
    const bytes = await readTile(tiles, formatTilePath({ ...tile, width }));
    if (bytes !== undefined) return decodeTile(bytes, width).slice(0, tile.width);
  }
  throw new AuditsealError('TILE_MALFORMED', `${formatTilePath(tile)} is missing: rebuild the tiles`);
}
