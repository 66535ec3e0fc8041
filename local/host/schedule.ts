import { nextOccurrence, parseCron } from './cron.ts';
import { parseTimeSpan } from './timeSpan.ts';

/** Schedule says when a timer fires. */
export interface Schedule {
  /** next is the first occurrence after afterMs, in milliseconds since the Unix epoch. */
  next(afterMs: number): number;
  readonly adjustForDst: boolean;
}

const MINUTE_MS = 60_000;

/** parseSchedule reads a timer's schedule, an NCRONTAB expression or a TimeSpan; it throws a TypeError. */
export function parseSchedule(text: string): Schedule {
  const intervalMs = parseTimeSpan(text);
  if (intervalMs !== undefined) {
    if (intervalMs <= 0) throw new TypeError('the interval is zero');
    return { next: (afterMs) => afterMs + intervalMs, adjustForDst: false };
  }
  const cron = parseCron(text);
  const next = (afterMs: number): number => {
    const found = nextOccurrence(cron, afterMs);
    if (found === undefined) throw new TypeError(`${JSON.stringify(text)} never occurs`);
    return found;
  };
  next(0);
  return { next, adjustForDst: true };
}

/** isFrequent tells whether two occurrences are less than a minute apart: such timers aren't monitored. */
export function isFrequent(schedule: Schedule, nowMs: number): boolean {
  const first = schedule.next(nowMs);
  return schedule.next(first) - first < MINUTE_MS;
}
