import type { FiledReport, Report } from './report.ts';
import { isPostureReport, isReport } from './reportShape.ts';
import { AuditsealError } from '../errors.ts';
import { formatHash, parseHash, sha256 } from '../hash.ts';
import { MAX_JSON_DEPTH, parseJson } from '../jsonObject.ts';

/** MAX_REPORT_BYTES bounds a report, because what JSON is parsed into takes many times its bytes: 32 MiB. */
export const MAX_REPORT_BYTES = 32 * 1024 * 1024;

const PREFIX = '{"report":';
const MIDDLE = ',"sha256":"';
const SUFFIX = '"}\n';

const malformed = (why: string): AuditsealError => new AuditsealError('REPORT_MALFORMED', why);

/** formatReport prints a report with the SHA-256 of its own text behind it, so that a damaged one is noticed. */
export function formatReport(report: FiledReport): Buffer {
  const text = Buffer.from(JSON.stringify(report));
  return Buffer.concat([Buffer.from(PREFIX), text, Buffer.from(`${MIDDLE}${formatHash(sha256(text))}${SUFFIX}`)]);
}

/** parseReport reads a report of kind integrity like parseFiledReport; every other kind is REPORT_MALFORMED too. */
export function parseReport(bytes: Buffer): Report {
  const report = parseFiledReport(bytes);
  if (report.kind === 'integrity') return report;
  throw malformed(`the report is of kind ${report.kind}, not integrity`);
}

/** parseFiledReport is the inverse of formatReport. It throws REPORT_MALFORMED for anything that formatReport did not print. */
export function parseFiledReport(bytes: Buffer): FiledReport {
  if (bytes.length > MAX_REPORT_BYTES)
    throw malformed(`the report has more than the ${MAX_REPORT_BYTES} bytes that a report may have`);
  const textEnd = bytes.length - SUFFIX.length - 64 - MIDDLE.length;
  const text = bytes.subarray(PREFIX.length, Math.max(textEnd, PREFIX.length));
  const stated = parseHash(
    bytes.toString('latin1', Math.max(bytes.length - SUFFIX.length - 64, 0), bytes.length - SUFFIX.length),
  );
  if (textEnd < PREFIX.length || stated === undefined || stated !== sha256(text)) {
    throw malformed('the report is not whole: its own SHA-256 does not fit');
  }
  const report = parseJson(text.toString('utf8'));
  if (report === undefined) throw malformed(`the report is not JSON that nests at most ${MAX_JSON_DEPTH} deep`);
  if (!(isReport(report) || isPostureReport(report)) || !formatReport(report).equals(bytes)) {
    throw malformed('the report is of another version or was not written by this program');
  }
  return report;
}
