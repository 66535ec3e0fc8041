import { ZERO_HASH } from '../../core/hash.ts';
import type { Hash } from '../../core/hash.ts';
import type { FindingCode } from '../../core/objects/report.ts';
import type { SegmentHeader } from '../../core/segment/header.ts';
import type { SegmentSummary } from '../../core/segment/summary.ts';

/** Counts is how far a chain has counted. */
export interface Counts {
  /** number of the next record */
  readonly record: number;
  readonly incarnation: number;
  /** number of the last event, -1 before the first */
  readonly lastEvent: number;
  /** the latest time at which an event was enqueued, '' before the first */
  readonly latest: string;
}

/** Link is a segment that the next one may have to follow. */
export interface Link {
  readonly index: number;
  readonly root: Hash;
  /** when it was sealed, '' where a chain begins */
  readonly sealed: string;
  /** how far it counts; left out where its lines say otherwise than its header */
  readonly counts?: Counts;
  /** all from the first segment up to it continue the chain */
  readonly isOfChain: boolean;
  /** something is wrong with it, and that is said */
  readonly isFaulty?: boolean;
}

/** START is what the first segment has to follow. */
export const START: Link = {
  index: -1,
  root: ZERO_HASH,
  sealed: '',
  isOfChain: true,
  counts: { record: 0, incarnation: 0, lastEvent: -1, latest: '' },
};

/** GoodSegment is a segment whose stored bytes were signed, and are of the format. */
export type GoodSegment = SegmentSummary & { ok: true };

/** countsAfter gives how far a chain has counted behind a segment. */
export const countsAfter = ({ header: { records, incarnation, events }, statement }: GoodSegment): Counts => ({
  record: records.first + records.count,
  incarnation,
  lastEvent: events.last,
  latest: statement.enqueued ?? '',
});

/** Fault is what is wrong at a segment. */
export interface Fault {
  readonly code: FindingCode;
  readonly detail: string;
  /** the segment says so itself */
  readonly isDeclared?: true;
}

const overlap = (detail: string): Fault => ({ code: 'sequence-overlap', detail });
const gap = (first: number, last: number): Fault => ({
  code: 'sequence-gap',
  detail: `events ${first} to ${last} are missing before it, undeclared`,
});

/** declaredFaults gives the gaps that a header declares itself. */
export function* declaredFaults({ gaps }: SegmentHeader): Generator<Fault> {
  for (const { first, last, reason } of gaps)
    yield {
      code: 'sequence-gap',
      detail: `events ${first} to ${last} are missing before it (declared: ${reason})`,
      isDeclared: true,
    };
}

/** kindFaults gives a kind of segment that doesn't go with what it holds. */
export function* kindFaults({ kind, events }: SegmentHeader): Generator<Fault> {
  if (events.count > 0 === (kind === 'heartbeat'))
    yield { code: 'segment-malformed', detail: `it is of kind ${kind} and has ${events.count} events` };
}

/** sequenceFaults gives where a segment doesn't go on from what was counted before it. */
export function* sequenceFaults(before: Counts, segment: GoodSegment): Generator<Fault> {
  const { header, latest, statement } = segment;
  const { records, incarnation, events, gaps } = header;
  if (records.first !== before.record)
    yield overlap(`its records begin at ${records.first}, and the next one is ${before.record}`);
  if (incarnation !== before.incarnation) {
    const isNext = incarnation === before.incarnation + 1 && before.lastEvent >= 0 && events.count > 0;
    if (!isNext) yield overlap(`its incarnation is ${incarnation}, and that before it ${before.incarnation}`);
    if (gaps.length > 0) yield overlap('it begins an incarnation and declares gaps before it');
  } else if (events.count === 0) {
    if (events.last !== before.lastEvent)
      yield overlap(`it says that event ${events.last} was the last, and that was ${before.lastEvent}`);
  } else if (before.lastEvent >= 0) yield* eventFaults(before.lastEvent + 1, header);
  const wanted = latest > before.latest ? latest : before.latest;
  const said = statement.enqueued ?? '';
  if (said !== wanted) {
    const detail = `it says that the latest event was enqueued ${at(said)}, and that was ${at(wanted)}`;
    yield { code: 'segment-malformed', detail };
  }
}

const at = (time: string): string => (time === '' ? 'never' : `at ${time}`);

function* eventFaults(first: number, { events, gaps }: SegmentHeader): Generator<Fault> {
  let next = first;
  for (const declared of gaps) {
    if (declared.first < next)
      yield overlap(`it declares event ${declared.first} missing, and event ${next - 1} is sealed`);
    else if (declared.first > next) yield gap(next, declared.first - 1);
    next = declared.last + 1;
  }
  if (events.first < next) yield overlap(`its events begin at ${events.first}, and those before it end at ${next - 1}`);
  if (events.first > next) yield gap(next, events.first - 1);
}
