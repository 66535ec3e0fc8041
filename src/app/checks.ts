import type { Ledger } from './ledger.ts';
import { Rechecking } from './rechecking.ts';
import { openCanaries, openLedgerPolicy } from '../adapters/ledgerPolicy.ts';
import { requireAuditor } from '../adapters/logKeys.ts';
import { INTEGRATION_DELAY_MS } from '../core/limits.ts';
import { MINUTE_MS } from '../core/units.ts';
import { witnessKeys } from '../core/note/witnessPolicy.ts';
import type { Auditors } from '../core/objects/reportFile.ts';
import { askCoverage } from '../routing/coverage.ts';
import { runPostureJob } from '../guard/job.ts';
import { enteredReports } from '../integrate/enteredReports.ts';
import { MOST_REQUESTS } from '../ledger/concurrency.ts';
import type { Filing } from '../ledger/reports.ts';
import type { Logger } from '../ports/host.ts';
import { runStatusJob } from '../status/job.ts';
import { SEGMENTS_A_THREAD, SegmentWorkers } from '../threads/workers.ts';
import { runVerifyJob } from '../verify/job.ts';

const now = Date.now;

/** openFiling finds where a report is filed, and whose reports count. */
async function openFiling({ config, ...ledger }: Ledger): Promise<{ filing: Filing; auditors: Auditors }> {
  const auditor = await ledger.auditor();
  const signer = requireAuditor(auditor);
  const [store, tiles, { verifiers }] = await Promise.all([ledger.store(), ledger.tiles(), ledger.keys()]);
  const { origin } = config;
  const entered = await enteredReports({ store, tiles, origin, verifiers, now });
  const auditors = { ledger: origin, verifiers: auditor.verifiers };
  return { filing: { store, ledger: origin, signer, entered }, auditors };
}

/** verify runs one check of the whole ledger, and then says how it stands. */
export async function verify(ledger: Ledger, log: Logger, previousRun: number | undefined): Promise<void> {
  const filed = await openFiling(ledger);
  const [store, tiles, { verifiers }] = await Promise.all([ledger.store(), ledger.tiles(), ledger.keys()]);
  const { fullVerifyHours, verifyThreads, heartbeatMinutes, witnessPolicy: policy } = ledger.config;
  const { sources: promise, runbook, recheck: slicing } = ledger.config;
  const workers = new SegmentWorkers(verifyThreads);
  // A partition that is idle has a heartbeat, and so the log a checkpoint, once in that time.
  const idleMs = heartbeatMinutes * MINUTE_MS + INTEGRATION_DELAY_MS;
  try {
    await runVerifyJob({
      store,
      tiles,
      now,
      log,
      ...filed,
      fullVerifyHours,
      ...(slicing !== undefined && { openRecheck: () => new Rechecking(ledger, slicing).recheck(log) }),
      ...(previousRun !== undefined && { previousRun }),
      concurrency: verifyThreads * SEGMENTS_A_THREAD,
      requests: MOST_REQUESTS,
      allowance: { delayMs: INTEGRATION_DELAY_MS, ageMs: idleMs, silenceMs: idleMs },
      verifiers,
      ...(policy !== undefined && { policy }),
      summarize: workers.summarize,
      indexSegment: workers.index,
    });
  } finally {
    await workers.close();
    // Also behind a check that failed: how the ledger stands is worth the more then.
    await runStatusJob({
      store,
      tiles,
      now,
      log,
      ...filed,
      question: { verifiers: [...verifiers, ...witnessKeys(policy)], promise, idleMs, isCopy: false },
      ...(runbook !== undefined && { runbook }),
    });
  }
}

/** recheck works on the slice of a full recheck that a message names. */
export async function recheck(ledger: Ledger, message: unknown, log: Logger): Promise<void> {
  const { recheck: slicing } = ledger.config;
  if (slicing !== undefined) await new Rechecking(ledger, slicing).work(message, log);
}

/** posture compares what guards the ledger, and what is sent to its hub, with what was promised. */
export async function posture(ledger: Ledger, log: Logger): Promise<void> {
  const [filed, { reader, estate, promise }] = await Promise.all([openFiling(ledger), openLedgerPolicy(ledger.config)]);
  const canaries = await openCanaries(ledger.config);
  const question = ledger.config.posture?.coverage;
  await runPostureJob(
    {
      ...filed,
      reader,
      now,
      log,
      ...(canaries !== undefined && { canaries }),
      ...(question !== undefined && { coverage: () => askCoverage({ reader: estate, now }, question) }),
    },
    promise,
  );
}
