import { decodeUtf8, fromBase64, utf8 } from '../bytes.ts';
import type { Bytes } from '../bytes.ts';
import { sha256 } from '../merkle.ts';
import { SIGNATURE_BYTES, verifyEd25519, verifyP256 } from '../verifierKey.ts';
import type { VerifierKey } from '../verifierKey.ts';

const END = /^,"key":"([0-9a-f]{8})","signature":"([A-Za-z0-9+/=]{88})"\}\n$/;

const END_BYTES = ',"key":"","signature":""}\n'.length + 8 + 88;

/** DocumentSignature is the end of a report or an acknowledgement, and what stands before it. Nothing of it is verified. */
export interface DocumentSignature {
  readonly signed: Bytes;
  readonly keyId: string;
  readonly signature: Bytes;
}

/** splitSigned finds the signature at the end of a document; undefined if it doesn't end so. docs/format.md, section 8.2. */
export function splitSigned(document: Bytes): DocumentSignature | undefined {
  const end = decodeUtf8(document.subarray(-END_BYTES)) ?? '';
  const [, keyId, base64 = ''] = END.exec(end) ?? [];
  const signature = fromBase64(base64);
  if (keyId === undefined || signature?.length !== SIGNATURE_BYTES) return undefined;
  return { signed: document.subarray(0, -END_BYTES), keyId, signature };
}

/** signerOf gives which of the keys signed a document under that name; `what` says what it is. Undefined if none did. */
export async function signerOf(
  { signed, keyId, signature }: DocumentSignature,
  what: 'report' | 'acknowledgement',
  name: string,
  keys: readonly VerifierKey[],
): Promise<VerifierKey | undefined> {
  const digest = await sha256(signed);
  for (const key of keys) {
    if (key.keyId !== keyId || key.type === 'cosignature') continue;
    const message = utf8(`${key.keyName}\nauditseal ${what}\n${name}\n${digest}\n`);
    const verify = key.type === 'ecdsa' ? verifyP256 : verifyEd25519;
    if (await verify(key.material, message, signature)) return key;
  }
  return undefined;
}
