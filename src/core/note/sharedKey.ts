import type { VerifierKey } from './verifierKey.ts';

/**
 * sharedKey says which of these keys is of a log and of its witness, or of two witnesses; undefined if none is. Nobody is a
 * witness of himself, and no witness counts as two.
 *
 * Keys are compared by their bytes, whatever they are called: a cosignature key has those of the Ed25519 key that it is made
 * of. A key that is given twice under one name is one.
 */
export function sharedKey(keys: readonly VerifierKey[]): string | undefined {
  const seen = new Map<string, VerifierKey>();
  for (const key of keys) {
    const bytes = key.material.toString('latin1');
    const other = seen.get(bytes) ?? key;
    seen.set(bytes, other);
    const witnesses = [other, key].filter(({ type }) => type === 'cosignature').map(({ keyName }) => keyName);
    if (witnesses.length === 1)
      return `the witness ${witnesses.join('')} has a key of the log: a log is no witness of itself, whatever its key is called`;
    if (witnesses.length === 2 && key.keyName !== other.keyName)
      return `the witnesses ${witnesses.join(' and ')} have one and the same key, and count as one`;
  }
  return undefined;
}
