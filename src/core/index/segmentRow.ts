import { ByteReader, ByteWriter, malformed } from './bytes.ts';
import { MAX_INDEX } from '../objects/names.ts';
import type { SegmentEntry } from '../objects/entry.ts';
import { isPartition } from '../text.ts';

/** SegmentRow is what a unit says of a segment: so who searches by time needn't read the log. It is what the segment's entry says. */
export interface SegmentRow extends Pick<SegmentEntry, 'partition' | 'index' | 'incarnation' | 'events'> {
  /** number of its entry in the log */
  readonly entry: number;
  readonly records: number;
  /** the earliest and the latest time of its events (ms since 1970) */
  readonly first: number;
  readonly last: number;
}

/** ROWS_PER_BLOCK is how many segments stand together. */
export const ROWS_PER_BLOCK = 256;

/** rowOf makes the row of a segment of its entry in the log. */
export const rowOf = (
  entry: number,
  { partition, index, incarnation, events, records, time }: SegmentEntry,
): SegmentRow => ({
  entry,
  partition,
  index,
  incarnation,
  events,
  records: records.count,
  first: Date.parse(time.first),
  last: Date.parse(time.last),
});

/** formatRows writes the rows of a block. Entries count from the first of the unit. */
export function formatRows(rows: readonly SegmentRow[], from: number): Buffer {
  const writer = new ByteWriter();
  let [next, time] = [from, 0];
  for (const { entry, partition, index, incarnation, events, records, first, last } of rows) {
    writer.number(entry - next);
    writer.number(Number(partition));
    writer.number(index);
    writer.number(incarnation);
    // Where nothing is sealed yet, numbers of events are -1.
    writer.number(events.first + 1);
    writer.number(events.last + 1);
    writer.number(events.count);
    writer.number(records);
    writer.signed(first - time);
    writer.number(last - first);
    next = entry + 1;
    time = first;
  }
  return writer.take();
}

/** parseRows is the inverse of formatRows, and throws INDEX_MALFORMED. */
export function parseRows(bytes: Buffer, from: number): SegmentRow[] {
  const reader = new ByteReader(bytes);
  const rows: SegmentRow[] = [];
  let [next, time] = [from, 0];
  while (!reader.isAtEnd) {
    const entry = next + reader.number();
    const partition = String(reader.number());
    const index = reader.number();
    const incarnation = reader.number();
    const events = { first: reader.number() - 1, last: reader.number() - 1, count: reader.number() };
    const records = reader.number();
    const first = time + reader.signed();
    const last = first + reader.number();
    if (!isPartition(partition) || index > MAX_INDEX) throw malformed('a row is of no segment');
    if (rows.push({ entry, partition, index, incarnation, events, records, first, last }) > ROWS_PER_BLOCK)
      throw malformed(`a block has more than ${ROWS_PER_BLOCK} rows`);
    next = entry + 1;
    time = first;
  }
  return rows;
}

/** BlockTimes is the earliest and the latest time of a block of rows (ms since 1970). */
export interface BlockTimes {
  readonly first: number;
  readonly last: number;
}

/** timesOf gives the earliest and the latest time of rows; there is one. */
export function timesOf(rows: readonly SegmentRow[]): BlockTimes {
  let [first, last] = [Infinity, -Infinity];
  for (const row of rows) {
    first = Math.min(first, row.first);
    last = Math.max(last, row.last);
  }
  return { first, last };
}

/** formatTimes writes the times of all blocks of a unit. */
export function formatTimes(blocks: readonly BlockTimes[]): Buffer {
  const writer = new ByteWriter();
  let before = 0;
  for (const { first, last } of blocks) {
    writer.signed(first - before);
    writer.number(last - first);
    before = first;
  }
  return writer.take();
}

/** parseTimes is the inverse of formatTimes, and throws INDEX_MALFORMED. */
export function parseTimes(bytes: Buffer): BlockTimes[] {
  const reader = new ByteReader(bytes);
  const blocks: BlockTimes[] = [];
  let before = 0;
  while (!reader.isAtEnd) {
    const first = before + reader.signed();
    blocks.push({ first, last: first + reader.number() });
    before = first;
  }
  return blocks;
}
