import type { VerifyOptions } from './options.ts';
import { verifyLedger } from './verify.ts';
import type { VerifyDeps } from './context.ts';
import { formatHash, sha256 } from '../core/hash.ts';
import type { Report } from '../core/objects/report.ts';
import type { Auditors } from '../core/objects/reportFile.ts';
import { canGoOnFrom, fileReport, logFindings, newestReport } from '../ledger/reports.ts';
import type { Filing } from '../ledger/reports.ts';
import { renderReport } from '../page/reportPage.ts';
import type { Logger } from '../ports/host.ts';

/**
 * runVerifyJob checks the ledger and files the report beside it, as JSON that the auditor signs and as a page. It goes on from
 * the newest report that an auditor signed and the log has an entry of, and begins at the first segments again when the last
 * check that did so is `fullVerifyHours` old.
 */
export async function runVerifyJob(
  deps: VerifyDeps &
    Pick<VerifyOptions, 'verifiers' | 'policy' | 'allowance'> & {
      readonly log: Logger;
      readonly auditors: Auditors;
      readonly filing: Filing;
      readonly fullVerifyHours: number;
    },
): Promise<Report> {
  const { store, log, now, auditors, filing, verifiers, policy, allowance } = deps;
  const anchor = await newestReport(store, auditors, filing.entered);
  const hoursSinceFull =
    anchor === undefined ? Infinity : (now() - Date.parse(anchor.report.checked.lastFull)) / 3_600_000;
  // A time ahead of the clock says nothing about how long ago that was.
  const isRecent = hoursSinceFull >= 0 && hoursSinceFull < deps.fullVerifyHours;
  const report = await verifyLedger(deps, {
    ledger: auditors.ledger,
    auditors,
    isIncremental: anchor !== undefined && canGoOnFrom(anchor.report) && isRecent,
    ...(verifiers !== undefined && { verifiers }),
    ...(policy !== undefined && { policy }),
    ...(allowance !== undefined && { allowance }),
    ...(anchor !== undefined && { anchor }),
  });

  const { status, checked, findings } = report;
  logFindings(log, findings);
  const name = await fileReport(filing, (name) => {
    const page = Buffer.from(renderReport(report, name));
    return { report: { ...report, page: formatHash(sha256(page)) }, page };
  });
  const fields = {
    status,
    report: name,
    mode: checked.mode,
    segments: checked.segments,
    findings: findings.length,
  };
  if (status === 'verified') log.info('verified', fields);
  else if (status === 'unverified' && checked.segments === 0) log.info('nothing to verify yet', fields);
  else log.error('not verified', fields);
  return report;
}
