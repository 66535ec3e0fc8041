import { LARGER, UNKNOWN_BYTES, isTriedAgain } from './concurrency.ts';
import type { InFlight, Turn } from './concurrency.ts';
import { faultIn } from '../core/errors.ts';
import { sha256 } from '../core/hash.ts';
import type { Hash } from '../core/hash.ts';
import { MAX_OBJECT_BYTES } from '../core/objects/sizes.ts';
import { GONE, WHY_UNREAD } from '../ports/store.ts';
import type { ObjectStore } from '../ports/store.ts';

/** Digest is what came of hashing an object's stored bytes. It survives structured cloning. */
export type Digest =
  | { readonly ok: true; readonly size: number; readonly sha256: Hash }
  /** it is larger than any object of a ledger, so nobody hashes it */
  | { readonly ok: false; readonly isTooLarge: true }
  | { readonly ok: false; readonly isTooLarge: false; readonly why: string };

/** DigestObjects hashes the stored bytes of a group of objects, here or in another thread, and gives one Digest for each. */
export type DigestObjects = (names: readonly string[]) => Promise<readonly Digest[]>;

export const TOO_LARGE_DIGEST: Digest = { ok: false, isTooLarge: true };
export const GONE_DIGEST: Digest = { ok: false, isTooLarge: false, why: GONE };

export const digestBytes = (stored: Uint8Array): Digest => ({ ok: true, size: stored.length, sha256: sha256(stored) });

/** digestFrom reads objects from a store, as many at one time as `flight` lets, and hashes each as `digest` does. */
export function digestFrom(
  store: Pick<ObjectStore, 'read'>,
  flight: InFlight,
  digest: (stored: Buffer) => Promise<Digest> = async (stored) => digestBytes(stored),
): DigestObjects {
  const digestOne = async (name: string, turn: Turn): Promise<Digest | typeof LARGER> => {
    const { most } = turn;
    try {
      const stored = await store.read(name, Math.min(most, MAX_OBJECT_BYTES));
      if (stored === 'too-large') return most < MAX_OBJECT_BYTES ? LARGER : TOO_LARGE_DIGEST;
      if (typeof stored === 'string') return { ok: false, isTooLarge: false, why: WHY_UNREAD[stored] };
      return stored === undefined ? GONE_DIGEST : await digest(stored);
    } catch (error) {
      if (isTriedAgain(error, turn)) throw error;
      return { ok: false, isTooLarge: false, why: faultIn(error).message };
    }
  };
  return (names) => Promise.all(names.map((name) => flight.run(UNKNOWN_BYTES, (turn) => digestOne(name, turn))));
}
