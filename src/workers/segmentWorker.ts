/** Re-computes segments in a thread of its own. Messages: a number, a segment's bytes and what to count in, the number and a summary out. */
import { parentPort } from 'node:worker_threads';
import { summarizeSegment } from '../pipeline/segmentSummary.ts';

const port = parentPort;
port?.on(
  'message',
  ({ id, stored, countsCategories }: { id: number; stored: Uint8Array; countsCategories: boolean }) => {
    const summary = summarizeSegment(
      Buffer.from(stored.buffer, stored.byteOffset, stored.byteLength),
      countsCategories,
    );
    port.postMessage({ id, summary });
  },
);
