import { createPrivateKey, createPublicKey, randomBytes, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { AuditsealError } from '../errors.ts';
import type { SignatureLine } from './signatureLine.ts';
import { createVerifierKey, splitKeyText } from './verifierKey.ts';
import type { VerifierKey } from './verifierKey.ts';

/** SignerKey is an Ed25519 key pair. The seed stays inside the key object, so that printing a SignerKey tells nothing. */
export interface SignerKey {
  readonly privateKey: KeyObject;
  readonly verifierKey: VerifierKey;
}

/** What DER (PKCS #8) puts before the 32 bytes of an Ed25519 seed. */
const ED25519_PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');
const SEED_BYTES = 32;
const ED25519_TYPE = 0x01;
const TEXT_START = 'PRIVATE+KEY+';

const malformed = (why: string): AuditsealError => new AuditsealError('KEY_MALFORMED', why);

/** createSignerKey makes the key pair of a seed of 32 bytes. */
export function createSignerKey(keyName: string, seed: Uint8Array): SignerKey {
  if (seed.length !== SEED_BYTES)
    throw malformed(`the seed of the signer key has ${seed.length} bytes; it must have ${SEED_BYTES}`);
  const privateKey = createPrivateKey({ key: Buffer.concat([ED25519_PKCS8, seed]), format: 'der', type: 'pkcs8' });
  const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
  return { privateKey, verifierKey: createVerifierKey(keyName, 'ed25519', spki.subarray(-32)) };
}

/** generateSignerKey makes a key pair that nobody else has. */
export const generateSignerKey = (keyName: string): SignerKey => createSignerKey(keyName, randomBytes(SEED_BYTES));

/** formatSignerKey prints the secret in the form of Go's tools: `PRIVATE+KEY+name+key ID+base64(0x01 || seed)`. */
export function formatSignerKey({ privateKey, verifierKey: { keyName, keyId } }: SignerKey): string {
  const seed = privateKey.export({ format: 'der', type: 'pkcs8' }).subarray(-SEED_BYTES);
  return `${TEXT_START}${keyName}+${keyId}+${Buffer.concat([Buffer.of(ED25519_TYPE), seed]).toString('base64')}`;
}

/** parseSignerKey is the inverse of formatSignerKey. What it throws, KEY_MALFORMED, quotes nothing of the secret. */
export function parseSignerKey(text: string): SignerKey {
  if (!text.startsWith(TEXT_START)) throw malformed(`the signer key does not begin with ${TEXT_START}`);
  const { keyName, keyId, type, material } = splitKeyText(text.slice(TEXT_START.length));
  if (type !== ED25519_TYPE) throw malformed('the signer key is not of type 1 (Ed25519), the only one that signs here');
  const key = createSignerKey(keyName, material);
  if (key.verifierKey.keyId !== keyId) throw malformed("the signer key's ID is not that of its name and seed");
  return key;
}

/** signNote signs the text of a note with Ed25519. */
export function signNote(text: string, { privateKey, verifierKey: { keyName, keyId } }: SignerKey): SignatureLine {
  return { keyName, keyId, signature: sign(null, Buffer.from(text), privateKey) };
}
