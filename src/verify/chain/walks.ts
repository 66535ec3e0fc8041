import { Semaphore } from '../../ledger/concurrency.ts';
import { digestFrom } from '../../ledger/digest.ts';
import type { DigestObjects } from '../../ledger/digest.ts';
import type { Context } from '../context.ts';
import type { VerifyOptions } from '../options.ts';
import { ChainCheck } from './chainCheck.ts';
import { FullWalk } from './fullWalk.ts';
import { QuickWalk } from './quickWalk.ts';
import type { PartitionWalk } from './walk.ts';

/** Walks has a walk for each partition. Together they hold no more than `concurrency` segments. */
export class Walks {
  readonly #context: Context;
  readonly #options: VerifyOptions;
  readonly #semaphore: Semaphore;
  readonly #digest: DigestObjects;
  readonly #walks = new Map<string, PartitionWalk>();

  constructor(context: Context, options: VerifyOptions) {
    const { store, concurrency, digest = digestFrom(store, concurrency) } = context;
    this.#context = context;
    this.#options = options;
    this.#semaphore = new Semaphore(concurrency);
    this.#digest = digest;
  }

  get count(): number {
    return this.#walks.size;
  }

  /** of gives the walk of a partition, begun if it wasn't. */
  of(partition: string): PartitionWalk {
    let walk = this.#walks.get(partition);
    if (walk === undefined) this.#walks.set(partition, (walk = this.#begin(partition)));
    return walk;
  }

  #begin(partition: string): PartitionWalk {
    const { anchor, isIncremental = false, isQuick = false } = this.#options;
    const head = anchor?.report.partitions.find((it) => it.partition === partition);
    if (isQuick) return new QuickWalk(this.#context, this.#digest, partition, head);
    const from = isIncremental && head !== undefined ? head.index : 0;
    this.#context.tally.notRehashed += from;
    return new FullWalk(this.#context, new ChainCheck(this.#context, partition, head, from), this.#semaphore, from);
  }

  /** inOrder gives the walks in order of partition. */
  inOrder = (): PartitionWalk[] => [...this.#walks.values()].sort((a, b) => Number(a.partition) - Number(b.partition));

  async close(): Promise<void> {
    await Promise.all([...this.#walks.values()].map((walk) => walk.close()));
  }
}
