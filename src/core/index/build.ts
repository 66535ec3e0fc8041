import { malformed } from './bytes.ts';
import type { IndexUnit } from './manifest.ts';
import { PostingsWriter } from './postings.ts';
import { ROWS_PER_BLOCK, formatRows, formatTimes, timesOf } from './segmentRow.ts';
import type { SegmentRow } from './segmentRow.ts';
import { RESERVED, keyOf } from './termKey.ts';
import type { TermKey } from './termKey.ts';
import { TermsReader } from './terms.ts';
import { UnitWriter } from './unit.ts';
import type { Term } from './unit.ts';
import { WholeUnit } from './wholeUnit.ts';

/** SegmentPart is a segment of a unit: its row, and its terms as indexSegment gives them. */
export interface SegmentPart {
  readonly row: SegmentRow;
  readonly terms: Buffer;
}

/** UnitPart is a unit that becomes part of a larger one. */
export interface UnitPart {
  readonly unit: IndexUnit;
  readonly file: Buffer;
}

/** BuiltUnit is a unit and its file; one without segments has no file. */
export interface BuiltUnit {
  readonly unit: IndexUnit;
  readonly bytes: Buffer;
}

/** BuildUnit is buildUnit, here or in another thread. It takes over the bytes of the parts. */
export type BuildUnit = (
  range: Pick<IndexUnit, 'from' | 'to'>,
  parts: readonly (SegmentPart | UnitPart)[],
) => Promise<BuiltUnit>;

/** buildUnitHere is buildUnit in this thread. */
export const buildUnitHere: BuildUnit = async (range, parts) => buildUnit(range, parts);

/** Source gives the terms of a part in ascending order of keys. */
interface Source {
  key: TermKey;
  /** takeInto adds the postings of the current key, and goes on to the next one; it gives false behind the last. */
  takeInto(writer: PostingsWriter): boolean;
}

/**
 * buildUnit makes a unit of parts that follow each other in the log. It is the same whatever the parts are: segments, or units of them.
 * It throws INDEX_MALFORMED for a unit whose file isn't its own.
 */
export function buildUnit(
  { from, to }: Pick<IndexUnit, 'from' | 'to'>,
  parts: readonly (SegmentPart | UnitPart)[],
): BuiltUnit {
  const rows: SegmentRow[] = [];
  const sources: Source[] = [];
  for (const part of parts) {
    const base = rows.length;
    if ('row' in part) {
      rows.push(part.row);
      pushSource(sources, segmentSource(part.terms, base));
    } else if (part.unit.segments > 0) {
      const whole = new WholeUnit(part.file, part.unit.tree);
      for (const row of whole.rows(part.unit.segments, part.unit.from)) rows.push(row);
      if (rows.length !== base + part.unit.segments) throw malformed('it has another number of segments');
      pushSource(sources, unitSource(whole, part.unit.segments, base));
    }
  }
  const writer = new UnitWriter();
  for (const term of merged(sources, rowTerms(rows, from))) writer.add(term);
  const { bytes, tree } = writer.finish();
  return { unit: { from, to, ...sumsOf(rows), tree }, bytes };
}

function sumsOf(rows: readonly SegmentRow[]): Pick<IndexUnit, 'segments' | 'records' | 'time'> {
  const records = rows.reduce((sum, row) => sum + row.records, 0);
  if (rows.length === 0) return { segments: 0, records };
  const { first, last } = timesOf(rows);
  const time = { first: new Date(first).toISOString(), last: new Date(last).toISOString() };
  return { segments: rows.length, records, time };
}

/** rowTerms gives the rows as terms, in ascending order of keys. */
function rowTerms(rows: readonly SegmentRow[], from: number): Term[] {
  if (rows.length === 0) return [];
  const blocks: SegmentRow[][] = [];
  for (let start = 0; start < rows.length; start += ROWS_PER_BLOCK)
    blocks.push(rows.slice(start, start + ROWS_PER_BLOCK));
  const terms = blocks.map((block, i) => ({
    key: keyOf(RESERVED.segments, String(i)),
    postings: formatRows(block, from),
  }));
  terms.push({ key: keyOf(RESERVED.times, ''), postings: formatTimes(blocks.map(timesOf)) });
  return terms.sort((a, b) => (a.key < b.key ? -1 : 1));
}

