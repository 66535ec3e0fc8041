import { openKeyNotice } from '../signed/keyNotice.ts';
import { openOperatorNotice } from '../signed/operatorNotice.ts';
import { decodeUtf8, equalBytes, utf8 } from '../bytes.ts';
import { MAX_ENTRY_BYTES, isObject, isTime, openEntry, parseEntry, parseJson } from '../entry.ts';
import type { SegmentEntry } from '../entry.ts';
import { Fault } from '../fault.ts';
import { parseVerifierKey } from '../verifierKey.ts';
import type { VerifierKey } from '../verifierKey.ts';
import { isKind, isOutcome } from './action.ts';
import { isPartition, parseActionName, parseReportName, parseSegmentName } from './names.ts';
import type { Filed, SegmentPlace } from './names.ts';
import { operatorsIn, printOperators } from './operators.ts';
import type { Operator } from './operators.ts';

/** LogEntry is one leaf of the log, as far as this page knows its type. Hashes are hex. */
export type LogEntry =
  | { readonly type: 'segment'; readonly segment: SegmentEntry }
  | { readonly type: 'report'; readonly name: string; readonly sha256: string; readonly status: string }
  | {
      readonly type: 'action';
      readonly name: string;
      readonly sha256: string;
      readonly action: string;
      readonly outcome: string;
    }
  | { readonly type: 'foreign'; readonly name: string }
  | { readonly type: 'key'; readonly key: VerifierKey; readonly note: string }
  | { readonly type: 'operator'; readonly note: string }
  | { readonly type: 'unknown' };

/** Position is how far the log has come in one partition. */
export interface Position {
  /** the first index without an entry */
  readonly next: number;
  /** index and root of the last segment, and when it was sealed: undefined if that isn't known */
  readonly index: number;
  readonly root: string;
  readonly sealed: string | undefined;
}

/** FiledCounts is the number behind the last report and behind the last action that has an entry. */
export type FiledCounts = Readonly<Record<Filed['kind'], number>>;

/** Heads is what a batch ends with: when it was made, and how far the log has come. */
export interface Heads {
  readonly time: string;
  /** those that the log has announced, in that order */
  readonly keys: readonly VerifierKey[];
  /** operators' keys that the log has registered, in that order */
  readonly operators: readonly Operator[];
  /** the number behind the last report, and the last action, that has an entry */
  readonly filed: FiledCounts;
  /** entries that the index covers, and its rules and manifest; left out before there is one */
  readonly index?: StatedIndex;
  readonly positions: ReadonlyMap<string, Position>;
}

/** StatedIndex is what the log says of its index. */
export interface StatedIndex {
  readonly entries: number;
  readonly rules: number;
  /** SHA-256, in hex */
  readonly manifest: string;
}

/** A batch has entries of 1,000 objects at most, and heads. */
const MAX_BATCH_LINES = 2000;
const MAX_BATCH_BYTES = 32 * 1024 * 1024;
const LF = 0x0a;
const STATUSES: readonly unknown[] = ['verified', 'violated', 'unverified'];
const HEADS_START = utf8('{"type":"heads",');
const PARTITIONS_PER_LINE = 300;

export const NO_POSITION: Position = { next: 0, index: -1, root: '0'.repeat(64), sealed: '' };

const badBatch = (why: string): Fault => new Fault('BATCH_MALFORMED', why);
const badEntry = (why: string): Fault => new Fault('ENTRY_MALFORMED', why);

/** parseBatch takes a batch apart into its entries, as views of it, and throws BATCH_MALFORMED. */
export function parseBatch(batch: Uint8Array): Uint8Array[] {
  if (batch.length > MAX_BATCH_BYTES) throw badBatch('the batch has more than 32 MiB');
  if (batch.at(-1) !== LF) throw badBatch('the batch is empty, or its last line is not ended by LF');
  const lines: Uint8Array[] = [];
  for (let start = 0; start < batch.length;) {
    if (lines.length === MAX_BATCH_LINES) throw badBatch(`the batch has more than ${MAX_BATCH_LINES} lines`);
    const end = batch.indexOf(LF, start);
    if (end === start || end - start > MAX_ENTRY_BYTES) {
      throw badBatch(`line ${lines.length} is ${end === start ? 'empty' : 'longer than 65,535 bytes'}`);
    }
    lines.push(batch.subarray(start, end));
    start = end + 1;
  }
  return lines;
}

/** parseLogEntry reads an entry only as a ledger writes it, and throws ENTRY_MALFORMED. */
export async function parseLogEntry(line: Uint8Array): Promise<LogEntry> {
  const text = decodeUtf8(line);
  if (text === undefined) throw badEntry('the entry is not UTF-8');
  const it = openEntry(text);
  const { type, name, sha256, status, action, outcome, note } = it;
  const isHash = typeof sha256 === 'string' && /^[0-9a-f]{64}$/.test(sha256);
  if (type === 'segment') return { type, segment: parseEntry(text) };
  if (type === 'report') {
    if (typeof name !== 'string' || parseReportName(name) === undefined || !isHash || !STATUSES.includes(status)) {
      throw badEntry('the entry of a report lacks something');
    }
    if (JSON.stringify({ type, name, sha256, status }) !== text)
      throw badEntry('the entry is not as a ledger writes it');
    return { type, name, sha256, status: status as string };
  }
  if (type === 'action') {
    const isOfAction = typeof name === 'string' && parseActionName(name) !== undefined;
    if (!isOfAction || !isHash || !isKind(action) || !isOutcome(outcome)) {
      throw badEntry('the entry of an action lacks something');
    }
    if (JSON.stringify({ type, name, sha256, action, outcome }) !== text)
      throw badEntry('the entry is not as a ledger writes it');
    return { type, name, sha256, action, outcome };
  }
  if (type === 'foreign') {
    if (typeof name !== 'string') throw badEntry('the entry of a foreign object has no name');
    if (JSON.stringify({ type, name }) !== text) throw badEntry('the entry is not as a ledger writes it');
    return { type, name };
  }
  if (type === 'key') {
    if (typeof note !== 'string' || JSON.stringify({ type, note }) !== text)
      throw badEntry('the entry of a key is not as a ledger writes it');
    return { type, key: await openKeyNotice(note, undefined), note };
  }
  if (type === 'operator') {
    if (typeof note !== 'string' || JSON.stringify({ type, note }) !== text)
      throw badEntry('the entry of an operator is not as a ledger writes it');
    await openOperatorNotice(note, undefined);
    return { type, note };
  }
  return { type: 'unknown' };
}

