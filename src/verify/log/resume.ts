import { attempt, faultIn } from '../../core/errors.ts';
import { formatHash, leafHash, parseHash } from '../../core/hash.ts';
import type { LogTree } from '../../core/merkle/logTree.ts';
import {
  consistencyRanges,
  inclusionRanges,
  proveConsistency,
  proveInclusion,
  verifyConsistency,
  verifyInclusion,
} from '../../core/merkle/proof.ts';
import type { TreeHead } from '../../core/merkle/tree.ts';
import { parseCheckpoint } from '../../core/note/checkpoint.ts';
import { NO_HEADS, headsOf, isHeadsLine } from '../../core/objects/heads.ts';
import type { LogPosition } from '../../core/objects/heads.ts';
import { TLOG, batchName, checkpointName } from '../../core/objects/names.ts';
import type { CosignatureReport, VerifiedCheckpoint } from '../../core/objects/report.ts';
import { readSigned } from '../../ledger/batches.ts';
import { openTree } from '../../ledger/tiles.ts';
import { nodesFromTiles } from '../../ledger/treeProof.ts';
import type { ReadableTiles } from '../../ports/store.ts';
import { readFor } from '../context.ts';
import type { Context } from '../context.ts';
import { EARLIER } from './checkpoints.ts';
import type { Checkpoints, OpenedCheckpoint } from './checkpoints.ts';

/** LogStart is where a check of the log begins. */
export interface LogStart {
  /** number of the first batch that is read */
  readonly batch: number;
  /** number of the first batch whose entries are compared with their objects */
  readonly compared: number;
  /** where the batches before the first that is read lead */
  readonly position: LogPosition;
  /** where it goes on from an earlier check, and what was before isn't looked at again */
  readonly continued?: {
    readonly head: VerifiedCheckpoint;
    readonly tree: LogTree;
    /** the anchor's checkpoint as it is now: it may have been cosigned since */
    readonly opened?: OpenedCheckpoint;
    readonly cosignatures?: CosignatureReport;
  };
}

/** THE_FIRST is the start of a check that takes over nothing. */
export const THE_FIRST: LogStart = { batch: 0, compared: 0, position: NO_HEADS };

/** KnownLog is how far an earlier check found the log. */
export interface KnownLog {
  readonly head: VerifiedCheckpoint;
  readonly cosignatures?: CosignatureReport;
}

/**
 * resume begins where an earlier check ended, if the tiles prove what that stands on: the tree there, the heads of its last
 * batch, and that a kept checkpoint is of the same log. Otherwise the log is followed from the first batch on, and entries are
 * compared with objects only behind the anchor.
 */
export async function resume(
  context: Context,
  { head, cosignatures }: KnownLog,
  checkpoints: Checkpoints,
  kept: OpenedCheckpoint | undefined,
): Promise<LogStart> {
  const compared = head.number + 1;
  const proved = await proveStart(context, head, kept);
  if (proved === undefined) return { ...THE_FIRST, compared };
  const { tree, position } = proved;
  const opened = await openAgain(context, head, checkpoints, position);
  await findEarlier(context, tree.head, checkpoints);
  if (opened !== undefined) checkpoints.markSeen(opened.text, head.number);
  return {
    batch: compared,
    compared,
    position,
    continued: {
      head,
      tree,
      ...(opened !== undefined && { opened }),
      ...(cosignatures !== undefined && { cosignatures }),
    },
  };
}

interface Proved {
  readonly tree: LogTree;
  readonly position: LogPosition;
}

