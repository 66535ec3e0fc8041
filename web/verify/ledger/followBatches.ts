import { Fault } from '../fault.ts';
import { Trust } from '../signed/trust.ts';
import type { VerifierKey } from '../verifierKey.ts';
import { LogSoFar } from './batches.ts';
import type { Batch, WaitingBatch } from './batches.ts';
import type { FiledCounts } from './entries.ts';
import type { Folder } from './folder.ts';
import { batchName, parseBatchName } from './names.ts';

/** FollowedBatch is a batch of the log, or what has the name of one. */
export interface FollowedBatch {
  readonly number: number;
  /** a batch of the log; why it is none; undefined if it can't be read: that is said already; `unjudged` behind too many losses */
  readonly batch: Batch | { readonly why: string } | 'unjudged' | undefined;
  /** of a batch of the log: what is missing before it, by the first number of each hole */
  readonly holes: readonly number[];
  /** of a batch of the log: something that it goes on from is lost */
  readonly isBehindLoss: boolean;
}

/** MAX_LOSSES is how often the log is taken up again behind something that is lost. */
export const MAX_LOSSES = 64;

const NOTHING_FILED: FiledCounts = { report: 0, action: 0 };

const WHY_DISMISSED = 'a session of the log signed that it goes on from something that is not in the log';

/**
 * followBatches gives what has the name of a batch. What signed batches say of others that are not in the log counts only once
 * no object is left that goes on from the last batch: whoever stole a session's key could else put a batch of his own between
 * others, which then would seem void.
 */
export async function* followBatches(folder: Folder, log: LogSoFar): AsyncGenerator<FollowedBatch, void, void> {
  const follower = new Follower(folder, log);
  yield* follower.follow(folder.under('batches/').flatMap((name) => parseBatchName(name) ?? []));
  for (let losses = 0; losses < MAX_LOSSES && follower.waiting.length > 0; losses++) {
    log.resume();
    yield* follower.takeUp();
  }
  for (const { number } of follower.waiting) yield { number, batch: 'unjudged', holes: [], isBehindLoss: false };
}

class Follower {
  readonly #folder: Folder;
  readonly #log: LogSoFar;
  /** the first number behind all that were read */
  #next = 0;
  /** the first numbers of holes that no batch of the log is known to be behind */
  #holes: number[] = [];
  readonly waiting: WaitingBatch[] = [];

  constructor(folder: Folder, log: LogSoFar) {
    this.#folder = folder;
    this.#log = log;
  }

  async *follow(numbers: readonly number[]): AsyncGenerator<FollowedBatch, void, void> {
    for (const number of numbers) {
      if (number > this.#next) this.#holes.push(this.#next);
      this.#next = Math.max(this.#next, number + 1);
      const { losses } = this.#log;
      const batch = await this.#judge(number);
      if (batch !== undefined && 'waitsFor' in batch) this.waiting.push(batch);
      else if (batch === undefined || 'why' in batch) yield { number, batch, holes: [], isBehindLoss: false };
      else {
        yield* this.#dismissWaiting();
        const holes = this.#holes.filter((hole) => hole < number);
        yield { number, batch, holes, isBehindLoss: this.#log.losses > losses };
        this.#holes = this.#holes.filter((hole) => hole > number);
      }
    }
  }

  /** takeUp goes through what waits once more, and reads what can go on from the last batch. */
  async *takeUp(): AsyncGenerator<FollowedBatch, void, void> {
    for (const waiting of this.waiting.splice(0)) {
      if (this.#log.mayGoOn(waiting)) yield* this.follow([waiting.number]);
      else this.waiting.push(waiting);
    }
  }

  /** dismissWaiting gives those as void that waited for others to be lost. */
  *#dismissWaiting(): Generator<FollowedBatch, void, void> {
    for (const { number } of this.waiting.splice(0))
      yield { number, batch: { why: WHY_DISMISSED }, holes: [], isBehindLoss: false };
  }

  async #judge(number: number): Promise<Batch | WaitingBatch | { readonly why: string } | undefined> {
    const bytes = await this.#folder.read(batchName(number));
    if (bytes === undefined) return undefined;
    if (bytes === 'oversize') return { why: 'it has more than 192 MiB' };
    try {
      return await this.#log.take(number, bytes);
    } catch (error) {
      if (error instanceof Fault) return { why: error.message };
      throw error;
    }
  }
}

/** readLog gives how far the log of a folder comes, and which keys it announces. It looks at nothing but batches. */
export async function readLog(
  folder: Folder,
  given: readonly VerifierKey[] | undefined,
): Promise<{ readonly announced: readonly VerifierKey[]; readonly filed: FiledCounts }> {
  const log = new LogSoFar(new Trust(undefined, given), given);
  for await (const _ of followBatches(folder, log)) log.tree.takeFiles();
  // Of a log that lacks entries nobody knows which reports have one.
  return { announced: log.last.keys, filed: log.losses > 0 ? NOTHING_FILED : log.last.filed };
}
