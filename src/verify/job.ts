import type { RecheckSoFar, VerifyOptions } from './options.ts';
import { verifyInParts, verifyLedger } from './verify.ts';
import type { VerifyDeps } from './context.ts';
import { faultIn } from '../core/errors.ts';
import { formatHash, sha256 } from '../core/hash.ts';
import type { Report } from '../core/objects/report.ts';
import type { Auditors } from '../core/objects/reportFile.ts';
import { HOUR_MS } from '../core/units.ts';
import { canGoOnFrom, fileReport, newestReport } from '../ledger/reports.ts';
import type { Anchor, Filing } from '../ledger/reports.ts';
import type { Recheck, RecheckTurn } from './recheck/recheck.ts';
import { knownFindings, logFindings } from '../ledger/standing.ts';
import { renderReport } from '../page/reportPage.ts';
import type { Logger } from '../ports/host.ts';

interface VerifyJob extends VerifyDeps, Pick<VerifyOptions, 'verifiers' | 'policy' | 'allowance'> {
  readonly log: Logger;
  readonly auditors: Auditors;
  readonly filing: Filing;
  readonly fullVerifyHours: number;
  /** opens what cuts the check of a large ledger into slices; left out: every full check is one run */
  readonly openRecheck?: () => Promise<Pick<Recheck, 'turn' | 'end'>>;
  /** when the job ran before (ms since the Unix epoch), as the host knows it; left out if it doesn't */
  readonly previousRun?: number;
}

/**
 * runVerifyJob checks the ledger and files the report beside it, as JSON that the auditor signs and as a page. It goes on from
 * the newest report that an auditor signed and the log has an entry of, and begins at the first segments in the first run of
 * each period of `fullVerifyHours`, counted from 1970. Where that is too much for one run, slices do it, and a later run joins what came
 * of them; meanwhile the runs go on from the newest report. It gives undefined, and files nothing, while there is none to go on from.
 *
 * No report decides that a full check isn't due: the clock does, so that whoever has an auditor's key can't put it off.
 */
export async function runVerifyJob(job: VerifyJob): Promise<Report | undefined> {
  const { store, log, auditors, filing, verifiers, policy, allowance } = job;
  const anchor = await newestReport(store, auditors, filing.entered);
  const { turn, recheck } = await turnOf(job, anchor);
  const options = {
    ledger: auditors.ledger,
    auditors,
    rehashWithinMs: rehashWithinMs(job.fullVerifyHours),
    ...(verifiers !== undefined && { verifiers }),
    ...(policy !== undefined && { policy }),
    ...(allowance !== undefined && { allowance }),
    ...(anchor !== undefined && { anchor }),
  };
  const { whole, underway } = await verifyWhole(job, options, turn);
  // There is nothing to go on from, and what is under way has not come to its end.
  if (whole === undefined && !(anchor !== undefined && canGoOnFrom(anchor.report))) return undefined;
  const known = await knownFindings(filing, auditors, 'integrity');
  const recheckSoFar = underway && { recheck: { underway } };
  const report = whole ?? (await verifyLedger(job, { ...options, isIncremental: true, ...recheckSoFar }));

  const { status, checked, findings, findingsAcknowledged: acknowledged } = report;
  // Before it is filed: a process that ends between the two says again what is new.
  const { newFindings, standingFindings } = logFindings(log, report, known);
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
    newFindings,
    standingFindings,
    acknowledged,
  };
  if (status === 'verified') log.info('verified', fields);
  else if (status === 'unverified' && checked.segments === 0) log.info('nothing to verify yet', fields);
  else log.error('not verified', fields);
  if (whole !== undefined) await endRecheck(job, recheck);
  return report;
}

/** Whole is what came of a full check, or how far it is. */
interface Whole {
  readonly whole?: Report;
  readonly underway?: RecheckSoFar['underway'];
}

/** verifyWhole makes a full check where one is due: in one run, or as one that joins slices and may leave the rest to the next run. */
async function verifyWhole(job: VerifyJob, options: VerifyOptions, turn: RecheckTurn | undefined): Promise<Whole> {
  if (turn === 'whole') return { whole: await verifyLedger(job, options) };
  const { rehashed, joining, underway } = turn ?? {};
  if (rehashed === undefined) return { ...(underway && { underway }) };
  const pausing = joining && { pausing: joining };
  const { report, isPaused } = await verifyInParts(job, { ...options, recheck: { rehashed }, ...pausing });
  if (!isPaused) return { whole: report };
  await joining?.keep(report);
  const { slices } = rehashed;
  job.log.info('recheck joined in part', { segments: report.checked.segments, entries: report.log?.entries ?? 0 });
  const findings = report.findings.filter(({ severity }) => severity === 'error');
  return { underway: { slices, done: slices, findings } };
}

interface Turn {
  /** undefined for nothing */
  readonly turn: RecheckTurn | undefined;
  readonly recheck?: Pick<Recheck, 'end'>;
}

/** turnOf says what this run has to do about the segments that earlier ones looked into. */
async function turnOf(job: VerifyJob, anchor: Anchor | undefined): Promise<Turn> {
  const { openRecheck, now, log } = job;
  const { report } = anchor ?? {};
  const canGoOn = report !== undefined && canGoOnFrom(report);
  const isDue = report === undefined || isFullDue(job, report);
  const inOneRun = isDue || !canGoOn ? 'whole' : undefined;
  if (openRecheck === undefined) return { turn: inOneRun };
  const lastFull = Date.parse(report?.checked.lastFull ?? '');
  try {
    const recheck = await openRecheck();
    return {
      turn: await recheck.turn({
        isDue,
        canGoOn,
        lastFull: lastFull <= now() ? lastFull : NaN,
        entries: report?.log?.head?.size ?? 0,
      }),
      recheck,
    };
  } catch (error) {
    // What is new is checked all the same.
    log.error('recheck not possible', { why: faultIn(error).message });
    return { turn: canGoOn ? undefined : inOneRun };
  }
}

/** endRecheck forgets what slices did. What stays is void by its time, and removed the next time. */
async function endRecheck({ log }: VerifyJob, recheck: Pick<Recheck, 'end'> | undefined): Promise<void> {
  try {
    await recheck?.end();
  } catch (error) {
    log.error('recheck not possible', { why: faultIn(error).message });
  }
}

/** rehashWithinMs is how old the oldest re-hash may be: a period until a recheck begins, one until it is done, and what a run takes. */
export const rehashWithinMs = (fullVerifyHours: number): number => (2 * fullVerifyHours + RUN_HOURS) * HOUR_MS;

const RUN_HOURS = 6;

/** isFullDue tells whether this is the first run of its period, by the clock, or the anchor's last full check is older than that. */
function isFullDue({ now, fullVerifyHours, previousRun }: VerifyJob, { checked }: Report): boolean {
  const periodMs = fullVerifyHours * HOUR_MS;
  const begun = Math.floor(now() / periodMs) * periodMs;
  const isFirst = !(previousRun !== undefined && previousRun >= begun && previousRun <= now());
  // The first run may not have come to its end.
  return isFirst || now() - Date.parse(checked.lastFull) >= periodMs;
}
