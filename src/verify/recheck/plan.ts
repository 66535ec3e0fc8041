import type { IndexRange, PlannedSlice } from '../../core/objects/recheck.ts';
import type { TreeHead } from '../../core/merkle/tree.ts';
import { MAX_REPORT_BYTES } from '../../core/objects/reportFile.ts';
import { NO_POSITION } from '../../core/objects/heads.ts';
import type { LogPosition } from '../../core/objects/heads.ts';
import { readBatchesOf } from '../../ledger/logEntries.ts';
import type { ReadableTiles } from '../../ports/store.ts';

/** SEGMENT_BYTES is what a segment weighs besides its stored bytes: reading a small one takes as long as so many bytes. */
const SEGMENT_BYTES = 65_536;
/** So many segments are in a slice, about, whatever it may weigh: the file with what they are has room for a few more. */
const MOST_SEGMENTS = 30_000;

/** weightOf is what re-hashing segments takes, in bytes. It decides how large slices are, and whether there are any. */
export const weightOf = ({ segments, bytes }: Pick<PlannedSlice, 'segments' | 'bytes'>): number =>
  bytes + segments * SEGMENT_BYTES;

/** totalOf adds up what slices hold. */
export function totalOf(slices: readonly PlannedSlice[]): Pick<PlannedSlice, 'segments' | 'bytes'> {
  let [segments, bytes] = [0, 0];
  for (const slice of slices) {
    segments += slice.segments;
    bytes += slice.bytes;
  }
  return { segments, bytes };
}

/**
 * planSlices cuts a log into slices, from the end of a batch on, where `before` is its heads, to the end of a tree that its tiles prove.
 * A slice ends with the batch that brings it to `most` bytes, or to so many segments. It throws TILE_MALFORMED.
 */
export async function planSlices(
  tiles: Pick<ReadableTiles, 'read'>,
  head: TreeHead,
  { from, before }: { readonly from: number; readonly before: LogPosition },
  most: number,
  mostSegments = MOST_SEGMENTS,
): Promise<readonly PlannedSlice[]> {
  const slices: PlannedSlice[] = [];
  let [start, held, segments, bytes] = [from, before, 0, 0];
  for await (const batch of readBatchesOf(tiles, head, from, before)) {
    segments += batch.segments.length;
    for (const { entry } of batch.segments) bytes += entry.size;
    const isFull = weightOf({ segments, bytes }) >= most || segments >= mostSegments;
    if (!isFull && batch.size < head.size) continue;
    slices.push({ from: start, to: batch.size, segments, bytes, ranges: rangesBetween(held, batch.heads) });
    [start, held, segments, bytes] = [batch.size, batch.heads, 0, 0];
  }
  return slices;
}

/** MOST_PLAN_BYTES is what the slices of a plan take when it is made, printed: half of what such a document may have. */
export const MOST_PLAN_BYTES = MAX_REPORT_BYTES / 2;

/** printedBytes is what slices take in a plan. */
export const printedBytes = (slices: readonly PlannedSlice[]): number => Buffer.byteLength(JSON.stringify(slices));

/** mergeSlices makes fewer and larger slices of those of a plan that would be too large, each of neighbours. */
export function mergeSlices(slices: readonly PlannedSlice[], mostBytes: number): readonly PlannedSlice[] {
  let merged = slices;
  while (merged.length > 1 && printedBytes(merged) > mostBytes) {
    const pairs: PlannedSlice[] = [];
    for (let i = 0; i < merged.length; i += 2) pairs.push(merge(merged[i] as PlannedSlice, merged[i + 1]));
    merged = pairs;
  }
  return merged;
}

/** merge makes one slice of two that follow each other. */
function merge(one: PlannedSlice, other: PlannedSlice | undefined): PlannedSlice {
  if (other === undefined) return one;
  const ranges = new Map(one.ranges.map((range) => [range.partition, range]));
  for (const range of other.ranges)
    ranges.set(range.partition, { ...range, first: ranges.get(range.partition)?.first ?? range.first });
  return { from: one.from, to: other.to, ...totalOf([one, other]), ranges: [...ranges.values()] };
}

/** rangesBetween gives the places that have entries between two heads of a log. */
const rangesBetween = ({ positions: before }: LogPosition, { positions }: LogPosition): IndexRange[] =>
  [...positions]
    .map(([partition, { next }]) => ({ partition, first: (before.get(partition) ?? NO_POSITION).next, next }))
    .filter(({ first, next }) => next > first);
