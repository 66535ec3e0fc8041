import type { ProveDeps } from './entryProof.ts';
import { isAnswer } from './entryQuestion.ts';
import type { EntryQuestion } from './entryQuestion.ts';
import type { SegmentInLog } from '../ledger/entries.ts';
import { isProven, publishedSize } from './provenBatch.ts';
import { AuditsealError, attempt } from '../core/errors.ts';
import { parseEntry, placeOf } from '../core/objects/entry.ts';
import type { SegmentEntry } from '../core/objects/entry.ts';
import { NO_POSITION } from '../core/objects/heads.ts';
import { batchName } from '../core/objects/names.ts';
import { trustIn } from '../core/signed/certificate.ts';
import type { Trust } from '../core/signed/certificate.ts';
import { readSigned } from '../ledger/batches.ts';
import { firstFree } from '../ledger/dense.ts';

/** NotFound is that no entry was found; `isCertain` where what the log is proven to hold says that there is none. */
export interface NotFound {
  readonly isCertain: boolean;
}

/** BatchView is what a batch says of one partition. */
interface BatchView {
  readonly number: number;
  /** how many entries the log has behind it */
  readonly size: number;
  /** the first index without an entry, and the last segment of the chain, behind this batch */
  readonly next: number;
  readonly index: number;
  readonly entries: readonly PlacedEntry[];
  /** the first index that it has an entry of */
  readonly first: number;
}

/** BEFORE_ALL is what foreign objects before the first batch say. */
const BEFORE_ALL: BatchView = { number: -1, size: 0, next: 0, index: -1, entries: [], first: 0 };

/**
 * LogLookup finds the entries of one partition's segments. Every batch ends with how far the log is behind it, and that
 * only rises, so it bisects over the batches: 2 log2 n reads of batches for batch n. What no session signed that the log's
 * keys certified is passed over, and with `isProving` what isn't proven to be in the log. Whether the log holds what it finds,
 * only a proof shows.
 */
export class LogLookup {
  readonly #deps: ProveDeps;
  readonly #partition: string;
  readonly #isProving: boolean;
  readonly #trust: Trust;
  readonly #views = new Map<number, BatchView | 'foreign' | undefined>();
  /** batches whose entries an answer rests on */
  readonly #basis = new Set<number>();

  constructor(deps: ProveDeps, partition: string, isProving: boolean) {
    this.#deps = deps;
    this.#partition = partition;
    this.#isProving = isProving;
    this.#trust = trustIn(deps.verifiers);
  }

  /** find looks for an entry in the first batch that isn't before what is asked for. */
  async find(question: EntryQuestion): Promise<SegmentInLog | NotFound> {
    const isBefore = async (view: BatchView): Promise<boolean> =>
      'index' in question ? view.next <= question.index : (await this.#recordsUpTo(view)) <= question.record;
    const number = await firstFree(async (number) => {
      const view = await this.#viewUpTo(number);
      return view !== undefined && (await isBefore(view));
    });
    const view = await this.#view(number);
    const found = typeof view === 'object' ? view.entries.find(({ entry }) => isAnswer(question, entry)) : undefined;
    if (found !== undefined) return { ...found, batch: number };
    return { isCertain: await this.#isCertain(question, number, view) };
  }

  /** It is certain where all of the log is proven to be before, or it has another entry in that place. */
  async #isCertain(question: EntryQuestion, number: number, at: BatchView | 'foreign' | undefined): Promise<boolean> {
    if (typeof at === 'object') {
      const isThere = 'index' in question && at.first <= question.index && question.index < at.next;
      return isThere && this.#isProvenAt(number);
    }
    const last = number === 0 ? BEFORE_ALL : await this.#viewUpTo(number - 1);
    if (last === undefined || last === BEFORE_ALL) return false;
    const seen = [...this.#views.values()].map((view) => (typeof view === 'object' ? view.size : 0));
    const isNewest = last.size >= Math.max(...seen, await publishedSize(this.#deps));
    if (!isNewest || !(await this.#isProvenAt(last.number))) return false;
    if ('record' in question) await this.#recordsUpTo(last);
    for (const batch of this.#basis) if (!(await this.#isProvenAt(batch))) return false;
    return true;
  }

  async #isProvenAt(number: number): Promise<boolean> {
    const batch = this.#isProving ? 'proven' : await readSigned(this.#deps.store, number, this.#trust);
    return batch === 'proven' || (typeof batch === 'object' && (await isProven(this.#deps, batch)));
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
    const batch = await readSigned(this.#deps.store, number, this.#trust);
    if (typeof batch !== 'object') return batch;
    if (this.#isProving && !(await isProven(this.#deps, batch))) return 'foreign';
    const { next, index } = batch.heads.positions.get(this.#partition) ?? NO_POSITION;
    const run = entriesUpTo(batch.entries, this.#partition, next, batch.size);
    return { number, size: batch.size + batch.entries.length, next, index, ...run };
  }

  /** recordsUpTo is how many records of the partition the log has behind a batch. */
  async #recordsUpTo({ number, index, entries }: BatchView): Promise<number> {
    if (index < 0) return 0;
    const last = entries.at(-1) ?? (await this.#lastBefore(number, index));
    return last.entry.records.first + last.entry.records.count;
  }

  /** lastBefore looks back for the entry of an index. A partition that is idle seals a heartbeat, so it is never far. */
  async #lastBefore(number: number, index: number): Promise<PlacedEntry> {
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
    if (found === undefined)
      throw new AuditsealError('BATCH_MALFORMED', `${batchName(high)} lacks an entry that later batches count`);
    this.#basis.add(high);
    return found;
  }
}

/** PlacedEntry is a segment's entry, and the number of its leaf. */
interface PlacedEntry {
  readonly entry: SegmentEntry;
  readonly line: Buffer;
  readonly leaf: number;
}

/**
 * entriesUpTo gives a partition's segments of a batch that stand in order before `next`, where its heads lead, and the first index
 * of the run. What else the batch says of the partition counts for nothing: a session that was stolen may have signed it.
 */
function entriesUpTo(
  lines: readonly Buffer[],
  partition: string,
  next: number,
  size: number,
): { readonly entries: readonly PlacedEntry[]; readonly first: number } {
  const places = new Map<number, PlacedEntry | 'foreign'>();
  for (const [offset, line] of lines.entries()) {
    const entry = attempt(() => parseEntry(line), 'malformed');
    const place = entry && placeOf(entry);
    if (entry === undefined || place?.partition !== partition || places.has(place.index)) continue;
    const leaf = size + offset;
    places.set(place.index, entry.type === 'segment' ? { entry, line: Buffer.from(line), leaf } : 'foreign');
  }
  let first = next;
  while (places.has(first - 1)) first -= 1;
  const run = Array.from({ length: next - first }, (_, i) => places.get(first + i));
  return { entries: run.filter((it) => typeof it === 'object'), first };
}
