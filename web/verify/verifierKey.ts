import { ed25519 } from '@noble/curves/ed25519.js';
import { sha512 } from '@noble/hashes/sha2.js';
import { concat, equalBytes, fromBase64, hexBytes, isPlainText, toHex, utf8 } from './bytes.ts';
import type { Bytes } from './bytes.ts';
import { Fault } from './fault.ts';
import { sha256 } from './merkle.ts';

/** KeyType says what a key signs, and how. c2sp.org/signed-note, c2sp.org/tlog-cosignature. */
export type KeyType = 'ed25519' | 'ecdsa' | 'cosignature';

/** VerifierKey is the public key of one signer of notes. */
export interface VerifierKey {
  readonly keyName: string;
  /** 8 hex digits */
  readonly keyId: string;
  readonly type: KeyType;
  /** 32 bytes of Ed25519, or the DER SubjectPublicKeyInfo of P-256 */
  readonly material: Bytes;
  /** as it was given */
  readonly text: string;
}

const TYPES = new Map<number, KeyType>([
  [1, 'ed25519'],
  [2, 'ecdsa'],
  [4, 'cosignature'],
]);
const P256_SPKI = hexBytes('3059301306072a8648ce3d020106082a8648ce3d03010703420004');
const P256 = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
/** The points of small order, however they are encoded, without the sign: one of them is nobody's key. */
const SMALL_ORDER: readonly string[] = [
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
];
const MAX_KEY_CHARACTERS = 1024;

/** SIGNATURE_BYTES is the length of an Ed25519 signature, and of r || s of P-256. */
export const SIGNATURE_BYTES = 64;

/** MAX_KEYS bounds the keys that are read from one text. */
export const MAX_KEYS = 32;

const malformed = (why: string): Fault => new Fault('KEY_MALFORMED', why);

/** isKeyName tells whether text can name a key. */
export const isKeyName = (text: string): boolean => /^[^+\p{White_Space}]+$/u.test(text) && isPlainText(text);

/** parseVerifierKey reads `name+key ID+base64(type || material)`, and throws KEY_MALFORMED. */
export async function parseVerifierKey(text: string): Promise<VerifierKey> {
  const parts = text.length > MAX_KEY_CHARACTERS ? null : /^([^+]*)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/.exec(text);
  const [, keyName = '', keyId = '', encoded = ''] = parts ?? [];
  const bytes = fromBase64(encoded);
  if (bytes === undefined || !isKeyName(keyName)) throw malformed('a verifier key has the form name+ID+base64');
  const type = TYPES.get(bytes[0] ?? 0);
  if (type === undefined) throw malformed(`the key is of type ${bytes[0]}, which this page does not know`);
  const material = bytes.slice(1);
  if (type === 'ecdsa') await importEcdsa(material);
  else if (material.length !== 32) throw malformed(`an Ed25519 key has 32 bytes, not ${material.length}`);
  if (type !== 'ecdsa' && isSmallOrder(material)) throw malformed("an Ed25519 key of small order is nobody's");
  const digest = await sha256(type === 'ecdsa' ? material : concat(utf8(`${keyName}\n`), bytes));
  if (digest.slice(0, 8) !== keyId) throw malformed(`the key states the ID ${keyId}, and has ${digest.slice(0, 8)}`);
  return { keyName, keyId, type, material, text };
}

/** isSmallOrder tells whether 32 bytes of Ed25519 are a point that signatures can be made for without a key. */
export function isSmallOrder(material: Uint8Array): boolean {
  const unsigned = material.slice();
  unsigned[31] = (unsigned[31] ?? 0) & 0x7f;
  return SMALL_ORDER.includes(toHex(unsigned));
}

async function importEcdsa(material: Bytes): ReturnType<typeof crypto.subtle.importKey> {
  if (material.length !== P256_SPKI.length + 64 || !equalBytes(material.subarray(0, P256_SPKI.length), P256_SPKI)) {
    throw malformed('an ECDSA key must be an uncompressed point of P-256');
  }
  try {
    return await crypto.subtle.importKey('spki', material, P256, true, ['verify']);
  } catch {
    throw malformed('the point of an ECDSA key is not on P-256');
  }
}

/**
 * readKeys reads one key a line; lines that hold none, or that of a line before for somebody else, are given back as they
 * are in `refused`, and the reason for each in `faults`.
 */
export async function readKeys(text: string): Promise<{ keys: VerifierKey[]; faults: string[]; refused: string[] }> {
  const given = text.split('\n', 4 * MAX_KEYS);
  const lines = given.map((line) => line.trim());
  const keys: VerifierKey[] = [];
  const lineOf = new Map<VerifierKey, number>();
  const faults: string[] = [];
  const refused: string[] = [];
  for (const [i, line] of lines.entries()) {
    if (line === '' || line.startsWith('#')) continue;
    try {
      if (keys.length === MAX_KEYS) throw malformed(`at most ${MAX_KEYS} keys are read`);
      const key = await parseVerifierKey(line);
      for (const other of keys) refuseShared(key, other, lineOf.get(other));
      keys.push(key);
      lineOf.set(key, i + 1);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      faults.push(`Line ${i + 1}: ${error.message}.`);
      refused.push(given[i] ?? '');
    }
  }
  return { keys, faults, refused };
}

