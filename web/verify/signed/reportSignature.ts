import { decodeUtf8, fromBase64, utf8 } from '../bytes.ts';
import type { Bytes } from '../bytes.ts';
import { sha256 } from '../merkle.ts';
import { SIGNATURE_BYTES, verifyEd25519, verifyP256 } from '../verifierKey.ts';
import type { VerifierKey } from '../verifierKey.ts';

const AUDITOR = '/auditor';
const END = /^,"key":"([0-9a-f]{8})","signature":"([A-Za-z0-9+/=]{88})"\}\n$/;

const END_BYTES = ',"key":"","signature":""}\n'.length + 8 + 88;

/** isAuditor tells by its name whether a key signs reports: it certifies nobody, and signs no checkpoint. */
export const isAuditor = ({ keyName }: VerifierKey): boolean => keyName.endsWith(AUDITOR);

/** ReportSignature is the end of a report, and what stands before it. Nothing of it is verified. */
export interface ReportSignature {
  readonly signed: Bytes;
  readonly keyId: string;
  readonly signature: Bytes;
}

/** splitReport finds the signature at the end of a report; undefined if it doesn't end so. docs/format.md, section 8.2. */
export function splitReport(report: Bytes): ReportSignature | undefined {
  const end = decodeUtf8(report.subarray(-END_BYTES)) ?? '';
  const [, keyId, base64 = ''] = END.exec(end) ?? [];
  const signature = fromBase64(base64);
  if (keyId === undefined || signature?.length !== SIGNATURE_BYTES) return undefined;
  return { signed: report.subarray(0, -END_BYTES), keyId, signature };
}

/** signerOf gives which of the auditor's keys signed a report under that name; undefined if none did. */
export async function signerOf(
  { signed, keyId, signature }: ReportSignature,
  name: string,
  keys: readonly VerifierKey[],
): Promise<VerifierKey | undefined> {
  const digest = await sha256(signed);
  for (const key of keys) {
    if (key.keyId !== keyId || key.type === 'cosignature') continue;
    const message = utf8(`${key.keyName}\nauditseal report\n${name}\n${digest}\n`);
    const verify = key.type === 'ecdsa' ? verifyP256 : verifyEd25519;
    if (await verify(key.material, message, signature)) return key;
  }
  return undefined;
}
