import { isUtf8 } from 'node:buffer';
import { integer, list, object, short, string, wrong } from './headerFields.ts';
import { formatHub, readHub } from './hubWord.ts';
import type { HubWord } from './hubWord.ts';
import { formatHash, parseHash } from '../hash.ts';
import type { Hash } from '../hash.ts';
import { MAX_JSON_DEPTH, isJsonObject, parseJsonObject } from '../jsonObject.ts';
import type { JsonObject } from '../jsonObject.ts';
import { isPartition, isTime } from '../text.ts';

/**
 * How a segment came to be: `ingest` from a delivery of the hub, `repair` from reading the hub again, `heartbeat` because the hub
 * said that all it has is sealed.
 */
export type SegmentKind = 'ingest' | 'repair' | 'heartbeat';
const KINDS: readonly string[] = ['ingest', 'repair', 'heartbeat'] satisfies SegmentKind[];

/**
 * Why events can't be had: `expired`, the hub says that it holds them no more; `unreadable`, the hub gives out what is behind
 * them and not them; `recreated`, the hub that had them was deleted.
 */
export type GapReason = 'expired' | 'unreadable' | 'recreated';
const GAP_REASONS: readonly string[] = ['expired', 'unreadable', 'recreated'] satisfies GapReason[];

/** Gap is a run of sequence numbers, both ends included, that should have come before a segment's and couldn't be had. */
export interface Gap {
  readonly first: number;
  readonly last: number;
  readonly reason: GapReason;
}

/**
 * EventRange is the events of a segment. One without events names the last number that is sealed or declared, or -1, and no
 * times.
 */
export interface EventRange {
  readonly first: number;
  readonly last: number;
  readonly count: number;
  readonly enqueuedFirst?: string;
  readonly enqueuedLast?: string;
}

/** EmptyEvent is an event that holds no record, so that no seal speaks of it. */
export interface EmptyEvent {
  /** its sequence number */
  readonly event: number;
  readonly enqueued: string;
  readonly partitionKey?: string;
  /** one JSON object on one line */
  readonly properties?: string;
}

/** SegmentHeader is the first line of a segment. docs/format.md, section 4. */
export interface SegmentHeader {
  readonly ledger: string;
  readonly partition: string;
  readonly index: number;
  readonly kind: SegmentKind;
  readonly incarnation: number;
  readonly sealed: string;
  /** index of the segment before it in the chain, -1 if it is the first; what stands between them is foreign */
  readonly previous: number;
  readonly prev: Hash;
  readonly records: { readonly first: number; readonly count: number };
  readonly events: EventRange;
  readonly duplicates: number;
  readonly gaps: readonly Gap[];
  /** what the hub said, where it was asked for the sake of this segment */
  readonly hub?: HubWord;
  /** the events without records, in ascending order */
  readonly empty?: readonly EmptyEvent[];
}

const VERSION = 1;

/** MAX_HEADER_BYTES bounds a header line, so that a reader knows when to give up: 1 MiB. */
export const MAX_HEADER_BYTES = 1024 * 1024;

/** formatHeader prints a header on one line, without the LF. */
export function formatHeader(header: SegmentHeader): string {
  const { ledger, partition, index, kind, incarnation, sealed, previous, prev, records, events } = header;
  const { duplicates, gaps, hub, empty = [] } = header;
  const text = JSON.stringify({
    _segment: {
      version: VERSION,
      ledger,
      partition,
      index,
      kind,
      incarnation,
      sealed,
      previous,
      prev: formatHash(prev),
      records: { first: records.first, count: records.count },
      events: {
        first: events.first,
        last: events.last,
        count: events.count,
        enqueuedFirst: events.enqueuedFirst,
        enqueuedLast: events.enqueuedLast,
      },
      duplicates,
      gaps: gaps.map(({ first, last, reason }) => ({ first, last, reason })),
      hub: hub && formatHub(hub),
    },
  });
  return empty.length === 0 ? text : `${text.slice(0, -2)},"empty":[${empty.map(formatEmptyEvent).join(',')}]}}`;
}

