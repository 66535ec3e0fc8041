import { formatHash, parseHash } from '../../core/hash.ts';
import type { LogTree } from '../../core/merkle/logTree.ts';
import type { TreeHead } from '../../core/merkle/tree.ts';
import { NO_HEADS } from '../../core/objects/heads.ts';
import type { LogPosition } from '../../core/objects/heads.ts';
import { checkpointName } from '../../core/objects/names.ts';
import type { CosignatureReport, VerifiedCheckpoint } from '../../core/objects/report.ts';
import { treeOf } from '../../core/objects/statedTree.ts';
import { readFor } from '../context.ts';
import type { Context } from '../context.ts';
import { proveAnchor } from './anchorProof.ts';
import { EARLIER } from './checkpoints.ts';
import type { Checkpoints, VouchedCheckpoint } from './checkpoints.ts';

/** CheckStart is where a check of the log begins. */
export interface CheckStart {
  /** number of the first batch that is read */
  readonly batch: number;
  /** where those before it lead */
  readonly position: LogPosition;
  /** where it goes on from an earlier check, and what was before isn't looked at again */
  readonly continued?: {
    readonly head: VerifiedCheckpoint;
    readonly tree: LogTree;
    /** the anchor's checkpoint as it is now: it may have been cosigned since */
    readonly opened: VouchedCheckpoint;
    readonly cosignatures?: CosignatureReport;
    /** its tree begins with the one that the anchor knew; where the anchor knew a larger one, that isn't known yet */
    readonly hasAnchor: boolean;
  };
}

/** THE_FIRST is the start of a check that takes over nothing. */
export const THE_FIRST: CheckStart = { batch: 0, position: NO_HEADS };

/** KnownLog is how far an earlier check found the log. */
export interface KnownLog {
  readonly head: VerifiedCheckpoint;
  readonly cosignatures?: CosignatureReport;
}

/** Held is what the log must still have. */
interface Held {
  /** a checkpoint that was kept */
  readonly kept: VouchedCheckpoint | undefined;
  readonly anchor: VerifiedCheckpoint | undefined | null;
}

/**
 * resume begins where an earlier check ended, if that is proved: the log's tree there is the one that it knew, that tree begins
 * with the one of the checkpoint that was `kept`, if it has its size, and the log's checkpoint of that number is the one that it
 * knew. Otherwise nothing is taken over: it gives THE_FIRST, and the check from there finds what is wrong. `anchor` is what the report
 * knew that the ledger is held against, if not this one.
 */
export async function resume(
  context: Context,
  { head, cosignatures }: KnownLog,
  checkpoints: Checkpoints,
  { kept, anchor }: Held,
): Promise<CheckStart> {
  const { number, size } = head;
  const rootHash = parseHash(head.root);
  if (rootHash === undefined) return THE_FIRST;
  const earlier = checkpoints.wanted.filter(({ checkpoint }) => checkpoint.size <= size);
  const trees: TreeHead[] = earlier.map(({ checkpoint }) => checkpoint);
  const known = anchor ? treeOf(anchor) : undefined;
  if (known !== undefined && known.size <= size) trees.push(known);
  const proven = await proveAnchor(context, { number, size, rootHash }, trees);
  if (proven === undefined || (kept !== undefined && proven.forked.has(kept.checkpoint))) return THE_FIRST;
  const { tree, position, forked } = proven;
  // Where no keys were given, those count that the log itself announced up to there.
  checkpoints.announce(position.keys);
  const opened = await openAgain(context, head, checkpoints);
  if (opened === undefined) return THE_FIRST;
  for (const { text, checkpoint } of earlier)
    if (!forked.has(checkpoint)) checkpoints.markSeen(text, text === opened.text ? number : EARLIER, 'fits');
  const { time } = position;
  const waits = cosignatures && { cosignatures: { ...cosignatures, waitingSince: waitingBefore(cosignatures, time) } };
  const hasAnchor = known === undefined || (known.size <= size && !forked.has(known));
  return { batch: number + 1, position, continued: { head: { ...head, time }, tree, opened, ...waits, hasAnchor } };
}

/** waitingBefore gives since when a checkpoint waits for cosignatures: no later than the anchor's batch was made. */
const waitingBefore = ({ waitingSince }: CosignatureReport, time: string): string | null =>
  waitingSince !== null && waitingSince > time ? time : waitingSince;

/** openAgain opens the anchor's checkpoint, if it is still there as the anchor knew it. */
async function openAgain(
  context: Context,
  head: VerifiedCheckpoint,
  checkpoints: Checkpoints,
): Promise<VouchedCheckpoint | undefined> {
  const name = checkpointName(head.number);
  const note = await readFor(context, context.store, name);
  if (note === undefined || note === 'unreadable') return undefined;
  const opened = checkpoints.open(name, note);
  return opened !== undefined && isOf(opened, head) ? opened : undefined;
}

/** isOf tells whether a checkpoint is the one that an earlier check found. */
const isOf = ({ checkpoint }: VouchedCheckpoint, { size, root }: VerifiedCheckpoint): boolean =>
  checkpoint.size === size && formatHash(checkpoint.rootHash) === root;
