/** EventBuffer holds received events of one partition until they make a delivery. */
export interface EventBuffer<T> {
  /** events are in order of arrival. */
  readonly events: T[];
  /** waitingSinceMs is when the oldest of them arrived. */
  waitingSinceMs: number;
}

export interface BatchLimits {
  readonly maxEventBatchSize: number;
  readonly minEventBatchSize: number;
  readonly maxWaitTimeMs: number;
}

/** addEvents appends what was received at nowMs. */
export function addEvents<T>(buffer: EventBuffer<T>, events: readonly T[], nowMs: number): void {
  if (buffer.events.length === 0) buffer.waitingSinceMs = nowMs;
  buffer.events.push(...events);
}

/** takeBatch removes and returns the next delivery, or nothing while there are too few events and time is left. */
export function takeBatch<T>(buffer: EventBuffer<T>, limits: BatchLimits, nowMs: number): readonly T[] {
  const isDue = nowMs - buffer.waitingSinceMs >= limits.maxWaitTimeMs;
  if (buffer.events.length < limits.minEventBatchSize && !isDue) return [];
  const batch = buffer.events.splice(0, limits.maxEventBatchSize);
  buffer.waitingSinceMs = nowMs;
  return batch;
}
