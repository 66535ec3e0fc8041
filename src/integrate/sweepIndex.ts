import { attempt } from '../core/errors.ts';
import { parseManifest } from '../core/index/manifest.ts';
import type { TreeHead } from '../core/merkle/tree.ts';
import type { IndexStatement } from '../core/objects/heads.ts';
import { INDEX_FOLDERS, isIndexName } from '../core/objects/names.ts';
import { mapInOrder } from '../ledger/concurrency.ts';
import { indexNames, readManifest } from '../ledger/indexFiles.ts';
import { neededIndex } from '../ledger/neededIndex.ts';
import { readTile } from '../ledger/tiles.ts';
import type { ObjectStore, TileInfo, TileStore } from '../ports/store.ts';

/** So long an index stays that the log stated once: for searches and checks that began with it. */
export const SWEEP_AFTER_MS = 2 * 24 * 3_600_000;

/** So many files are removed at one time. */
const CONCURRENCY = 8;
/** So many manifests are read at one time, of which each may be large. */
const MANIFESTS_AT_ONCE = 4;

export interface SweepDeps {
  readonly store: Pick<ObjectStore, 'read'>;
  readonly tiles: TileStore;
  /** tells whether there is no time for more */
  readonly isOver: () => boolean;
}

/** SweptIndex is how many files were removed, and whether none is left that should be. */
export interface SweptIndex {
  readonly removed: number;
  readonly isWhole: boolean;
}

/**
 * sweepIndex removes files of the index that nobody needs: those that no manifest names which was current within SWEEP_AFTER_MS, nor
 * the one that the log of that tree states, nor an auditor's newest report, nor `made`. What was written within that time stays too:
 * another process may be about to name it. Times are the store's: a wrong clock here removes nothing.
 *
 * It throws INDEX_MALFORMED and TILE_MALFORMED where it can't tell what is needed; it then has removed nothing.
 */
export async function sweepIndex(
  { store, tiles, isOver }: SweepDeps,
  head: TreeHead,
  made: IndexStatement | undefined,
): Promise<SweptIndex> {
  const manifests = await filesIn(tiles, INDEX_FOLDERS.manifests);
  const newest = manifests.at(-1)?.written ?? 0;
  const edge = newest - SWEEP_AFTER_MS;
  const needed = await neededIndex({ store, tiles }, head);
  if (made !== undefined) for (const name of indexNames(await readManifest(tiles, made))) needed.add(name);
  // The last one from before was current at the edge.
  const recent = manifests.slice(
    Math.max(
      manifests.findLastIndex(({ written }) => written < edge),
      0,
    ),
  );
  for await (const names of mapInOrder(recent, MANIFESTS_AT_ONCE, async ({ name }) => namedBy(tiles, name)))
    for (const name of names) needed.add(name);

  const units = await filesIn(tiles, INDEX_FOLDERS.units);
  const superseded = [...units, ...manifests].filter(({ name, written }) => written < edge && !needed.has(name));
  let removed = 0;
  for (let i = 0; i < superseded.length; i += CONCURRENCY) {
    if (isOver()) return { removed, isWhole: false };
    const some = superseded.slice(i, i + CONCURRENCY);
    await Promise.all(some.map((file) => tiles.remove(file)));
    removed += some.length;
  }
  return { removed, isWhole: true };
}

/** filesIn gives a folder's files in the order in which they were written. What has another name than the index's is nobody's here. */
async function filesIn(tiles: TileStore, folder: string): Promise<TileInfo[]> {
  const files: TileInfo[] = [];
  for await (const file of tiles.list(folder)) if (isIndexName(file.name)) files.push(file);
  return files.sort((a, b) => a.written - b.written);
}

/** What is no manifest names nothing but itself: it may be anybody's. */
async function namedBy(tiles: TileStore, name: string): Promise<readonly string[]> {
  const bytes = await readTile(tiles, name);
  const manifest = bytes && attempt(() => parseManifest(bytes), 'malformed');
  return [name, ...(manifest === undefined ? [] : indexNames(manifest))];
}
