import type { ChainCheck } from './chainCheck.ts';
import type { WalkedObject } from './walk.ts';
import { AuditsealError } from '../../core/errors.ts';
import { parseSegmentName, segmentName } from '../../core/objects/names.ts';
import type { SegmentSummary, SummarizeSegment } from '../../core/segment/summary.ts';
import type { Semaphore } from '../../ledger/concurrency.ts';
import type { ObjectInfo, ObjectStore } from '../../ports/store.ts';

export interface WalkDeps {
  readonly store: ObjectStore;
  readonly summarize: SummarizeSegment;
  readonly semaphore: Semaphore;
  /** how many objects are read ahead */
  readonly ahead: number;
  readonly onForeign: (name: string) => void;
  readonly onUnreadable: (name: string, why: string) => void;
  readonly onSegment: (summary: SegmentSummary, size: number) => void;
}

interface Ahead {
  readonly index: number;
  readonly size: number;
  readonly summary: Promise<SegmentSummary | undefined>;
}

/** PartitionWalk re-computes the objects of one partition in order of index, once each, a few ahead. */
export class PartitionWalk {
  readonly check: ChainCheck;
  readonly #deps: WalkDeps;
  readonly #from: number;
  readonly #listed: AsyncIterator<ObjectInfo>;
  readonly #ahead: Ahead[] = [];
  #isListed = false;
  #last = -1;

  constructor(deps: WalkDeps, check: ChainCheck, from: number) {
    this.check = check;
    this.#deps = deps;
    this.#from = from;
    const { partition } = check;
    // Not from the first segment's name on: something foreign may stand before it.
    const start = from > 0 ? segmentName(partition, from) : '';
    this.#listed = deps.store.list(`segments/${partition}/`, start)[Symbol.asyncIterator]();
  }

  /** next checks the next object, or gives undefined behind the last one. */
  async next(): Promise<WalkedObject<SegmentSummary> | undefined> {
    await this.#readAhead();
    const object = this.#ahead.shift();
    return object && this.#take(object);
  }

  /**
   * to checks the objects up to that index, and gives the one that has it, or undefined behind the last one, or 'hole' where
   * others are behind it. Objects before the walk's start are looked at alone.
   */
  async to(index: number): Promise<WalkedObject<SegmentSummary> | 'hole' | undefined> {
    if (index < this.#from) {
      const object = await this.#readAlone(index);
      const summary = await object?.summary;
      return object && { index, size: object.size, isOfChain: false, ...(summary && { summary }) };
    }
    if (index <= this.#last) return 'hole';
    for (;;) {
      await this.#readAhead();
      const nextIndex = this.#ahead[0]?.index;
      if (nextIndex === undefined) break;
      if (nextIndex > index) return 'hole';
      const object = await this.next();
      if (nextIndex === index) return object;
    }
    // The listing may be older than the object.
    const late = await this.#readAlone(index);
    return late && this.#take(late);
  }

  async #take({ index, size, summary }: Ahead): Promise<WalkedObject<SegmentSummary>> {
    this.#last = index;
    const done = await summary;
    if (done === undefined) {
      this.check.passOver(index);
      return { index, size, isOfChain: false };
    }
    this.check.add(index, done);
    this.#deps.onSegment(done, size);
    return { index, size, summary: done, isOfChain: this.check.newest === index };
  }

  async #readAhead(): Promise<void> {
    while (!this.#isListed && this.#ahead.length < this.#deps.ahead) {
      const { value: object, done } = (await this.#listed.next()) as IteratorResult<ObjectInfo, undefined>;
      if (done === true || object === undefined) {
        this.#isListed = true;
        return;
      }
      const place = parseSegmentName(object.name);
      if (place === undefined || place.partition !== this.check.partition) {
        this.#deps.onForeign(object.name);
        continue;
      }
      const summary = this.#deps.semaphore.run(() => this.#summarize(object.name));
      summary.catch(() => {}); // it is awaited in its turn, which may be later than it fails
      this.#ahead.push({ index: place.index, size: object.size, summary });
    }
  }

  async #readAlone(index: number): Promise<Ahead | undefined> {
    const name = segmentName(this.check.partition, index);
    for await (const object of this.#deps.store.list(name)) {
      if (object.name === name) return { index, size: object.size, summary: this.#summarize(name) };
    }
    return undefined;
  }

  /** summarize gives undefined for an object that can't be read; that makes the outcome `unverified`, never a pass. */
  async #summarize(name: string): Promise<SegmentSummary | undefined> {
    const { store, summarize, onUnreadable } = this.#deps;
    try {
      const stored = await store.read(name);
      if (stored !== undefined) return await summarize(stored);
      onUnreadable(name, 'it was listed, and is gone');
    } catch (error) {
      if (!(error instanceof AuditsealError)) throw error;
      if (error.code === 'OBJECT_TOO_LARGE') return { ok: false, versionUnknown: false, why: error.message };
      onUnreadable(name, error.message);
    }
    return undefined;
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#ahead.map(({ summary }) => summary));
    await this.#listed.return?.();
  }
}
