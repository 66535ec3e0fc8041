import { batchName, checkpointName, parseCheckpointName } from '../../core/objects/names.ts';
import type { Context } from '../context.ts';
import type { Allowance } from '../options.ts';

/** LogEnd is where the batches of a log end. */
export interface LogEnd {
  /** number of the first batch that isn't there */
  readonly next: number;
  /** number of the newest batch, if it has no checkpoint yet */
  readonly unsigned: number | undefined;
  /** number of the newest checkpoint that fits the batches */
  readonly newest: number | undefined;
  /** something behind can't be read, and may be a batch */
  readonly isUnknown: boolean;
  /** when the newest batch was made, '' if there is none */
  readonly time: string;
}

/** isOlderThan tells whether the newest batch was made so long ago. */
export const isOlderThan = ({ time }: LogEnd, now: number, ms: number): boolean =>
  time !== '' && now - Date.parse(time) > ms;

/** checkEnd says which checkpoints have no batch, and whether a log that is in use has stopped. */
export async function checkEnd(context: Context, end: LogEnd, allowance: Allowance | undefined): Promise<void> {
  const { store, findings, now } = context;
  for await (const { name } of store.list('checkpoints/', checkpointName(end.next))) {
    const number = parseCheckpointName(name);
    // In a ledger that is in use, both may have come just now.
    if (number === undefined || (await store.exists(batchName(number)))) continue;
    findings.error('checkpoint-inconsistent', name, 'no batch has its number');
  }
  if (end.next === 0 || end.isUnknown || allowance === undefined) return;
  if (isOlderThan(end, now(), allowance.ageMs)) {
    const name = checkpointName(end.newest ?? 0);
    findings.error(
      'checkpoint-stale',
      name,
      `the newest batch was made at ${end.time}, so nothing is taken into the log any more`,
    );
  } else if (end.unsigned !== undefined && isOlderThan(end, now(), allowance.delayMs))
    findings.error('checkpoint-stale', checkpointName(end.unsigned), 'no object has this name, and its batch is there');
}
