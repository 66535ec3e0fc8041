import { faultIn } from '../../core/errors.ts';
import { parseBatch } from '../../core/objects/batch.ts';
import { batchName, checkpointName, parseBatchName } from '../../core/objects/names.ts';
import { mapInOrder } from '../../ledger/concurrency.ts';
import { GONE, TOO_LARGE } from '../../ports/store.ts';
import { readFor } from '../context.ts';
import type { Context, Read } from '../context.ts';

/** How many batches are read ahead. */
const AHEAD = 4;

/** BatchRead is a batch as a check reads it, with its checkpoint. */
export interface BatchRead {
  readonly number: number;
  /** undefined if it is no batch, or can't be read: that is said already */
  readonly entries: readonly Buffer[] | undefined;
  readonly isUnreadable: boolean;
  readonly note: Read;
}

/** readBatchesFor reads the batches that are there, from a number on, in order; there may be holes between them. */
export async function* readBatchesFor(context: Context, from: number): AsyncGenerator<BatchRead> {
  const { store } = context;
  const read = mapInOrder(store.list('batches/', batchName(from)), AHEAD, async ({ name }) => {
    const number = parseBatchName(name);
    if (number === undefined) return undefined; // it is found with the other names
    // In this order: in a log that is in use, a checkpoint comes after its batch.
    const bytes = await readFor(context, store, name);
    return { number, bytes, note: await readFor(context, store, checkpointName(number)) };
  });
  for await (const it of read) {
    if (it === undefined) continue;
    const { number, bytes, note } = it;
    const isUnreadable = bytes === undefined || bytes === 'unreadable';
    yield { number, entries: entriesOf(context, number, bytes), isUnreadable, note };
  }
}

function entriesOf({ findings, tally }: Context, number: number, bytes: Read): readonly Buffer[] | undefined {
  const name = batchName(number);
  if (bytes === undefined) tally.addUnreadable(name, GONE);
  if (bytes === 'too-large') findings.error('entry-mismatch', name, TOO_LARGE);
  if (typeof bytes !== 'object') return undefined;
  try {
    return parseBatch(bytes);
  } catch (error) {
    findings.error('entry-mismatch', name, faultIn(error, 'malformed').message);
    return undefined;
  }
}