/** proveStart gives the log at an anchor's checkpoint, or undefined if tiles or batch are missing, lie, or can't be read. */
async function proveStart(
  context: Context,
  head: VerifiedCheckpoint,
  kept: OpenedCheckpoint | undefined,
): Promise<Proved | undefined> {
  const { tiles } = context;
  const tree = await treeAt(context, head);
  if (tiles === undefined || tree === undefined) return undefined;
  try {
    const signed = await readSigned(context.store, head.number, {});
    const entries = typeof signed === 'object' ? signed.entries : [];
    const lines = entries.slice(entries.findLastIndex((line) => !isHeadsLine(line)) + 1);
    if (lines.length === 0 || !(await isTreesEnd(tiles, lines, tree.head))) return undefined;
    if (kept !== undefined && !(await goesOnFrom(tiles, kept.checkpoint, tree.head))) return undefined;
    return { tree, position: headsOf(lines) };
  } catch (error) {
    const { kind, message } = faultIn(error, 'malformed', 'unavailable', 'refused');
    if (kind !== 'malformed') context.tally.addUnreadable(batchName(head.number), message);
    return undefined;
  }
}

/** isTreesEnd tells whether lines are the last leaves of a tree. */
async function isTreesEnd(
  tiles: ReadableTiles,
  lines: readonly Buffer[],
  { size, rootHash }: TreeHead,
): Promise<boolean> {
  for (const [i, line] of lines.entries()) {
    const leaf = size - lines.length + i;
    if (leaf < 0) return false;
    const proof = proveInclusion(leaf, size, await nodesFromTiles(tiles, inclusionRanges(leaf, size), size));
    if (!verifyInclusion(proof, leafHash(line), rootHash)) return false;
  }
  return true;
}

/** goesOnFrom tells whether a tree begins with an earlier one; a later one is for the batches behind it to reach. */
async function goesOnFrom(tiles: ReadableTiles, from: TreeHead, to: TreeHead): Promise<boolean> {
  if (from.size > to.size) return true;
  const readNode = await nodesFromTiles(tiles, consistencyRanges(from.size, to.size), to.size);
  return verifyConsistency(from, to, proveConsistency(from.size, to.size, readNode));
}

/** treeAt goes on from the anchor's tree by the tiles, and gives undefined if they are missing, lie, or can't be read. */
async function treeAt({ tiles, tally }: Context, { size, root }: VerifiedCheckpoint): Promise<LogTree | undefined> {
  const rootHash = parseHash(root);
  if (tiles === undefined || rootHash === undefined) return undefined;
  try {
    return await openTree(tiles, { size, rootHash });
  } catch (error) {
    tally.addUnreadable(`${TLOG}tile/`, faultIn(error, 'unavailable', 'refused').message);
    return undefined;
  }
}

/** openAgain opens the anchor's checkpoint, which must still be there as the anchor knew it. */
async function openAgain(
  context: Context,
  head: VerifiedCheckpoint,
  checkpoints: Checkpoints,
  { keys }: LogPosition,
): Promise<OpenedCheckpoint | undefined> {
  const name = checkpointName(head.number);
  const note = await readFor(context, context.store, name);
  if (note === 'unreadable') return undefined;
  checkpoints.announce(keys);
  const opened = note === undefined ? undefined : checkpoints.open(name, note);
  if (opened !== undefined && isOf(opened, head)) return opened;
  const why = note === undefined ? 'no object has this name' : 'it is another one';
  const known = `an earlier report knew it with ${head.size} entries and the root ${head.root}`;
  context.findings.error('checkpoint-inconsistent', name, `${why}, and ${known}`);
  return opened;
}

/** findEarlier marks the wanted checkpoints that are of trees which the log has grown from. */
async function findEarlier({ tiles }: Context, head: TreeHead, checkpoints: Checkpoints): Promise<void> {
  for (const text of checkpoints.wanted) {
    const checkpoint = attempt(() => parseCheckpoint(text), 'malformed');
    if (tiles === undefined || checkpoint === undefined || checkpoint.size > head.size) continue;
    try {
      if (await goesOnFrom(tiles, checkpoint, head)) checkpoints.markSeen(text, EARLIER);
    } catch (error) {
      faultIn(error, 'malformed', 'unavailable', 'refused');
      checkpoints.isIncomplete = true;
    }
  }
}

/** isOf tells whether a checkpoint is the one that an earlier check found. */
export const isOf = ({ checkpoint }: OpenedCheckpoint, { size, root }: VerifiedCheckpoint): boolean =>
  checkpoint.size === size && formatHash(checkpoint.rootHash) === root;
