import { ACTION_KINDS, ACTION_OUTCOMES } from './action.ts';
import type { ActionKind, ActionOutcome } from './action.ts';
import { MAX_INDEX, parseDocumentName, parseSegmentName, segmentName } from './names.ts';
import type { DocumentType, SegmentPlace } from './names.ts';
import { AuditsealError, attempt } from '../errors.ts';
import { formatHash, parseHash } from '../hash.ts';
import type { Hash } from '../hash.ts';
import { MAX_JSON_DEPTH, isJsonObject, parseJsonObject } from '../jsonObject.ts';
import type { JsonObject } from '../jsonObject.ts';
import { MAX_ENTRY_BYTES } from '../merkle/tile.ts';
import { openKeyNotice } from '../signed/keyNotice.ts';
import { openOperatorNotice } from '../signed/operatorNotice.ts';
import { decodeText, isPartition, isTime } from '../text.ts';

/** SegmentEntry puts a segment into the log. Entries of one partition come in index order, without holes. */
export interface SegmentEntry {
  readonly type: 'segment';
  /** size of the stored bytes */
  readonly size: number;
  /** SHA-256 of the stored bytes */
  readonly sha256: Hash;
  readonly root: Hash;
  readonly prev: Hash;
  readonly partition: string;
  readonly index: number;
  readonly incarnation: number;
  readonly records: { readonly first: number; readonly count: number };
  readonly events: { readonly first: number; readonly last: number; readonly count: number };
  /** the earliest and the latest time at which one of its events was enqueued; when it was sealed, where it has none */
  readonly time: { readonly first: string; readonly last: string };
  /** how many records there are of each category */
  readonly categories: ReadonlyMap<string, number>;
}

/** ReportEntry puts a report into the log, so that it can't be replaced either. */
export interface ReportEntry {
  readonly type: 'report';
  readonly name: string;
  readonly sha256: Hash;
  readonly status: ReportStatus;
}

const STATUSES = ['verified', 'violated', 'unverified'] as const;
export type ReportStatus = (typeof STATUSES)[number];

/** ActionEntry puts what people did to the ledger into the log. */
export interface ActionEntry {
  readonly type: 'action';
  readonly name: string;
  readonly sha256: Hash;
  readonly action: ActionKind;
  readonly outcome: ActionOutcome;
}

/** ForeignEntry names an object that took the name of a segment or an action, and isn't one. */
export interface ForeignEntry {
  readonly type: 'foreign';
  readonly name: string;
}

/** KeyEntry announces a key that the log signs with: what it certifies counts from here on. */
export interface KeyEntry {
  readonly type: 'key';
  /** a key notice, as a note that a key of the log signed */
  readonly note: string;
}

/** OperatorEntry registers an operator's key, or revokes it: from here on, what it signs counts, or counts no more. */
export interface OperatorEntry {
  readonly type: 'operator';
  /** an operator notice, as a note that a key of the log signed */
  readonly note: string;
}

/** OpaqueEntry is one of a type that this version doesn't know. It is hashed like every other. */
export interface OpaqueEntry {
  readonly type: 'opaque';
  /** what its member `type` says */
  readonly statedType: string;
  readonly line: string;
}

/** LogEntry is one leaf of the log. */
export type LogEntry = SegmentEntry | ReportEntry | ActionEntry | ForeignEntry | KeyEntry | OperatorEntry | OpaqueEntry;

const malformed = (why: string): AuditsealError => new AuditsealError('ENTRY_MALFORMED', why);

/** formatEntry prints an entry's line without the LF: the data of its leaf. Throws ENTRY_MALFORMED, if it is too long. */
export function formatEntry(entry: LogEntry): Buffer {
  const line = Buffer.from(formatLine(entry));
  parseEntry(line);
  return line;
}

/** formatLine prints an entry's line, also one that is no entry because it is too long. */
export function formatLine(entry: LogEntry): string {
  switch (entry.type) {
    case 'segment':
      return formatSegmentLine(entry);
    case 'report': {
      const { type, name, sha256, status } = entry;
      return JSON.stringify({ type, name, sha256: formatHash(sha256), status });
    }
    case 'action': {
      const { type, name, sha256, action, outcome } = entry;
      return JSON.stringify({ type, name, sha256: formatHash(sha256), action, outcome });
    }
    case 'foreign':
      return JSON.stringify({ type: entry.type, name: entry.name });
    case 'key':
    case 'operator': {
      const { type, note } = entry;
      return JSON.stringify({ type, note });
    }
    case 'opaque':
      return entry.line;
  }
}

function formatSegmentLine(entry: SegmentEntry): string {
  const { type, size, sha256, root, prev, partition, index, incarnation, records, events, time, categories } = entry;
  return JSON.stringify({
    type,
    name: segmentName(partition, index),
    size,
    sha256: formatHash(sha256),
    root: formatHash(root),
    prev: formatHash(prev),
    partition,
    index,
    incarnation,
    records: { first: records.first, count: records.count },
    events: { first: events.first, last: events.last, count: events.count },
    time: { first: time.first, last: time.last },
    categories: Object.fromEntries(categories),
  });
}

