import { readBatches } from './batches.ts';
import type { LogStart } from './batches.ts';
import { attempt } from '../core/errors.ts';
import { parseEntry, placeOf } from '../core/objects/entry.ts';
import type { LogEntry, SegmentEntry } from '../core/objects/entry.ts';
import { NO_POSITION } from '../core/objects/heads.ts';
import type { LogPosition } from '../core/objects/heads.ts';
import { segmentName } from '../core/objects/names.ts';
import type { Trust } from '../core/signed/certificate.ts';
import type { ObjectStore } from '../ports/store.ts';

/** SegmentInLog is an entry of a segment that counts. */
export interface SegmentInLog {
  readonly entry: SegmentEntry;
  /** its bytes: the data of its leaf */
  readonly line: Buffer;
  /** number of the batch that holds it */
  readonly batch: number;
  /** number of its leaf in the log, as its batch says; a proof shows whether that is so */
  readonly leaf: number;
}

/** BatchInLog is the segments that a batch took into the log, and how far the log is behind it. */
export interface BatchInLog {
  readonly number: number;
  readonly segments: readonly SegmentInLog[];
  /** names of the other objects that it took in and a slice leaves out: reports, and what is called foreign in the place of a segment */
  readonly others: readonly string[];
  readonly heads: LogPosition;
  /** entries of the log up to the batch's end */
  readonly size: number;
}

/**
 * readLog reads the log from its first batch on, and judges each entry as the log does: one of a segment counts if it is the next of
 * its partition, and before where its batch's heads lead. `start.tree` grows with it.
 */
export async function* readLog(
  store: Pick<ObjectStore, 'list' | 'read' | 'metadata'>,
  trust: Trust,
  start: LogStart,
): AsyncGenerator<BatchInLog> {
  let size = 0;
  const next = new Map<string, number>();
  for await (const batch of readBatches(store, trust, start)) {
    if (!('entries' in batch)) continue;
    const { number, entries, heads } = batch;
    start.tree.takeFiles();
    const [segments, others]: [SegmentInLog[], string[]] = [[], []];
    for (const { entry, line, leaf, name } of countingEntries(entries, size, heads, next))
      if (entry.type === 'segment') segments.push({ entry, line: Buffer.from(line), leaf, batch: number });
      else others.push(name);
    size += entries.length;
    yield { number, segments, others, heads, size };
  }
}

/**
 * countingSegments gives the segments that count among a batch's entries, of which the first has the number `first`. `next` is the first
 * index of each partition without an entry; it goes on with them.
 */
export function countingSegments(
  entries: readonly Buffer[],
  first: number,
  heads: LogPosition,
  next: Map<string, number>,
): Omit<SegmentInLog, 'batch'>[] {
  return [...countingEntries(entries, first, heads, next)].flatMap(({ entry, line, leaf }) =>
    entry.type === 'segment' ? [{ entry, line: Buffer.from(line), leaf }] : [],
  );
}

/** CountingEntry is an entry that counts, of what has the name of a segment or of a report. */
export interface CountingEntry {
  readonly entry: LogEntry;
  readonly name: string;
  /** a part of the batch's bytes: copy it to keep it */
  readonly line: Buffer;
  readonly leaf: number;
}

/** countingEntries does what countingSegments does, for all that counts. */
export function* countingEntries(
  entries: readonly Buffer[],
  first: number,
  { positions }: LogPosition,
  next: Map<string, number>,
): Generator<CountingEntry> {
  for (const [offset, bytes] of entries.entries()) {
    const entry = attempt(() => parseEntry(bytes), 'malformed');
    if (entry === undefined) continue;
    const leaf = first + offset;
    const place = placeOf(entry);
    if (entry.type === 'report') yield { entry, name: entry.name, line: bytes, leaf };
    if (place === undefined) continue;
    const { partition, index } = place;
    const due = next.get(partition) ?? 0;
    if (index !== due || due >= (positions.get(partition) ?? NO_POSITION).next) continue;
    next.set(partition, due + 1);
    yield { entry, name: segmentName(partition, index), line: bytes, leaf };
  }
}
