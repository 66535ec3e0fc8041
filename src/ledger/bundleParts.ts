import { readTileHashes } from './treeProof.ts';
import { leafHash } from '../core/hash.ts';
import { ENTRY_LENGTH_BYTES, TILE_WIDTH, formatBundlePath, storedWidths } from '../core/merkle/tile.ts';
import type { SearchableTiles } from '../ports/store.ts';

/** How every entry begins. docs/format.md, section 9.1. */
const ENTRY_START = Buffer.from('{"type":"');

/** EntryInBundle is an entry that stands in a part of an entry bundle. */
export interface EntryInBundle {
  readonly leaf: number;
  readonly line: Buffer;
  /** where its length stands in the bundle */
  readonly offset: number;
}

/**
 * readBundlePart gives the entries that lie within a part of an entry bundle, in order, or undefined behind the bundle's end. An entry is
 * what the bundle's tile has the leaf hash of: that says where entries begin, and which they are. Whether the tile is the tree's
 * is for a proof to show. It throws TILE_MALFORMED where bundle or tile are missing.
 */
export async function readBundlePart(
  tiles: SearchableTiles,
  size: number,
  index: number,
  { offset, length }: { readonly offset: number; readonly length: number },
): Promise<readonly EntryInBundle[] | undefined> {
  const first = index * TILE_WIDTH;
  const width = Math.min(TILE_WIDTH, size - first);
  const hashes = await readTileHashes(tiles, { level: 0, index, width });
  const part = await readPart(tiles, index, width, { offset, length });
  if (part === undefined || part.length === 0) return undefined;
  const leaves = new Map(hashes.map((hash, i) => [hash, first + i]));
  const entries: EntryInBundle[] = [];
  // Whoever may write tiles could else have every byte hashed many times.
  let inVain = 0;
  for (let start = part.indexOf(ENTRY_START, ENTRY_LENGTH_BYTES); start >= 0 && inVain <= part.length;) {
    const end = start + part.readUInt16BE(start - ENTRY_LENGTH_BYTES);
    const line = part.subarray(start, end);
    const leaf = end <= part.length ? leaves.get(leafHash(line)) : undefined;
    if (leaf === undefined) inVain += line.length;
    else entries.push({ leaf, line, offset: offset + start - ENTRY_LENGTH_BYTES });
    start = part.indexOf(ENTRY_START, leaf === undefined ? start + 1 : end + ENTRY_LENGTH_BYTES);
  }
  return entries;
}

async function readPart(
  tiles: SearchableTiles,
  index: number,
  width: number,
  { offset, length }: { readonly offset: number; readonly length: number },
): Promise<Buffer | undefined> {
  for (const stored of storedWidths(width)) {
    const part = await tiles.readPart(formatBundlePath({ index, width: stored }), offset, length);
    if (typeof part === 'object') return part;
  }
  return undefined;
}
