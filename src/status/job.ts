import { askStatus } from './status.ts';
import type { StatusDeps, StatusQuestion } from './status.ts';
import { formatHash, sha256 } from '../core/hash.ts';
import type { StatusReport } from '../core/objects/statusReport.ts';
import type { Auditors } from '../core/objects/reportFile.ts';
import { fileReport } from '../ledger/reports.ts';
import type { Filing } from '../ledger/reports.ts';
import { isStanding, knownFindings, logFindings, silentBeyond } from '../ledger/standing.ts';
import { renderStatus } from '../page/statusPage.ts';
import type { Logger } from '../ports/host.ts';

interface StatusJob extends StatusDeps {
  readonly log: Logger;
  readonly filing: Filing;
  readonly auditors: Auditors;
  readonly question: Omit<StatusQuestion, 'auditors'>;
  /** where docs/runbook.md can be read, for the links of the page */
  readonly runbook?: string;
}

/**
 * runStatusJob says how the ledger stands, and files that beside it, as JSON that the auditor signs and as a page. Of its findings it
 * logs those that it states itself: the others were logged by the jobs that found them.
 */
export async function runStatusJob({
  log,
  filing,
  auditors,
  question,
  runbook,
  ...deps
}: StatusJob): Promise<StatusReport> {
  const known = await knownFindings(filing, auditors, 'status');
  const report = await askStatus(deps, { ...question, auditors });
  const { newFindings, standingFindings } = logFindings(log, report, known);
  const listed = report.findings.filter(({ code }) => code === 'source-silent');
  const silent = Math.max(report.sources?.silent ?? 0, listed.length);
  const more = Math.max(0, silentBeyond(report) - known.omitted);
  const newlySilent = more + listed.filter((finding) => !isStanding(finding, known)).length;
  if (newlySilent > 0) log.warn('sources fell silent', { silent, newlySilent });
  const name = await fileReport(filing, (name) => {
    const page = Buffer.from(renderStatus(report, { name, reports: '', ...(runbook !== undefined && { runbook }) }));
    return { report: { ...report, page: formatHash(sha256(page)) }, page };
  });
  const { status, findings, partitions } = report;
  log.info('status', {
    status,
    report: name,
    findings: findings.length,
    newFindings,
    standingFindings,
    partitions: partitions.length,
    silent,
  });
  return report;
}
