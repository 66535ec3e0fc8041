import { faultIn } from '../../core/errors.ts';
import { formatHash, parseHash } from '../../core/hash.ts';
import type { LogTree } from '../../core/merkle/logTree.ts';
import { NO_HEADS } from '../../core/objects/heads.ts';
import type { LogPosition } from '../../core/objects/heads.ts';
import { TLOG, batchName, checkpointName } from '../../core/objects/names.ts';
import type { CosignatureReport, VerifiedCheckpoint } from '../../core/objects/report.ts';
import { readSigned } from '../../ledger/batches.ts';
import { openTree } from '../../ledger/tiles.ts';
import { readFor } from '../context.ts';
import type { Context } from '../context.ts';
import type { Checkpoints, OpenedCheckpoint } from './checkpoints.ts';

/** LogStart is where a check of the log begins. */
export interface LogStart {
  /** number of the first batch that is read */
  readonly batch: number;
  /** number of the first batch whose entries are compared with their objects, and where those before it lead */
  readonly compared: number;
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
 * resume begins where an earlier check ended, if the tiles give the tree there. Otherwise the tree is made from the first batch
 * on, and entries are compared with objects only behind the anchor.
 */
export async function resume(
  context: Context,
  { head, cosignatures }: KnownLog,
  checkpoints: Checkpoints,
): Promise<LogStart> {
  const position = await positionAt(context, head.number);
  if (position === undefined) return THE_FIRST;
  const compared = head.number + 1;
  const tree = await treeAt(context, head);
  if (tree === undefined) return { ...THE_FIRST, compared, position };
  const opened = await openAgain(context, head, checkpoints);
  await findEarlier(context, head, checkpoints);
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

/** positionAt gives where a batch says that the log stands; undefined if the batch isn't there, isn't one, or can't be read. */
async function positionAt({ store, tally }: Context, number: number): Promise<LogPosition | undefined> {
  try {
    return (await readSigned(store, number, {}))?.heads;
  } catch (error) {
    const { kind, message } = faultIn(error);
    if (kind === 'unavailable' || kind === 'refused') tally.addUnreadable(batchName(number), message);
    return undefined;
  }
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
): Promise<OpenedCheckpoint | undefined> {
  const name = checkpointName(head.number);
  const note = await readFor(context, context.store, name);
  if (note === 'unreadable') return undefined;
  const opened = note === undefined ? undefined : checkpoints.open(name, note);
  if (opened !== undefined && isOf(opened, head)) return opened;
  const why = note === undefined ? 'no object has this name' : 'it is another one';
  const known = `an earlier report knew it with ${head.size} entries and the root ${head.root}`;
  context.findings.error('checkpoint-inconsistent', name, `${why}, and ${known}`);
  return opened;
}

/** findEarlier looks for wanted checkpoints up to the anchor's: sizes rise, so it bisects, from the newest one on. */
async function findEarlier(context: Context, newest: VerifiedCheckpoint, checkpoints: Checkpoints): Promise<void> {
  for (const text of checkpoints.wanted) {
    const size = sizeIn(text);
    if (size > newest.size) continue;
    let [low, high] = [0, newest.number];
    for (let middle = high; low <= high; middle = Math.floor((low + high) / 2)) {
      const note = await readFor(context, context.store, checkpointName(middle));
      if (note === 'unreadable') checkpoints.isIncomplete = true;
      const found = typeof note === 'object' ? note.toString('utf8') : undefined;
      if (found?.startsWith(`${text}\n`) === true) checkpoints.markSeen(text, middle);
      if (found === undefined || sizeIn(found) >= size) high = middle - 1;
      else low = middle + 1;
    }
  }
}

/** sizeIn reads the size in the text of a checkpoint, which nobody has checked yet: NaN if there is none. */
const sizeIn = (text: string): number => Number(text.split('\n')[1]);

/** isOf tells whether a checkpoint is the one that an earlier check found. */
export const isOf = ({ checkpoint }: OpenedCheckpoint, { size, root }: VerifiedCheckpoint): boolean =>
  checkpoint.size === size && formatHash(checkpoint.rootHash) === root;
