import { ByteReader, ByteWriter } from './bytes.ts';
import { skipRuns, writeRuns } from './postings.ts';
import { release } from '../bytes.ts';
import { readFieldValues } from '../fields/recordFields.ts';
import { FIELDS } from '../fields/rule.ts';
import type { Field } from '../fields/rule.ts';
import { indexedTermsOf } from '../fields/values.ts';
import { KEY_BYTES, RESERVED, keyOf } from './termKey.ts';
import type { TermKey } from './termKey.ts';
import { visitRecords } from '../segment/lines.ts';
import type { Seal } from '../segment/recordLine.ts';
import { openEntered } from '../signed/enteredSegment.ts';
import type { SegmentInEntry } from '../signed/enteredSegment.ts';
import { attempt } from '../errors.ts';
import { summarizeSegment } from '../segment/summary.ts';
import type { SegmentQuestion, SegmentSummary } from '../segment/summary.ts';

/** MAX_SEGMENT_KEYS bounds the keys of fields that a segment has: who may log can log anything. */
const MAX_SEGMENT_KEYS = 131_072;

/**
 * indexSegment gives the terms of a segment's content: in ascending order of keys, each the key and its runs, as writeRuns writes them.
 * Records with which it would have too many are under `_unindexed`. It throws SEGMENT_MALFORMED for what isn't lines that end in seals.
 */
export function indexSegment(content: Buffer): Buffer {
  const terms = new TermRuns();
  let record = 0;
  visitRecords(content, ({ start, end, seal }) => {
    terms.addRecord(content.subarray(start, end), seal.form, record);
    record += 1;
  });
  return terms.bytes();
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

/** summarizeWithTerms is summarizeSegment, and gives the terms of a segment too where the question wants them. */
export function summarizeWithTerms(stored: Buffer, question: SegmentQuestion): SegmentSummary {
  const summary = summarizeSegment(stored, question);
  if (question.wantsTerms !== true || !summary.ok) return summary;
  const { name } = question;
  const terms = attempt(() => indexStored(stored, { name, sha256: summary.sha256 }), 'malformed');
  return { ...summary, ...(terms && { terms }) };
}

/** What is longer isn't remembered: a value may have megabytes. */
const MOST_REMEMBERED = 400;
/** How many values of a field are remembered, before all are forgotten. */
const REMEMBERED_VALUES = 2_048;

/** Values come again and again, in one segment after the other, and their keys cost a hash each. */
const remembered = new Map<Field, Map<string, readonly TermKey[]>>(FIELDS.map((field) => [field, new Map()]));

/** keysOf gives the keys of the terms that a value of a field gives. */
function keysOf(field: Field, value: string): readonly TermKey[] {
  const known = remembered.get(field) as Map<string, readonly TermKey[]>;
  let keys = known.get(value);
  if (keys === undefined) {
    keys = indexedTermsOf(field, value).map((term) => keyOf(field, term));
    if (known.size >= REMEMBERED_VALUES) known.clear();
    if (value.length <= MOST_REMEMBERED) known.set(value, keys);
  }
  return keys;
}

const NOT_JSON = keyOf(RESERVED.notJson, '');
const NO_FIELDS = keyOf(RESERVED.noFields, '');
const UNINDEXED = keyOf(RESERVED.unindexed, '');
const WITHOUT = FIELDS.map((field) => [field, keyOf(RESERVED.without, field)] as const);

/** TermRuns collects which records each term has. Records come in ascending order. */
class TermRuns {
  /** of the keys of fields */
  readonly #runs = new Map<TermKey, number[]>();
  readonly #reserved = new Map<TermKey, number[]>();

  /** addRecord takes a record, by its line whose seal has that form. */
  addRecord(line: Buffer, form: Seal['form'], record: number): void {
    const keys = new Set<TermKey>();
    const has = new Set<Field>();
    let more = 0;
    const isJson = readFieldValues(line, form, (field, value) => {
      if (this.#runs.size + more > MAX_SEGMENT_KEYS) return;
      for (const key of keysOf(field, value)) {
        has.add(field);
        if (keys.has(key)) continue;
        keys.add(key);
        if (!this.#runs.has(key)) more += 1;
      }
    });
    if (!isJson) return extend(this.#reserved, NOT_JSON, record);
    if (has.size === 0) return extend(this.#reserved, NO_FIELDS, record);
    if (this.#runs.size + more > MAX_SEGMENT_KEYS) return extend(this.#reserved, UNINDEXED, record);
    for (const key of keys) extend(this.#runs, key, record);
    if (has.size === FIELDS.length) return;
    for (const [field, key] of WITHOUT) if (!has.has(field)) extend(this.#reserved, key, record);
  }

  bytes(): Buffer {
    const all = [...this.#runs, ...this.#reserved].sort(([a], [b]) => (a < b ? -1 : 1));
    const writer = new ByteWriter();
    for (const [key, runs] of all) {
      writer.latin1(key);
      writeRuns(writer, runs);
    }
    return writer.take();
  }
}

/** extend adds a record, the last one so far, to those of a key. */
function extend(all: Map<TermKey, number[]>, key: TermKey, record: number): void {
  const runs = all.get(key);
  if (runs === undefined) all.set(key, [record, record + 1]);
  else if (runs.at(-1) === record) runs[runs.length - 1] = record + 1;
  else runs.push(record, record + 1);
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
