import { formatEntry } from './entry.ts';
import type { SegmentEntry } from './entry.ts';
import type { Position } from './heads.ts';
import { segmentName } from './names.ts';
import { segmentFault } from '../segment/summary.ts';
import type { SegmentSummary } from '../segment/summary.ts';

/** StoredObject is what stands under the name of a segment. */
export interface StoredObject {
  readonly partition: string;
  readonly index: number;
  readonly size: number;
  readonly summary: SegmentSummary;
}

/** Judgement is what becomes of an object in the log. */
export interface Judgement {
  readonly line: Buffer;
  /** where the log stands behind it */
  readonly position: Position;
  /** why it is no segment of the chain */
  readonly foreign?: string;
}

/**
 * judgeObject says what the object at a partition's next index becomes in the log: an entry of the segment if it is valid
 * and goes on from the last one, or else a foreign one.
 */
export function judgeObject(object: StoredObject, before: Position): Judgement {
  const { partition, index, size, summary } = object;
  const fault = segmentFault(summary, partition, index);
  if (summary.ok && fault === undefined && continues(summary, before)) {
    const position = { next: index + 1, index, root: summary.root, sealed: summary.header.sealed };
    return { line: formatEntry(segmentEntryOf(summary, size)), position };
  }
  return {
    line: formatEntry({ type: 'foreign', name: segmentName(partition, index) }),
    position: { ...before, next: index + 1 },
    foreign: fault ?? 'it does not go on from the last segment of the chain',
  };
}

const continues = ({ header }: SegmentSummary & { ok: true }, before: Position): boolean =>
  header.previous === before.index && header.prev === before.root && header.sealed >= before.sealed;

/** segmentEntryOf makes the entry of a segment. */
export function segmentEntryOf(summary: SegmentSummary & { ok: true }, size: number): SegmentEntry {
  const { header, root, sha256, categories, earliest, latest } = summary;
  const { partition, index, incarnation, prev, records, events, sealed } = header;
  const { first, last, count } = events;
  return {
    type: 'segment',
    size,
    sha256,
    root,
    prev,
    partition,
    index,
    incarnation,
    records,
    events: { first, last, count },
    time: count === 0 ? { first: sealed, last: sealed } : { first: earliest, last: latest },
    categories: categories ?? new Map(),
  };
}
