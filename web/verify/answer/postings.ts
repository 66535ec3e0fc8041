import { Numbers } from './numbers.ts';

/**
 * Runs are runs of neighbouring records, in ascending order: of each where it begins, and where it ends. A record's place is
 * the number of its segment times SPAN and its number in the segment, so all of a unit lies on one line.
 */
export type Runs = Float64Array;

/** Postings say which records of a unit have a term. */
export interface Postings {
  /** how many have it */
  readonly count: number;
  readonly runs: Runs;
}

/** SPAN is more than the records of any segment. */
export const SPAN = 2 ** 22;

/** MAX_SEGMENT_RECORDS bounds a segment: its lines have 192 MiB together, and each takes 80 bytes and an LF at least. */
export const MAX_SEGMENT_RECORDS = Math.floor((192 * 1024 * 1024) / 81);

export const NO_RUNS: Runs = new Float64Array();

/** readPostings reads the postings of a term of a unit of so many segments and records, and throws PROOF_INVALID. */
export function readPostings(
  bytes: Uint8Array,
  what: string,
  { segments, records }: { readonly segments: number; readonly records: number },
): Postings {
  const it = new Numbers(bytes, what);
  const runs = new Growing();
  const count = it.next();
  if (count === 0) it.fail('no record has the term');
  if (count > records) it.fail(`${count} records have the term, and the unit has ${records}`);
  let [sum, segment] = [0, -1];
  while (!it.isAtEnd) {
    segment += it.next() + 1;
    if (segment >= segments) it.fail(`segment ${segment} is none of the unit's ${segments}`);
    let [end, many] = [0, it.next()];
    if (many === 0) it.fail(`segment ${segment} has no run of records`);
    for (let i = 0; i < many; i++) {
      const twice = it.next();
      const between = Math.floor(twice / 2);
      const length = twice % 2 === 0 ? 1 : it.next() + 2;
      if (i > 0 && between === 0) it.fail(`two runs of records of segment ${segment} touch`);
      // Both are below 2^53, so the sum is not rounded to something small.
      const start = end + between;
      end = start + length;
      if (end > MAX_SEGMENT_RECORDS) it.fail(`a run of records leads out of segment ${segment}`);
      runs.add(segment * SPAN + start, segment * SPAN + end);
      sum += length;
    }
    if (sum > count) break;
  }
  if (sum !== count) it.fail(`it states ${count} records, and its runs have ${sum > count ? 'more' : sum}`);
  return { count, runs: runs.finish() };
}

/** Growing collects runs, without knowing how many there will be. */
class Growing {
  #runs = new Float64Array(64);
  #length = 0;

  add(start: number, end: number): void {
    if (this.#length === this.#runs.length) {
      const grown = new Float64Array(this.#length * 2);
      grown.set(this.#runs);
      this.#runs = grown;
    }
    this.#runs[this.#length++] = start;
    this.#runs[this.#length++] = end;
  }

  finish(): Runs {
    return this.#runs.subarray(0, this.#length);
  }
}

const at = (runs: Runs, i: number): number => runs[i] ?? Infinity;

/** join gives the records that are in any of the lists. Pairs are joined first, so no list is gone through often. */
export function join(lists: readonly Runs[]): Runs {
  let left = lists;
  while (left.length > 1) {
    const pairs: Runs[] = [];
    for (let i = 0; i < left.length; i += 2) pairs.push(joinTwo(left[i] ?? NO_RUNS, left[i + 1] ?? NO_RUNS));
    left = pairs;
  }
  return left[0] ?? NO_RUNS;
}

function joinTwo(a: Runs, b: Runs): Runs {
  if (a.length === 0 || b.length === 0) return a.length === 0 ? b : a;
  const joined = new Growing();
  let [start, end] = [-1, -1];
  for (let [i, k] = [0, 0]; i < a.length || k < b.length;) {
    const isOfA = at(a, i) <= at(b, k);
    const nextStart = isOfA ? at(a, i) : at(b, k);
    const nextEnd = isOfA ? at(a, i + 1) : at(b, k + 1);
    if (isOfA) i += 2;
    else k += 2;
    if (nextStart <= end) {
      end = Math.max(end, nextEnd);
      continue;
    }
    if (end >= 0) joined.add(start, end);
    start = nextStart;
    end = nextEnd;
  }
  joined.add(start, end);
  return joined.finish();
}

/** cut gives the records that are in both lists. */
export function cut(a: Runs, b: Runs): Runs {
  const both = new Growing();
  for (let [i, k] = [0, 0]; i < a.length && k < b.length;) {
    const start = Math.max(at(a, i), at(b, k));
    const end = Math.min(at(a, i + 1), at(b, k + 1));
    if (start < end) both.add(start, end);
    if (at(a, i + 1) <= at(b, k + 1)) i += 2;
    else k += 2;
  }
  return both.finish();
}
