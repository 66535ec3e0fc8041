import { decodeUtf8 } from '../bytes.ts';
import type { Bytes } from '../bytes.ts';
import { MAX_ENTRY_BYTES } from '../entry.ts';
import { Fault } from '../fault.ts';
import { MAX_NOTE_BYTES } from '../note.ts';
import { isPartition } from '../ledger/names.ts';
import { MAX_MANIFEST_BYTES, MAX_UNITS } from './manifest.ts';
import { Printed } from './printed.ts';
import { isIndexedField, isIndexedValue } from './query.ts';
import type { Query } from './query.ts';
import type { Term, TermLeaf } from './terms.ts';

/** ProvedEntry is an entry of the log, its number, and its inclusion proof in the checkpoint's tree. */
export interface ProvedEntry {
  readonly index: number;
  readonly line: string;
  /** hex, as are all hashes here */
  readonly hashes: readonly string[];
}

/** AnsweredUnit is what an answer shows of a unit of the index. */
export interface AnsweredUnit {
  /** its number in the manifest */
  readonly unit: number;
  readonly terms: readonly Term[];
}

/** AnsweredRecord is a record's line, and its inclusion proof in the tree of a segment. */
export interface AnsweredRecord {
  /** number in the answer's segments */
  readonly segment: number;
  readonly line: string;
  readonly index: number;
  readonly size: number;
  readonly hashes: readonly string[];
}

/** CarriedReport is a report that an answer carries, and its entry in the log. */
export interface CarriedReport extends ProvedEntry {
  readonly name: string;
  readonly file: string;
  /** hashes of the consistency proof from the tree that it checked to the checkpoint's */
  readonly consistency: readonly string[];
}

/** Answer is the content of an answer file. Nothing of it is verified. docs/format.md, section 9.8. */
export interface Answer {
  readonly query: Query;
  readonly checkpoint: string;
  readonly verifierKeys: readonly string[];
  /** of those that state the index */
  readonly heads: ProvedEntry;
  /** the last entry that the index covers */
  readonly end: ProvedEntry;
  readonly manifest: string;
  readonly units: readonly AnsweredUnit[];
  readonly segments: readonly ProvedEntry[];
  readonly records: readonly AnsweredRecord[];
  readonly report: CarriedReport | undefined;
}

/** docs/format.md, section 11. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;
const MAX_ANSWER_RECORDS = 10_000;

const START = /^\{"version":(\d{1,9}),"kind":"answer",/;
const MAX_START = 38;
const MAX_REPORT_BYTES = 32 * 1024 * 1024;
const MAX_KEYS = 32;
const MAX_KEY_CHARACTERS = 1024;
const MAX_PARTITIONS = 100_000;
const MAX_FIELDS = 7;
/** Each value has to be proved in each unit. */
const MAX_VALUES = 10_000;
/** More than there is room for. */
const MAX_TERMS = MAX_ANSWER_BYTES / 32;

const bad = (why: string): Fault => new Fault('ANSWER_MALFORMED', why);

/** isAnswer tells by how a file begins whether it is one, of whatever version. */
export const isAnswer = (bytes: Uint8Array): boolean => START.test(decodeUtf8(bytes.subarray(0, MAX_START)) ?? '');

/** parseAnswer reads an answer only as it is printed. It throws ANSWER_MALFORMED or VERSION_UNKNOWN. */
export function parseAnswer(bytes: Uint8Array): Answer {
  if (bytes.length > MAX_ANSWER_BYTES) throw bad('the file is larger than 64 MiB, the most that an answer may have');
  const file = decodeUtf8(bytes);
  if (file === undefined) throw bad('the file is not text in UTF-8: it is no answer, or was damaged');
  const version = START.exec(file)?.[1];
  if (version === undefined) throw bad('the file does not begin as an answer does');
  if (version !== '1') throw new Fault('VERSION_UNKNOWN', `the answer has version ${version}; this page knows 1`);
  const it = new Printed(file, (why) => bad(`the file is not as an answer is printed: ${why}`));
  it.take('{"version":1,"kind":"answer","query":');
  const query = readQuery(it);
  it.take(',"checkpoint":');
  const checkpoint = it.string(MAX_NOTE_BYTES);
  it.take(',"verifierKeys":');
  const verifierKeys = it.list(MAX_KEYS, () => it.string(MAX_KEY_CHARACTERS));
  it.take(',"heads":');
  const heads = readEntry(it);
  it.take(',"end":');
  const end = readEntry(it);
  it.take(',"manifest":');
  const manifest = it.string(MAX_MANIFEST_BYTES);
  it.take(',"units":');
  const units = it.list(MAX_UNITS, () => readUnit(it));
  it.take(',"segments":');
  const segments = it.list(MAX_ANSWER_RECORDS, () => readEntry(it));
  if (segments.some(({ index }, i) => index <= (segments[i - 1]?.index ?? -1)))
    throw bad('its segments are not in ascending order of their entries');
  it.take(',"records":');
  const records = it.list(MAX_ANSWER_RECORDS, () => readRecord(it));
  const report = it.skip(',"report":') ? readReport(it) : undefined;
  it.take('}');
  it.end();
  return { query, checkpoint, verifierKeys, heads, end, manifest, units, segments, records, report };
}

