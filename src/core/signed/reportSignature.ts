import { AuditsealError } from '../errors.ts';
import { formatHash, sha256 } from '../hash.ts';
import type { SignatureLine } from '../note/signatureLine.ts';
import { derFromRaw, rawFromDer } from '../note/vaultSignature.ts';
import { verifyText } from '../note/verifierKey.ts';
import type { VerifierKey } from '../note/verifierKey.ts';
import { parseBase64 } from '../text.ts';
import { AUDITOR } from './certificate.ts';
import { SIGNATURE_BYTES } from './session.ts';

// An auditor signs a report with its own key: no session, because a report is made once an hour.

const KEY = ',"key":"';
const MIDDLE = '","signature":"';
const SUFFIX = '"}\n';
const ID_LENGTH = 8;
const BASE64_LENGTH = Math.ceil(SIGNATURE_BYTES / 3) * 4;
const END_BYTES = KEY.length + ID_LENGTH + MIDDLE.length + BASE64_LENGTH + SUFFIX.length;
const END = /^,"key":"([0-9a-f]{8})","signature":"([A-Za-z0-9+/=]{88})"\}\n$/;

/** auditorName is the name of the keys that sign a ledger's reports. */
export const auditorName = (ledger: string): string => `${ledger}${AUDITOR}`;

/** ledgerOfAuditor is the inverse of auditorName, and gives undefined for every other text. */
export const ledgerOfAuditor = (name: string): string | undefined =>
  name.length > AUDITOR.length && name.endsWith(AUDITOR) ? name.slice(0, -AUDITOR.length) : undefined;

/** reportMessage is the text that an auditor's key signs: of bytes, under a name, for a ledger. */
export const reportMessage = (ledger: string, name: string, signed: Uint8Array): string =>
  `${auditorName(ledger)}\nauditseal report\n${name}\n${formatHash(sha256(signed))}\n`;

/** withReportSignature puts an auditor's signature of reportMessage behind a report's bytes. */
export function withReportSignature(signed: Uint8Array, key: VerifierKey, { keyId, signature }: SignatureLine): Buffer {
  const raw = key.type === 'ecdsa' ? rawFromDer(signature) : signature;
  return Buffer.concat([signed, Buffer.from(`${KEY}${keyId}${MIDDLE}${raw.toString('base64')}${SUFFIX}`)]);
}

/** SignedReport is a report as it is filed, taken apart. */
interface SignedReport {
  /** the bytes that are signed */
  readonly signed: Buffer;
  readonly keyId: string;
  /** 64 bytes */
  readonly signature: Buffer;
}

/** splitReport takes apart a report that ends with a signature, by whomever. It throws FOREIGN_OBJECT for everything else. */
export function splitReport(bytes: Buffer): SignedReport {
  const [, keyId, base64 = ''] = END.exec(bytes.toString('latin1', Math.max(bytes.length - END_BYTES, 0))) ?? [];
  const signature = parseBase64(base64);
  if (keyId === undefined || signature?.length !== SIGNATURE_BYTES)
    throw new AuditsealError('FOREIGN_OBJECT', 'it does not end with an auditor’s signature');
  return { signed: bytes.subarray(0, -END_BYTES), keyId, signature };
}

/**
 * openReportSignature gives the bytes of a report that one of an auditor's keys signed under that name. It throws
 * FOREIGN_OBJECT for everything else.
 */
export function openReportSignature(
  bytes: Buffer,
  ledger: string,
  name: string,
  verifiers: readonly VerifierKey[],
): Buffer {
  const { signed, keyId, signature } = splitReport(bytes);
  const message = Buffer.from(reportMessage(ledger, name, signed));
  const isSigned = verifiers.some(
    (key) =>
      key.keyName === auditorName(ledger) &&
      key.keyId === keyId &&
      key.type !== 'cosignature' &&
      verifyText(key, message, key.type === 'ecdsa' ? derFromRaw(signature) : signature),
  );
  if (!isSigned) throw new AuditsealError('FOREIGN_OBJECT', 'no trusted auditor’s key signed it under this name');
  return signed;
}
