import { faultIn } from '../../core/errors.ts';
import { EMPTY_ROOT } from '../../core/merkle/tree.ts';
import type { Hash } from '../../core/hash.ts';
import type { LogTree } from '../../core/merkle/logTree.ts';
import type { TreeHead } from '../../core/merkle/tree.ts';
import { headsLinesOf } from '../../core/objects/heads.ts';
import type { LogPosition } from '../../core/objects/heads.ts';
import { TLOG, batchName } from '../../core/objects/names.ts';
import { fromTheFirst, readBatches, readSigned } from '../../ledger/batches.ts';
import { openTree } from '../../ledger/tiles.ts';
import { endsWith, hasGrownFrom } from '../../ledger/treeProof.ts';
import type { ReadableTiles } from '../../ports/store.ts';
import { trustOf } from '../context.ts';
import type { Context } from '../context.ts';

/** AnchorHead is a tree that an earlier check knew, and the number of the batch that it ends with. */
export interface AnchorHead extends TreeHead {
  readonly number: number;
}

/** ProvenAnchor is what the log's own objects prove of a tree that an earlier check knew. */
export interface ProvenAnchor {
  readonly tree: LogTree;
  /** where the tree's last entries say that the log stands */
  readonly position: LogPosition;
  /** which of the smaller trees that were asked for it doesn't begin with */
  readonly forked: ReadonlySet<TreeHead>;
}

/**
 * proveAnchor proves what can be taken over from a tree that an earlier check knew, and that it begins with the trees
 * `earlier`, whose sizes are at most its own: by the tiles, or where they don't fit, by the batches. Both count only if they
 * hash to its root, whoever signed them. It gives undefined if neither does.
 */
export async function proveAnchor(
  context: Context,
  head: AnchorHead,
  earlier: readonly TreeHead[],
): Promise<ProvenAnchor | undefined> {
  return (await byTiles(context, head, earlier)) ?? byBatches(context, head, earlier);
}

async function byTiles(
  { store, tiles, tally }: Context,
  head: AnchorHead,
  earlier: readonly TreeHead[],
): Promise<ProvenAnchor | undefined> {
  if (tiles === undefined) return undefined;
  // If it can't be read, reading all batches says so.
  const batch = await unlessFaulty(
    () => readSigned(store, head.number, {}),
    () => {},
  );
  if (typeof batch !== 'object' || batch.size + batch.entries.length !== head.size) return undefined;
  const { entries, heads: position } = batch;
  const noteUnreadable = (why: string): void => tally.addUnreadable(`${TLOG}tile/`, why);
  return unlessFaulty(async () => {
    const tree = await openTree(tiles, head);
    if (tree === undefined || !(await endsWith(tiles, head, headsLinesOf(entries)))) return undefined;
    return { tree, position, forked: await forkedByTiles(tiles, head, earlier) };
  }, noteUnreadable);
}

async function forkedByTiles(
  tiles: ReadableTiles,
  head: TreeHead,
  earlier: readonly TreeHead[],
): Promise<Set<TreeHead>> {
  const forked = new Set<TreeHead>();
  for (const other of earlier) if (!(await hasGrownFrom(tiles, other, head))) forked.add(other);
  return forked;
}

async function byBatches(
  { store, ledger, tally }: Context,
  head: AnchorHead,
  earlier: readonly TreeHead[],
): Promise<ProvenAnchor | undefined> {
  const sizes = new Set(earlier.map(({ size }) => size));
  const noteUnreadable = (why: string): void => tally.addUnreadable(batchName(head.number), why);
  return unlessFaulty(async () => {
    const start = fromTheFirst();
    const { tree } = start;
    const roots = new Map<number, Hash>([[0, EMPTY_ROOT]]);
    for await (const batch of readBatches(store, trustOf(ledger), start)) {
      if (batch.number > head.number) break;
      // Their tiles are not compared: a check that goes on leaves them out.
      tree.takeFiles();
      const { size, rootHash } = tree.head;
      if (sizes.has(size)) roots.set(size, rootHash);
      if (batch.number < head.number || !('entries' in batch)) continue;
      if (size !== head.size || rootHash !== head.rootHash) return undefined;
      // A tree that ends within a batch was never the log's.
      const forked = new Set(earlier.filter((other) => roots.get(other.size) !== other.rootHash));
      return { tree, position: batch.heads, forked };
    }
    return undefined;
  }, noteUnreadable);
}

/** unlessFaulty gives undefined where what is read is missing or malformed, or can't be read, which it tells. */
export async function unlessFaulty<T>(
  action: () => Promise<T>,
  onUnreadable: (why: string) => void,
): Promise<T | undefined> {
  try {
    return await action();
  } catch (error) {
    const { kind, message } = faultIn(error, 'malformed', 'contradicted', 'unavailable', 'refused');
    if (kind === 'unavailable' || kind === 'refused') onUnreadable(message);
    return undefined;
  }
}
