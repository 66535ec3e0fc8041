import { runDrill } from './drill.ts';
import { checkPosture } from './posture.ts';
import type { AskedCoverage, PostureDeps } from './posture.ts';
import { faultIn } from '../core/errors.ts';
import { formatHash, sha256 } from '../core/hash.ts';
import type { PosturePromise } from '../core/objects/guard.ts';
import type { PostureReport } from '../core/objects/report.ts';
import type { Auditors } from '../core/objects/reportFile.ts';
import { fileReport } from '../ledger/reports.ts';
import type { Filing } from '../ledger/reports.ts';
import { knownFindings, logFindings } from '../ledger/standing.ts';
import { renderPosture } from '../page/posturePage.ts';
import type { Canaries } from '../ports/guard.ts';
import type { Logger } from '../ports/host.ts';

/**
 * runPostureJob asks Azure what guards the ledger's container, holds a drill, and files the report in the ledger, as JSON.
 * Findings of severity error are logged like those of a check; warnings are only counted, because some describe a choice that
 * was made at deployment.
 */
export async function runPostureJob(
  deps: PostureDeps & {
    readonly filing: Filing;
    readonly auditors: Auditors;
    readonly log: Logger;
    /** left out where no drill is held */
    readonly canaries?: Canaries;
    /** asks what is routed; left out where that isn't asked */
    readonly coverage?: () => Promise<AskedCoverage>;
  },
  promise: PosturePromise,
): Promise<PostureReport> {
  const { filing, auditors, log, canaries, now } = deps;
  const known = await knownFindings(filing, auditors, 'posture');
  const drill = canaries && (await runDrill(canaries, now()));
  const coverage = deps.coverage && (await deps.coverage().catch(failed));
  const report = await checkPosture(deps, promise, { drill, coverage });
  const { status, findings, unreadable } = report;
  const errors = findings.filter(({ severity }) => severity === 'error');
  const { newFindings, standingFindings } = logFindings(log, report, known);
  const name = await fileReport(filing, (name) => {
    const page = Buffer.from(renderPosture(report, name));
    return { report: { ...report, page: formatHash(sha256(page)) }, page };
  });
  const fields = {
    status,
    report: name,
    findings: errors.length,
    newFindings,
    standingFindings,
    warnings: findings.length - errors.length,
    unreadable: unreadable.length,
  };
  if (status === 'verified') log.info('posture is as promised', fields);
  else if (status === 'violated') log.error('posture is not as promised', fields);
  else log.error('posture could not be read', fields);
  return report;
}

/** What keeps one question from being answered must not keep the others from being filed. */
const failed = (error: unknown): { failed: string } => ({ failed: faultIn(error).message });
