/** Lengths of time (ms). */
export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;

/** In bytes. */
export const MIB = 1024 * 1024;
