import { ZERO_HASH } from '../../core/hash.ts';
import type { Hash } from '../../core/hash.ts';
import type { FindingCode } from '../../core/objects/report.ts';
import type { SegmentHeader } from '../../core/segment/header.ts';
import type { HubWord } from '../../core/segment/hubWord.ts';
import type { SegmentSummary } from '../../core/segment/summary.ts';

/** Counts is how far a chain has counted. */
export interface Counts {
  /** number of the next record */
  readonly record: number;
  readonly incarnation: number;
  /** when the hub of that incarnation was created, '' where a chain begins; undefined where only the log's entries are known */
  readonly created: string | undefined;
  /** number of the last event that is sealed or declared missing, -1 if there is none */
  readonly lastEvent: number;
  /** the latest time at which an event was enqueued, '' before the first */
  readonly latest: string;
  /** the greatest number of an event that the hub of that incarnation said it had, -1 if it said none */
  readonly hubLast: number;
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
  counts: { record: 0, incarnation: 0, created: '', lastEvent: -1, latest: '', hubLast: -1 },
};

/** GoodSegment is a segment whose stored bytes were signed, and are of the format. */
export type GoodSegment = SegmentSummary & { ok: true };

/** countsAfter gives how far a chain has counted behind a segment; `before` is how far before it, if that is known. */
export function countsAfter(
  { header, statement }: GoodSegment,
  before?: Counts,
): Counts & { readonly created: string } {
  const { records, incarnation, events, hub } = header;
  const said = before?.incarnation === incarnation ? before.hubLast : -1;
  return {
    record: records.first + records.count,
    incarnation,
    created: statement.created,
    lastEvent: events.last,
    latest: statement.enqueued ?? '',
    hubLast: Math.max(said, hub?.last ?? -1),
  };
}

/** Fault is what is wrong at a segment. */
export interface Fault {
  readonly code: FindingCode;
  readonly detail: string;
  /** the segment says so itself */
  readonly isDeclared?: true;
}

const malformed = (detail: string): Fault => ({ code: 'segment-malformed', detail });
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

/** kindFaults gives what doesn't go with the kind of a segment, whatever is before it. */
export function* kindFaults({ kind, events, gaps, hub, sealed }: SegmentHeader): Generator<Fault> {
  if (kind === (events.count > 0 ? 'heartbeat' : 'ingest'))
    yield malformed(`it is of kind ${kind} and has ${events.count} events`);
  const isOfGone = gaps.length > 0 && gaps.every(({ reason }) => reason === 'recreated');
  if (hub === undefined && (kind === 'heartbeat' || (kind === 'repair' && (events.count > 0 || !isOfGone))))
    yield malformed(`it is of kind ${kind}, and lacks what the hub said`);
  if (kind === 'heartbeat' && gaps.length > 0) yield malformed('it is of kind heartbeat and declares gaps');
  if (kind === 'heartbeat' && hub !== undefined && hub.last > events.last)
    yield malformed(`it is of kind heartbeat behind event ${events.last}, and the hub had event ${hub.last}`);
  if (hub !== undefined && hub.asked > sealed)
    yield malformed(`the hub was asked at ${hub.asked}, after it was sealed at ${sealed}`);
}

/** sequenceFaults gives where a segment doesn't go on from what was counted before it. */
export function* sequenceFaults(before: Counts, segment: GoodSegment): Generator<Fault> {
  const { header, latest, statement } = segment;
  const { records, incarnation } = header;
  if (records.first !== before.record)
    yield overlap(`its records begin at ${records.first}, and the next one is ${before.record}`);
  if (incarnation === before.incarnation) yield* goingOn(before, segment);
  else if (before.created !== '' && incarnation === before.incarnation + 1) yield* recreation(before, segment);
  else yield overlap(`its incarnation is ${incarnation}, and that before it ${before.incarnation}`);
  const wanted = latest > before.latest ? latest : before.latest;
  const said = statement.enqueued ?? '';
  if (said !== wanted)
    yield malformed(`it says that the latest event was enqueued ${at(said)}, and that was ${at(wanted)}`);
}

