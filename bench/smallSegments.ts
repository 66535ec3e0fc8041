import { generateBodies } from './data.ts';
import { sealAll, splitEvents, toEvents } from './workload.ts';
import type { Events, StoredSegment } from './workload.ts';

/** SMALL_RECORDS is how many records a small segment has: one event of a quiet hub. */
export const SMALL_RECORDS = 12;
/** So many bodies are made, and come again and again. */
const BODIES = 500;

/** smallRuns gives runs of one event each, each of which makes a small segment. */
export function smallRuns(count: number): Events[] {
  const all = generateBodies({ seed: 1, totalBytes: Infinity, recordsPerBody: SMALL_RECORDS });
  const bodies = Array.from({ length: Math.min(count, BODIES) }, () => all.next().value as Buffer);
  return splitEvents(toEvents(Array.from({ length: count }, (_, i) => bodies[i % bodies.length] as Buffer)), 1);
}

/** smallSegments gives a chain of small segments. */
export const smallSegments = (count: number): Promise<StoredSegment[]> => sealAll(smallRuns(count));
