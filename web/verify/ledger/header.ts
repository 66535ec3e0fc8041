import { decodeUtf8 } from '../bytes.ts';
import { isObject, isTime, parseJson } from '../entry.ts';
import type { Members } from '../entry.ts';
import { Fault } from '../fault.ts';
import { isPartition } from './names.ts';

/** Gap is a run of events that are declared missing, both ends included. */
export interface Gap {
  readonly first: number;
  readonly last: number;
  readonly reason: string;
}

/** HubWord is what the hub said of a partition. */
export interface HubWord {
  /** when the hub was created, by itself */
  readonly created: string;
  /** when it was asked, by who asked */
  readonly asked: string;
  /** number of the first event that it holds, or of the next one */
  readonly first: number;
  /** number of its newest event, -1 if it never had one */
  readonly last: number;
}

/** Header is the first line of a segment. docs/format.md, section 4. Hashes are hex. */
export interface Header {
  readonly ledger: string;
  readonly partition: string;
  readonly index: number;
  readonly kind: string;
  readonly incarnation: number;
  readonly sealed: string;
  /** index of the segment before it in the chain, -1 if it is the first */
  readonly previous: number;
  readonly prev: string;
  readonly records: { readonly first: number; readonly count: number };
  readonly events: {
    readonly first: number;
    readonly last: number;
    readonly count: number;
    /** '' where there are no events */
    readonly enqueuedFirst: string;
    readonly enqueuedLast: string;
  };
  readonly duplicates: number;
  readonly gaps: readonly Gap[];
  readonly hub: HubWord | undefined;
  /** the events without records */
  readonly empty: readonly { readonly event: number; readonly enqueued: string }[];
}

const KINDS: readonly unknown[] = ['ingest', 'repair', 'heartbeat'];
const REASONS: readonly unknown[] = ['expired', 'unreadable', 'recreated'];

/** parseHeader reads a header line, without its LF. It throws SEGMENT_MALFORMED. */
export function parseHeader(line: Uint8Array): Header {
  const text = decodeUtf8(line);
  if (text === undefined) throw bad('is not UTF-8');
  const it = member(parseJson(text), '_segment');
  if (it['version'] !== 1) throw bad('has another version than what was signed of it');
  const records = member(it, 'records');
  const events = member(it, 'events');
  const count = whole(events, 'count');
  const least = count > 0 ? 0 : -1;
  const index = whole(it, 'index');
  const previous = whole(it, 'previous', -1);
  if (previous >= index) throw bad('names a previous segment that is not before it');
  return {
    ledger: string(it, 'ledger', (value) => value !== ''),
    partition: string(it, 'partition', (value) => isPartition(value as string)),
    index,
    kind: string(it, 'kind', (value) => KINDS.includes(value)),
    incarnation: whole(it, 'incarnation'),
    sealed: string(it, 'sealed', isTime),
    previous,
    prev: string(it, 'prev', (value) => /^[0-9a-f]{64}$/.test(value as string)),
    records: { first: whole(records, 'first'), count: whole(records, 'count') },
    events: {
      first: whole(events, 'first', least),
      last: whole(events, 'last', least),
      count,
      enqueuedFirst: count > 0 ? string(events, 'enqueuedFirst', isTime) : '',
      enqueuedLast: count > 0 ? string(events, 'enqueuedLast', isTime) : '',
    },
    duplicates: whole(it, 'duplicates'),
    gaps: list(it, 'gaps').map((gap) => {
      if (!isObject(gap)) throw bad('has a gap that is none');
      const first = whole(gap, 'first');
      return {
        first,
        last: whole(gap, 'last', first),
        reason: string(gap, 'reason', (value) => REASONS.includes(value)),
      };
    }),
    hub: it['hub'] === undefined ? undefined : hubWord(member(it, 'hub')),
    empty: it['empty'] === undefined ? [] : list(it, 'empty').map(emptyEvent),
  };
}

function hubWord(it: Members): HubWord {
  const { enqueued } = it;
  if (enqueued !== undefined && !isTime(enqueued)) throw bad('has no valid time of the newest event of the hub');
  const word = {
    created: string(it, 'created', isTime),
    asked: string(it, 'asked', isTime),
    first: whole(it, 'first'),
    last: whole(it, 'last', -1),
  };
  if (word.first > word.last + 1) throw bad('states a hub whose first event is behind the next one');
  return word;
}

function emptyEvent(value: unknown): Header['empty'][number] {
  if (!isObject(value)) throw bad('lists an event without records that is none');
  const { partitionKey, properties } = value;
  const isGood =
    ['string', 'undefined'].includes(typeof partitionKey) && (properties === undefined || isObject(properties));
  if (!isGood) throw bad('has no valid key or properties of an event without records');
  return { event: whole(value, 'event'), enqueued: string(value, 'enqueued', isTime) };
}

const bad = (what: string): Fault => new Fault('SEGMENT_MALFORMED', `the header ${what}`);

function member(from: unknown, name: string): Members {
  const value = isObject(from) ? from[name] : undefined;
  if (!isObject(value)) throw bad(`has no object ${name}`);
  return value;
}

function string(from: Members, name: string, isGood: (value: unknown) => boolean): string {
  const value = from[name];
  if (typeof value !== 'string' || !isGood(value)) throw bad(`has no valid ${name}`);
  return value;
}

function whole(from: Members, name: string, least = 0): number {
  const value = from[name];
  if (!Number.isSafeInteger(value) || (value as number) < least) throw bad(`has no valid number ${name}`);
  return value as number;
}

function list(from: Members, name: string): readonly unknown[] {
  const value = from[name];
  if (!Array.isArray(value)) throw bad(`has no list ${name}`);
  return value;
}
