import { acknowledgeFindings } from './acknowledge.ts';
import { checkActions } from './actionCheck.ts';
import { ClockCheck } from './clockCheck.ts';
import { Walks } from './chain/walks.ts';
import type { Context, VerifyDeps } from './context.ts';
import { Findings } from './findings.ts';
import { Ignored } from './ignored.ts';
import { checkIndex } from './indexCheck.ts';
import type { CheckedIndex } from './indexCheck.ts';
import { beginLog, followLog } from './log/followLog.ts';
import type { BegunLog, FollowedLog } from './log/logCheck.ts';
import { notChecked } from './notChecked.ts';
import { checkNames, checkOtherObjects } from './objectCheck.ts';
import type { VerifyOptions } from './options.ts';
import { checkSilence } from './silenceCheck.ts';
import { Tally } from './tally.ts';
import { AuditsealError } from '../core/errors.ts';
import { INTEGRATION_DELAY_MS } from '../core/limits.ts';
import { formatVerifierKey } from '../core/note/verifierKey.ts';
import { checkpointName } from '../core/objects/names.ts';
import type { Checked, Report, Status } from '../core/objects/report.ts';
import { isPartition } from '../core/text.ts';
import { canGoOnFrom } from '../ledger/reports.ts';

const SEGMENTS = 'segments/';

/**
 * verifyLedger re-computes every chain of a ledger from the stored bytes and says what it found and what it did.
 *
 * It needs the right to read and list, streams, and holds no more than `concurrency` segments. What is stored is untrusted.
 */
export async function verifyLedger(deps: VerifyDeps, given: VerifyOptions = {}): Promise<Report> {
  const started = deps.now();
  const wanted = reportBefore(given);
  const context = contextOf(deps, given);
  const { findings, clock } = context;
  const begun = await beginLog(context, given);
  const before = wanted && (await isProven(context, wanted, begun)) ? wanted : undefined;
  const options = { ...given, isIncremental: before !== undefined };
  if (before !== undefined) findings.repeat(before);

  const position = begun.start.continued && begun.start.position;
  const walks = new Walks(context, options, position);
  let log: FollowedLog | undefined;
  let until: number;
  try {
    for (const partition of position?.positions.keys() ?? []) walks.of(partition);
    await beginWalks(context, options, walks);
    log = await followLog(context, options, begun, (partition, index) => walks.of(partition).to(index));
    const isUnread = begun.checkpoints.isIncomplete;
    if (log === undefined && walks.count > 0 && !isUnread) demandCheckpoint(context, options);
    until = integratedUntil(context, options, log, isUnread);
    for (const walk of walks.inOrder())
      await walk.finish((index) => log?.isIntegrated(walk.partition, index) === true, until);
  } finally {
    await walks.close();
  }
  const index = await checkIndex(context, options, log?.head);
  await checkOtherObjects(context, options, log?.lacksReport ?? (() => false));
  for await (const { why, name } of deps.ignoredFiles?.() ?? []) context.ignored.add(why, name);
  const { actions: integrated = 0, operators = [], actionEntry: entryOf = none } = log ?? {};
  const acknowledgements = await checkActions(context, { integrated, until, operators, entryOf });
  checkSilence(context, options);
  const known = acknowledgements.filter(({ finding }) => finding.code === 'clock-ahead');
  clock.finish(findings, new Set(known.map(({ finding }) => finding.object)));
  await acknowledgeFindings(context, acknowledgements);
  if (log?.note !== undefined) deps.onNewest?.(log.note);
  return compose(context, options, { started, before, log, index });
}

/** none is the entry of an action where there is no log. */
const none = (): Promise<undefined> => Promise.resolve(undefined);

function contextOf(deps: VerifyDeps, options: VerifyOptions): Context {
  const { ledger, anchor, verifiers = [], auditors } = options;
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
  };
}

/** reportBefore gives the report that an incremental check goes on from. It throws TARGET_INVALID for options that exclude each other. */
function reportBefore({ anchor, isIncremental = false, isQuick = false }: VerifyOptions): Report | undefined {
  if (!isIncremental) return undefined;
  if (isQuick) throw new AuditsealError('TARGET_INVALID', 'a quick check begins at the first entry');
  if (anchor !== undefined && canGoOnFrom(anchor.report)) return anchor.report;
  const why = 'a check can only go on from a report that checked something and could read everything';
  throw new AuditsealError('TARGET_INVALID', why);
}

