import { faultIn } from '../../core/errors.ts';
import { formatHash, parseHash } from '../../core/hash.ts';
import type { LogTree } from '../../core/merkle/logTree.ts';
import { NO_HEADS, headsOf } from '../../core/objects/heads.ts';
import type { LogPosition } from '../../core/objects/heads.ts';
import { checkpointName } from '../../core/objects/names.ts';
import type { CosignatureReport, VerifiedCheckpoint } from '../../core/objects/report.ts';
import { readBatch } from '../../ledger/batches.ts';
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

/** resume begins where an earlier check ended, if the tiles give the tree there; or else with the first batch's hashes. */
export async function resume(
  context: Context,
  { head, cosignatures }: KnownLog,
  checkpoints: Checkpoints,
): Promise<LogStart> {
  const position = await positionAt(context, head.number);
  if (position === undefined) return THE_FIRST;
  const compared = head.number + 1;
  const rootHash = parseHash(head.root);
  const { tiles } = context;
  const tree = tiles && rootHash && (await openTree(tiles, { size: head.size, rootHash }));
  if (tree === undefined) return { ...THE_FIRST, compared, position };
  const opened = await openAgain(context, head.number, checkpoints);
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

/** positionAt gives where a batch says that the log stands, undefined if the batch isn't there or isn't one. */
async function positionAt({ store }: Context, number: number): Promise<LogPosition | undefined> {
  try {
    return headsOf((await readBatch(store, number)).entries);
  } catch (error) {
    faultIn(error, 'malformed', 'contradicted');
    return undefined;
  }
}

async function openAgain(
  context: Context,
  number: number,
  checkpoints: Checkpoints,
): Promise<OpenedCheckpoint | undefined> {
  const name = checkpointName(number);
  const note = await readFor(context, context.store, name);
  return note === undefined || note === 'unreadable' ? undefined : checkpoints.open(name, note);
}

/** findEarlier looks for wanted checkpoints up to the anchor's: sizes rise, so it bisects, from the newest one on. */
async function findEarlier(context: Context, newest: VerifiedCheckpoint, checkpoints: Checkpoints): Promise<void> {
  for (const text of checkpoints.wanted) {
    const size = sizeIn(text);
    if (size > newest.size) continue;
    let [low, high] = [0, newest.number];
    for (let middle = high; low <= high; middle = Math.floor((low + high) / 2)) {
      const note = await readFor(context, context.store, checkpointName(middle));
      const found = typeof note === 'object' ? note.toString('utf8') : undefined;
      if (found?.startsWith(`${text}\n`) === true) checkpoints.see(text, middle);
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
