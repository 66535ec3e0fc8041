import { acknowledgeFindings } from './acknowledge.ts';
import { checkActions } from './actionCheck.ts';
import { ClockCheck } from './clockCheck.ts';
import type { Context, VerifyDeps } from './context.ts';
import { Findings } from './findings.ts';
import { Ignored } from './ignored.ts';
import type { CheckedIndex } from './indexCheck.ts';
import type { FollowedLog } from './log/logCheck.ts';
import { notChecked } from './notChecked.ts';
import type { VerifyOptions } from './options.ts';
import { Tally } from './tally.ts';
import { INTEGRATION_DELAY_MS } from '../core/limits.ts';
import { formatVerifierKey } from '../core/note/verifierKey.ts';
import type { Checked, IntervalReport, LogReport, Report, Status } from '../core/objects/report.ts';

/** contextOf begins a check. */
export function contextOf(deps: VerifyDeps, options: VerifyOptions): Context {
  const { ledger, anchor, verifiers = [], auditors, recheck } = options;
  const name = ledger ?? anchor?.report.ledger ?? undefined;
  const keys = verifiers.length > 0 ? verifiers.map(formatVerifierKey) : undefined;
  const [findings, clock, tally] = [new Findings(), new ClockCheck(deps.now), new Tally(deps.onProgress)];
  const ignored = new Ignored();
  return {
    ...deps,
    ledger: { name, keys },
    findings,
    ignored,
    clock,
    tally,
    ...(auditors !== undefined && { auditors }),
    ...(recheck?.rehashed !== undefined && { rehashed: recheck.rehashed }),
  };
}

/**
 * finishFindings looks at what the ledger has beside chains and log, at the actions, and last at which findings they acknowledge. With
 * `also` it looks at more before.
 */
export async function finishFindings(
  context: Context,
  log: FollowedLog | undefined,
  until: number,
  also: () => void = () => {},
): Promise<void> {
  const { findings, clock } = context;
  for await (const { why, name } of context.ignoredFiles?.() ?? []) context.ignored.add(why, name);
  const { actions: integrated = 0, operators = [], actionEntry: entryOf = none } = log ?? {};
  const acknowledgements = await checkActions(context, { integrated, until, operators, entryOf });
  also();
  const known = acknowledgements.filter(({ finding }) => finding.code === 'clock-ahead');
  clock.finish(findings, new Set(known.map(({ finding }) => finding.object)));
  await acknowledgeFindings(context, acknowledgements);
  if (log?.note !== undefined) context.onNewest?.(log.note);
}

/** none is the entry of an action where there is no log. */
const none = (): Promise<undefined> => Promise.resolve(undefined);

/** integratedUntil gives the time before which what was made must be in the log: a mirror's clock is the newest checkpoint. */
export function integratedUntil(
  { now }: Context,
  { allowance, verifiers = [] }: VerifyOptions,
  log: FollowedLog | undefined,
  isUnread: boolean,
): number {
  // What can't be read may have the entries.
  if (log === undefined ? isUnread : log.isEndUnknown) return NaN;
  if (allowance !== undefined) return now() - allowance.delayMs;
  if (log !== undefined) return Date.parse(log.time) - INTEGRATION_DELAY_MS;
  // Who trusts a key expects a log; else whoever removes all of it would be trusted more than who changes it.
  return verifiers.length > 0 ? Infinity : NaN;
}

/** Outcome is what came of the parts of a check. */
export interface Outcome {
  readonly started: number;
  /** the report that an incremental check goes on from */
  readonly before?: Report;
  /** what the part before came to, in a full check that goes on from one */
  readonly part?: Report;
  readonly log: FollowedLog | undefined;
  readonly index: CheckedIndex;
  /** what an interval had, where one alone was checked */
  readonly interval?: IntervalReport;
}

