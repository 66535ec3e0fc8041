import { batchName, checkpointName, parseBatchName } from '../../core/objects/names.ts';
import { mapInOrder } from '../../ledger/concurrency.ts';
import { GONE } from '../../ports/store.ts';
import { readFor } from '../context.ts';
import type { Context, NeverRead, Read } from '../context.ts';

/** How many batches are read ahead. */
const AHEAD = 4;

/** BatchRead is what has the name of a batch, and of its checkpoint. */
export interface BatchRead {
  readonly number: number;
  /** undefined if it can't be read: that is said already */
  readonly bytes: Buffer | NeverRead | undefined;
  readonly note: Read;
}

/** listBatches gives the numbers of what has the name of a batch, from one on, in order; there may be holes. */
export async function* listBatches({ store }: Context, from: number): AsyncGenerator<number> {
  for await (const { name } of store.list('batches/', batchName(from))) {
    const number = parseBatchName(name);
    if (number !== undefined) yield number; // others are found with the other names
  }
}

/** readBatchesFor reads batches, a few ahead. */
export async function* readBatchesFor(
  context: Context,
  numbers: AsyncIterable<number> | Iterable<number>,
): AsyncGenerator<BatchRead> {
  const { store } = context;
  const read = mapInOrder(numbers, AHEAD, async (number) => {
    // In this order: in a log that is in use, a checkpoint comes after its batch.
    const bytes = await readFor(context, store, batchName(number));
    return { number, bytes, note: await readFor(context, store, checkpointName(number)) };
  });
  for await (const it of read) yield { ...it, bytes: readable(context, it.number, it.bytes) };
}

function readable({ tally }: Context, number: number, bytes: Read): BatchRead['bytes'] {
  if (bytes === undefined) tally.addUnreadable(batchName(number), GONE);
  return bytes === 'unreadable' ? undefined : bytes;
}
