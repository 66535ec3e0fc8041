import type { FiledReport } from './filedReport.ts';
import type { Report } from './report.ts';
import { isPostureReport, isReport } from './reportShape.ts';
import { isStatusReport } from './statusShape.ts';
import { AuditsealError, attempt } from '../errors.ts';
import { formatHash, parseHash, sha256 } from '../hash.ts';
import { MAX_JSON_DEPTH, isJsonObject, parseJson } from '../jsonObject.ts';
import type { VerifierKey } from '../note/verifierKey.ts';
import { openReportSignature, splitReport } from '../signed/reportSignature.ts';

/** MAX_REPORT_BYTES bounds a report, because what JSON is parsed into takes many times its bytes: 32 MiB. */
export const MAX_REPORT_BYTES = 32 * 1024 * 1024;

/** Auditors is whose reports of a ledger count. */
export interface Auditors {
  readonly ledger: string;
  /** the auditor's keys, retired ones too */
  readonly verifiers: readonly VerifierKey[];
}

const PREFIX = '{"report":';
const MIDDLE = ',"sha256":"';
const SUFFIX = '"}\n';
const END_BYTES = MIDDLE.length + 64 + SUFFIX.length;
const END = /^,"sha256":"([0-9a-f]{64})"\}\n$/;

const malformed = (why: string): AuditsealError => new AuditsealError('REPORT_MALFORMED', why);

/** formatUnsigned prints a report without an end: what an auditor signs before it is filed. */
export const formatUnsigned = (report: FiledReport): Buffer => Buffer.from(`${PREFIX}${JSON.stringify(report)}`);

/** formatReport prints a report that a user keeps, with the SHA-256 of its own text behind it, by which damage is noticed. */
export function formatReport(report: FiledReport): Buffer {
  const start = formatUnsigned(report);
  const digest = formatHash(sha256(start.subarray(PREFIX.length)));
  return Buffer.concat([start, Buffer.from(`${MIDDLE}${digest}${SUFFIX}`)]);
}

/**
 * openReport reads a report that is filed in a ledger, under the name that it has there. Without `auditors` the signature
 * may be anybody's. It throws FOREIGN_OBJECT for what isn't signed so, and REPORT_MALFORMED for what an auditor signed and
 * this program did not print.
 */
export function openReport(bytes: Buffer, name: string, auditors: Auditors | undefined): FiledReport {
  refuseLarge(bytes);
  const signed =
    auditors === undefined
      ? splitReport(bytes).signed
      : openReportSignature(bytes, auditors.ledger, name, auditors.verifiers);
  return parseUnsigned(signed);
}

/**
 * parseReport reads a report of kind integrity that a user kept: as formatReport prints it, or as it is filed; whose
 * signature that is isn't looked at. It throws REPORT_MALFORMED for everything else.
 */
export function parseReport(bytes: Buffer): Report {
  refuseLarge(bytes);
  const report = parseUnsigned(withoutEnd(bytes));
  if (report.kind === 'integrity') return report;
  throw malformed(`the report is of kind ${report.kind}, not integrity`);
}

function refuseLarge({ length }: Buffer): void {
  if (length > MAX_REPORT_BYTES)
    throw malformed(`the report has more than the ${MAX_REPORT_BYTES} bytes that a report may have`);
}

function withoutEnd(bytes: Buffer): Buffer {
  const [, stated] = END.exec(bytes.toString('latin1', Math.max(bytes.length - END_BYTES, 0))) ?? [];
  if (stated === undefined) {
    const signed = attempt(() => splitReport(bytes).signed, 'malformed');
    if (signed !== undefined) return signed;
    throw malformed('the report is not whole: it ends neither with its own SHA-256 nor with a signature');
  }
  const start = bytes.subarray(0, -END_BYTES);
  if (parseHash(stated) === sha256(start.subarray(PREFIX.length))) return start;
  throw malformed('the report is not whole: its own SHA-256 does not fit');
}

/** parseUnsigned is the inverse of formatUnsigned, and throws REPORT_MALFORMED. */
function parseUnsigned(bytes: Buffer): FiledReport {
  const report = parseJson(bytes.toString('utf8', PREFIX.length));
  if (report === undefined) throw malformed(`the report is not JSON that nests at most ${MAX_JSON_DEPTH} deep`);
  if (isJsonObject(report) && report['interval'] !== undefined)
    throw malformed('the report is of a check of an interval alone: no check goes on from it');
  if (!(isReport(report) || isPostureReport(report) || isStatusReport(report)) || !formatUnsigned(report).equals(bytes))
    throw malformed('the report is of another version or was not written by this program');
  return report;
}
