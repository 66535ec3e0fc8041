import { AuditsealError, named } from '../core/errors.ts';
import { LogTree } from '../core/merkle/logTree.ts';
import type { TileFile } from '../core/merkle/logTree.ts';
import type { TreeHead } from '../core/merkle/tree.ts';
import { openCheckpoint } from '../core/note/checkpoint.ts';
import type { Checkpoint } from '../core/note/checkpoint.ts';
import type { VerifierKey } from '../core/note/verifierKey.ts';
import { NO_HEADS, headsOf } from '../core/objects/heads.ts';
import type { LogPosition } from '../core/objects/heads.ts';
import { batchName, checkpointName } from '../core/objects/names.ts';
import { readBatch, readBatches } from '../ledger/batches.ts';
import type { Batch } from '../ledger/batches.ts';
import { firstFree } from '../ledger/dense.ts';
import { openTree } from '../ledger/tiles.ts';
import type { Logger } from '../ports/host.ts';
import { TOO_LARGE } from '../ports/store.ts';
import type { ObjectStore, TileStore } from '../ports/store.ts';

export interface LogDeps {
  readonly store: ObjectStore;
  readonly tiles: TileStore;
  /** name of the ledger, and of its log */
  readonly origin: string;
  /** keys that the log signs with, or did */
  readonly verifiers: readonly VerifierKey[];
}

/** LogState is the log up to its newest checkpoint. */
export interface LogState {
  /** how many batches it covers; the newest checkpoint has the number before */
  readonly count: number;
  readonly tree: LogTree;
  readonly heads: LogPosition;
  /** the newest checkpoint, as it is stored, and the files that came with it */
  readonly newest?: { readonly note: Buffer; readonly files: readonly [TileFile, ...TileFile[]] };
  /** a batch whose checkpoint is still to be made */
  readonly pending?: Batch;
}

export const fork = (why: string): AuditsealError => new AuditsealError('FORK_DETECTED', why);

/**
 * loadLog finds how far the log is, by asking which names exist from the batch `from` on, and reads no more than its end.
 *
 * It believes nothing but signatures: the edge of the tree before the newest batch comes from the tiles, and with that
 * batch behind it must have the root of the newest checkpoint. If it hasn't, the tree is made from all batches. Throws
 * FORK_DETECTED where the objects contradict each other.
 */
export async function loadLog(deps: LogDeps, log: Logger, from = 0): Promise<LogState> {
  const { store } = deps;
  const { count, hasPending } = await countSigned(store, from);
  const pending = hasPending ? { pending: await readBatch(store, count) } : {};
  if (count === 0) return { count, tree: new LogTree(), heads: NO_HEADS, ...pending };
  const [batch, { note, checkpoint }, before] = await Promise.all([
    readBatch(store, count - 1),
    readCheckpoint(deps, count - 1),
    count > 1 ? readCheckpoint(deps, count - 2) : undefined,
  ]);
  const tree = before === undefined ? new LogTree() : await openTree(deps.tiles, before.checkpoint);
  tree?.append(batch.entries);
  if (tree === undefined || !hasHead(tree, checkpoint)) {
    if (before !== undefined) log.error('tiles do not fit the log: rebuild them', { size: before.checkpoint.size });
    return { ...(await remakeTree(deps, count, checkpoint, note)), heads: headsOf(batch.entries), ...pending };
  }
  return { count, tree, heads: headsOf(batch.entries), newest: { note, files: tree.takeFiles() }, ...pending };
}

const hasHead = (tree: LogTree, { size, rootHash }: TreeHead): boolean =>
  tree.head.size === size && tree.head.rootHash === rootHash;

/** countSigned counts the batches that have a checkpoint; one more may be there. */
async function countSigned(store: ObjectStore, from: number): Promise<{ count: number; hasPending: boolean }> {
  const batches = await firstFree((number) => store.exists(batchName(number)), from);
  if (await store.exists(checkpointName(batches))) {
    // Another integration was faster than the question, or the batch is gone.
    if (await store.exists(batchName(batches))) return countSigned(store, batches);
    throw fork(`${checkpointName(batches)} is there, and its batch is not`);
  }
  if (batches === 0 || (await store.exists(checkpointName(batches - 1)))) return { count: batches, hasPending: false };
  if (batches > 1 && !(await store.exists(checkpointName(batches - 2)))) {
    throw fork(`${batchName(batches - 1)} is there, and ${checkpointName(batches - 2)} before it is not`);
  }
  return { count: batches - 1, hasPending: true };
}

async function readCheckpoint(
  { store, origin, verifiers }: LogDeps,
  number: number,
): Promise<{ note: Buffer; checkpoint: Checkpoint }> {
  const name = checkpointName(number);
  const note = await store.read(name);
  if (note === undefined) throw fork(`${name} is missing, and the log goes on behind it`);
  if (note === 'too-large') throw fork(`${name}: ${TOO_LARGE}`);
  return { note, checkpoint: named(name, () => openCheckpoint(note, origin, verifiers).checkpoint) };
}

async function remakeTree(
  { store }: LogDeps,
  count: number,
  checkpoint: Checkpoint,
  note: Buffer,
): Promise<Pick<LogState, 'count' | 'tree' | 'newest'>> {
  const tree = new LogTree();
  let newest: LogState['newest'];
  for await (const { entries } of readBatches(store, count)) {
    tree.append(entries);
    newest = { note, files: tree.takeFiles() };
  }
  if (!hasHead(tree, checkpoint) || newest === undefined) {
    throw fork(`the batches up to ${batchName(count - 1)} are not what its checkpoint was signed over`);
  }
  return { count, tree, newest };
}
