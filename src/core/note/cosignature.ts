import { sign } from 'node:crypto';
import type { SignatureLine } from './signatureLine.ts';
import type { SignerKey } from './signerKey.ts';
import { createVerifierKey, verifyText } from './verifierKey.ts';
import type { VerifierKey } from './verifierKey.ts';

// c2sp.org/tlog-cosignature: what a witness says about a checkpoint. It means that at the time stated, this was the
// largest tree of that origin that the witness had seen, and that it was consistent with all it had seen before.

const TIME_BYTES = 8;
const SIGNATURE_BYTES = 64;

/** cosignatureMessage is what an Ed25519 cosignature signs; `timestamp` is in seconds since the Unix epoch. */
export const cosignatureMessage = (text: string, timestamp: number): Buffer =>
  Buffer.from(`cosignature/v1\ntime ${timestamp}\n${text}`);

/** cosignatureKey gives the key under which an Ed25519 key cosigns: same name and bytes, another type and ID. */
export const cosignatureKey = ({ keyName, material }: VerifierKey): VerifierKey =>
  createVerifierKey(keyName, 'cosignature', material);

/** signCosignature cosigns the text of a checkpoint: 8 bytes of time, then 64 of Ed25519. */
export function signCosignature(text: string, key: SignerKey, timestamp: number): SignatureLine {
  if (!isTimestamp(timestamp)) throw new RangeError(`${timestamp} is no time in seconds since the Unix epoch`);
  const time = Buffer.alloc(TIME_BYTES);
  time.writeBigUInt64BE(BigInt(timestamp));
  const signature = Buffer.concat([time, sign(null, cosignatureMessage(text, timestamp), key.privateKey)]);
  const { keyName, keyId } = cosignatureKey(key.verifierKey);
  return { keyName, keyId, signature };
}

/** cosignatureTime is the time that a cosignature states, in seconds since the Unix epoch. */
export const cosignatureTime = (signature: Buffer): number => Number(signature.readBigUInt64BE());

/** verifyCosignature tells whether a cosignature is the key's over `text`, at the time that it states. */
export function verifyCosignature(key: VerifierKey, text: string, signature: Buffer): boolean {
  if (signature.length !== TIME_BYTES + SIGNATURE_BYTES) return false;
  const timestamp = cosignatureTime(signature);
  const message = cosignatureMessage(text, timestamp);
  return isTimestamp(timestamp) && verifyText(key, message, signature.subarray(TIME_BYTES));
}

/** A cosignature of a checkpoint states a time, and 0 is none. */
const isTimestamp = (timestamp: number): boolean => Number.isSafeInteger(timestamp) && timestamp > 0;