function pushSource(sources: Source[], source: Source | undefined): void {
  if (source !== undefined) sources.push(source);
}

function segmentSource(terms: Buffer, ordinal: number): Source | undefined {
  const reader = new TermsReader(terms);
  let current = reader.next();
  if (current === undefined) return undefined;
  const source: Source = {
    key: current.key,
    takeInto: (writer) => {
      if (current !== undefined) writer.addSegment(ordinal, current.runs);
      current = reader.next();
      if (current !== undefined) source.key = current.key;
      return current !== undefined;
    },
  };
  return source;
}

/** Rows are made anew: they stand in other blocks. */
function unitSource(unit: WholeUnit, segments: number, base: number): Source | undefined {
  const blocks = new Set<TermKey>([keyOf(RESERVED.times, '')]);
  for (let block = 0; block * ROWS_PER_BLOCK < segments; block++) blocks.add(keyOf(RESERVED.segments, String(block)));
  const terms = unit.terms();
  const next = (): Term | undefined => {
    let { done, value } = terms.next();
    while (done !== true && blocks.has(value.key)) ({ done, value } = terms.next());
    return done === true ? undefined : value;
  };
  let current = next();
  if (current === undefined) return undefined;
  const source: Source = {
    key: current.key,
    takeInto: (writer) => {
      if (current !== undefined) writer.addUnit(base, current.postings);
      current = next();
      if (current !== undefined) source.key = current.key;
      return current !== undefined;
    },
  };
  return source;
}

/** merged gives the terms of sources, each key once, with the postings of all that have it in the sources' order, and blocks between. */
function* merged(sources: readonly Source[], blocks: readonly Term[]): Generator<Term> {
  const heap = new SourceHeap(sources);
  const postings = new PostingsWriter();
  let block = 0;
  for (let first = heap.first; first !== undefined; first = heap.first) {
    const { key } = first;
    for (; block < blocks.length && (blocks[block] as Term).key < key; block++) yield blocks[block] as Term;
    while (heap.first?.key === key) heap.takeInto(postings);
    yield { key, postings: postings.take() };
  }
  yield* blocks.slice(block);
}

/** SourceHeap is sources, of which the first is the one with the least key; of several with one key, the first of them. */
class SourceHeap {
  readonly #sources: readonly Source[];
  /** numbers of sources, as a binary heap */
  readonly #heap: number[];

  constructor(sources: readonly Source[]) {
    this.#sources = sources;
    this.#heap = [...sources.keys()];
    for (let i = this.#heap.length >> 1; i >= 0; i--) this.#sink(i);
  }

  get first(): Source | undefined {
    const [top] = this.#heap;
    return top === undefined ? undefined : this.#sources[top];
  }

  takeInto(writer: PostingsWriter): void {
    if (this.first?.takeInto(writer) === false) {
      const last = this.#heap.pop() as number;
      if (this.#heap.length > 0) this.#heap[0] = last;
    }
    this.#sink(0);
  }

  #isBefore(a: number, b: number): boolean {
    const [one, other] = [this.#sources[a] as Source, this.#sources[b] as Source];
    return one.key < other.key || (one.key === other.key && a < b);
  }

  #sink(from: number): void {
    const heap = this.#heap;
    for (let at = from; ;) {
      let least = at;
      for (const child of [2 * at + 1, 2 * at + 2])
        if (child < heap.length && this.#isBefore(heap[child] as number, heap[least] as number)) least = child;
      if (least === at) return;
      [heap[at], heap[least]] = [heap[least] as number, heap[at] as number];
      at = least;
    }
  }
}
