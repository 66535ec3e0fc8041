import type { Unit } from './manifest.ts';
import { Numbers } from './numbers.ts';
import { MAX_SEGMENT_RECORDS } from './postings.ts';
import type { Query } from './query.ts';

/** Row is what a unit says of a segment. */
export interface Row {
  /** number of its entry in the log */
  readonly entry: number;
  readonly partition: string;
  readonly index: number;
  readonly incarnation: number;
  readonly events: { readonly first: number; readonly last: number; readonly count: number };
  readonly records: number;
  /** ms since the Unix epoch */
  readonly first: number;
  readonly last: number;
}

/** A block has so many rows; the last one of a unit the rest. */
export const BLOCK = 256;

const MAX_PARTITION = 99_999;
const MAX_INDEX = 999_999_999_999;

/** readRows reads a block of rows of a unit, and throws PROOF_INVALID. docs/format.md, section 9.7. */
export function readRows(bytes: Uint8Array, what: string, unit: Unit, block: number): Row[] {
  const it = new Numbers(bytes, what);
  const rows: Row[] = [];
  const many = Math.min(BLOCK, unit.segments - block * BLOCK);
  const [earliest, latest] = (unit.time ?? ['', '']).map((time) => Date.parse(time)) as [number, number];
  let [next, time] = [unit.from, 0];
  while (rows.length < many) {
    const entry = next + it.next();
    // At least one entry for each segment of the blocks before.
    if (entry < unit.from + block * BLOCK || entry >= unit.to) it.fail(`entry ${entry} can't be one of its segments`);
    const [partition, index, incarnation] = [it.next(), it.next(), it.next()];
    if (partition > MAX_PARTITION || index > MAX_INDEX) it.fail(`the segment of entry ${entry} has no name`);
    const events = { first: it.next() - 1, last: it.next() - 1, count: it.next() };
    const records = it.next();
    if (records > MAX_SEGMENT_RECORDS) it.fail(`no segment has ${records} records`);
    const first = time + it.signed();
    const last = first + it.next();
    if (!(first >= earliest && last <= latest)) it.fail(`entry ${entry} has times beyond those of its unit`);
    rows.push({ entry, partition: String(partition), index, incarnation, events, records, first, last });
    [next, time] = [entry + 1, first];
  }
  if (!it.isAtEnd) it.fail(`something follows its ${many} rows`);
  return rows;
}

/** rowsAsked gives a test whether a segment reaches into the interval of a query, and is of a partition that it asks for. */
export function rowsAsked({ from, to, partitions }: Query): (row: Row) => boolean {
  const [earliest, end] = [from === null ? -Infinity : Date.parse(from), to === null ? Infinity : Date.parse(to)];
  const own = partitions && new Set(partitions);
  return ({ partition, first, last }) => last >= earliest && first < end && (own === null || own.has(partition));
}
