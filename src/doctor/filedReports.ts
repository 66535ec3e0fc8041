import { failed, ok, unknown } from './step.ts';
import type { Outcome } from './step.ts';
import { CLOCK_SKEW_MS, POSTURE_AGE_MS, VERIFY_AGE_MS } from '../core/limits.ts';
import type { PosturePromise } from '../core/objects/guard.ts';
import { timeOfReport } from '../core/objects/filedReport.ts';
import type { FiledReport } from '../core/objects/filedReport.ts';
import type { PostureReport, Report } from '../core/objects/report.ts';
import type { Filed, NewestReports } from '../ledger/newestReports.ts';

/** LedgerPlace is the account and the container of a ledger. */
export type LedgerPlace = Pick<PosturePromise, 'account' | 'container'>;

/** Expected is what a report has to be of. */
interface Expected {
  readonly place: LedgerPlace;
  readonly mostMs: number;
  /** ms since 1970 */
  readonly now: number;
}

/**
 * judgeReports says whether there are reports that say that all is well, and new enough. What is wrong in one comes before what
 * is unknown of another.
 */
export function judgeReports(
  { integrity, posture }: NewestReports,
  { place, hasPosture, now }: Omit<Expected, 'mostMs'> & { readonly hasPosture: boolean },
): Outcome {
  const outcomes = [
    judgeOne('verify', integrity, { place, mostMs: VERIFY_AGE_MS, now }),
    // One that is there counts, whatever the settings say.
    ...(hasPosture || posture !== undefined
      ? [judgeOne('posture', posture, { place, mostMs: POSTURE_AGE_MS, now })]
      : []),
  ];
  const [worst] = [...outcomes.filter(isFailed), ...outcomes.filter(({ state }) => state === 'unknown')];
  return worst ?? ok(outcomes.map(({ said }) => said).join('; '));
}

const isFailed = ({ state }: Outcome): boolean => state === 'failed';

function judgeOne(
  job: 'verify' | 'posture',
  filed: Filed<Report | PostureReport> | undefined,
  expected: Expected,
): Outcome {
  if (filed === undefined)
    return unknown(
      `there is no report of ${job} yet`,
      'verify files one an hour, posture one in six hours, unless their schedules say otherwise',
    );
  const { name, report } = filed;
  const strangeness = strangenessOf(filed, expected);
  if (strangeness !== undefined)
    return failed(`the last report of ${job} is ${strangeness}`, `look at the log of ${job}`);
  const codes = codesIn(report);
  // Whether a policy may be unlocked, the step policy judges.
  const isOnlyUnlocked = report.kind === 'posture' && codes === 'policy-unlocked';
  if (report.status === 'violated' && !isOnlyUnlocked)
    return failed(`${name} says violated: ${codes}`, 'docs/runbook.md has each finding');
  const [unread] = report.unreadable;
  if (unread !== undefined) return failed(`${name} could not read everything: ${unread.object}: ${unread.why}`);
  if (report.kind === 'integrity' && report.checked.segments === 0)
    return unknown(`${name} had nothing to check yet`, 'verify looks again within the hour');
  if (report.status === 'unverified') return failed(`${name} says unverified`);
  return ok(
    isOnlyUnlocked ? `${name} says that nothing is wrong but that the policy is not locked` : `${name} says verified`,
  );
}

/** strangenessOf says what makes a report one of another time or place. */
export function strangenessOf(
  { name, report }: Filed<Report | PostureReport>,
  { place, mostMs, now }: Expected,
): string | undefined {
  const time = timeOfReport(report);
  const age = now - Date.parse(time);
  if (age < -CLOCK_SKEW_MS) return `${name}, of ${time}, which is still to come: a clock is wrong`;
  if (age > mostMs) return `${name}, of ${time}: too old`;
  if (report.kind === 'posture' && (report.account !== place.account || report.container !== place.container))
    return `${name}, which is of ${report.account}/${report.container}`;
  return undefined;
}

const codesIn = ({ findings }: Pick<FiledReport, 'findings'>): string =>
  [...new Set(findings.filter(({ severity }) => severity === 'error').map(({ code }) => code))].join(', ');
