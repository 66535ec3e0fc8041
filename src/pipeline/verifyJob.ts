import { reportName } from '../core/names.ts';
import type { Log } from '../ports.ts';
import { formatReport, newestReport } from './report.ts';
import type { Report } from './report.ts';
import { renderReport } from './reportPage.ts';
import { verifyLedger } from './verify.ts';
import type { VerifyDeps } from './verify.ts';

/**
 * runVerifyJob checks the ledger and files the report beside it, as JSON and as a page. It goes on from the newest report,
 * and begins at the first segments again when the last check that did so is `fullVerifyHours` old.
 */
export async function runVerifyJob(
  deps: VerifyDeps & { readonly log: Log; readonly ledger: string; readonly fullVerifyHours: number },
): Promise<Report> {
  const { store, log, now, ledger } = deps;
  const { anchor, malformed } = await newestReport(store);
  const hoursSinceFull =
    anchor === undefined ? Infinity : (now() - Date.parse(anchor.report.checked.lastFull)) / 3_600_000;
  const isIncremental =
    anchor !== undefined && anchor.report.status !== 'unverified' && hoursSinceFull < deps.fullVerifyHours;
  const report = await verifyLedger(deps, {
    ledger,
    isIncremental,
    malformedReports: malformed,
    ...(anchor !== undefined && { anchor }),
  });

  const { status, checked, findings } = report;
  for (const { code, object } of findings) log.error('finding', { code, object });
  // Durable point: the JSON. Without its page, which is made from it, the next check still goes on from it. Two checks that
  // end in the same second meet in one name; the first one stays.
  const time = Date.parse(report.finished);
  const name = reportName(time, 'integrity', 'json');
  const outcome = await store.create(name, formatReport(report));
  if (outcome === 'created')
    await store.create(reportName(time, 'integrity', 'html'), Buffer.from(renderReport(report, name)));
  const fields = {
    status,
    report: name,
    outcome,
    mode: checked.mode,
    segments: checked.segments,
    findings: findings.length,
  };
  if (status === 'verified') log.info('verified', fields);
  else log.error('not verified', fields);
  return report;
}