/**
 * parseEntry is the inverse of formatEntry, and throws ENTRY_MALFORMED. An entry of a type that it doesn't know is opaque.
 *
 * Every entry is a JSON object on one line that begins with its type. The entries of known types are read only as they
 * are printed, so no two readers can take different things from one line.
 */
export function parseEntry(line: Buffer): LogEntry {
  if (line.length > MAX_ENTRY_BYTES)
    throw malformed(`the entry has ${line.length} bytes, more than the ${MAX_ENTRY_BYTES} that an entry may have`);
  const text = decodeText(line);
  if (text === undefined || text.includes('\n')) throw malformed('the entry is not one line of text');
  const it = parseJsonObject(text);
  if (it === undefined) throw malformed(`the entry is not a JSON object that nests at most ${MAX_JSON_DEPTH} deep`);
  const { type } = it;
  if (typeof type !== 'string') throw malformed('the entry has no type');
  if (!text.startsWith(`{"type":${JSON.stringify(type)}`)) throw malformed('the entry does not begin with its type');
  const entry = readEntry(type, it, text);
  if (formatLine(entry) !== text)
    throw malformed(`the entry of type ${type.slice(0, 20)} is not printed as this release prints it`);
  return entry;
}

function readEntry(type: string, it: JsonObject, line: string): LogEntry {
  switch (type) {
    case 'segment':
      return readSegmentEntry(it);
    case 'report': {
      const status = STATUSES.find((status) => status === it['status']);
      if (status === undefined) throw malformed('the status of its report is not verified, violated or unverified');
      const name = documentNameIn(it, type);
      return { type, name, sha256: hash(it, 'sha256'), status };
    }
    case 'action': {
      const action = ACTION_KINDS.find((kind) => kind === it['action']);
      const outcome = ACTION_OUTCOMES.find((outcome) => outcome === it['outcome']);
      if (action === undefined || outcome === undefined) throw malformed('its kind or outcome is not a known one');
      const name = documentNameIn(it, type);
      return { type, name, sha256: hash(it, 'sha256'), action, outcome };
    }
    case 'foreign':
      return { type, name: string(it, 'name', () => true) };
    case 'key':
    case 'operator':
      return { type, note: string(it, 'note', (note) => isNotice(type, note)) };
    default:
      return { type: 'opaque', statedType: type, line };
  }
}

/** isNotice tells whether a text is a note of that type of entry, whoever signed it. */
const isNotice = (type: 'key' | 'operator', note: string): boolean =>
  attempt(() => (type === 'key' ? openKeyNotice : openOperatorNotice)(note, undefined), 'malformed') !== undefined;

function readSegmentEntry(it: JsonObject): SegmentEntry {
  const [records, events, time] = [object(it, 'records'), object(it, 'events'), object(it, 'time')];
  const categories = object(it, 'categories');
  return {
    type: 'segment',
    size: count(it, 'size'),
    sha256: hash(it, 'sha256'),
    root: hash(it, 'root'),
    prev: hash(it, 'prev'),
    partition: string(it, 'partition', isPartition),
    index: count(it, 'index', 0, MAX_INDEX),
    incarnation: count(it, 'incarnation'),
    records: { first: count(records, 'first'), count: count(records, 'count') },
    events: { first: count(events, 'first', -1), last: count(events, 'last', -1), count: count(events, 'count') },
    time: { first: string(time, 'first', isTime), last: string(time, 'last', isTime) },
    categories: new Map(Object.entries(categories).map(([name, value]) => [name, count({ value }, 'value')])),
  };
}

function object(from: JsonObject, name: string): JsonObject {
  const value = from[name];
  if (!isJsonObject(value)) throw malformed(`the entry has no object ${name}`);
  return value;
}

function count(from: JsonObject, name: string, least = 0, most = Number.MAX_SAFE_INTEGER): number {
  const value = from[name];
  if (!Number.isSafeInteger(value) || (value as number) < least || (value as number) > most)
    throw malformed(`the entry has no number ${name}`);
  return value as number;
}

function string(from: JsonObject, name: string, isGood: (text: string) => boolean): string {
  const value = from[name];
  if (typeof value !== 'string' || !isGood(value)) throw malformed(`the entry has no valid ${name}`);
  return value;
}

const documentNameIn = (from: JsonObject, type: DocumentType): string =>
  string(from, 'name', (text) => parseDocumentName(text)?.type === type);

function hash(from: JsonObject, name: string): Hash {
  const value = parseHash(from[name]);
  if (value === undefined) throw malformed(`the entry has no valid ${name}`);
  return value;
}

/** nameIn gives the name of the object that an entry speaks of, if it is of a kind that does. */
export function nameIn(entry: LogEntry): string | undefined {
  return entry.type === 'report' || entry.type === 'action' || entry.type === 'foreign' ? entry.name : undefined;
}

/** placeOf gives the place of the object that an entry speaks of, if that is one of a segment. */
export function placeOf(entry: LogEntry): SegmentPlace | undefined {
  if (entry.type === 'segment') return { partition: entry.partition, index: entry.index };
  const name = nameIn(entry);
  return name === undefined ? undefined : parseSegmentName(name);
}