/** compose makes the report of what was found and done. */
export function compose(context: Context, options: VerifyOptions, outcome: Outcome): Report {
  const { started, before, part, log, index, interval } = outcome;
  const { findings, tally, ledger } = context;
  const finished = new Date(context.now()).toISOString();
  const own = log && { ...log.report(tally.notIntegrated), ...(index.report && { index: index.report }) };
  const logReport = own && addLog(own, part?.log);
  return {
    version: 1,
    kind: 'integrity',
    ledger: ledger.name ?? null,
    started: part?.started ?? new Date(started).toISOString(),
    finished,
    status: statusOf(context, options, outcome),
    checked: tally.checked({
      ...modeOf(options, before, finished),
      ...rehashedOf(context, options, outcome, finished),
      anchor: options.anchor?.name ?? null,
      findingsRepeated: findings.repeated,
    }),
    ...(interval !== undefined && { interval }),
    ...(logReport !== undefined && { log: logReport }),
    notChecked: [
      ...notChecked(context, options, log && { ...log, cosignatures: logReport?.cosignatures }),
      ...index.notChecked,
      ...context.ignored.said,
    ],
    // Nobody followed a chain of an interval from its beginning.
    partitions: interval === undefined ? tally.partitions : [],
    findings: findings.listed,
    // Which ones the anchor left out isn't known, nor whether they are among these.
    findingsOmitted: Math.max(findings.omitted, before?.findingsOmitted ?? 0),
    findingsAcknowledged: findings.acknowledged,
    unreadable: tally.unreadable,
  };
}

function statusOf(
  { findings, tally }: Context,
  { isQuick = false }: VerifyOptions,
  { log, interval }: Pick<Outcome, 'log' | 'interval'>,
): Status {
  if (findings.isViolated) return 'violated';
  // Neither a quick check nor one of an interval has anything to compare with but what a checkpoint stands for.
  const isBaseless = (isQuick || interval !== undefined) && log?.head === undefined;
  const { segments } = interval ?? tally;
  return segments === 0 || tally.unreadable.length > 0 || isBaseless ? 'unverified' : 'verified';
}

/** rehashedOf says when what was hashed that the outcome rests on, in a check that looked into all segments, or goes on from one. */
function rehashedOf(
  { rehashed, tally }: Context,
  { isQuick = false, interval }: VerifyOptions,
  { started, before, part }: Pick<Outcome, 'started' | 'before' | 'part'>,
  finished: string,
): Pick<Checked, 'rehashed'> {
  if (interval !== undefined || isQuick) return {};
  if (before !== undefined) return before.checked.rehashed === undefined ? {} : { rehashed: before.checked.rehashed };
  const { first: begun = new Date(started).toISOString() } = part?.checked.rehashed ?? {};
  const first = rehashed !== undefined && rehashed.first < begun ? rehashed.first : begun;
  return { rehashed: { first, last: finished, slices: rehashed?.slices ?? 0, segments: tally.rehashedBefore } };
}

function modeOf(
  { anchor, isQuick = false, interval }: VerifyOptions,
  before: Report | undefined,
  finished: string,
): Pick<Checked, 'mode' | 'lastFull'> {
  if (interval !== undefined) return { mode: 'interval', lastFull: '' };
  if (isQuick) return { mode: 'quick', lastFull: anchor?.report.checked.lastFull ?? '' };
  if (before !== undefined) return { mode: 'incremental', lastFull: before.checked.lastFull };
  return { mode: 'full', lastFull: finished };
}

/** addLog adds what a part of a check counted of the log to what the one before did. */
function addLog(own: LogReport, part: LogReport | undefined): LogReport {
  if (part === undefined) return own;
  const { cosignatures } = own;
  return {
    ...own,
    entries: own.entries + part.entries,
    entriesCompared: own.entriesCompared + part.entriesCompared,
    checkpoints: own.checkpoints + part.checkpoints,
    signatures: own.signatures + part.signatures,
    signedBy: [...new Set([...(part.signedBy ?? []), ...(own.signedBy ?? [])])].sort(),
    tiles: own.tiles + part.tiles,
    ...(cosignatures && {
      cosignatures: {
        ...cosignatures,
        verified: cosignatures.verified + (part.cosignatures?.verified ?? 0),
        notChecked: cosignatures.notChecked + (part.cosignatures?.notChecked ?? 0),
        quorum: cosignatures.quorum ?? part.cosignatures?.quorum ?? null,
      },
    }),
  };
}
