import { formatHash, sha256 } from '../core/hash.ts';
import type { Hash } from '../core/hash.ts';
import { isIndexName } from '../core/objects/names.ts';
import type { ByteCache } from '../ports/cache.ts';
import type { ObjectStore, SearchableTiles, Unread } from '../ports/store.ts';

// What is kept goes by hashes of what it is, never by a place: so it can't be out of date, nor another ledger's.

/** readEntered reads the segment of which the log states the hash: from the cache, if that has these bytes. */
export async function readEntered(
  { store, cache }: { readonly store: Pick<ObjectStore, 'read'>; readonly cache?: ByteCache },
  name: string,
  hash: Hash,
): Promise<Buffer | Unread | undefined> {
  if (cache === undefined) return store.read(name);
  const key = `segments/${formatHash(hash)}`;
  const kept = await cache.get(key);
  if (kept !== undefined && sha256(kept) === hash) return kept;
  const stored = await store.read(name);
  if (typeof stored === 'object' && sha256(stored) === hash) await cache.put(key, stored);
  return stored;
}

/** withCachedIndex gives the tiles; what it reads of the index's units, which are named by their hashes, is kept. */
export const withCachedIndex = (tiles: SearchableTiles, cache: ByteCache): SearchableTiles => ({
  read: (name) => tiles.read(name),
  readPart: async (name, offset, length) => {
    if (!isIndexName(name)) return tiles.readPart(name, offset, length);
    const key = `${name}/${offset}-${length}`;
    const kept = await cache.get(key);
    if (kept !== undefined) return kept;
    const part = await tiles.readPart(name, offset, length);
    if (typeof part === 'object') await cache.put(key, part);
    return part;
  },
});
