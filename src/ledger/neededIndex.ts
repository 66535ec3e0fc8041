import { indexNames, readManifest } from './indexFiles.ts';
import { headsBefore } from './logEntries.ts';
import { newestRederived } from './rederivedIndex.ts';
import type { TreeHead } from '../core/merkle/tree.ts';
import type { ObjectStore, TileStore } from '../ports/store.ts';

/**
 * neededIndex gives the names of the index's files by which searches and answers go: those of the index that the log of that tree
 * states, and of the one that an auditor's newest report made again. It throws INDEX_MALFORMED where the former's manifest isn't there,
 * and TILE_MALFORMED.
 */
export async function neededIndex(
  stores: { readonly store: Pick<ObjectStore, 'read'>; readonly tiles: Pick<TileStore, 'read'> },
  head: TreeHead,
): Promise<Set<string>> {
  const needed = new Set<string>();
  if (head.size === 0) return needed;
  const stated = (await headsBefore(stores.tiles, head, head.size))?.index;
  if (stated === undefined) return needed;
  const rederived = await newestRederived(stores, head);
  for (const manifest of [await readManifest(stores.tiles, stated), rederived?.manifest])
    for (const name of manifest === undefined ? [] : indexNames(manifest)) needed.add(name);
  return needed;
}