const at = (time: string): string => (time === '' ? 'never' : `at ${time}`);

/** goingOn gives what is wrong with a segment of the same incarnation, or with the first one of a chain. */
function* goingOn({ created, lastEvent }: Counts, { header, statement }: GoodSegment): Generator<Fault> {
  const { kind, events, gaps, hub } = header;
  if (kind === 'repair' && events.count === 0 && gaps.length === 0)
    yield malformed('it is of kind repair, has no events, declares no gaps and begins no incarnation');
  if (created !== '') {
    if (created !== undefined && statement.created !== created)
      yield malformed(`it is of a hub that was created at ${statement.created}, and that before it at ${created}`);
    yield* eventFaults(lastEvent + 1, header);
  } else if (hub === undefined) yield malformed('it begins the chain, and lacks what the hub said');
  else yield* eventFaults(beginOf(header, hub), header);
}

/** beginOf is the number that a chain has to begin with. An event that was delivered before it expired comes before all that the hub holds. */
const beginOf = ({ events, gaps }: SegmentHeader, { first }: HubWord): number =>
  gaps.length === 0 && events.count > 0 ? Math.min(events.first, first) : first;

/** recreation gives what is wrong with the first segment of another incarnation, and why there is one. */
function* recreation(before: Counts, { header, statement }: GoodSegment): Generator<Fault> {
  const { kind, incarnation, hub } = header;
  const { created } = statement;
  if (before.created === undefined) yield { code: 'hub-recreated', detail: describeUnknown(before, header, created) };
  else if (created !== before.created)
    yield { code: 'hub-recreated', detail: `the hub was created again at ${created}: ${describeGone(before)}` };
  else if (hub !== undefined && hub.last < before.lastEvent)
    yield { code: 'hub-recreated', detail: describeContradiction(before, hub) };
  else if (hub !== undefined)
    yield overlap(
      `it begins incarnation ${incarnation} of the hub that the one before is of, which had event ${hub.last}`,
    );
  if (hub === undefined) yield malformed(`it begins incarnation ${incarnation}, and lacks what the hub said`);
  if (kind === 'heartbeat') yield malformed(`it begins incarnation ${incarnation}, and is of kind heartbeat`);
  yield* eventFaults(0, header);
}

const describeContradiction = ({ lastEvent }: Counts, { created, last }: HubWord): string =>
  `what is sealed before it, up to event ${lastEvent}, says more than the hub has: that was created at ${created} all along, and its newest event was ${last}`;

/** describeUnknown says what is known of an incarnation's beginning where the segment before it isn't looked into. */
const describeUnknown = (before: Counts, { incarnation }: SegmentHeader, created: string): string =>
  `incarnation ${incarnation} begins with it, of a hub that was created at ${created}: ${describeGone(before)}, unless more is sealed than the hub has`;

function describeGone({ lastEvent, hubLast }: Counts): string {
  const behind = lastEvent < 0 ? '' : ` behind event ${lastEvent}, the last one that is sealed or declared,`;
  const most = hubLast > lastEvent ? `, at least up to event ${hubLast}` : '';
  return `what the one before had${behind} is gone${most}`;
}

function* eventFaults(first: number, { events, gaps }: SegmentHeader): Generator<Fault> {
  let next = first;
  for (const declared of gaps) {
    if (declared.first < next)
      yield overlap(`it declares event ${declared.first} missing, and the next one is ${next}`);
    else if (declared.first > next) yield gap(next, declared.first - 1);
    next = declared.last + 1;
  }
  if (events.count === 0) {
    if (events.last !== next - 1)
      yield overlap(`it says that event ${events.last} was the last, and that was ${next - 1}`);
    return;
  }
  if (events.first < next) yield overlap(`its events begin at ${events.first}, and those before it end at ${next - 1}`);
  if (events.first > next) yield gap(next, events.first - 1);
}
