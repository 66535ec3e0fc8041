import { InFlight } from '../../ledger/concurrency.ts';
import { digestFrom } from '../../ledger/digest.ts';
import type { DigestObjects } from '../../ledger/digest.ts';
import type { Context } from '../context.ts';
import type { DerivedIndex } from '../derivedIndex.ts';
import type { LogPosition } from '../../core/objects/heads.ts';
import type { SegmentEntry } from '../../core/objects/entry.ts';
import type { SegmentPlace } from '../../core/objects/names.ts';
import type { Report } from '../../core/objects/report.ts';
import type { LoggedObjects } from '../log/entryCheck.ts';
import type { VerifyOptions } from '../options.ts';
import { ChainCheck } from './chainCheck.ts';
import { chainStart } from './chainStart.ts';
import { FullWalk } from './fullWalk.ts';
import { Looking } from './look.ts';
import { QuickWalk } from './quickWalk.ts';
import type { PartitionWalk, WalkedObject } from './walk.ts';

/** WalksStart is where a check goes on: behind what a report knew, where that leads in the log. */
interface WalksStart {
  readonly before?: Report;
  readonly position?: LogPosition;
}

/** Walks has a walk for each partition. Together they hold no more segments than InFlight lets. */
export class Walks implements LoggedObjects {
  readonly isPartial = false;
  readonly #context: Context;
  readonly #options: VerifyOptions;
  readonly #start: WalksStart;
  readonly #looking: Looking;
  readonly #digest: DigestObjects;
  readonly #walks = new Map<string, PartitionWalk>();
  readonly #index: DerivedIndex | undefined;
  #finished = 0;

  /** `index` is made on the way. */
  constructor(context: Context, options: VerifyOptions, start: WalksStart, index: DerivedIndex | undefined) {
    const { store, concurrency, requests } = context;
    const { digest = digestFrom(store, new InFlight(concurrency, requests)) } = context;
    this.#context = context;
    this.#options = options;
    this.#start = start;
    this.#index = index;
    this.#looking = new Looking(context, index !== undefined);
    this.#digest = digest;
  }

  get count(): number {
    return this.#walks.size;
  }

  /** expect does nothing: a walk looks ahead by what is listed. */
  expect = async (): Promise<void> => {};

  at = ({ partition, index }: SegmentPlace): ReturnType<PartitionWalk['to']> => this.of(partition).to(index);

  async pass(leaf: number, entry: SegmentEntry, object: WalkedObject | undefined): Promise<void> {
    const { summary } = object ?? {};
    await this.#index?.add(leaf, entry, summary?.ok === true ? summary.terms : undefined);
  }

  /** passReport is never called: all reports are looked at. */
  passReport = (): void => {};

  /** of gives the walk of a partition, begun if it wasn't. */
  of(partition: string): PartitionWalk {
    let walk = this.#walks.get(partition);
    if (walk === undefined) this.#walks.set(partition, (walk = this.#begin(partition)));
    return walk;
  }

  #begin(partition: string): PartitionWalk {
    const { anchor, isIncremental = false, isQuick = false } = this.#options;
    const { before, position } = this.#start;
    const head = anchor?.report.partitions.find((it) => it.partition === partition);
    if (isQuick) return new QuickWalk(this.#context, this.#digest, partition, head);
    const start = before === undefined ? { from: 0 } : chainStart(partition, before, position);
    if (isIncremental) this.#context.tally.notRehashed += start.from;
    const chain = new ChainCheck(this.#context, partition, head, start);
    // What the parts of a check before took has been counted.
    const counted = before !== undefined && !isIncremental ? (start.logged?.index ?? -1) : -1;
    return new FullWalk(this.#context, chain, this.#looking, { from: start.from, counted }, () =>
      this.#looking.ahead(this.#walks.size - this.#finished, partition),
    );
  }

  /** pause says how far each chain has come, and nothing of what is behind. */
  pause(): void {
    const { before } = this.#start;
    for (const { partition, end } of this.#walks.values()) {
      const head = end ?? before?.partitions.find((it) => it.partition === partition);
      if (head !== undefined) this.#context.tally.partitions.push(head);
    }
  }

  /** finish finishes all walks in order of partition, one after the other; see PartitionWalk. */
  async finish(isIntegrated: (place: SegmentPlace) => boolean, until: number): Promise<void> {
    for (const walk of [...this.#walks.values()].sort((a, b) => Number(a.partition) - Number(b.partition))) {
      const { partition } = walk;
      await walk.finish((index) => isIntegrated({ partition, index }), until);
      this.#finished += 1;
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#walks.values()].map((walk) => walk.close()));
  }
}
