import { faultIn } from '../../core/errors.ts';
import { segmentName } from '../../core/objects/names.ts';
import type { SegmentSummary } from '../../core/segment/summary.ts';
import { readObject } from '../../ledger/objects.ts';
import { WHY_UNREAD } from '../../ports/store.ts';
import { trustIn } from '../context.ts';
import type { Context } from '../context.ts';

/** Seen is what a look at an object gave, by the keys that were trusted then; without a summary it can't be read. */
export interface Seen {
  readonly keys: readonly string[] | undefined;
  /** of the stored bytes, 0 where they were not read */
  readonly size: number;
  readonly summary?: SegmentSummary;
  /** no object has the name */
  readonly isGone?: true;
}

/**
 * lookAt re-computes the object in the place of a segment. It says nothing of one that can't be read; that makes the outcome
 * `unverified`, never a pass. With `isSuspect` its end is read first, as readObject does.
 */
export async function lookAt(
  { store, summarize, tally, ledger }: Context,
  partition: string,
  index: number,
  isSuspect: boolean,
): Promise<Seen> {
  const name = segmentName(partition, index);
  const { keys } = ledger;
  try {
    const object = await readObject({ store, summarize, trust: trustIn(ledger) }, partition, index, isSuspect);
    if (typeof object === 'object') return { keys, size: object.size, summary: object.summary };
    if (object === undefined) return { keys, size: 0, isGone: true };
    tally.addUnreadable(name, WHY_UNREAD[object]);
  } catch (error) {
    tally.addUnreadable(name, faultIn(error).message);
  }
  return { keys, size: 0 };
}
