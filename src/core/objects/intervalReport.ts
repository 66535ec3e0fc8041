import type { IntervalReport, Status } from './report.ts';

/** isIntervalComplete tells whether the log has all of an interval: until its end, and not only what came behind it. docs/format.md, section 10.7. */
export const isIntervalComplete = ({ to, chains }: Pick<IntervalReport, 'to' | 'chains'>): boolean =>
  chains.every(({ sealed }) => sealed >= to) && chains.some(({ begins }) => begins !== '' && begins < to);

/** standingOf is what a report counts as where one word is all that is said: what is verified of an interval that isn't complete is not enough. */
export const standingOf = ({
  status,
  interval,
}: {
  readonly status: Status;
  readonly interval?: IntervalReport;
}): Status => (status === 'verified' && interval?.complete === false ? 'unverified' : status);