/** refuseShared refuses a key that another one is too, by its bytes: a log is no witness of itself, and no witness counts twice. */
function refuseShared(key: VerifierKey, other: VerifierKey, line = 0): void {
  if (!equalBytes(key.material, other.material)) return;
  const isWitness = key.type === 'cosignature';
  if (isWitness !== (other.type === 'cosignature'))
    throw malformed(`this is the key of line ${line}, given for a log and for its witness`);
  if (isWitness && key.keyName !== other.keyName)
    throw malformed(`this is the key of line ${line} under another name, and counts once`);
}

/** verifySignature tells whether `signature` is the key's over `message`. */
export async function verifySignature(key: VerifierKey, message: Bytes, signature: Bytes): Promise<boolean> {
  if (key.type !== 'ecdsa') return verifyEd25519(key.material, message, signature);
  const raw = rawFromDer(signature);
  return raw !== undefined && verifyP256(key.material, message, raw);
}

/** verifyP256 tells whether r || s is a P-256 key's over the SHA-256 of `message`. FIPS 186-5. */
export const verifyP256 = async (material: Bytes, message: Bytes, raw: Bytes): Promise<boolean> =>
  crypto.subtle.verify(P256, await importEcdsa(material), raw, message);

/** verifyEd25519 tells whether `signature` is the one of 32 bytes of key over `message`. RFC 8032. */
export async function verifyEd25519(key: Bytes, message: Bytes, signature: Bytes): Promise<boolean> {
  if (key.length !== 32 || signature.length !== SIGNATURE_BYTES) return false;
  try {
    const publicKey = await crypto.subtle.importKey('raw', key, 'Ed25519', false, ['verify']);
    return await crypto.subtle.verify('Ed25519', publicKey, signature, message);
  } catch (error) {
    // Browsers from before 2025 have no Ed25519 of their own; others refuse a key that is no point of the curve.
    if (error instanceof Error && error.name === 'NotSupportedError') return verifyOwn(key, message, signature);
    return false;
  }
}

/**
 * verifyOwn is Ed25519 without WebCrypto: whether [s]B - [h]A is encoded as R. That is the equation without the cofactor, which
 * RFC 8032, section 5.1.7, permits, and what OpenSSL computes. With the cofactor, as noble verifies, whoever has a session's key
 * could sign what some take and others don't.
 */
export function verifyOwn(key: Bytes, message: Bytes, signature: Bytes): boolean {
  const [encodedR, encodedS] = [signature.slice(0, 32), signature.slice(32)];
  const s = numberOf(encodedS);
  if (key.length !== 32 || encodedS.length !== 32 || s >= L) return false;
  const h = numberOf(sha512(concat(encodedR, key, message))) % L;
  try {
    const point = Point.fromBytes(key, true);
    return equalBytes(Point.BASE.multiplyUnsafe(s).subtract(point.multiplyUnsafe(h)).toBytes(), encodedR);
  } catch {
    return false; // it is no point of the curve
  }
}

const { Point } = ed25519;
const L = Point.Fn.ORDER;

/** numberOf reads a number whose least byte is the first. */
const numberOf = (bytes: Uint8Array): bigint => BigInt(`0x${toHex(bytes.toReversed())}`);

/** rawFromDer turns SEQUENCE { INTEGER r, INTEGER s } into the 64 bytes of WebCrypto; undefined for all but exact DER. */
export function rawFromDer(der: Bytes): Bytes | undefined {
  if (der[0] !== 0x30 || der[1] !== der.length - 2) return undefined;
  const raw = new Uint8Array(64);
  let at = 2;
  for (const end of [32, 64]) {
    const length = der[at + 1] ?? 0;
    const digits = der.subarray(at + 2, at + 2 + length);
    if (der[at] !== 0x02 || length === 0 || length > 33 || digits.length !== length) return undefined;
    const [first = 0, second = 0x80] = digits;
    if (first >= 0x80 || (first === 0 && second < 0x80)) return undefined;
    const least = first === 0 ? digits.subarray(1) : digits;
    if (least.length > 32) return undefined;
    raw.set(least, end - least.length);
    at += 2 + length;
  }
  return at === der.length ? raw : undefined;
}

/** shortKey names a key for people. */
export const shortKey = ({ keyName, keyId }: Pick<VerifierKey, 'keyName' | 'keyId'>): string =>
  `${keyName} (key ID ${keyId})`;
