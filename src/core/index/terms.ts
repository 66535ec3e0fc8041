import { ByteReader, ByteWriter } from './bytes.ts';
import { skipRuns, writeRuns } from './postings.ts';
import { release } from '../bytes.ts';
import { readRecordFields } from '../fields/recordFields.ts';
import { FIELDS } from '../fields/rule.ts';
import type { Field } from '../fields/rule.ts';
import { indexedTermsOf } from '../fields/values.ts';
import { KEY_BYTES, RESERVED, keyOf } from './termKey.ts';
import type { TermKey } from './termKey.ts';
import { parseHeader } from '../segment/header.ts';
import { visitRecords } from '../segment/lines.ts';
import type { Seal } from '../segment/recordLine.ts';
import { openEntered } from '../signed/enteredSegment.ts';
import type { SegmentInEntry } from '../signed/enteredSegment.ts';

/**
 * A segment isn't indexed that has more terms, all of its records together, than this many a record and so many beside: who may
 * log can log anything.
 */
const MOST_TERMS_A_RECORD = 32;
const MOST_TERMS_BESIDE = 65_536;

const LF = 0x0a;

/**
 * indexSegment gives the terms of a segment's content: in ascending order of keys, each the key and its runs, as writeRuns writes them.
 * One that has too many is all under `_unindexed`. It throws SEGMENT_MALFORMED for what isn't lines that end in seals.
 */
export function indexSegment(content: Buffer): Buffer {
  const { records } = parseHeader(content.subarray(0, Math.max(content.indexOf(LF), 0)));
  const most = MOST_TERMS_A_RECORD * records.count + MOST_TERMS_BESIDE;
  const terms = new TermRuns();
  let record = 0;
  visitRecords(content, ({ start, end, seal }) => {
    if (terms.total <= most) addRecord(terms, content.subarray(start, end), seal.form, record);
    record += 1;
  });
  return terms.total > most ? allUnder(RESERVED.unindexed, record) : terms.bytes();
}

/** IndexStoredSegment is indexStored, here or in another thread. It takes over the bytes. */
export type IndexStoredSegment = (stored: Buffer, segment: SegmentInEntry) => Promise<Buffer>;

/** indexStored gives the terms of a segment from its stored bytes, and throws as openEntered does. */
export function indexStored(stored: Buffer, segment: SegmentInEntry): Buffer {
  const content = openEntered(stored, segment);
  try {
    return indexSegment(content);
  } finally {
    release(content);
  }
}

function addRecord(terms: TermRuns, line: Buffer, form: Seal['form'], record: number): void {
  const found: [field: Field, value: string][] = [];
  const isJson = readRecordFields(line, form, (field, value) => {
    if (field !== 'time' && field !== 'correlation') found.push([field, value]);
  });
  if (!isJson) return terms.add(RESERVED.notJson, '', record);
  const has = new Set<Field>();
  for (const [field, value] of found) if (terms.addValue(field, value, record)) has.add(field);
  if (has.size === 0) return terms.add(RESERVED.noFields, '', record);
  for (const field of FIELDS) if (!has.has(field)) terms.add(RESERVED.without, field, record);
}

function allUnder(name: string, records: number): Buffer {
  const writer = new ByteWriter();
  writer.latin1(keyOf(name, ''));
  writeRuns(writer, [0, records]);
  return writer.take();
}

/** What is longer isn't remembered: a value may have megabytes. */
const MOST_REMEMBERED = 400;

/** TermRuns collects which records each term has. Records come in ascending order. */
class TermRuns {
  readonly #runs = new Map<TermKey, number[]>();
  /** the runs of the terms that a field's value gives */
  readonly #ofValue = new Map<Field, Map<string, readonly number[][]>>();
  /** pairs of a term and a record */
  total = 0;

  /** addValue takes a value of a field, and tells whether it gives a term. */
  addValue(field: Field, value: string, record: number): boolean {
    let ofField = this.#ofValue.get(field);
    if (ofField === undefined) this.#ofValue.set(field, (ofField = new Map()));
    let all = ofField.get(value);
    if (all === undefined) {
      all = indexedTermsOf(field, value).map((term) => this.#runsOf(field, term));
      if (value.length <= MOST_REMEMBERED) ofField.set(value, all);
    }
    for (const runs of all) this.#extend(runs, record);
    return all.length > 0;
  }

  add(field: string, value: string, record: number): void {
    this.#extend(this.#runsOf(field, value), record);
  }

  #runsOf(field: string, value: string): number[] {
    const key = keyOf(field, value);
    let runs = this.#runs.get(key);
    if (runs === undefined) this.#runs.set(key, (runs = []));
    return runs;
  }

  #extend(runs: number[], record: number): void {
    const last = runs.length - 1;
    if (runs[last] === record + 1) return;
    if (runs[last] === record) runs[last] = record + 1;
    else runs.push(record, record + 1);
    this.total += 1;
  }

  bytes(): Buffer {
    const all = [...this.#runs].sort(([a], [b]) => (a < b ? -1 : 1));
    const writer = new ByteWriter();
    for (const [key, runs] of all) {
      writer.latin1(key);
      writeRuns(writer, runs);
    }
    return writer.take();
  }
}

/** TermsReader gives the terms of a segment one by one. */
export class TermsReader {
  readonly #bytes: Buffer;
  readonly #reader: ByteReader;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.#reader = new ByteReader(bytes);
  }

  next(): { readonly key: TermKey; readonly runs: Buffer } | undefined {
    if (this.#reader.isAtEnd) return undefined;
    const key = this.#reader.latin1(KEY_BYTES) as TermKey;
    const from = this.#reader.at;
    skipRuns(this.#reader);
    return { key, runs: this.#bytes.subarray(from, this.#reader.at) };
  }
}
