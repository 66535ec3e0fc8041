import { sha256 } from '../core/hash.ts';
import type { Hash } from '../core/hash.ts';
import type { ObjectStore } from '../ports/store.ts';

/** Seen is what an object was seen as: the SHA-256 of its bytes, or null for what nobody can ever read. */
export type Seen = Hash | null;

/** seenAs looks at an object; undefined where there is none, where it can't be read now, or where there are two of its name. */
export async function seenAs(store: Pick<ObjectStore, 'read'>, name: string): Promise<Seen | undefined> {
  const read = await store.read(name);
  if (typeof read === 'object') return sha256(read);
  return read === 'archived' || read === 'twice' || read === undefined ? undefined : null;
}
