import { mapInOrder } from './concurrency.ts';
import { AuditsealError, named } from '../core/errors.ts';
import { parseBatch } from '../core/objects/batch.ts';
import { batchName } from '../core/objects/names.ts';
import { TOO_LARGE } from '../ports/store.ts';
import type { ObjectStore } from '../ports/store.ts';

/** Batch is the entries that one integration added. */
export interface Batch {
  readonly number: number;
  readonly entries: readonly Buffer[];
}

/** How many batches are read ahead. */
const AHEAD = 8;

/** readBatch reads a batch. It throws FORK_DETECTED if it is missing, and BATCH_MALFORMED for anything else but a batch. */
export async function readBatch(store: Pick<ObjectStore, 'read'>, number: number): Promise<Batch> {
  const name = batchName(number);
  const bytes = await store.read(name);
  if (bytes === undefined)
    throw new AuditsealError('FORK_DETECTED', `${name} is missing, and the log goes on behind it`);
  if (bytes === 'too-large') throw new AuditsealError('BATCH_MALFORMED', `${name}: ${TOO_LARGE}`);
  return { number, entries: named(name, () => parseBatch(bytes)) };
}

/** readBatches reads the batches before `end` in order, a few ahead. */
export function readBatches(store: ObjectStore, end: number, from = 0): AsyncGenerator<Batch> {
  const numbers = function* (): Generator<number> {
    for (let number = from; number < end; number++) yield number;
  };
  return mapInOrder(numbers(), AHEAD, (number) => readBatch(store, number));
}
