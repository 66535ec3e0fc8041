import { formatHash } from '../../core/hash.ts';
import type { LogTree } from '../../core/merkle/logTree.ts';
import { NO_HEADS } from '../../core/objects/heads.ts';
import type { LogPosition } from '../../core/objects/heads.ts';
import { checkpointName } from '../../core/objects/names.ts';
import type { CosignatureReport, VerifiedCheckpoint } from '../../core/objects/report.ts';
import { readFor } from '../context.ts';
import type { Context } from '../context.ts';
import { proveAnchor } from './anchorProof.ts';
import type { Checkpoints, OpenedCheckpoint } from './checkpoints.ts';

/** LogStart is where a check of the log begins. */
export interface LogStart {
  /** number of the first batch that is read */
  readonly batch: number;
  /** where those before it lead */
  readonly position: LogPosition;
  /** where it goes on from an earlier check, and what was before isn't looked at again */
  readonly continued?: {
    readonly head: VerifiedCheckpoint;
    readonly tree: LogTree;
    /** the anchor's checkpoint as it is now: it may have been cosigned since */
    readonly opened: OpenedCheckpoint;
    readonly cosignatures?: CosignatureReport;
  };
}

/** THE_FIRST is the start of a check that takes over nothing. */
export const THE_FIRST: LogStart = { batch: 0, position: NO_HEADS };

/** KnownLog is how far an earlier check found the log. */
export interface KnownLog {
  readonly head: VerifiedCheckpoint;
  readonly cosignatures?: CosignatureReport;
}

/**
 * resume begins where an earlier check ended, if that is proved: the log's checkpoint of that number is the one that it knew,
 * the log's tree there is the one that it knew, and that tree begins with the one of the checkpoint that was `kept`, if it has
 * its size. Otherwise nothing is taken over: it gives THE_FIRST, and the check from there finds what is wrong.
 */
export async function resume(
  context: Context,
  { head, cosignatures }: KnownLog,
  checkpoints: Checkpoints,
  kept: OpenedCheckpoint | undefined,
): Promise<LogStart> {
  const opened = await openAgain(context, head, checkpoints);
  if (opened === undefined) return THE_FIRST;
  const { size, rootHash } = opened.checkpoint;
  const earlier = checkpoints.wanted.filter(({ checkpoint }) => checkpoint.size <= size);
  const proven = await proveAnchor(
    context,
    { number: head.number, size, rootHash },
    earlier.map(({ checkpoint }) => checkpoint),
  );
  if (proven === undefined || (kept !== undefined && proven.forked.has(kept.checkpoint))) return THE_FIRST;
  const { tree, position, forked } = proven;
  const grownFrom = earlier.filter(({ checkpoint }) => !forked.has(checkpoint));
  await findEarlier(context, grownFrom, head.number, checkpoints);
  const { time } = position;
  const waits = cosignatures && { cosignatures: { ...cosignatures, waitingSince: waitingBefore(cosignatures, time) } };
  return { batch: head.number + 1, position, continued: { head: { ...head, time }, tree, opened, ...waits } };
}

/** waitingBefore gives since when a checkpoint waits for cosignatures: no later than the anchor's batch was made. */
const waitingBefore = ({ waitingSince }: CosignatureReport, time: string): string | null =>
  waitingSince !== null && waitingSince > time ? time : waitingSince;

/** openAgain opens the anchor's checkpoint, if it is still there as the anchor knew it. */
async function openAgain(
  context: Context,
  head: VerifiedCheckpoint,
  checkpoints: Checkpoints,
): Promise<OpenedCheckpoint | undefined> {
  const name = checkpointName(head.number);
  const note = await readFor(context, context.store, name);
  if (note === undefined || note === 'unreadable') return undefined;
  const opened = checkpoints.open(name, note);
  return opened !== undefined && isOf(opened, head) ? opened : undefined;
}

/** findEarlier looks for checkpoints up to the one of that number: sizes rise, so it bisects, from the newest one on. */
async function findEarlier(
  context: Context,
  wanted: readonly OpenedCheckpoint[],
  newest: number,
  checkpoints: Checkpoints,
): Promise<void> {
  for (const { text, checkpoint } of wanted) {
    let [low, high] = [0, newest];
    for (let middle = high; low <= high; middle = Math.floor((low + high) / 2)) {
      const note = await readFor(context, context.store, checkpointName(middle));
      if (note === 'unreadable') checkpoints.isIncomplete = true;
      const found = typeof note === 'object' ? note.toString('utf8') : undefined;
      if (found?.startsWith(`${text}\n`) === true) checkpoints.markSeen(text, middle, 'fits');
      if (found === undefined || sizeIn(found) >= checkpoint.size) high = middle - 1;
      else low = middle + 1;
    }
  }
}

/** sizeIn reads the size in the text of a checkpoint, which nobody has checked yet: NaN if there is none. */
const sizeIn = (text: string): number => Number(text.split('\n')[1]);

/** isOf tells whether a checkpoint is the one that an earlier check found. */
const isOf = ({ checkpoint }: OpenedCheckpoint, { size, root }: VerifiedCheckpoint): boolean =>
  checkpoint.size === size && formatHash(checkpoint.rootHash) === root;
