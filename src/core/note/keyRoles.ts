import type { VerifierKey } from './verifierKey.ts';

/** KeyRole is what a key is for. One key has one role. docs/format.md, section 2.1. */
export type KeyRole = 'log' | 'auditor' | 'operator' | 'witness';

/** GivenKeys is keys of one role that were given together. */
export interface GivenKeys<Place extends string = string> {
  /** with what they were given: a setting, an option, a line */
  readonly place: Place;
  readonly role: KeyRole;
  /** in full, or as the URL of what a vault shows */
  readonly keys: readonly (VerifierKey | string)[];
}

/** KeyFault is what is wrong with the keys of a place, in words. */
export interface KeyFault<Place extends string = string> {
  readonly place: Place;
  readonly why: string;
}

/**
 * sharedKeys finds keys that are given in two roles, and witnesses that have the same key: nobody is a witness of himself, and
 * no witness counts as two. The fault is that of the later place.
 *
 * Keys are compared by their bytes, whatever they are called: a cosignature key has those of the Ed25519 key that it is made
 * of. A key that is given twice to one owner is one.
 */
export function sharedKeys<Place extends string>(given: readonly GivenKeys<Place>[]): KeyFault<Place>[] {
  const faults: KeyFault<Place>[] = [];
  const seen = new Map<string, { readonly place: Place; readonly owner: string }>();
  for (const { place, role, keys } of given) {
    for (const key of keys) {
      const owner = ownerOf(key, role);
      const first = seen.get(bytesOf(key)) ?? { place, owner };
      seen.set(bytesOf(key), first);
      if (first.owner !== owner)
        faults.push({
          place,
          why: `${owner} has the key of ${first.owner} (${first.place}); each needs a key of its own`,
        });
    }
  }
  return faults;
}

const bytesOf = (key: VerifierKey | string): string =>
  typeof key === 'string' ? key : key.material.toString('base64');

const ownerOf = (key: VerifierKey | string, role: KeyRole): string =>
  role === 'witness' && typeof key !== 'string' ? `the witness ${key.keyName}` : `the ${role}`;
