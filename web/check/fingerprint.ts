import { concat, fromBase64, utf8 } from '../verify/bytes.ts';
import { sha256 } from '../verify/merkle.ts';
import type { VerifierKey } from '../verify/verifierKey.ts';

/**
 * fingerprintOf is the SHA-256 whose first 4 bytes are the key's ID (c2sp.org/signed-note): over name || LF || type || key, or, for
 * ECDSA, over the DER SubjectPublicKeyInfo. 16 groups of 4 hex digits, so that two people can compare it by voice.
 */
export async function fingerprintOf({ keyName, type, material, text }: VerifierKey): Promise<string> {
  const bytes = fromBase64(text.slice(text.indexOf('+', keyName.length + 1) + 1)) ?? material;
  return groups(await sha256(type === 'ecdsa' ? material : concat(utf8(`${keyName}\n`), bytes)));
}

const groups = (hex: string): string => (hex.match(/.{4}/g) ?? []).join(' ');

/** FINGERPRINT says what a fingerprint is, for people. */
export const FINGERPRINT =
  'A fingerprint is the SHA-256 of the key, in groups of four hex digits to read aloud. It is the one that a key\u2019s ID is the beginning of (C2SP signed-note).';
