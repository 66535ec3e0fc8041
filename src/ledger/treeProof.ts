import { readTile } from './tiles.ts';
import { AuditsealError } from '../core/errors.ts';
import type { Hash } from '../core/hash.ts';
import { consistencyRanges, proveConsistency, verifyConsistency } from '../core/merkle/proof.ts';
import { TILE_WIDTH, decodeTile, formatTilePath, readNodeFrom, tilesOfRanges } from '../core/merkle/tile.ts';
import type { Tile } from '../core/merkle/tile.ts';
import { rangeHash } from '../core/merkle/tree.ts';
import type { LeafRange, ReadNode, TreeHead } from '../core/merkle/tree.ts';
import type { TileStore } from '../ports/store.ts';

type Tiles = Pick<TileStore, 'read'>;

/** nodesFromTiles reads the tiles that give the hashes of ranges of a tree. Nothing is checked: check the proof. */
export async function nodesFromTiles(tiles: Tiles, ranges: readonly LeafRange[], size: number): Promise<ReadNode> {
  const needed = tilesOfRanges(ranges, size);
  const read = new Map<string, readonly Hash[]>(
    await Promise.all(needed.map(async (tile) => [formatTilePath(tile), await hashesOf(tiles, tile)] as const)),
  );
  return readNodeFrom(size, (tile) => read.get(formatTilePath(tile)) as readonly Hash[]);
}

/**
 * proveGrowth proves that the tree `to` begins with its own first `from` leaves, for 0 < from < to.size. It throws
 * TILE_MALFORMED if the tiles give no such proof: they are not those of `to`.
 */
export async function proveGrowth(tiles: Tiles, from: number, to: TreeHead): Promise<readonly Hash[]> {
  const start = { start: 0, end: from };
  const readNode = await nodesFromTiles(tiles, [start, ...consistencyRanges(from, to.size)], to.size);
  const proof = proveConsistency(from, to.size, readNode);
  if (verifyConsistency({ size: from, rootHash: rangeHash(start, readNode) }, to, proof)) return proof;
  throw new AuditsealError('TILE_MALFORMED', `the tiles do not fit the checkpoint of size ${to.size}: rebuild them`);
}

async function hashesOf(tiles: Tiles, tile: Tile): Promise<readonly Hash[]> {
  const bytes = await readTile(tiles, formatTilePath(tile));
  if (bytes !== undefined) return decodeTile(bytes, tile.width);
  // Whoever keeps tiles may drop a partial one when it has grown full.
  const full =
    tile.width < TILE_WIDTH ? await readTile(tiles, formatTilePath({ ...tile, width: TILE_WIDTH })) : undefined;
  if (full !== undefined) return decodeTile(full, TILE_WIDTH).slice(0, tile.width);
  throw new AuditsealError('TILE_MALFORMED', `${formatTilePath(tile)} is missing: rebuild the tiles`);
}
