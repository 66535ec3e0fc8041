import type { Batch } from '../../core/objects/batch.ts';
import { checkpointName } from '../../core/objects/names.ts';
import type { VoidBatch } from '../../ledger/batches.ts';
import { WHY_UNREAD } from '../../ports/store.ts';
import { readFor } from '../context.ts';
import type { Context, Read } from '../context.ts';
import type { BatchOrder, Judgement, WaitingBatch } from './batchOrder.ts';
import { listBatches, readBatchesFor } from './readBatches.ts';
import type { BatchRead, ListedBatch } from './readBatches.ts';

/** FollowedBatch is a batch of the log, or what has the name of one. */
export interface FollowedBatch {
  readonly number: number;
  /** undefined if it can't be read: that is said already; `unjudged` behind too many losses */
  readonly batch: Batch | VoidBatch | 'unjudged' | undefined;
  readonly note: Read;
  /** of a batch of the log: what is missing before it, by the first number of each hole */
  readonly holes: readonly number[];
  /** of a batch of the log: something that it goes on from is lost */
  readonly isBehindLoss: boolean;
}

/** MAX_LOSSES is how often the log is taken up again behind something that is lost. */
export const MAX_LOSSES = 64;

const WHY_DISMISSED = 'a session of the log signed that it goes on from something that is not in the log';

/**
 * followBatches gives what has the name of a batch, from a number on. What signed batches say of others that are not in the log
 * counts only once no object is left that goes on from the last batch: whoever stole a session's key could else put a batch of his
 * own between others, which then would seem void. `order` has to go on behind each batch before the next one is asked for.
 */
export async function* followBatches(
  context: Context,
  from: number,
  order: BatchOrder,
): AsyncGenerator<FollowedBatch, void, void> {
  const follower = new Follower(context, order, from);
  yield* follower.follow(listBatches(context, from));
  for (let losses = 0; losses < MAX_LOSSES && follower.waiting.length > 0; losses++) {
    order.resume();
    yield* follower.takeUp();
  }
  for (const { number } of follower.waiting.splice(0)) yield* follower.without(number, 'unjudged');
}

class Follower {
  readonly #context: Context;
  readonly #order: BatchOrder;
  /** the first number behind all that were read */
  #next: number;
  /** the first numbers of holes that no batch of the log is known to be behind */
  #holes: number[] = [];
  readonly waiting: WaitingBatch[] = [];

  constructor(context: Context, order: BatchOrder, next: number) {
    this.#context = context;
    this.#order = order;
    this.#next = next;
  }

  async *follow(
    batches: AsyncIterable<ListedBatch> | Iterable<ListedBatch>,
  ): AsyncGenerator<FollowedBatch, void, void> {
    for await (const read of readBatchesFor(this.#context, batches)) {
      const { number, note } = read;
      if (number > this.#next) this.#holes.push(this.#next);
      this.#next = Math.max(this.#next, number + 1);
      const { log } = this.#order;
      const batch = this.#judge(read);
      if (batch !== undefined && 'waitsFor' in batch) this.waiting.push(batch);
      else if (batch === undefined || !('entries' in batch))
        yield { number, batch, note, holes: [], isBehindLoss: false };
      else {
        const isBehindLoss = this.#order.log !== log;
        yield* this.#dismissWaiting();
        yield { number, batch, note, holes: this.#holes.filter((hole) => hole < number), isBehindLoss };
        this.#holes = this.#holes.filter((hole) => hole > number);
      }
    }
  }

  /** takeUp goes through what waits once more, and reads what can go on from the last batch. */
  async *takeUp(): AsyncGenerator<FollowedBatch, void, void> {
    for (const waiting of this.waiting.splice(0)) {
      if (this.#order.mayGoOn(waiting)) yield* this.follow([{ number: waiting.number, size: 0 }]);
      else this.waiting.push(waiting);
    }
  }

  /** dismissWaiting gives those as void that waited for others to be lost. */
  async *#dismissWaiting(): AsyncGenerator<FollowedBatch, void, void> {
    for (const { number } of this.waiting.splice(0)) yield* this.without(number, { number, why: WHY_DISMISSED });
  }

  /** without gives a batch that isn't followed. */
  async *without(number: number, batch: VoidBatch | 'unjudged'): AsyncGenerator<FollowedBatch, void, void> {
    const note = await readFor(this.#context, this.#context.store, checkpointName(number));
    yield { number, batch, note, holes: [], isBehindLoss: false };
  }

  #judge({ number, bytes }: BatchRead): Judgement | undefined {
    if (bytes === undefined) return undefined;
    return typeof bytes === 'string' ? { number, why: WHY_UNREAD[bytes] } : this.#order.take(bytes, number);
  }
}
