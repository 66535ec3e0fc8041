import type { FindingCode } from '../../core/objects/report.ts';
import type { SegmentHeader } from '../../core/segment/header.ts';

/** Counts is how far a chain has counted. */
export interface Counts {
  /** number of the next record */
  readonly record: number;
  readonly incarnation: number;
  /** number of the last event, -1 before the first */
  readonly lastEvent: number;
}

/** NO_COUNTS is where a chain begins. */
export const NO_COUNTS: Counts = { record: 0, incarnation: 0, lastEvent: -1 };

/** countsAfter gives how far a chain has counted behind a segment. */
export const countsAfter = ({ records, incarnation, events }: SegmentHeader): Counts => ({
  record: records.first + records.count,
  incarnation,
  lastEvent: events.last,
});

/** Fault is what is wrong at a segment, which has the index of its header if none is given. */
export interface Fault {
  readonly code: FindingCode;
  readonly detail: string;
  readonly index?: number;
}

const overlap = (detail: string): Fault => ({ code: 'sequence-overlap', detail });
const gap = (first: number, last: number): Fault => ({
  code: 'sequence-gap',
  detail: `events ${first} to ${last} are missing before it, undeclared`,
});

/** declaredFaults gives what a header itself says is wrong: objects that it skips, and gaps. */
export function* declaredFaults(header: SegmentHeader): Generator<Fault> {
  const { index, previous, gaps } = header;
  if (index - previous > 1) yield { code: 'foreign-object', index: index - 1, detail: `index ${index} passes over it` };
  for (const { first, last, reason } of gaps)
    yield { code: 'sequence-gap', detail: `events ${first} to ${last} are missing before it (declared: ${reason})` };
}

/** kindFaults gives a kind of segment that doesn't go with what it holds. */
export function* kindFaults({ kind, events }: SegmentHeader): Generator<Fault> {
  if (events.count > 0 === (kind === 'heartbeat'))
    yield { code: 'segment-malformed', detail: `it is of kind ${kind} and has ${events.count} events` };
}

/** sequenceFaults gives where a header doesn't go on from what was counted before it. */
export function* sequenceFaults(before: Counts, header: SegmentHeader): Generator<Fault> {
  const { records, incarnation, events, gaps } = header;
  if (records.first !== before.record)
    yield overlap(`its records begin at ${records.first}, and the next one is ${before.record}`);
  if (incarnation !== before.incarnation) {
    const isNext = incarnation === before.incarnation + 1 && before.lastEvent >= 0;
    if (!isNext) yield overlap(`its incarnation is ${incarnation}, and that before it ${before.incarnation}`);
    if (gaps.length > 0) yield overlap('it begins an incarnation and declares gaps before it');
  } else if (events.count === 0) {
    if (events.last !== before.lastEvent)
      yield overlap(`it says that event ${events.last} was the last, and that was ${before.lastEvent}`);
  } else if (before.lastEvent >= 0) yield* eventFaults(before.lastEvent + 1, header);
}

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
