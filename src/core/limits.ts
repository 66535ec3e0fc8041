// Limits and allowances that more than one room goes by. docs/format.md states those that another checker has to know.

import { HOUR_MS, MINUTE_MS } from './units.ts';

/** CLOCK_SKEW_MS is how far the clocks of two machines may be apart. */
export const CLOCK_SKEW_MS = 10 * MINUTE_MS;

/**
 * INTEGRATION_DELAY_MS is how long what was made may wait for its entry in the log and its checkpoint before that is a
 * finding: many runs of integrate.
 */
export const INTEGRATION_DELAY_MS = 10 * MINUTE_MS;

/** ACTION_UNDERWAY_MS is how long an action may be without its outcome before that is worth a look. */
export const ACTION_UNDERWAY_MS = 10 * MINUTE_MS;

/** MAX_RETENTION_DAYS is the longest time-based retention policy that Azure takes: 400 years. */
export const MAX_RETENTION_DAYS = 146_000;

/** VERIFY_AGE_MS and POSTURE_AGE_MS are how old the newest report of each kind may be. The alerts wait as long for a run. */
export const VERIFY_AGE_MS = 6 * HOUR_MS;
export const POSTURE_AGE_MS = 24 * HOUR_MS;

/** FULL_AGE_MS is how old the newest full check may be: the longest period that the settings take, and a check's own time. */
export const FULL_AGE_MS = 8784 * HOUR_MS + VERIFY_AGE_MS;
