import { faultIn } from '../../core/errors.ts';
import type { Hash } from '../../core/hash.ts';
import { LogTree } from '../../core/merkle/logTree.ts';
import type { TreeHead } from '../../core/merkle/tree.ts';
import { headsLinesOf, headsOf } from '../../core/objects/heads.ts';
import type { LogPosition } from '../../core/objects/heads.ts';
import { TLOG, batchName } from '../../core/objects/names.ts';
import { readBatch, readBatches } from '../../ledger/batches.ts';
import { openTree } from '../../ledger/tiles.ts';
import { endsWith, hasGrownFrom } from '../../ledger/treeProof.ts';
import type { ReadableTiles } from '../../ports/store.ts';
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
 * hash to its root. It gives undefined if neither does.
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
  const entries = await unlessFaulty(
    async () => (await readBatch(store, head.number)).entries,
    () => {},
  );
  if (entries === undefined) return undefined;
  const noteUnreadable = (why: string): void => tally.addUnreadable(`${TLOG}tile/`, why);
  return unlessFaulty(async () => {
    const position = headsOf(entries);
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
  { store, tally }: Context,
  head: AnchorHead,
  earlier: readonly TreeHead[],
): Promise<ProvenAnchor | undefined> {
  const sizes = earlier.map(({ size }) => size);
  const noteUnreadable = (why: string): void => tally.addUnreadable(batchName(head.number), why);
  return unlessFaulty(async () => {
    const tree = new LogTree();
    const roots = new Map<number, Hash>([[0, tree.head.rootHash]]);
    let last: readonly Buffer[] = [];
    for await (const { entries } of readBatches(store, head.number + 1)) {
      appendBatch(tree, entries, sizes, roots);
      last = entries;
    }
    const { size, rootHash } = tree.head;
    if (size !== head.size || rootHash !== head.rootHash) return undefined;
    const forked = new Set(earlier.filter((other) => roots.get(other.size) !== other.rootHash));
    return { tree, position: headsOf(last), forked };
  }, noteUnreadable);
}

/** appendBatch adds a batch's entries to a tree, and notes its root at those of the sizes that it passes. */
function appendBatch(
  tree: LogTree,
  entries: readonly Buffer[],
  sizes: readonly number[],
  roots: Map<number, Hash>,
): void {
  const before = tree.head.size;
  let added = 0;
  for (const size of sizes.toSorted((a, b) => a - b)) {
    if (size <= before || size > before + entries.length) continue;
    tree.append(entries.slice(added, size - before));
    added = size - before;
    roots.set(size, tree.head.rootHash);
  }
  tree.append(entries.slice(added));
  // Their tiles are not compared: a check that goes on leaves them out.
  tree.takeFiles();
}

/** unlessFaulty gives undefined where what is read is missing or malformed, or can't be read, which it tells. */
async function unlessFaulty<T>(action: () => Promise<T>, onUnreadable: (why: string) => void): Promise<T | undefined> {
  try {
    return await action();
  } catch (error) {
    const { kind, message } = faultIn(error, 'malformed', 'contradicted', 'unavailable', 'refused');
    if (kind === 'unavailable' || kind === 'refused') onUnreadable(message);
    return undefined;
  }
}
