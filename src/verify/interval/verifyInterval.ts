import { IntervalWalks } from './intervalWalks.ts';
import { notCheckedOfInterval } from './notCheckedOfInterval.ts';
import { AuditsealError } from '../../core/errors.ts';
import type { Report } from '../../core/objects/report.ts';
import type { LedgerInterval } from '../../core/objects/slice.ts';
import type { VerifyDeps } from '../context.ts';
import { beginLog, followLog } from '../log/followLog.ts';
import type { FollowedLog } from '../log/logCheck.ts';
import { checkLogNames } from '../objectCheck.ts';
import type { VerifyOptions } from '../options.ts';
import { compose, contextOf, finishFindings, integratedUntil } from '../outcome.ts';

/**
 * verifyInterval checks the log in whole, and of the segments those alone that its entries put into an interval: every one in full,
 * and how it goes on from the one before and the one behind, by their entries where those are outside. It works on a ledger, and on
 * a slice of one. docs/format.md, section 10.7.
 */
export async function verifyInterval(
  deps: VerifyDeps,
  options: VerifyOptions,
  interval: LedgerInterval,
): Promise<Report> {
  const { anchor, isIncremental = false, isQuick = false } = options;
  if (anchor !== undefined || isIncremental || isQuick)
    throw new AuditsealError(
      'TARGET_INVALID',
      'a check of an interval goes on from no report, and looks into segments',
    );
  const started = deps.now();
  const context = contextOf(deps, options);
  const begun = await beginLog(context, options, undefined);
  const walks = new IntervalWalks(context, interval);
  let log: FollowedLog | undefined;
  let until: number;
  try {
    log = await followLog(context, options, begun, walks);
    until = integratedUntil(context, options, log, begun.checkpoints.isIncomplete);
    // Without a log nobody knows which segments are of the interval.
    if (log !== undefined) await walks.finishBehind(log.positions, until);
  } finally {
    await walks.close();
  }
  await checkLogNames(context);
  await finishFindings(context, log, until);
  const report = walks.report(log?.positions ?? new Map());
  const index = { notChecked: notCheckedOfInterval(walks, report, log) };
  return compose(context, options, { started, log, index, interval: report });
}
