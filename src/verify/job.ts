import type { VerifyOptions } from './options.ts';
import { verifyLedger } from './verify.ts';
import type { VerifyDeps } from './context.ts';
import { formatHash, sha256 } from '../core/hash.ts';
import { parseReportName } from '../core/objects/names.ts';
import type { Report } from '../core/objects/report.ts';
import { formatReport } from '../core/objects/reportFile.ts';
import { canGoOnFrom, fileReport, logFindings, newestReport } from '../ledger/reports.ts';
import { renderReport } from '../page/reportPage.ts';
import type { Logger } from '../ports/host.ts';

/**
 * runVerifyJob checks the ledger and files the report beside it, as JSON and as a page. It goes on from the newest report,
 * and begins at the first segments again when the last check that did so is `fullVerifyHours` old.
 */
export async function runVerifyJob(
  deps: VerifyDeps &
    Pick<VerifyOptions, 'verifiers' | 'policy' | 'allowance'> & {
      readonly log: Logger;
      readonly ledger: string;
      readonly fullVerifyHours: number;
    },
): Promise<Report> {
  const { store, log, now, ledger, verifiers, policy, allowance } = deps;
  const { anchor, malformed } = await newestReport(store, now());
  const hoursSinceFull =
    anchor === undefined ? Infinity : (now() - Date.parse(anchor.report.checked.lastFull)) / 3_600_000;
  // A time ahead of the clock says nothing about how long ago that was.
  const isRecent = hoursSinceFull >= 0 && hoursSinceFull < deps.fullVerifyHours;
  const isIncremental = anchor !== undefined && canGoOnFrom(anchor.report) && isRecent;
  const report = await verifyLedger(deps, {
    ledger,
    isIncremental,
    malformedReports: malformed,
    ...(verifiers !== undefined && { verifiers }),
    ...(policy !== undefined && { policy }),
    ...(allowance !== undefined && { allowance }),
    ...(anchor !== undefined && { anchor }),
  });

  const { status, checked, findings } = report;
  logFindings(log, findings);
  const name = await fileReport(
    store,
    (name) => {
      const page = Buffer.from(renderReport(report, name));
      return { json: formatReport({ ...report, page: formatHash(sha256(page)) }), page };
    },
    // What lists all names anyway looks for a hole among them too.
    isIncremental ? parseReportName(anchor.name) : 0,
  );
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
