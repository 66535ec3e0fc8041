import { AuditsealError, attempt } from '../core/errors.ts';
import { formatVerifierKey } from '../core/note/verifierKey.ts';
import type { VerifierKey } from '../core/note/verifierKey.ts';
import { parseEntry } from '../core/objects/entry.ts';
import type { SegmentEntry } from '../core/objects/entry.ts';
import { NO_POSITION } from '../core/objects/heads.ts';
import { batchName } from '../core/objects/names.ts';
import type { Trust } from '../core/signed/certificate.ts';
import { readSigned } from '../ledger/batches.ts';
import { firstFree } from '../ledger/dense.ts';
import type { ReadableObjects } from '../ports/store.ts';

/** FoundEntry is a segment's entry and where it is. */
export interface FoundEntry {
  readonly entry: SegmentEntry;
  /** its bytes: the data of its leaf */
  readonly line: Buffer;
  /** number of the batch that holds it */
  readonly batch: number;
  /** number of its leaf in the log, as its batch says; a proof shows whether that is so */
  readonly leaf: number;
}

/** BatchView is what a batch says of one partition. */
interface BatchView {
  readonly number: number;
  /** the first index without an entry, and the last segment of the chain, behind this batch */
  readonly next: number;
  readonly index: number;
  readonly entries: readonly { readonly entry: SegmentEntry; readonly line: Buffer; readonly leaf: number }[];
}

/** BEFORE_ALL is what foreign objects before the first batch say. */
const BEFORE_ALL: BatchView = { number: -1, next: 0, index: -1, entries: [] };

/**
 * LogLookup finds the entries of one partition's segments. Every batch ends with how far the log is behind it, and that
 * only rises, so it bisects over the batches: 2 log2 n reads of batches for batch n. What no session signed that the log's
 * keys certified is passed over; whether the log really holds what it finds, only a proof shows.
 */
export class LogLookup {
  readonly #store: ReadableObjects;
  readonly #partition: string;
  readonly #trust: Trust;
  readonly #views = new Map<number, BatchView | 'foreign' | undefined>();

  /** Without keys, anybody may have certified the sessions. */
  constructor(store: ReadableObjects, verifiers: readonly VerifierKey[], partition: string) {
    this.#store = store;
    this.#partition = partition;
    this.#trust = verifiers.length > 0 ? { keys: verifiers.map(formatVerifierKey) } : {};
  }

  /** entryAt gives the entry of the segment at an index, undefined if there is none: not yet, or it is a foreign object. */
  async entryAt(index: number): Promise<FoundEntry | undefined> {
    const isBefore = ({ next }: BatchView): boolean => next <= index;
    return this.#find(isBefore, ({ entry }) => entry.index === index);
  }

  /** entryOf gives the entry of the segment that holds a record of the chain, undefined if the log isn't there yet. */
  async entryOf(record: number): Promise<FoundEntry | undefined> {
    const isBefore = async (view: BatchView): Promise<boolean> => (await this.#recordsUpTo(view)) <= record;
    return this.#find(isBefore, ({ entry: { records } }) => record < records.first + records.count);
  }

  /** find looks for an entry in the first batch that isn't before it. */
  async #find(
    isBefore: (view: BatchView) => boolean | Promise<boolean>,
    isMeant: (entry: BatchView['entries'][number]) => boolean,
  ): Promise<FoundEntry | undefined> {
    const number = await firstFree(async (number) => {
      const view = await this.#viewUpTo(number);
      return view !== undefined && (await isBefore(view));
    });
    const view = await this.#view(number);
    const found = typeof view === 'object' ? view.entries.find(isMeant) : undefined;
    return found && { ...found, batch: number };
  }

  /** viewUpTo gives the newest batch up to a number, and undefined behind the last: at a free name, or what stands behind one. */
  async #viewUpTo(number: number): Promise<BatchView | undefined> {
    let at = number;
    let view = await this.#view(at);
    while (view === 'foreign' && at > 0) view = await this.#view(--at);
    return view === 'foreign' ? BEFORE_ALL : view;
  }

  async #view(number: number): Promise<BatchView | 'foreign' | undefined> {
    if (!this.#views.has(number)) this.#views.set(number, await this.#readView(number));
    return this.#views.get(number);
  }

  async #readView(number: number): Promise<BatchView | 'foreign' | undefined> {
    const batch = await readSigned(this.#store, number, this.#trust);
    if (typeof batch !== 'object') return batch;
    const { next, index } = batch.heads.positions.get(this.#partition) ?? NO_POSITION;
    const entries = batch.entries.flatMap((line, offset) => {
      const entry = entryIn(line, this.#partition);
      return entry === undefined ? [] : [{ entry, line: Buffer.from(line), leaf: batch.size + offset }];
    });
    return { number, next, index, entries };
  }

  /** recordsUpTo is how many records of the partition the log has behind a batch. */
  async #recordsUpTo({ number, index, entries }: BatchView): Promise<number> {
    if (index < 0) return 0;
    const last = entries.at(-1) ?? (await this.#lastBefore(number, index));
    return last.entry.records.first + last.entry.records.count;
  }

  /** lastBefore looks back for the entry of an index. A partition that is idle seals a heartbeat, so it is never far. */
  async #lastBefore(number: number, index: number): Promise<BatchView['entries'][number]> {
    const has = async (number: number): Promise<boolean> => ((await this.#viewUpTo(number))?.next ?? 0) > index;
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
    const view = await this.#view(high);
    const found = typeof view === 'object' ? view.entries.find(({ entry }) => entry.index === index) : undefined;
    if (found !== undefined) return found;
    throw new AuditsealError('BATCH_MALFORMED', `${batchName(high)} lacks an entry that later batches count`);
  }
}

const entryIn = (line: Buffer, partition: string): SegmentEntry | undefined => {
  const entry = attempt(() => parseEntry(line), 'malformed');
  return entry?.type === 'segment' && entry.partition === partition ? entry : undefined;
};
