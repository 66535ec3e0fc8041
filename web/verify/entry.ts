import { isPlainText, utf8 } from './bytes.ts';
import { Fault } from './fault.ts';
import { endOfString } from './json.ts';

/** SegmentEntry is what the log says of one segment. docs/format.md. */
export interface SegmentEntry {
  readonly name: string;
  readonly size: number;
  /** hex, as are all hashes here */
  readonly sha256: string;
  readonly root: string;
  readonly prev: string;
  readonly partition: string;
  readonly index: number;
  readonly incarnation: number;
  readonly records: { readonly first: number; readonly count: number };
  readonly events: { readonly first: number; readonly last: number; readonly count: number };
  readonly time: { readonly first: string; readonly last: string };
  /** how many records have each category */
  readonly categories: Members;
}

/** Members are the members of a JSON object, not looked at yet. */
export type Members = Readonly<Record<string, unknown>>;

/** MAX_ENTRY_BYTES is the most that an entry of the log may have. */
export const MAX_ENTRY_BYTES = 65_535;

/** The largest index that names have room for. */
const MAX_INDEX = 999_999_999_999;

const bad = (why: string): Fault => new Fault('ENTRY_MALFORMED', why);

/** isObject tells objects from all other JSON values. */
export const isObject = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Arrays and objects may nest so deep: what is deeper could overflow the stack of whoever prints it. */
const MAX_JSON_DEPTH = 64;
const NO_BRACKET = /[^"[\]{}]*/y;

/** parseJson gives undefined for what is not JSON, or nests deeper than MAX_JSON_DEPTH. */
export function parseJson(text: string): unknown {
  if (isTooDeep(text)) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function isTooDeep(text: string): boolean {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    NO_BRACKET.lastIndex = at;
    NO_BRACKET.test(text);
    at = NO_BRACKET.lastIndex;
    const character = text[at];
    if (character === '"') {
      const end = endOfString(text, at);
      if (end < 0) return false;
      at = end - 1;
    } else if (character === '{' || character === '[') depth++;
    else depth--;
    if (depth > MAX_JSON_DEPTH) return true;
  }
  return false;
}

/** openEntry gives the members of an entry, and throws ENTRY_MALFORMED for what can't be one of any type. */
export function openEntry(line: string): Members & { readonly type: string } {
  if (utf8(line).length > MAX_ENTRY_BYTES) throw bad('the entry is larger than 65,535 bytes');
  if (!isPlainText(line) || line.includes('\n')) throw bad('the entry is not one line of text');
  const it = parseJson(line);
  if (!isObject(it)) throw bad(`the entry is not a JSON object that nests at most ${MAX_JSON_DEPTH} deep`);
  if (typeof it['type'] !== 'string') throw bad('the entry has no type');
  if (!line.startsWith(`{"type":${JSON.stringify(it['type'])}`)) throw bad('the entry does not begin with its type');
  return it as Members & { readonly type: string };
}

/**
 * parseEntry reads a segment's entry only as a ledger writes it, so that no two readers can take different things from
 * one line. It throws ENTRY_MALFORMED, and PROOF_INVALID for an entry of something else.
 */
export function parseEntry(line: string): SegmentEntry {
  const it = openEntry(line);
  if (it['type'] !== 'segment') throw new Fault('PROOF_INVALID', 'the entry is not that of a segment');
  const entry = readSegment(it);
  if (printEntry(entry) !== line) throw bad('the entry is not as a ledger writes it');
  return entry;
}

/** printEntry prints the entry of a segment as a ledger writes it. */
export const printEntry = (entry: SegmentEntry): string => JSON.stringify({ type: 'segment', ...entry });

function readSegment(it: Members): SegmentEntry {
  const [records, events, time] = [object(it['records']), object(it['events']), object(it['time'])];
  const partition = String(it['partition']);
  const index = count(it['index']);
  if (typeof it['partition'] !== 'string' || !/^(0|[1-9]\d{0,4})$/.test(partition)) {
    throw bad('the entry names no partition');
  }
  if (index > MAX_INDEX) throw bad('the entry has an index that no name has room for');
  return {
    name: `segments/${partition}/${String(index).padStart(12, '0')}.jsonl.zst`,
    size: count(it['size']),
    sha256: hash(it['sha256']),
    root: hash(it['root']),
    prev: hash(it['prev']),
    partition,
    index,
    incarnation: count(it['incarnation']),
    records: { first: count(records['first']), count: count(records['count']) },
    events: { first: count(events['first'], -1), last: count(events['last'], -1), count: count(events['count']) },
    time: { first: date(time['first']), last: date(time['last']) },
    categories: readCategories(it['categories']),
  };
}

function readCategories(value: unknown): Members {
  return Object.fromEntries(Object.entries(object(value)).map(([name, number]) => [name, count(number)]));
}

function object(value: unknown): Members {
  if (!isObject(value)) throw bad('a member of the entry is no object');
  return value;
}

function count(value: unknown, least = 0): number {
  if (!Number.isSafeInteger(value) || (value as number) < least) throw bad('a member of the entry is no whole number');
  return value as number;
}

function hash(value: unknown): string {
  if (typeof value !== 'string' || !/^[0-9a-f]{64}$/.test(value)) throw bad('a member of the entry is no hash');
  return value;
}

/** isTime tells whether a value is a time as the format writes it: ISO 8601, UTC, with milliseconds. */
export function isTime(value: unknown): value is string {
  const time = typeof value === 'string' && /^\d{4}-.{18}Z$/.test(value) ? Date.parse(value) : NaN;
  return !Number.isNaN(time) && new Date(time).toISOString() === value;
}

function date(value: unknown): string {
  if (!isTime(value)) throw bad('a member of the entry is no time');
  return value;
}
