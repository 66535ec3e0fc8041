import type { FindingCode } from './findings.ts';
import type { Header } from './header.ts';
import type { Segment } from './segment.ts';

/** Counts is how far a chain has counted. */
export interface Counts {
  /** number of the next record */
  readonly record: number;
  readonly incarnation: number;
  /** when the hub was created, '' where a chain begins; undefined where only entries of the log are known */
  readonly created: string | undefined;
  /** number of the last event that is sealed or declared missing, -1 if there is none */
  readonly lastEvent: number;
  /** the latest time of an event so far, '' if there is none */
  readonly enqueued: string;
  /** the greatest number that this hub said its newest event had, -1 if it said none */
  readonly hubLast: number;
}

export const NO_COUNTS: Counts = {
  record: 0,
  incarnation: 0,
  created: '',
  lastEvent: -1,
  enqueued: '',
  hubLast: -1,
};

/** Said is what is wrong at a segment. */
export type Said = readonly [FindingCode, string];

const bad = (why: string): Said => ['segment-malformed', why];
const overlap = (why: string): Said => ['sequence-overlap', why];
const missing = (first: number, last: number): Said => [
  'sequence-gap',
  `events ${first} to ${last} are missing before it, undeclared`,
];

/**
 * countsBehind gives how far a chain has counted behind a segment, of which `before` is what it had counted, if that is
 * known.
 */
export function countsBehind({ header, created, enqueued }: Segment, before: Counts | undefined): Counts {
  const { records, incarnation, events, hub } = header;
  const known = before?.incarnation === incarnation ? before.hubLast : -1;
  return {
    record: records.first + records.count,
    incarnation,
    created,
    lastEvent: events.last,
    enqueued,
    hubLast: Math.max(known, hub?.last ?? -1),
  };
}

/** checkKind says where the members of a header don't go with its kind. docs/format.md, section 4. */
export function checkKind({ kind, events, gaps, hub, sealed }: Header): Said[] {
  const said: Said[] = [];
  const [isHeartbeat, isIdle] = [kind === 'heartbeat', events.count === 0];
  if (isHeartbeat !== isIdle && (isHeartbeat || kind === 'ingest'))
    said.push(bad(`it is of kind ${kind} and has ${events.count} events`));
  const isOfGone = isIdle && gaps.length > 0 && gaps.every(({ reason }) => reason === 'recreated');
  if (hub === undefined) {
    if (isHeartbeat || (kind === 'repair' && !isOfGone)) said.push(bad(`a segment of kind ${kind} states the hub`));
  } else {
    if (hub.asked > sealed) said.push(bad(`it was sealed at ${sealed}, before the hub was asked at ${hub.asked}`));
    if (isHeartbeat && hub.last > events.last)
      said.push(bad(`it is a heartbeat behind event ${events.last} of a hub that had event ${hub.last}`));
  }
  if (isHeartbeat && gaps.length > 0) said.push(bad('it is a heartbeat and declares gaps'));
  return said;
}

/** checkSequence says where a segment doesn't go on from what was counted before it. docs/format.md, section 7. */
export function checkSequence(segment: Segment, before: Counts): Said[] {
  const { header, enqueued, latest } = segment;
  const said: Said[] = [];
  const wanted = latest > before.enqueued ? latest : before.enqueued;
  if (enqueued !== wanted)
    said.push(bad(`what was signed has the latest event ${at(enqueued)}, and it was ${at(wanted)}`));
  if (header.records.first !== before.record)
    said.push(overlap(`its records begin at ${header.records.first}, not ${before.record}`));
  const rise = header.incarnation - before.incarnation;
  const isFirst = before.created === '';
  if (rise === 0) said.push(...(isFirst ? checkFirst(header) : checkNext(segment, before)));
  else if (rise === 1 && !isFirst) said.push(...checkRecreated(segment, before));
  else said.push(overlap(`its incarnation is ${header.incarnation} behind ${before.incarnation}`));
  return said;
}

const at = (time: string): string => (time === '' ? 'never' : `at ${time}`);

/** A repair without events has something to declare, unless it begins an incarnation. */
const checkRepair = ({ kind, events, gaps }: Header): Said[] =>
  kind === 'repair' && events.count === 0 && gaps.length === 0 ? [bad('it is a repair of nothing')] : [];

/** Events that were delivered before they expired come before all that the hub holds. */
const beginOf = ({ events, gaps }: Header, held: number): number =>
  gaps.length === 0 && events.count > 0 && events.first < held ? events.first : held;

const checkFirst = (header: Header): Said[] => [
  ...checkRepair(header),
  ...(header.hub === undefined
    ? [bad('it is the first of the chain and does not state the hub')]
    : checkNumbers(beginOf(header, header.hub.first), header)),
];

function checkNext({ header, created }: Segment, before: Counts): Said[] {
  const said = [...checkRepair(header), ...checkNumbers(before.lastEvent + 1, header)];
  if (before.created !== undefined && created !== before.created)
    said.push(bad(`its hub was created at ${created}, and that of the one before it at ${before.created}`));
  return said;
}

function checkRecreated(segment: Segment, before: Counts): Said[] {
  const { kind, hub } = segment.header;
  const said = hub === undefined ? [bad('it is the first of an incarnation and does not state the hub')] : [];
  if (kind === 'heartbeat') said.push(bad('it is the first of an incarnation and a heartbeat'));
  return [...whyRecreated(segment, before), ...said, ...checkNumbers(0, segment.header)];
}

/** whyRecreated says why there is another incarnation: another hub, or less in the hub than is sealed. */
function whyRecreated(
  { header: { incarnation, hub }, created }: Segment,
  { lastEvent, hubLast, ...before }: Counts,
): Said[] {
  if (created !== before.created) {
    const last =
      lastEvent < 0
        ? 'nothing of the hub before is sealed'
        : `the last event of the hub before that is sealed or declared is ${lastEvent}`;
    const most = hubLast > lastEvent ? `, at least up to event ${hubLast}` : '';
    const gone = `${last}, and what it had behind that is gone${most}`;
    if (before.created === undefined)
      return [
        [
          'hub-recreated',
          `incarnation ${incarnation} begins, of a hub of ${created}: ${gone}, or more is sealed than the hub has`,
        ],
      ];
    return [['hub-recreated', `the hub was created again at ${created}: ${gone}`]];
  }
  if (hub === undefined) return [];
  if (hub.last >= lastEvent)
    return [
      overlap(`it is the first of incarnation ${incarnation}, and of the same hub, whose newest event was ${hub.last}`),
    ];
  const more = `event ${lastEvent} is sealed before it, and the newest event of the hub was ${hub.last}`;
  return [
    ['hub-recreated', `what is sealed says more than the hub has: ${more}; it was created at ${created} all along`],
  ];
}

/** checkNumbers follows gaps and events from the number on that they have to begin with. */
function checkNumbers(first: number, { events, gaps }: Header): Said[] {
  const said: Said[] = [];
  let next = first;
  for (const gap of gaps) {
    if (gap.first < next) said.push(overlap(`it declares event ${gap.first} missing, and the next one is ${next}`));
    if (gap.first > next) said.push(missing(next, gap.first - 1));
    next = gap.last + 1;
  }
  if (events.count === 0) {
    if (events.last !== next - 1) said.push(overlap(`it says that event ${events.last} was the last, not ${next - 1}`));
  } else {
    if (events.first < next)
      said.push(overlap(`its events begin at ${events.first}, and those before it end at ${next - 1}`));
    if (events.first > next) said.push(missing(next, events.first - 1));
  }
  return said;
}
