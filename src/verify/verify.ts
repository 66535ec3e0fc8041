import { Walks } from './chain/walks.ts';
import type { Context, VerifyDeps } from './context.ts';
import { DerivedIndex } from './derivedIndex.ts';
import { checkIndex } from './indexCheck.ts';
import { verifyInterval } from './interval/verifyInterval.ts';
import { beginLog, followLog } from './log/followLog.ts';
import type { BegunLog, FollowedLog } from './log/logCheck.ts';
import { checkNames, checkOtherObjects } from './objectCheck.ts';
import type { VerifyOptions } from './options.ts';
import { compose, contextOf, finishFindings, integratedUntil } from './outcome.ts';
import { checkRecheck } from './recheckCheck.ts';
import { checkSilence } from './silenceCheck.ts';
import { AuditsealError } from '../core/errors.ts';
import { checkpointName } from '../core/objects/names.ts';
import type { Report } from '../core/objects/report.ts';
import { isPartition } from '../core/text.ts';
import { canGoOnFrom } from '../ledger/reports.ts';

const SEGMENTS = 'segments/';

/**
 * verifyLedger re-computes every chain of a ledger from the stored bytes and says what it found and what it did.
 *
 * It needs the right to read and list, streams, and holds no more segments than VerifyDeps says. What is stored is untrusted.
 */
export async function verifyLedger(deps: VerifyDeps, given: VerifyOptions = {}): Promise<Report> {
  if (given.interval !== undefined) return verifyInterval(deps, given, given.interval);
  return (await verifyInParts(deps, given)).report;
}

/** VerifiedPart is what a check came to, and whether it paused: then the report is of what is up to its newest checkpoint. */
export interface VerifiedPart {
  readonly report: Report;
  readonly isPaused: boolean;
}

/**
 * verifyInParts is verifyLedger, where a full check may pause: its report is then for another one to go on from, which takes over what
 * was found and counted, and states all of it. Where the log no longer has what a part ended with, nothing is taken over.
 */
export async function verifyInParts(deps: VerifyDeps, given: VerifyOptions): Promise<VerifiedPart> {
  const started = deps.now();
  const wanted = reportBefore(given);
  const context = contextOf(deps, given);
  const { findings } = context;
  const begun = await beginLog(context, given, wanted);
  const known = wanted && (await isProven(context, wanted, begun)) ? wanted : undefined;
  const [before, part] = known === given.pausing?.before ? [undefined, known] : [known, undefined];
  const options = { ...given, isIncremental: before !== undefined };
  if (known !== undefined) findings.repeat(known, part !== undefined);
  if (part !== undefined) context.tally.takeOver(part);
  findings.take(given.recheck?.underway?.findings ?? []);

  const position = begun.start.continued && begun.start.position;
  const derived = part === undefined ? await DerivedIndex.begin(context, options) : undefined;
  const walks = new Walks(
    context,
    options,
    { ...(known && { before: known }), ...(position && { position }) },
    derived,
  );
  const from = { ...(before && { before }), ...(part && { part }) };
  let log: FollowedLog | undefined;
  let until: number;
  try {
    for (const partition of position?.positions.keys() ?? []) walks.of(partition);
    await beginWalks(context, options, walks);
    log = await followLog(context, options, begun, walks);
    if (log?.isPaused === true) {
      walks.pause();
      context.clock.finish(findings, new Set());
      return {
        report: compose(context, options, { started, ...from, log, index: { notChecked: [] } }),
        isPaused: true,
      };
    }
    const isUnread = begun.checkpoints.isIncomplete;
    if (log === undefined && walks.count > 0 && !isUnread) demandCheckpoint(context, options);
    until = integratedUntil(context, options, log, isUnread);
    await walks.finish(({ partition, index }) => log?.isIntegrated(partition, index) === true, until);
  } finally {
    await walks.close();
  }
  const index = await checkIndex(context, options, log?.head, derived);
  await checkOtherObjects(context, options, log?.lacksReport ?? (() => false));
  await finishFindings(context, log, until, () => {
    checkSilence(context, options);
    if (before !== undefined) checkRecheck(context, options, before);
  });
  return { report: compose(context, options, { started, ...from, log, index }), isPaused: false };
}

/** reportBefore gives the report that a check goes on from. It throws TARGET_INVALID for options that exclude each other. */
function reportBefore({ anchor, isIncremental = false, isQuick = false, pausing }: VerifyOptions): Report | undefined {
  if (pausing !== undefined && (isIncremental || isQuick))
    throw new AuditsealError('TARGET_INVALID', 'only a full check pauses');
  if (!isIncremental) return pausing?.before;
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
