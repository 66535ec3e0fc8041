import type { ChainCheck } from './chainCheck.ts';
import { Walk } from './walk.ts';
import type { ListedObject, Looker, PartitionWalk, WalkedObject } from './walk.ts';
import { faultIn } from '../../core/errors.ts';
import { parseSegmentName, segmentName } from '../../core/objects/names.ts';
import type { SegmentSummary } from '../../core/segment/summary.ts';
import type { Semaphore } from '../../ledger/concurrency.ts';
import { unreadSegment } from '../../ledger/objects.ts';
import { GONE } from '../../ports/store.ts';
import type { Context } from '../context.ts';

type Walked = WalkedObject<SegmentSummary>;

/** FullWalk re-computes the segments of one partition, and follows their chain. */
export class FullWalk implements PartitionWalk {
  readonly partition: string;
  readonly #context: Context;
  readonly #chain: ChainCheck;
  readonly #semaphore: Semaphore;
  readonly #from: number;
  readonly #walk: Walk<SegmentSummary | undefined, Walked>;

  /** The segments before `from` are looked at only where they are asked for. */
  constructor(context: Context, chain: ChainCheck, semaphore: Semaphore, from: number) {
    this.partition = chain.partition;
    this.#context = context;
    this.#chain = chain;
    this.#semaphore = semaphore;
    this.#from = from;
    this.#walk = new Walk(this.#looker());
  }

  async to(index: number): Promise<Walked | 'hole' | undefined> {
    if (index >= this.#from) return this.#walk.to(index);
    const object = await this.#find(index);
    const summary = object && (await this.#summarize(index));
    return object && { ...object, isOfChain: false, ...(summary && { summary }) };
  }

  async finish(isIntegrated: (index: number) => boolean, until: number): Promise<void> {
    const { findings, tally } = this.#context;
    let first: { readonly name: string; readonly sealed: string } | undefined;
    let late = 0;
    for (let object = await this.#walk.next(); object !== undefined; object = await this.#walk.next()) {
      const { index, summary } = object;
      if (isIntegrated(index)) continue;
      tally.notIntegrated += 1;
      if (summary?.ok !== true || !(Date.parse(summary.header.sealed) < until)) continue;
      first ??= { name: segmentName(this.partition, index), sealed: summary.header.sealed };
      late += 1;
    }
    this.#chain.finish();
    if (this.#chain.head !== undefined) tally.partitions.push(this.#chain.head);
    if (first === undefined) return;
    const others = late === 1 ? '' : `; nor have the ${late - 1} after it`;
    findings.error(
      'not-integrated',
      first.name,
      `it was sealed at ${first.sealed}, and has no entry in the log${others}`,
    );
  }

  close = (): Promise<void> => this.#walk.close();

  #looker(): Looker<SegmentSummary | undefined, Walked> {
    return {
      listed: this.#list(),
      group: 1,
      ahead: this.#context.concurrency,
      look: (objects) => objects.map(({ index }) => this.#semaphore.run(() => this.#summarize(index))),
      find: (index) => this.#find(index),
      take: (object, summary) => this.#take(object, summary),
    };
  }

  #take({ index, size }: ListedObject, summary: SegmentSummary | undefined): Walked {
    if (summary === undefined) {
      this.#chain.passOver(index);
      return { index, size, isOfChain: false };
    }
    this.#chain.add(index, summary);
    this.#context.tally.addSegment(size, summary);
    return { index, size, summary, isOfChain: this.#chain.newest === index };
  }

  async *#list(): AsyncGenerator<ListedObject, undefined> {
    const { store, findings } = this.#context;
    // Not from the first segment's name on: something foreign may stand before it.
    const start = this.#from > 0 ? segmentName(this.partition, this.#from) : '';
    for await (const { name, size } of store.list(`segments/${this.partition}/`, start)) {
      const place = parseSegmentName(name);
      if (place?.partition === this.partition) yield { index: place.index, size };
      else findings.foreignName(name);
    }
    return undefined;
  }

  async #find(index: number): Promise<ListedObject | undefined> {
    const name = segmentName(this.partition, index);
    for await (const object of this.#context.store.list(name)) {
      if (object.name === name) return { index, size: object.size };
    }
    return undefined;
  }

  /** summarize gives undefined for an object that can't be read; that makes the outcome `unverified`, never a pass. */
  async #summarize(index: number): Promise<SegmentSummary | undefined> {
    const { store, summarize, tally } = this.#context;
    const name = segmentName(this.partition, index);
    try {
      const stored = await store.read(name);
      if (typeof stored === 'string') return unreadSegment(stored);
      if (stored !== undefined) return await summarize(stored, { name, trust: {} });
      tally.addUnreadable(name, GONE);
    } catch (error) {
      tally.addUnreadable(name, faultIn(error).message);
    }
    return undefined;
  }
}