/** nameIn gives the name of the object that an entry is of, if it is of one. */
export const nameIn = (entry: LogEntry): string | undefined =>
  entry.type === 'segment' ? entry.segment.name : 'name' in entry ? entry.name : undefined;

/** placeOf gives the place of the segment that an entry is of, if it is of something in such a place. */
export const placeOf = (entry: LogEntry): SegmentPlace | undefined => parseSegmentName(nameIn(entry) ?? '');

/** isHeadsLine tells the entries that a batch ends with from all others. */
export const isHeadsLine = (line: Uint8Array): boolean => equalBytes(line.subarray(0, HEADS_START.length), HEADS_START);

/** headsOf reads the heads that a batch ends with, and throws BATCH_MALFORMED if it ends otherwise, or has others before. */
export async function headsOf(entries: readonly Uint8Array[]): Promise<Heads> {
  const start = entries.findLastIndex((line) => !isHeadsLine(line)) + 1;
  if (entries.slice(0, start).some(isHeadsLine)) throw badBatch('it has heads among its other entries');
  const lines = entries.slice(start).map((line) => decodeUtf8(line));
  let last: (Pick<Heads, 'time' | 'keys' | 'operators' | 'index'> & { reports: number; actions: number }) | undefined;
  const partitions = new Map<string, unknown>();
  for (const line of lines) {
    const it = parseJson(line ?? '');
    const { time, keys: texts, operators: registered, reports, actions, ...rest } = isObject(it) ? it : {};
    const { index: stated, partitions: part } = rest;
    const keys = await keysIn(texts);
    const operators = await operatorsIn(registered);
    if (!isTime(time) || !isObject(part)) throw badBatch('its heads are none');
    if (!isCount(reports) || !isCount(actions)) throw badBatch('its heads do not count reports and actions');
    if (keys === undefined) throw badBatch('its heads have no verifier keys');
    const index = stated === undefined ? undefined : indexIn(stated);
    last = { time, keys, operators, reports, actions, ...(index && { index }) };
    for (const [partition, position] of Object.entries(part))
      partitions.set(partition, printedPosition(partition, position));
  }
  if (last === undefined) throw badBatch('it does not end with an entry of type heads');
  const { time, reports, actions, index } = last;
  const operators = printOperators(last.operators);
  const keys = last.keys.map(({ text }) => text);
  const all = [...partitions].sort(([a], [b]) => Number(a) - Number(b));
  const printed: string[] = [];
  do {
    const part = Object.fromEntries(all.splice(0, PARTITIONS_PER_LINE));
    printed.push(JSON.stringify({ type: 'heads', time, keys, operators, reports, actions, index, partitions: part }));
  } while (all.length > 0);
  if (printed.length !== lines.length || printed.some((line, i) => line !== lines[i])) {
    throw badBatch('its heads are not as a ledger writes them');
  }
  const filed = { report: reports, action: actions };
  const positions = partitions as Map<string, Position>;
  return { time, keys: last.keys, operators: last.operators, filed, ...(index && { index }), positions };
}

async function keysIn(value: unknown): Promise<readonly VerifierKey[] | undefined> {
  const keys: VerifierKey[] = [];
  for (const text of Array.isArray(value) ? (value as unknown[]) : [undefined]) {
    const key = await keyIn(text);
    if (key === undefined) return undefined;
    keys.push(key);
  }
  return keys;
}

async function keyIn(value: unknown): Promise<VerifierKey | undefined> {
  try {
    return typeof value === 'string' ? await parseVerifierKey(value) : undefined;
  } catch (error) {
    if (error instanceof Fault) return undefined;
    throw error;
  }
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

function indexIn(value: unknown): StatedIndex {
  const { entries, rules, manifest } = isObject(value) ? value : {};
  if (!isCount(entries) || !isCount(rules) || typeof manifest !== 'string' || !/^[0-9a-f]{64}$/.test(manifest))
    throw badBatch('its heads have no valid index');
  return { entries, rules, manifest };
}

function printedPosition(partition: string, value: unknown): Position {
  const { next, index, root, sealed } = isObject(value) ? value : {};
  const isGood =
    isPartition(partition) &&
    Number.isSafeInteger(next) &&
    Number.isSafeInteger(index) &&
    (index as number) >= -1 &&
    (next as number) > (index as number) &&
    typeof root === 'string' &&
    /^[0-9a-f]{64}$/.test(root) &&
    (sealed === '' || isTime(sealed));
  if (!isGood) throw badBatch('its heads have a partition without a position');
  return { next: next as number, index: index as number, root, sealed };
}