/**
 * isProven tells whether a check may go on from a report: in a ledger with a log, only if the log goes on from what the report
 * knew of it. Otherwise whoever makes a report could say from where on anybody looks.
 */
async function isProven({ store }: Context, { log }: Report, { start }: BegunLog): Promise<boolean> {
  if (start.continued !== undefined) return true;
  if (log?.head) return false;
  for await (const _ of store.list('batches/')) return false;
  return true;
}

/** beginWalks begins a walk for each partition that has a folder, or that the anchor knew. */
async function beginWalks(context: Context, options: VerifyOptions, walks: Walks): Promise<void> {
  for (const { partition } of options.anchor?.report.partitions ?? []) walks.of(partition);
  for await (const { name, isFolder } of context.store.children(SEGMENTS)) {
    const partition = name.slice(SEGMENTS.length, -1);
    if (isFolder && isPartition(partition)) walks.of(partition);
    else await checkNames(context, options, isFolder ? context.store.list(name) : [{ name }]);
  }
}

/** demandCheckpoint says that there is nothing that witnesses could have cosigned, where a policy demands it. */
function demandCheckpoint({ findings }: Context, { policy, allowance }: VerifyOptions): void {
  if (policy?.quorum === undefined || allowance !== undefined) return;
  const detail = 'the ledger has no log, and so none of its checkpoints has the quorum of the policy';
  findings.error('checkpoint-uncosigned', checkpointName(0), detail);
}

/** integratedUntil gives the time before which what was made must be in the log: a mirror's clock is the newest checkpoint. */
function integratedUntil(
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
interface Outcome {
  readonly started: number;
  readonly before: Report | undefined;
  readonly log: FollowedLog | undefined;
  readonly index: CheckedIndex;
}

/** compose makes the report of what was found and done. */
function compose(context: Context, options: VerifyOptions, { started, before, log, index }: Outcome): Report {
  const { findings, tally, ledger } = context;
  const finished = new Date(context.now()).toISOString();
  const logReport = log && { ...log.report(tally.notIntegrated), ...(index.report && { index: index.report }) };
  return {
    version: 1,
    kind: 'integrity',
    ledger: ledger.name ?? null,
    started: new Date(started).toISOString(),
    finished,
    status: statusOf(context, options, log),
    checked: tally.checked({
      ...modeOf(options, before, finished),
      anchor: options.anchor?.name ?? null,
      findingsRepeated: findings.repeated,
    }),
    ...(logReport !== undefined && { log: logReport }),
    notChecked: [
      ...notChecked(context, options, log && { ...log, cosignatures: logReport?.cosignatures }),
      ...index.notChecked,
      ...context.ignored.said,
    ],
    partitions: tally.partitions,
    findings: findings.listed,
    // Which ones the anchor left out isn't known, nor whether they are among these.
    findingsOmitted: Math.max(findings.omitted, before?.findingsOmitted ?? 0),
    findingsAcknowledged: findings.acknowledged,
    unreadable: tally.unreadable,
  };
}

function statusOf({ findings, tally }: Context, { isQuick = false }: VerifyOptions, log?: FollowedLog): Status {
  if (findings.isViolated) return 'violated';
  // A quick check has nothing to compare with but what a checkpoint stands for.
  const isBaseless = isQuick && log?.head === undefined;
  return tally.segments === 0 || tally.unreadable.length > 0 || isBaseless ? 'unverified' : 'verified';
}

function modeOf(
  { anchor, isQuick = false }: VerifyOptions,
  before: Report | undefined,
  finished: string,
): Pick<Checked, 'mode' | 'lastFull'> {
  if (isQuick) return { mode: 'quick', lastFull: anchor?.report.checked.lastFull ?? '' };
  if (before !== undefined) return { mode: 'incremental', lastFull: before.checked.lastFull };
  return { mode: 'full', lastFull: finished };
}
