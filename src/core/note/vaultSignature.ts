import { AuditsealError } from '../errors.ts';
import { sha256 } from '../hash.ts';
import type { SignatureLine } from './signatureLine.ts';
import { verifyText } from './verifierKey.ts';
import type { VerifierKey } from './verifierKey.ts';

// The ECDSA key of a ledger never leaves its vault. The vault is sent a digest and gives back r || s; notes want DER.

const HALF_BYTES = 32;

/** ecdsaDigest is what a vault has to sign with P-256 (ES256): SHA-256 of the text of a note. */
export const ecdsaDigest = (text: string): Buffer => Buffer.from(sha256(Buffer.from(text)), 'latin1');

/** derFromRaw turns r || s, 32 bytes each, into DER: SEQUENCE { INTEGER r, INTEGER s }. */
export function derFromRaw(raw: Uint8Array): Buffer {
  if (raw.length !== 2 * HALF_BYTES) {
    throw new AuditsealError(
      'SIGNATURE_INVALID',
      `the P-256 signature has ${raw.length} bytes; it must have ${2 * HALF_BYTES}`,
    );
  }
  const integers = Buffer.concat([derInteger(raw.subarray(0, HALF_BYTES)), derInteger(raw.subarray(HALF_BYTES))]);
  return Buffer.concat([Buffer.of(0x30, integers.length), integers]);
}

/** rawFromDer is the inverse of derFromRaw: r || s, 32 bytes each, of a signature that was verified. */
export function rawFromDer(der: Uint8Array): Buffer {
  const raw = Buffer.alloc(2 * HALF_BYTES);
  let at = 2;
  for (const end of [HALF_BYTES, 2 * HALF_BYTES]) {
    const length = der[at + 1] ?? 0;
    const digits = der.subarray(at + 2, at + 2 + length).subarray(-HALF_BYTES);
    raw.set(digits, end - digits.length);
    at += 2 + length;
  }
  return raw;
}

/** A DER INTEGER has no leading zero bytes but the one that keeps a high bit from being a sign. */
function derInteger(digits: Uint8Array): Buffer {
  let start = 0;
  while (start < digits.length - 1 && digits[start] === 0) start++;
  const least = digits.subarray(start);
  const sign = (least[0] as number) >= 0x80 ? [0] : [];
  return Buffer.concat([Buffer.of(0x02, sign.length + least.length, ...sign), least]);
}

/**
 * ecdsaSignature makes a signature line of what a vault gave for ecdsaDigest(text). It throws SIGNATURE_INVALID if that
 * isn't the key's signature, so that no note is ever published under a key that another vault key stands behind.
 */
export function ecdsaSignature(text: string, key: VerifierKey, raw: Uint8Array): SignatureLine {
  const signature = derFromRaw(raw);
  if (!verifyText(key, Buffer.from(text), signature)) {
    throw new AuditsealError(
      'SIGNATURE_INVALID',
      `the vault's signature is not by ${key.keyName} (key ID ${key.keyId})`,
    );
  }
  return { keyName: key.keyName, keyId: key.keyId, signature };
}
