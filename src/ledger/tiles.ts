import { faultIn } from '../core/errors.ts';
import { leafHash } from '../core/hash.ts';
import { TreeEdge } from '../core/merkle/edge.ts';
import { LogTree } from '../core/merkle/logTree.ts';
import {
  TILE_WIDTH,
  decodeBundle,
  decodeTile,
  edgeTiles,
  formatBundlePath,
  formatTilePath,
} from '../core/merkle/tile.ts';
import type { TreeHead } from '../core/merkle/tree.ts';
import type { TileStore } from '../ports/store.ts';

/** readTile reads a file of the log, and gives undefined for what can't be read: what lies is as good as missing. */
export async function readTile(tiles: Pick<TileStore, 'read'>, name: string): Promise<Buffer | undefined> {
  const bytes = await tiles.read(name);
  return typeof bytes === 'object' ? bytes : undefined;
}

/** openTree goes on from a checkpoint by its tiles, and gives undefined if they are missing or lie. */
export async function openTree(tiles: Pick<TileStore, 'read'>, head: TreeHead): Promise<LogTree | undefined> {
  try {
    const edge = new Map<string, Buffer>();
    for (const tile of edgeTiles(head.size)) {
      const bytes = await readTile(tiles, formatTilePath(tile));
      if (bytes === undefined) return undefined;
      edge.set(formatTilePath(tile), bytes);
    }
    const hashesOf = (tile: Parameters<typeof formatTilePath>[0]): ReturnType<typeof decodeTile> =>
      decodeTile(edge.get(formatTilePath(tile)) as Buffer, tile.width);
    const treeEdge = new TreeEdge(head.size, hashesOf);
    if (treeEdge.root() !== head.rootHash) return undefined;
    const width = head.size % TILE_WIDTH;
    if (width === 0) return new LogTree(treeEdge);
    const place = { level: 0, index: Math.floor(head.size / TILE_WIDTH), width };
    const bundle = await readTile(tiles, formatBundlePath(place));
    const tail = bundle && decodeBundle(bundle, width);
    const leaves = hashesOf(place);
    if (tail?.every((entry, i) => leafHash(entry) === leaves[i]) !== true) return undefined;
    return new LogTree(treeEdge, tail);
  } catch (error) {
    faultIn(error, 'malformed');
    return undefined;
  }
}
