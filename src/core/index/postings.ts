import { ByteReader, ByteWriter, malformed } from './bytes.ts';

/**
 * SegmentPostings is which records of one segment a term has. `runs` holds pairs: where a run of records begins, and where it ends,
 * that one no more of it. Records are numbered from 0 within their segment; runs ascend, and never touch.
 */
export interface SegmentPostings {
  /** number of the segment in its unit */
  readonly ordinal: number;
  readonly runs: readonly number[];
}

/** Postings is which records a term has, by segment, in ascending order. */
export type Postings = readonly SegmentPostings[];

/** countOf is how many records runs have together. */
export function countOf(runs: readonly number[]): number {
  let count = 0;
  for (let i = 0; i < runs.length; i += 2) count += (runs[i + 1] as number) - (runs[i] as number);
  return count;
}

/** writeRuns writes the runs of one segment. A run of one record takes one number, a longer one two. */
export function writeRuns(writer: ByteWriter, runs: readonly number[]): void {
  writer.number(runs.length / 2);
  let at = 0;
  for (let i = 0; i < runs.length; i += 2) {
    const [start, end] = [runs[i] as number, runs[i + 1] as number];
    const isLong = end - start > 1;
    writer.number(2 * (start - at) + (isLong ? 1 : 0));
    if (isLong) writer.number(end - start - 2);
    at = end;
  }
}

/** readRuns is the inverse of writeRuns. */
function readRuns(reader: ByteReader): number[] {
  const runs: number[] = [];
  let at = 0;
  for (let left = reader.number(); left > 0; left--) {
    const step = reader.number();
    const start = at + Math.floor(step / 2);
    const end = start + (step % 2 === 1 ? reader.number() + 2 : 1);
    if (runs.length > 0 && start === at) throw malformed('two runs of records touch');
    if (!Number.isSafeInteger(end)) throw malformed('a run of records ends nowhere');
    runs.push(start, end);
    at = end;
  }
  return runs;
}

/** skipRuns passes over what writeRuns wrote, and gives how many records that is. */
export function skipRuns(reader: ByteReader): number {
  let count = 0;
  for (let left = reader.number(); left > 0; left--) count += reader.number() % 2 === 1 ? reader.number() + 2 : 1;
  return count;
}

/**
 * PostingsWriter collects the postings of one term: those of each segment, or of a unit that is merged into a larger one, whose
 * segments follow those of before.
 */
export class PostingsWriter {
  readonly #body = new ByteWriter();
  readonly #head = new ByteWriter();
  #count = 0;
  #next = 0;

  /** addSegment takes what writeRuns wrote of a segment. */
  addSegment(ordinal: number, runs: Buffer): void {
    this.#body.number(ordinal - this.#next);
    this.#body.bytes(runs);
    this.#count += skipRuns(new ByteReader(runs));
    this.#next = ordinal + 1;
  }

  /** addUnit takes the postings of a unit whose first segment gets that number. */
  addUnit(base: number, postings: Buffer): void {
    const reader = new ByteReader(postings);
    this.#count += reader.number();
    const first = base + reader.number();
    const rest = reader.at;
    let last = first;
    skipRuns(reader);
    while (!reader.isAtEnd) {
      last += reader.number() + 1;
      skipRuns(reader);
    }
    this.#body.number(first - this.#next);
    this.#body.bytes(postings.subarray(rest));
    this.#next = last + 1;
  }

  /** take gives the postings, and begins anew. */
  take(): Buffer {
    this.#head.number(this.#count);
    this.#head.bytes(this.#body.take());
    [this.#count, this.#next] = [0, 0];
    return this.#head.take();
  }
}

/** parsePostings reads postings, and throws INDEX_MALFORMED for what PostingsWriter doesn't give. */
export function parsePostings(bytes: Buffer): Postings {
  const reader = new ByteReader(bytes);
  const count = reader.number();
  const all: SegmentPostings[] = [];
  let next = 0;
  let found = 0;
  while (!reader.isAtEnd) {
    const ordinal = next + reader.number();
    const runs = readRuns(reader);
    if (runs.length === 0) throw malformed('a segment has no record of a term that it is listed for');
    found += countOf(runs);
    all.push({ ordinal, runs });
    next = ordinal + 1;
  }
  if (all.length === 0 || found !== count) throw malformed('postings state another number of records than they have');
  return all;
}

/** unionOf gives the records that any of several terms has. */
export function unionOf(lists: readonly Postings[]): Postings {
  if (lists.length === 1) return lists[0] as Postings;
  const byOrdinal = new Map<number, number[][]>();
  for (const { ordinal, runs } of lists.flat()) {
    const known = byOrdinal.get(ordinal);
    if (known === undefined) byOrdinal.set(ordinal, [[...runs]]);
    else known.push([...runs]);
  }
  return [...byOrdinal]
    .sort(([a], [b]) => a - b)
    .map(([ordinal, all]) => ({ ordinal, runs: all.length === 1 ? (all[0] as number[]) : joined(all) }));
}

function joined(all: readonly (readonly number[])[]): number[] {
  const pairs = all.flatMap((runs) => Array.from({ length: runs.length / 2 }, (_, i) => runs.slice(2 * i, 2 * i + 2)));
  pairs.sort(([a = 0], [b = 0]) => a - b);
  const runs: number[] = [];
  for (const [start = 0, end = 0] of pairs) {
    const last = runs.at(-1);
    if (last !== undefined && start <= last) runs[runs.length - 1] = Math.max(last, end);
    else runs.push(start, end);
  }
  return runs;
}

/** intersectionOf gives the records that each of two lists has. */
export function intersectionOf(one: Postings, other: Postings): Postings {
  const runsOf = new Map(other.map(({ ordinal, runs }) => [ordinal, runs]));
  return one.flatMap(({ ordinal, runs }) => {
    const shared = overlap(runs, runsOf.get(ordinal) ?? []);
    return shared.length > 0 ? [{ ordinal, runs: shared }] : [];
  });
}

function overlap(one: readonly number[], other: readonly number[]): number[] {
  const shared: number[] = [];
  let [i, j] = [0, 0];
  while (i < one.length && j < other.length) {
    const start = Math.max(one[i] as number, other[j] as number);
    const [endOfOne, endOfOther] = [one[i + 1] as number, other[j + 1] as number];
    const end = Math.min(endOfOne, endOfOther);
    if (start < end) shared.push(start, end);
    if (endOfOne < endOfOther) i += 2;
    else j += 2;
  }
  return shared;
}

/** recordsIn gives the records of runs, one by one. */
export function* recordsIn(runs: readonly number[]): Generator<number> {
  for (let i = 0; i < runs.length; i += 2)
    for (let record = runs[i] as number; record < (runs[i + 1] as number); record++) yield record;
}
