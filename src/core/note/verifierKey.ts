import { createPublicKey, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { AuditsealError } from '../errors.ts';
import { sha256 } from '../hash.ts';
import { isText, parseBase64 } from '../text.ts';

/**
 * KeyType says what a key signs, and how. c2sp.org/signed-note, c2sp.org/tlog-cosignature.
 *
 * - `ed25519`: Ed25519 over the text of a note
 * - `ecdsa`: ECDSA over P-256 and SHA-256 of the text of a note, in DER
 * - `cosignature`: Ed25519 over the text of a checkpoint and a time
 */
export type KeyType = 'ed25519' | 'ecdsa' | 'cosignature';

/** VerifierKey is the public key of one signer of notes. */
export interface VerifierKey {
  readonly keyName: string;
  /** 8 hex digits; tells a signer's keys apart, and secures nothing */
  readonly keyId: string;
  readonly type: KeyType;
  /** 32 bytes of Ed25519, or the DER SubjectPublicKeyInfo of ECDSA */
  readonly material: Buffer;
  readonly publicKey: KeyObject;
}

const TYPE_BYTES: Readonly<Record<KeyType, number>> = { ed25519: 0x01, ecdsa: 0x02, cosignature: 0x04 };
const TYPES = new Map(Object.entries(TYPE_BYTES).map(([type, byte]) => [byte, type as KeyType]));

/** What DER puts before the 32 bytes of an Ed25519 key, and before the 64 of an uncompressed P-256 point. */
const ED25519_SPKI = Buffer.from('302a300506032b6570032100', 'hex');
const P256_SPKI = Buffer.from('3059301306072a8648ce3d020106082a8648ce3d03010703420004', 'hex');

/** The points of small order, however they are encoded, without the sign: one of them is nobody's key. RFC 7748, section 6.1. */
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

/** Every batch names the same few keys, and opening one takes as long as verifying a signature with it. */
const opened = new Map<string, KeyObject>();
const MAX_OPENED = 256;

const malformed = (why: string): AuditsealError => new AuditsealError('KEY_MALFORMED', why);

/** isKeyName tells whether text can name a key: not empty, and without space, plus sign or control character. */
export const isKeyName = (text: string): boolean => /^[^+\p{White_Space}]+$/u.test(text) && isText(text);

/** createVerifierKey makes a key of its parts, and throws KEY_MALFORMED if the material is no key of that type. */
export function createVerifierKey(keyName: string, type: KeyType, material: Uint8Array): VerifierKey {
  if (!isKeyName(keyName))
    throw malformed('the key name is empty, or holds white space, a plus sign or a control character');
  const bytes = Buffer.from(material);
  const publicKey = type === 'ecdsa' ? ecdsaKey(bytes) : ed25519Key(bytes);
  return { keyName, keyId: keyIdOf(keyName, type, bytes), type, material: bytes, publicKey };
}

function ed25519Key(material: Buffer): KeyObject {
  if (material.length !== 32) throw malformed(`the Ed25519 key has ${material.length} bytes; it must have 32`);
  if (isSmallOrder(material)) throw malformed("the Ed25519 key is a point of small order, and so nobody's");
  const name = material.toString('latin1');
  const made =
    opened.get(name) ?? createPublicKey({ key: Buffer.concat([ED25519_SPKI, material]), format: 'der', type: 'spki' });
  if (opened.size >= MAX_OPENED) opened.clear();
  opened.set(name, made);
  return made;
}

/** isSmallOrder tells whether 32 bytes of Ed25519 are a point that signatures can be made for without a key. */
export function isSmallOrder(material: Uint8Array): boolean {
  const unsigned = Buffer.from(material);
  unsigned[31] = (unsigned[31] ?? 0) & 0x7f;
  return SMALL_ORDER.includes(unsigned.toString('hex'));
}

function ecdsaKey(material: Buffer): KeyObject {
  if (material.length !== P256_SPKI.length + 64 || !material.subarray(0, P256_SPKI.length).equals(P256_SPKI)) {
    throw malformed('the ECDSA key is not the DER SubjectPublicKeyInfo of an uncompressed P-256 point');
  }
  try {
    return createPublicKey({ key: material, format: 'der', type: 'spki' });
  } catch (cause) {
    throw new AuditsealError('KEY_MALFORMED', 'the point of the ECDSA key is not on P-256', { cause });
  }
}

/**
 * keyIdOf is the first 4 bytes of SHA-256(name || LF || type || material); for ECDSA, of SHA-256(material) alone.
 * c2sp.org/signed-note.
 */
function keyIdOf(keyName: string, type: KeyType, material: Buffer): string {
  const named = Buffer.concat([Buffer.from(`${keyName}\n`), Buffer.of(TYPE_BYTES[type]), material]);
  return Buffer.from(sha256(type === 'ecdsa' ? material : named), 'latin1').toString('hex', 0, 4);
}

/** formatVerifierKey prints `name+key ID+base64(type || material)`. */
export const formatVerifierKey = ({ keyName, keyId, type, material }: VerifierKey): string =>
  `${keyName}+${keyId}+${Buffer.concat([Buffer.of(TYPE_BYTES[type]), material]).toString('base64')}`;

/** parseVerifierKey is the inverse of formatVerifierKey. It throws KEY_MALFORMED, also for an ID that isn't the key's. */
export function parseVerifierKey(text: string): VerifierKey {
  const { keyName, keyId, type, material } = splitKeyText(text);
  const keyType = TYPES.get(type);
  if (keyType === undefined) throw malformed(`the verifier key is of type ${type}, which this release does not know`);
  const key = createVerifierKey(keyName, keyType, material);
  if (key.keyId !== keyId)
    throw malformed(`the verifier key states the ID ${keyId}, and its name and bytes have the ID ${key.keyId}`);
  return key;
}

/** splitKeyText takes `name+key ID+base64(type || material)` apart; the base64 may hold more plus signs. */
export function splitKeyText(text: string): { keyName: string; keyId: string; type: number; material: Buffer } {
  const [, keyName, keyId, encoded] =
    text.length > MAX_KEY_CHARACTERS ? [] : (/^([^+]*)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/.exec(text) ?? []);
  const bytes = encoded === undefined ? undefined : parseBase64(encoded);
  const type = bytes?.[0];
  if (keyName === undefined || keyId === undefined || bytes === undefined || type === undefined) {
    throw malformed('the key is not of the form name+ID+base64, with an ID of 8 lower-case hex digits');
  }
  return { keyName, keyId, type, material: bytes.subarray(1) };
}

/** verifyText tells whether `signature` is the key's over `text`. For a cosignature, `text` is its own message. */
export const verifyText = (key: VerifierKey, text: Uint8Array, signature: Uint8Array): boolean =>
  verify(key.type === 'ecdsa' ? 'sha256' : null, text, key.publicKey, signature);
