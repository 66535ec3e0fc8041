import { batchName, checkpointName, parseBatchName } from '../../core/objects/names.ts';
import { mapInOrder } from '../../ledger/concurrency.ts';
import { GONE } from '../../ports/store.ts';
import { readFor } from '../context.ts';
import type { Context, NeverRead, Read } from '../context.ts';

/** How many batches are read ahead, of whatever size. */
const AHEAD = 4;

/** ListedBatch is what has the name of a batch. */
export interface ListedBatch {
  readonly number: number;
  /** in bytes */
  readonly size: number;
}

/** BatchRead is what has the name of a batch, and of its checkpoint. */
export interface BatchRead {
  readonly number: number;
  /** undefined if it can't be read: that is said already */
  readonly bytes: Buffer | NeverRead | undefined;
  readonly note: Read;
}

/** listBatches gives what has the name of a batch, from one on, in order; there may be holes. */
export async function* listBatches({ store }: Context, from: number): AsyncGenerator<ListedBatch> {
  for await (const { name, size } of store.list('batches/', batchName(from))) {
    const number = parseBatchName(name);
    if (number !== undefined) yield { number, size }; // others are found with the other names
  }
}

/** readBatchesFor reads batches, a few ahead. */
export async function* readBatchesFor(
  context: Context,
  batches: AsyncIterable<ListedBatch> | Iterable<ListedBatch>,
): AsyncGenerator<BatchRead> {
  const { store, requests = AHEAD } = context;
  const ahead = { least: AHEAD, most: Math.max(AHEAD, requests), sizeOf: ({ size }: ListedBatch) => size };
  const read = mapInOrder(batches, ahead, async ({ number }) => {
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