function readQuery(it: Printed): Query {
  it.take('{"from":');
  const from = it.orNull(() => it.time());
  it.take(',"to":');
  const to = it.orNull(() => it.time());
  if (from !== null && to !== null && from >= to) throw bad('the interval of its query ends before it begins');
  it.take(',"partitions":');
  const partitions = it.orNull(() => it.list(MAX_PARTITIONS, () => it.string(5)));
  if (partitions?.some((id, i) => !isPartition(id) || Number(id) <= Number(partitions[i - 1] ?? -1)))
    throw bad('the partitions of its query are not ids in ascending order');
  it.take(',"terms":');
  const terms = it.list(MAX_FIELDS, () => {
    it.take('{"field":');
    const field = it.string(MAX_KEY_CHARACTERS);
    if (!isIndexedField(field)) throw bad('its query has a field that no index has');
    it.take(',"values":');
    const values = it.list(MAX_VALUES, () => it.string(MAX_ANSWER_BYTES));
    if (values.length === 0) throw bad(`its query names no value of ${field}`);
    if (new Set(values).size < values.length) throw bad(`its query names a value of ${field} twice`);
    if (!values.every((value) => isIndexedValue(field, value)))
      throw bad(`its query has a value of ${field} that no index has`);
    it.take('}');
    return { field, values };
  });
  it.take('}');
  if (partitions?.length === 0) throw bad('its query asks for no partition');
  if (new Set(terms.map(({ field }) => field)).size < terms.length) throw bad('its query names a field twice');
  return { from, to, partitions, terms };
}

/** openEntry reads an entry up to its last brace. */
function openEntry(it: Printed): ProvedEntry {
  it.take('"index":');
  const index = it.number();
  it.take(',"line":');
  const line = it.string(MAX_ENTRY_BYTES);
  it.take(',"hashes":');
  return { index, line, hashes: it.hashes() };
}

function readEntry(it: Printed): ProvedEntry {
  it.take('{');
  const entry = openEntry(it);
  it.take('}');
  return entry;
}

function readUnit(it: Printed): AnsweredUnit {
  it.take('{"unit":');
  const unit = it.number();
  it.take(',"terms":');
  const terms = it.list(MAX_TERMS, () => readTerm(it));
  it.take('}');
  return { unit, terms };
}

function readTerm(it: Printed): Term {
  it.take('{"key":');
  const key = it.key();
  if (it.skip(',"before":')) {
    const before = it.orNull(() => readLeaf(it));
    it.take(',"after":');
    const after = it.orNull(() => readLeaf(it));
    it.take('}');
    return { key, before, after };
  }
  it.take(',"index":');
  const index = it.number();
  it.take(',"hashes":');
  const hashes = it.hashes();
  it.take(',"postings":');
  const postings: Bytes = it.base64(MAX_ANSWER_BYTES);
  it.take('}');
  return { key, index, hashes, postings };
}

function readLeaf(it: Printed): TermLeaf {
  it.take('{"key":');
  const key = it.key();
  it.take(',"postings":');
  const postings = it.hex();
  it.take(',"index":');
  const index = it.number();
  it.take(',"hashes":');
  const hashes = it.hashes();
  it.take('}');
  return { key, postings, index, hashes };
}

function readRecord(it: Printed): AnsweredRecord {
  it.take('{"segment":');
  const segment = it.number();
  it.take(',"line":');
  const line = it.string(MAX_ANSWER_BYTES);
  if (line.includes('\n')) throw bad('one of its records is not one line');
  it.take(',"index":');
  const index = it.number();
  it.take(',"size":');
  const size = it.number();
  it.take(',"hashes":');
  const hashes = it.hashes();
  it.take('}');
  return { segment, line, index, size, hashes };
}

function readReport(it: Printed): CarriedReport {
  it.take('{"name":');
  const name = it.string(MAX_KEY_CHARACTERS);
  it.take(',"file":');
  const file = it.string(MAX_REPORT_BYTES);
  it.take(',');
  const entry = openEntry(it);
  it.take(',"consistency":');
  const consistency = it.hashes();
  it.take('}');
  return { name, file, ...entry, consistency };
}
