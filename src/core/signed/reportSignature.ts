import { AuditsealError } from '../errors.ts';
import type { VerifierKey } from '../note/verifierKey.ts';
import { AUDITOR, ledgerBefore } from './certificate.ts';
import { documentMessage, isSignedBy, splitSigned } from './documentSignature.ts';
import type { SignedDocument } from './documentSignature.ts';

/** auditorName is the name of the keys that sign a ledger's reports. */
export const auditorName = (ledger: string): string => `${ledger}${AUDITOR}`;

/** ledgerOfAuditor is the inverse of auditorName, and gives undefined for every other text. */
export const ledgerOfAuditor = (name: string): string | undefined => ledgerBefore(name, AUDITOR);

/** reportMessage is the text that an auditor's key signs: of bytes, under a name, for a ledger. */
export const reportMessage = (ledger: string, name: string, signed: Uint8Array): string =>
  documentMessage(auditorName(ledger), 'report', name, signed);

/** splitReport takes apart a report that ends with a signature, by whomever. It throws FOREIGN_OBJECT for everything else. */
export function splitReport(bytes: Buffer): SignedDocument {
  const report = splitSigned(bytes);
  if (report === undefined) throw new AuditsealError('FOREIGN_OBJECT', 'it does not end with an auditor’s signature');
  return report;
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
  const report = splitReport(bytes);
  const message = reportMessage(ledger, name, report.signed);
  const isSigned = verifiers.some((key) => key.keyName === auditorName(ledger) && isSignedBy(key, report, message));
  if (!isSigned) throw new AuditsealError('FOREIGN_OBJECT', 'no trusted auditor’s key signed it under this name');
  return report.signed;
}