/** formatEmptyEvent prints what a header says of an event without records; its properties stay as they are. */
export function formatEmptyEvent({ event, enqueued, partitionKey, properties }: EmptyEvent): string {
  const key = partitionKey === undefined ? '' : `,"partitionKey":${JSON.stringify(partitionKey)}`;
  return `{"event":${event},"enqueued":"${enqueued}"${key}${properties === undefined ? '' : `,"properties":${properties}`}}`;
}

/**
 * parseHeader reads a header line (without its LF). It ignores members that it doesn't know, and throws SEGMENT_MALFORMED for one that
 * is missing or not of its kind, and for another version: what a later release signed is told by its statement.
 */
export function parseHeader(line: Buffer): SegmentHeader {
  const it = openHeader(line);
  const prev = parseHash(it['prev']);
  if (prev === undefined) throw wrong(`has prev ${short(it['prev'])}`);
  const records = object(it['records'], 'records');
  const { hub, empty } = it;
  const index = integer(it['index'], 'index');
  const previous = integer(it['previous'], 'previous', -1);
  if (previous >= index) throw wrong(`has index ${index} and previous ${previous}`);
  return {
    ledger: string(it['ledger'], 'ledger', (text) => text.length > 0),
    partition: string(it['partition'], 'partition', isPartition),
    index,
    kind: string(it['kind'], 'kind', (text) => KINDS.includes(text)) as SegmentKind,
    incarnation: integer(it['incarnation'], 'incarnation'),
    sealed: string(it['sealed'], 'sealed', isTime),
    previous,
    prev,
    records: { first: integer(records['first'], 'records.first'), count: integer(records['count'], 'records.count') },
    events: readEvents(object(it['events'], 'events')),
    duplicates: integer(it['duplicates'], 'duplicates'),
    gaps: list(it['gaps'], 'gaps').map(readGap),
    ...(hub !== undefined && { hub: readHub(object(hub, 'hub')) }),
    ...(empty !== undefined && { empty: list(empty, 'empty').map(readEmptyEvent) }),
  };
}

function openHeader(line: Buffer): JsonObject {
  if (!isUtf8(line)) throw wrong('is not UTF-8');
  const parsed = parseJsonObject(line.toString('utf8'));
  if (parsed === undefined) throw wrong(`is not a JSON object that nests at most ${MAX_JSON_DEPTH} deep`);
  const it = parsed['_segment'];
  if (!isJsonObject(it)) throw wrong('has no _segment');
  const { version } = it;
  if (version !== VERSION) throw wrong(`has version ${short(version)}, and what was signed of it has ${VERSION}`);
  return it;
}

function readEvents(events: JsonObject): EventRange {
  const count = integer(events['count'], 'events.count');
  const least = count > 0 ? 0 : -1;
  return {
    first: integer(events['first'], 'events.first', least),
    last: integer(events['last'], 'events.last', least),
    count,
    ...(count > 0 && {
      enqueuedFirst: string(events['enqueuedFirst'], 'events.enqueuedFirst', isTime),
      enqueuedLast: string(events['enqueuedLast'], 'events.enqueuedLast', isTime),
    }),
  };
}

function readGap(gap: unknown): Gap {
  const { first, last, reason } = object(gap, 'a gap');
  return {
    first: integer(first, 'gaps.first'),
    last: integer(last, 'gaps.last', first as number),
    reason: string(reason, 'gaps.reason', (text) => GAP_REASONS.includes(text)) as GapReason,
  };
}

function readEmptyEvent(item: unknown): EmptyEvent {
  const { event, enqueued, partitionKey, properties } = object(item, 'an empty event');
  return {
    event: integer(event, 'empty.event'),
    enqueued: string(enqueued, 'empty.enqueued', isTime),
    ...(partitionKey !== undefined && { partitionKey: string(partitionKey, 'empty.partitionKey', () => true) }),
    ...(properties !== undefined && { properties: JSON.stringify(object(properties, 'empty.properties')) }),
  };
}
