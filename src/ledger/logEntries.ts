import { mapInOrder } from './concurrency.ts';
import { countingSegments } from './entries.ts';
import type { SegmentInLog } from './entries.ts';
import { readTile } from './tiles.ts';
import { holds } from './treeProof.ts';
import { AuditsealError, attempt } from '../core/errors.ts';
import { TILE_WIDTH, decodeBundle, formatBundlePath, storedWidths } from '../core/merkle/tile.ts';
import type { TreeHead } from '../core/merkle/tree.ts';
import { NO_HEADS, headsOf, isHeadsLine, mayGoOn } from '../core/objects/heads.ts';
import type { LogPosition } from '../core/objects/heads.ts';
import type { TileStore } from '../ports/store.ts';

type Tiles = Pick<TileStore, 'read'>;

/** LogEntries are entries of the log that follow each other. */
export interface LogEntries {
  /** number of the first one */
  readonly first: number;
  readonly lines: readonly Buffer[];
}

/** How many bundles are read at one time. */
const AHEAD = 4;

/**
 * readEntries gives entries of a tree by its entry bundles, a bundle's at a time, each proved to be the tree's by its tiles, and reads a
 * few ahead. It throws TILE_MALFORMED where they don't prove that.
 */
export async function* readEntries(tiles: Tiles, head: TreeHead, from: number, to: number): AsyncGenerator<LogEntries> {
  const ofOneBundle = (first: number): Promise<LogEntries> => readProved(tiles, head, first, to);
  yield* mapInOrder(firstInBundles(from, to), AHEAD, ofOneBundle);
}

/** readEntriesOfBundle gives the entries of one bundle of a tree, likewise proved. It throws TILE_MALFORMED. */
export async function readEntriesOfBundle(tiles: Tiles, head: TreeHead, bundle: number): Promise<readonly Buffer[]> {
  const first = bundle * TILE_WIDTH;
  return (await readProved(tiles, head, first, Math.min(first + TILE_WIDTH, head.size))).lines;
}

/** firstInBundles gives the number of the first of these entries in each bundle that has any. */
function* firstInBundles(from: number, to: number): Generator<number> {
  for (let first = from; first < to; first = (Math.floor(first / TILE_WIDTH) + 1) * TILE_WIDTH) yield first;
}

/** readProved gives the entries from one on, before `to`, that stand in its bundle. */
async function readProved(tiles: Tiles, head: TreeHead, first: number, to: number): Promise<LogEntries> {
  const index = Math.floor(first / TILE_WIDTH);
  const start = index * TILE_WIDTH;
  const all = await readBundle(tiles, index, Math.min(TILE_WIDTH, head.size - start));
  const lines = all.slice(first - start, to - start);
  const placed = lines.map((line, i) => ({ leaf: first + i, line }));
  if (await holds(tiles, head, placed)) return { first, lines };
  throw new AuditsealError('TILE_MALFORMED', `the entry bundle ${index} is not that of the tree: rebuild the tiles`);
}

async function readBundle(tiles: Tiles, index: number, width: number): Promise<readonly Buffer[]> {
  for (const stored of storedWidths(width)) {
    const bytes = await readTile(tiles, formatBundlePath({ index, width: stored }));
    if (bytes !== undefined) return decodeBundle(bytes, stored).slice(0, width);
  }
  throw new AuditsealError('TILE_MALFORMED', `the entry bundle ${index} is missing: rebuild the tiles`);
}

/**
 * headsBefore gives the heads that end before an entry of a tree, which are NO_HEADS before the first; undefined where none do, so that
 * nothing may stand there. It throws TILE_MALFORMED.
 */
export async function headsBefore(tiles: Tiles, head: TreeHead, entry: number): Promise<LogPosition | undefined> {
  if (entry === 0) return NO_HEADS;
  const heads: Buffer[] = [];
  // Nearly always the last entry is all of them.
  for (let from = entry; from > 0; from -= 1) {
    const [line] = (await readProved(tiles, head, from - 1, from)).lines;
    const [behind] = heads;
    if (line === undefined || !isHeadsLine(line) || (behind !== undefined && !mayGoOn(line, behind))) break;
    heads.unshift(line);
  }
  return longestHeads(heads);
}

/** Where heads of several batches follow each other, the last ones count: as many lines of the end as are those of one batch. */
function longestHeads(lines: readonly Buffer[]): LogPosition | undefined {
  for (let start = 0; start < lines.length; start++) {
    const heads = attempt(() => headsOf(lines.slice(start)), 'malformed');
    if (heads !== undefined) return heads;
  }
  return undefined;
}

/** BatchLines is the entries of a batch, of which the first has the number `first`. */
export interface BatchLines {
  readonly first: number;
  readonly lines: readonly Buffer[];
  /** how far the log is behind it */
  readonly heads: LogPosition;
  /** entries of the log up to the batch's end */
  readonly size: number;
}

/**
 * readBatchLines gives the batches whose entries follow `from`, the end of one, up to `to`, the end of one too, by the tiles of a tree. It
 * throws TILE_MALFORMED.
 */
export async function* readBatchLines(
  tiles: Tiles,
  head: TreeHead,
  from: number,
  to: number,
): AsyncGenerator<BatchLines> {
  let [first, pending]: [number, Buffer[]] = [from, []];
  const take = function* (isLast: boolean): Generator<BatchLines> {
    for (let end = batchEnd(pending, isLast); end > 0; end = batchEnd(pending, isLast)) {
      const lines = pending.slice(0, end);
      yield { first, lines, heads: headsOf(lines), size: first + end };
      [first, pending] = [first + end, pending.slice(end)];
    }
  };
  for await (const { lines } of readEntries(tiles, head, from, to)) {
    pending.push(...lines);
    yield* take(false);
  }
  yield* take(true);
}

/** BatchOfEntries is the segments of a batch that count, and how far the log is behind it. */
export interface BatchOfEntries extends Pick<BatchLines, 'heads' | 'size'> {
  readonly segments: readonly Omit<SegmentInLog, 'batch'>[];
}

/**
 * readBatchesOf gives what the batches hold whose entries follow `from`, the end of one, by the tiles of a tree that ends with one too.
 * `before` is the heads there. It throws TILE_MALFORMED.
 */
export async function* readBatchesOf(
  tiles: Tiles,
  head: TreeHead,
  from: number,
  before: LogPosition,
): AsyncGenerator<BatchOfEntries> {
  const next = nextIndices(before);
  for await (const { first, lines, heads, size } of readBatchLines(tiles, head, from, head.size))
    yield { segments: countingSegments(lines, first, heads, next), heads, size };
}

/** nextIndices gives the first index of each partition that has no entry before heads end. */
export const nextIndices = ({ positions }: LogPosition): Map<string, number> =>
  new Map([...positions].map(([partition, { next }]) => [partition, next]));

/**
 * batchEnd gives how many of these entries are the first batch: up to the first heads, as many of them as belong together. 0 if there are
 * none, or if more entries follow and its heads may go on there.
 */
function batchEnd(lines: readonly Buffer[], isLast: boolean): number {
  const start = lines.findIndex(isHeadsLine);
  if (start < 0) return 0;
  let end = start + 1;
  while (end < lines.length && mayGoOn(lines[end - 1] as Buffer, lines[end] as Buffer)) end++;
  if (end === lines.length && !isLast) return 0;
  for (; end > start + 1; end--) if (attempt(() => headsOf(lines.slice(0, end)), 'malformed') !== undefined) return end;
  return end;
}
