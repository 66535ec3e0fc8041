import { runDrill } from './drill.ts';
import { checkPosture } from './posture.ts';
import type { PostureDeps } from './posture.ts';
import type { PosturePromise } from '../core/objects/guard.ts';
import { reportName } from '../core/objects/names.ts';
import type { PostureReport } from '../core/objects/report.ts';
import { formatReport } from '../core/objects/reportFile.ts';
import { logFindings } from '../ledger/reports.ts';
import type { Canaries } from '../ports/guard.ts';
import type { Logger } from '../ports/host.ts';
import type { ObjectStore } from '../ports/store.ts';

/**
 * runPostureJob asks Azure what guards the ledger's container, holds a drill, and files the report in the ledger, as JSON.
 * Findings of severity error are logged like those of a check; warnings are only counted, because some describe a choice that
 * was made at deployment.
 */
export async function runPostureJob(
  deps: PostureDeps & {
    readonly store: Pick<ObjectStore, 'create'>;
    readonly log: Logger;
    /** left out where no drill is held */
    readonly canaries?: Canaries;
  },
  promise: PosturePromise,
): Promise<PostureReport> {
  const { store, log, canaries, now } = deps;
  const drill = canaries && (await runDrill(canaries, now()));
  const report = await checkPosture(deps, promise, drill);
  const { status, findings, unreadable } = report;
  const errors = findings.filter(({ severity }) => severity === 'error');
  logFindings(log, errors);
  // Durable point: the report. Two that end in the same second have one name; the first one stays.
  const name = reportName(Date.parse(report.time), 'posture', 'json');
  const outcome = await store.create(name, formatReport(report));
  const fields = {
    status,
    report: name,
    outcome,
    findings: errors.length,
    warnings: findings.length - errors.length,
    unreadable: unreadable.length,
  };
  if (status === 'verified') log.info('posture is as promised', fields);
  else if (status === 'violated') log.error('posture is not as promised', fields);
  else log.error('posture could not be read', fields);
  return report;
}
