import type { SegmentHeader } from './header.ts';
import type { SegmentSummary } from './summary.ts';
import { ZERO_HASH } from '../hash.ts';
import type { Hash } from '../hash.ts';

/** ChainHead is where a partition's chain goes on. */
export interface ChainHead {
  /** the first index whose name is free */
  readonly index: number;
  /** root of the last segment of the chain, ZERO_HASH if there is none */
  readonly root: Hash;
  /** number of the next record */
  readonly record: number;
  readonly incarnation: number;
  /** last sealed sequence number, -1 if none */
  readonly lastEvent: number;
  /** when that event was enqueued, '' if none */
  readonly lastEnqueued: string;
  /** indices between the last segment and `index` that something foreign has taken */
  readonly skipped: readonly number[];
}

/** NO_CHAIN is the head of a partition without segments. */
export const NO_CHAIN: ChainHead = {
  index: 0,
  root: ZERO_HASH,
  record: 0,
  incarnation: 0,
  lastEvent: -1,
  lastEnqueued: '',
  skipped: [],
};

/** nextHead is the head once a segment with this header and root is stored. */
export const nextHead = (header: SegmentHeader, root: Hash): ChainHead => ({
  index: header.index + 1,
  root,
  record: header.records.first + header.records.count,
  incarnation: header.incarnation,
  lastEvent: header.events.last,
  lastEnqueued: header.events.enqueuedLast ?? '',
  skipped: [],
});

/** predecessorOf is the index of the segment before one with this header, -1 if it is the first. */
export function predecessorOf({ index, skipped = [] }: Pick<SegmentHeader, 'index' | 'skipped'>): number {
  let before = index - 1;
  while (skipped.includes(before)) before--;
  return before;
}

/** segmentFault says why an object is not the segment of its place, whatever its neighbours are. */
export function segmentFault(summary: SegmentSummary, partition: string, index: number): string | undefined {
  if (!summary.ok) return summary.why;
  const { header } = summary;
  if (header.partition !== partition || header.index !== index) {
    return `it is the segment of partition ${header.partition.slice(0, 20)}, index ${header.index}`;
  }
  if (summary.endDiffers) return 'its end line states another root or count than its lines have';
  return summary.contradiction;
}

/** chains tells whether a header names the segment before it, or 64 zeros where there is none, and is of the same ledger. */
export function chains(header: SegmentHeader, previous: SegmentSummary | undefined): boolean {
  if (previous === undefined) return header.prev === ZERO_HASH;
  return previous.ok && header.prev === previous.root && header.ledger === previous.header.ledger;
}
