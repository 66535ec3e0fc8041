import { formatHash } from '../../core/hash.ts';
import { checkpointName } from '../../core/objects/names.ts';
import type { Report, VerifiedCheckpoint } from '../../core/objects/report.ts';
import type { Context } from '../context.ts';
import type { VerifyOptions } from '../options.ts';
import { Checkpoints } from './checkpoints.ts';
import type { LoggedObjects } from './entryCheck.ts';
import { LogCheck } from './logCheck.ts';
import type { BegunLog, FollowedLog } from './logCheck.ts';
import { PublishedCheck } from './publishedCheck.ts';
import { THE_FIRST, resume } from './resume.ts';

/** beginLog opens what was kept, and finds what can be taken over from the report that the check is to go on from. */
export async function beginLog(
  context: Context,
  options: VerifyOptions,
  before: Report | undefined,
): Promise<BegunLog> {
  const { anchor, verifiers = [] } = options;
  const checkpoints = new Checkpoints(context, verifiers);
  const kept = options.kept && checkpoints.open(options.kept.name, options.kept.note);
  if (kept !== undefined) checkpoints.want(kept);
  const published = await PublishedCheck.begin(context, checkpoints);
  const { head, cosignatures } = before?.log ?? {};
  const known = head && { head, ...(cosignatures && { cosignatures }) };
  const start = known
    ? await resume(context, known, checkpoints, { kept, anchor: anchor?.report.log?.head })
    : THE_FIRST;
  // The part of this check before has counted it.
  if (before !== undefined && before === options.pausing?.before) checkpoints.signatures = 0;
  return { start, checkpoints, published, kept };
}

/**
 * followLog follows the log of a ledger from batch to batch: which are in it, the tree over the entries against every
 * checkpoint, entries against objects, tiles against entries. It gives undefined if there is no log. Memory is a few batches.
 */
export async function followLog(
  context: Context,
  options: VerifyOptions,
  begun: BegunLog,
  objects: LoggedObjects,
): Promise<FollowedLog | undefined> {
  const log = new LogCheck({ context, options, objects, ...begun });
  const followed = (await log.follow()) ? log.followed : undefined;
  // Behind a pause there may be more of it. What couldn't be read may be it; the outcome is no better than `unverified` then.
  if (!begun.checkpoints.isIncomplete && followed?.isPaused !== true) {
    sayIfKeptIsLost(context, options, begun, followed?.head);
    if (!log.isAnchorFound && !log.isAnchorUnknown) sayAnchorIsLost(context, options, followed?.head);
  }
  return followed;
}

const describe = ({ size, root }: Pick<VerifiedCheckpoint, 'size' | 'root'>): string =>
  `${size} entries and the root ${root}`;

const describeNewest = (head: VerifiedCheckpoint | undefined): string =>
  head === undefined
    ? 'no checkpoint fits the batches'
    : `the newest that fits the batches is ${checkpointName(head.number)}, with ${describe(head)}`;

/** sayIfKeptIsLost says that the log doesn't go on from the checkpoint that was kept. */
function sayIfKeptIsLost(
  { findings }: Context,
  options: VerifyOptions,
  { checkpoints, kept }: BegunLog,
  newest: VerifiedCheckpoint | undefined,
): void {
  if (kept === undefined || options.kept === undefined) return;
  const seen = checkpoints.seenAt(kept.text);
  // Where entries are missing before it, that is found already.
  if (seen !== undefined && seen.fit !== 'differs') return;
  const why =
    seen === undefined
      ? 'the log has no checkpoint of this text: its history was cut off or rewritten'
      : `the log has it as ${checkpointName(seen.number)}, and the batches up to that give another tree`;
  const { size, rootHash } = kept.checkpoint;
  const states = `it states ${describe({ size, root: formatHash(rootHash) })}, and ${describeNewest(newest)}`;
  findings.error('checkpoint-inconsistent', options.kept.name, `${why}; ${states}`);
}

/** sayAnchorIsLost says that the log doesn't go on from what an earlier check knew of it, if that knew anything. */
function sayAnchorIsLost(
  { findings }: Context,
  { anchor }: VerifyOptions,
  newest: VerifiedCheckpoint | undefined,
): void {
  const known = anchor?.report.log?.head;
  if (!known) return;
  const why = `${anchor.name} knew it with ${describe(known)}, and ${describeNewest(newest)}`;
  findings.error('checkpoint-inconsistent', checkpointName(known.number), why);
}
