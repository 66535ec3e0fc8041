import { ByteReader, ByteWriter } from './bytes.ts';
import { skipRuns, writeRuns } from './postings.ts';
import { release } from '../bytes.ts';
import { AuditsealError } from '../errors.ts';
import { readRecordFields } from '../fields/recordFields.ts';
import { FIELDS } from '../fields/rule.ts';
import type { Field } from '../fields/rule.ts';
import { RULES_VERSION } from '../fields/rules.ts';
import { termsOf } from '../fields/values.ts';
import { sha256 } from '../hash.ts';
import type { Hash } from '../hash.ts';
import { parseHeader } from '../segment/header.ts';
import { visitRecords } from '../segment/lines.ts';
import type { Seal } from '../segment/recordLine.ts';
import { decompress } from '../segment/zstd.ts';
import { findSignatureFrame } from '../signed/segmentFrame.ts';

/** RESERVED are what stands beside the fields: of which segments a unit is, and which records no field finds. */
export const RESERVED = {
  /** rows of segments, a block of them each: `_segments`, and the block's number */
  segments: '_segments',
  /** the earliest and the latest time of each block of rows: `_times`, and nothing */
  times: '_times',
  /** records that aren't JSON */
  notJson: '_notJson',
  /** records of which no rule takes anything */
  noFields: '_noFields',
  /** records that have fields, and none of that name: `_without`, and the field */
  without: '_without',
  /** all records of segments that have too many terms */
  unindexed: '_unindexed',
} as const;

/** KEY_BYTES is how long a key is. */
export const KEY_BYTES = 32;

/** keyOf is what a term stands under: SHA-256(rules || 0 || field || 0 || value), of their UTF-8. */
export const keyOf = (field: string, value: string, rules: number = RULES_VERSION): Hash =>
  sha256(Buffer.from(`${rules}\0${field}\0${value}`));

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

/** SegmentInEntry is the segment whose bytes an entry of the log states. */
export interface SegmentInEntry {
  readonly name: string;
  readonly sha256: Hash;
}

/** IndexStoredSegment is indexStored, here or in another thread. It takes over the bytes. */
export type IndexStoredSegment = (stored: Buffer, segment: SegmentInEntry) => Promise<Buffer>;

/** indexStored gives the terms of a segment from its stored bytes. It throws SEGMENT_MALFORMED if they aren't those of its entry. */
export function indexStored(stored: Buffer, { name, sha256: wanted }: SegmentInEntry): Buffer {
  if (sha256(stored) !== wanted)
    throw new AuditsealError('SEGMENT_MALFORMED', `${name} is not what its entry in the log says`);
  const content = decompress(stored.subarray(0, stored.length - findSignatureFrame(stored).size));
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
  for (const [field, value] of found)
    for (const term of termsOf(field, value)) {
      has.add(field);
      terms.add(field, term, record);
    }
  if (has.size === 0) return terms.add(RESERVED.noFields, '', record);
  for (const field of FIELDS) if (!has.has(field)) terms.add(RESERVED.without, field, record);
}

function allUnder(name: string, records: number): Buffer {
  const writer = new ByteWriter();
  writer.latin1(keyOf(name, ''));
  writeRuns(writer, [0, records]);
  return writer.take();
}

/** What is longer stands under its key at once: a value may have megabytes. */
const MOST_KEPT = 200;

/** TermRuns collects which records each term has. Records come in ascending order. */
class TermRuns {
  /** by field, a zero, and the term */
  readonly #short = new Map<string, number[]>();
  readonly #long = new Map<Hash, number[]>();
  /** pairs of a term and a record */
  total = 0;

  add(field: string, term: string, record: number): void {
    const isNew =
      term.length > MOST_KEPT
        ? addTo(this.#long, keyOf(field, term), record)
        : addTo(this.#short, `${field}\0${term}`, record);
    if (isNew) this.total += 1;
  }

  bytes(): Buffer {
    const all: [key: Hash, runs: readonly number[]][] = [...this.#long];
    for (const [name, runs] of this.#short) {
      const end = name.indexOf('\0');
      all.push([keyOf(name.slice(0, end), name.slice(end + 1)), runs]);
    }
    all.sort(([a], [b]) => (a < b ? -1 : 1));
    const writer = new ByteWriter();
    for (const [key, runs] of all) {
      writer.latin1(key);
      writeRuns(writer, runs);
    }
    return writer.take();
  }
}

function addTo<K>(terms: Map<K, number[]>, name: K, record: number): boolean {
  const runs = terms.get(name);
  if (runs === undefined) terms.set(name, [record, record + 1]);
  else {
    const last = runs.length - 1;
    if (runs[last] === record + 1) return false;
    if (runs[last] === record) runs[last] = record + 1;
    else runs.push(record, record + 1);
  }
  return true;
}

/** TermsReader gives the terms of a segment one by one. */
export class TermsReader {
  readonly #bytes: Buffer;
  readonly #reader: ByteReader;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.#reader = new ByteReader(bytes);
  }

  next(): { readonly key: Hash; readonly runs: Buffer } | undefined {
    if (this.#reader.isAtEnd) return undefined;
    const key = this.#reader.latin1(KEY_BYTES) as Hash;
    const from = this.#reader.at;
    skipRuns(this.#reader);
    return { key, runs: this.#bytes.subarray(from, this.#reader.at) };
  }
}
