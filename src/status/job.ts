import { askStatus } from './status.ts';
import type { StatusDeps, StatusQuestion } from './status.ts';
import { formatHash, sha256 } from '../core/hash.ts';
import type { StatusReport } from '../core/objects/statusReport.ts';
import { fileReport, logFindings } from '../ledger/reports.ts';
import type { Filing } from '../ledger/reports.ts';
import { renderStatus } from '../page/statusPage.ts';
import type { Logger } from '../ports/host.ts';

interface StatusJob extends StatusDeps {
  readonly log: Logger;
  readonly filing: Filing;
  readonly question: StatusQuestion;
  /** where docs/runbook.md can be read, for the links of the page */
  readonly runbook?: string;
}

/**
 * runStatusJob says how the ledger stands, and files that beside it, as JSON that the auditor signs and as a page. Of its findings it
 * logs those that it states itself: the others were logged by the jobs that found them.
 */
export async function runStatusJob({ log, filing, question, runbook, ...deps }: StatusJob): Promise<StatusReport> {
  const report = await askStatus(deps, question);
  const own = report.findings.filter(({ report: of }) => of === undefined);
  logFindings(log, own);
  const name = await fileReport(filing, (name) => {
    const page = Buffer.from(renderStatus(report, { name, ...(runbook !== undefined && { runbook }) }));
    return { report: { ...report, page: formatHash(sha256(page)) }, page };
  });
  const { status, findings, partitions, sources } = report;
  const silent = sources?.list.filter(({ isSilent }) => isSilent).length ?? 0;
  const fields = { status, report: name, findings: findings.length, partitions: partitions.length, silent };
  log.info('status', fields);
  return report;
}
