import { formatHash, sha256 } from '../hash.ts';
import type { SignatureLine } from '../note/signatureLine.ts';
import { derFromRaw, rawFromDer } from '../note/vaultSignature.ts';
import { verifyText } from '../note/verifierKey.ts';
import type { VerifierKey } from '../note/verifierKey.ts';
import { parseBase64 } from '../text.ts';
import { SIGNATURE_BYTES } from './session.ts';

// Reports and acknowledgements have keys of their own, an auditor’s and an operator’s, which sign directly: no session, because
// they are made once in a while.

const KEY = ',"key":"';
const MIDDLE = '","signature":"';
const SUFFIX = '"}\n';
const ID_LENGTH = 8;
const BASE64_LENGTH = Math.ceil(SIGNATURE_BYTES / 3) * 4;
const END_BYTES = KEY.length + ID_LENGTH + MIDDLE.length + BASE64_LENGTH + SUFFIX.length;
const END = /^,"key":"([0-9a-f]{8})","signature":"([A-Za-z0-9+/=]{88})"\}\n$/;

/** SignedDocument is a JSON object that ends with a signature, taken apart. Nothing of it is verified. */
export interface SignedDocument {
  /** the bytes that are signed */
  readonly signed: Buffer;
  readonly keyId: string;
  /** 64 bytes */
  readonly signature: Buffer;
}

/** documentMessage is the text that a key signs: of bytes, under a name. `what` says what the bytes are. */
export const documentMessage = (keyName: string, what: string, name: string, signed: Uint8Array): string =>
  `${keyName}\nauditseal ${what}\n${name}\n${formatHash(sha256(signed))}\n`;

/** joinSigned puts a signature of documentMessage behind the bytes that it is of; splitSigned takes them apart again. */
export function joinSigned(signed: Uint8Array, key: VerifierKey, { keyId, signature }: SignatureLine): Buffer {
  const raw = key.type === 'ecdsa' ? rawFromDer(signature) : signature;
  return Buffer.concat([signed, Buffer.from(`${KEY}${keyId}${MIDDLE}${raw.toString('base64')}${SUFFIX}`)]);
}

/** splitSigned takes apart what ends with a signature, by whomever; undefined if it doesn't. */
export function splitSigned(bytes: Buffer): SignedDocument | undefined {
  const [, keyId, base64 = ''] = END.exec(bytes.toString('latin1', Math.max(bytes.length - END_BYTES, 0))) ?? [];
  const signature = parseBase64(base64);
  if (keyId === undefined || signature?.length !== SIGNATURE_BYTES) return undefined;
  return { signed: bytes.subarray(0, -END_BYTES), keyId, signature };
}

/** isSignedBy tells whether a key signed a message, which documentMessage made with the key's name. */
export const isSignedBy = (key: VerifierKey, { keyId, signature }: SignedDocument, message: string): boolean =>
  key.keyId === keyId &&
  key.type !== 'cosignature' &&
  verifyText(key, Buffer.from(message), key.type === 'ecdsa' ? derFromRaw(signature) : signature);
