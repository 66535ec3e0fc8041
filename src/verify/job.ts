import type { VerifyOptions } from './options.ts';
import { verifyLedger } from './verify.ts';
import type { VerifyDeps } from './context.ts';
import { earlierFindings } from './earlierReports.ts';
import type { EarlierFindings } from './earlierReports.ts';
import { formatHash, sha256 } from '../core/hash.ts';
import { parseReportName } from '../core/objects/names.ts';
import type { Report } from '../core/objects/report.ts';
import { formatReport } from '../core/objects/reportFile.ts';
import { canGoOnFrom, fileReport, logFindings, newestReport } from '../ledger/reports.ts';
import type { Anchor } from '../ledger/reports.ts';
import { renderReport } from '../page/reportPage.ts';
import type { Logger } from '../ports/host.ts';

const HOUR_MS = 3_600_000;

/** A check runs that often at least: an alert expects it. */
const RUN_MS = 6 * HOUR_MS;

interface VerifyJob extends VerifyDeps, Pick<VerifyOptions, 'verifiers' | 'policy' | 'allowance'> {
  readonly log: Logger;
  readonly ledger: string;
  readonly fullVerifyHours: number;
  /** when the job ran before (ms since the Unix epoch), as the host knows it; left out if it doesn't */
  readonly previousRun?: number;
}

/**
 * runVerifyJob checks the ledger and files the report beside it, as JSON and as a page. It goes on from the newest report, and
 * begins at the first segments in the first run of each period of `fullVerifyHours`, counted from 1970.
 *
 * Reports are in the ledger, where whoever may create objects can file one too. So none of them decides that a full check isn't
 * due, which the clock does, nor that what another one found is mended.
 */
export async function runVerifyJob(job: VerifyJob): Promise<Report> {
  const { store, log, now, ledger, verifiers, policy, allowance } = job;
  const { anchor, malformed } = await newestReport(store, now());
  const earlier = anchor && (await earlierOf(job, anchor));
  const report = await verifyLedger(job, {
    ledger,
    isIncremental: earlier !== undefined,
    malformedReports: malformed,
    ...(earlier !== undefined && { earlier }),
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
    checked.mode === 'incremental' ? parseReportName(checked.anchor ?? '') : 0,
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

/** earlierOf gives what a check that goes on from the anchor has to repeat besides, or undefined if a full check is due. */
async function earlierOf(
  { store, now, fullVerifyHours, previousRun }: VerifyJob,
  { name, report }: Anchor,
): Promise<EarlierFindings | undefined> {
  const periodMs = fullVerifyHours * HOUR_MS;
  const begun = Math.floor(now() / periodMs) * periodMs;
  if (previousRun === undefined || previousRun < begun || previousRun > now()) return undefined;
  // That run may not have come to its end.
  const isRecent = now() - Date.parse(report.checked.lastFull) < periodMs;
  if (!canGoOnFrom(report) || !isRecent) return undefined;
  return earlierFindings(store, { name, report }, Math.max(begun, Math.min(previousRun, now() - RUN_MS)));
}
