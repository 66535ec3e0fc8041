/** Re-computes segments in a thread of its own. Messages: a number and a segment's bytes in, the number and a summary out. */
import { parentPort } from 'node:worker_threads';
import type { SegmentTask } from './workers.ts';
import { summarizeSegment } from '../core/segment/summary.ts';

const port = parentPort;
port?.on('message', ({ id, task: { stored, countsCategories } }: { id: number; task: SegmentTask }) => {
  const bytes = Buffer.from(stored.buffer, stored.byteOffset, stored.byteLength);
  port.postMessage({ id, result: summarizeSegment(bytes, countsCategories) });
});
