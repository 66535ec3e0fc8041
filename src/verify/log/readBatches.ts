import { MAX_BATCH_BYTES } from '../../core/objects/batch.ts';
import { batchName, checkpointName, parseBatchName } from '../../core/objects/names.ts';
import { mapInOrder } from '../../ledger/concurrency.ts';
import { GONE, WHY_UNREAD } from '../../ports/store.ts';
import type { Unread } from '../../ports/store.ts';
import { readFor } from '../context.ts';
import type { Context, Read } from '../context.ts';

/** How many batches are read ahead. */
const AHEAD = 4;

/** BatchRead is what has the name of a batch, and of its checkpoint. */
export interface BatchRead {
  readonly number: number;
  /** undefined if it can't be read: that is said already */
  readonly bytes: Buffer | Exclude<Unread, 'archived'> | undefined;
  readonly note: Read;
}

/** readBatchesFor reads what has the name of a batch, from a number on, in order; there may be holes. */
export async function* readBatchesFor(context: Context, from: number): AsyncGenerator<BatchRead> {
  const { store } = context;
  const read = mapInOrder(store.list('batches/', batchName(from)), AHEAD, async ({ name, size }) => {
    const number = parseBatchName(name);
    if (number === undefined) return undefined; // it is found with the other names
    // In this order: in a log that is in use, a checkpoint comes after its batch.
    const bytes = size > MAX_BATCH_BYTES ? ('too-large' as const) : await readFor(context, store, name);
    return { number, bytes, note: await readFor(context, store, checkpointName(number)) };
  });
  for await (const it of read) if (it !== undefined) yield { ...it, bytes: readable(context, it.number, it.bytes) };
}

function readable({ tally }: Context, number: number, bytes: Read): BatchRead['bytes'] {
  if (bytes === undefined) tally.addUnreadable(batchName(number), GONE);
  if (bytes === 'archived') tally.addUnreadable(batchName(number), WHY_UNREAD[bytes]);
  return bytes === 'archived' || bytes === 'unreadable' ? undefined : bytes;
}
