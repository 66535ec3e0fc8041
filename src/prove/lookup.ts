import { AuditsealError, faultIn } from '../core/errors.ts';
import { parseCheckpoint } from '../core/note/checkpoint.ts';
import { parseNote } from '../core/note/note.ts';
import { parseEntry } from '../core/objects/entry.ts';
import type { SegmentEntry } from '../core/objects/entry.ts';
import { NO_POSITION, headsOf } from '../core/objects/heads.ts';
import { batchName, checkpointName } from '../core/objects/names.ts';
import { readBatch } from '../ledger/batches.ts';
import { firstFree } from '../ledger/dense.ts';
import { TOO_LARGE } from '../ports/store.ts';
import type { ReadableObjects } from '../ports/store.ts';

/** FoundEntry is a segment's entry and where it is. */
export interface FoundEntry {
  readonly entry: SegmentEntry;
  /** its bytes: the data of its leaf */
  readonly line: Buffer;
  /** number of the batch that holds it */
  readonly batch: number;
  /** number of its leaf in the log, as the checkpoint before its batch says; a proof shows whether that is so */
  readonly leaf: number;
}

/** BatchView is what a batch says of one partition. */
interface BatchView {
  /** the first index without an entry, and the last segment of the chain, behind this batch */
  readonly next: number;
  readonly index: number;
  readonly entries: readonly { readonly entry: SegmentEntry; readonly line: Buffer; readonly offset: number }[];
}

/**
 * LogLookup finds the entries of one partition's segments. Every batch ends with how far the log is behind it, and that
 * only rises, so it bisects over the batches: 2 log2 n reads of batches for batch n, and one of a checkpoint.
 */
export class LogLookup {
  readonly #store: ReadableObjects;
  readonly #partition: string;
  readonly #views = new Map<number, BatchView | undefined>();

  constructor(store: ReadableObjects, partition: string) {
    this.#store = store;
    this.#partition = partition;
  }

  /** entryAt gives the entry of the segment at an index, undefined if there is none: not yet, or it is a foreign object. */
  async entryAt(index: number): Promise<FoundEntry | undefined> {
    const number = await firstFree(async (number) => ((await this.#view(number))?.next ?? Infinity) <= index);
    return this.#find(number, ({ entry }) => entry.index === index);
  }

  /** entryOf gives the entry of the segment that holds a record of the chain, undefined if the log isn't there yet. */
  async entryOf(record: number): Promise<FoundEntry | undefined> {
    const number = await firstFree(async (number) => (await this.#recordsUpTo(number)) <= record);
    return this.#find(number, ({ entry: { records } }) => record < records.first + records.count);
  }

  async #find(
    number: number,
    isMeant: (entry: BatchView['entries'][number]) => boolean,
  ): Promise<FoundEntry | undefined> {
    const found = (await this.#view(number))?.entries.find(isMeant);
    if (found === undefined) return undefined;
    const { entry, line, offset } = found;
    return { entry, line, batch: number, leaf: (await this.#sizeBefore(number)) + offset };
  }

  async #sizeBefore(number: number): Promise<number> {
    if (number === 0) return 0;
    const name = checkpointName(number - 1);
    const note = await this.#store.read(name);
    if (note === undefined) {
      throw new AuditsealError('FORK_DETECTED', `${name} is missing, and the log goes on behind it`);
    }
    if (note === 'too-large') throw new AuditsealError('CHECKPOINT_MALFORMED', `${name}: ${TOO_LARGE}`);
    return parseCheckpoint(parseNote(note).text).size;
  }

  /** view reads a batch, and gives undefined where the batches end: at none, or at what was put in the place of the next. */
  async #view(number: number): Promise<BatchView | undefined> {
    if (!this.#views.has(number)) this.#views.set(number, await this.#readView(number));
    return this.#views.get(number);
  }

  async #readView(number: number): Promise<BatchView | undefined> {
    try {
      const { entries } = await readBatch(this.#store, number);
      const { next, index } = headsOf(entries).positions.get(this.#partition) ?? NO_POSITION;
      const own = entries.flatMap((line, offset) => {
        const entry = parseEntry(line);
        return entry.type === 'segment' && entry.partition === this.#partition
          ? [{ entry, line: Buffer.from(line), offset }]
          : [];
      });
      return { next, index, entries: own };
    } catch (error) {
      faultIn(error, 'malformed', 'contradicted');
      return undefined;
    }
  }

  /** recordsUpTo is how many records of the partition the log has behind a batch, Infinity where the batches end. */
  async #recordsUpTo(number: number): Promise<number> {
    const view = await this.#view(number);
    if (view === undefined) return Infinity;
    if (view.index < 0) return 0;
    const last = view.entries.at(-1) ?? (await this.#lastBefore(number, view.index));
    return last.entry.records.first + last.entry.records.count;
  }

  /** lastBefore looks back for the entry of an index. A partition that is idle seals a heartbeat, so it is never far. */
  async #lastBefore(number: number, index: number): Promise<BatchView['entries'][number]> {
    const has = async (number: number): Promise<boolean> => ((await this.#view(number))?.next ?? 0) > index;
    let high = number;
    let low = number - 1;
    for (let step = 2; low >= 0 && (await has(low)); step *= 2) {
      high = low;
      low = Math.max(low - step, -1);
    }
    while (high - low > 1) {
      const middle = low + Math.floor((high - low) / 2);
      if (await has(middle)) high = middle;
      else low = middle;
    }
    const found = (await this.#view(high))?.entries.find(({ entry }) => entry.index === index);
    if (found !== undefined) return found;
    throw new AuditsealError('BATCH_MALFORMED', `${batchName(high)} lacks an entry that later batches count`);
  }
}
