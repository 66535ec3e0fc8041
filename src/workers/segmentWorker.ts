/** Re-computes segments in a thread of its own. Messages: a number and a segment's bytes in, the number and a summary out. */
import { parentPort } from 'node:worker_threads';
import { summarizeSegment } from '../pipeline/segmentSummary.ts';

const port = parentPort;
port?.on('message', ({ id, stored }: { id: number; stored: Uint8Array }) => {
  const summary = summarizeSegment(Buffer.from(stored.buffer, stored.byteOffset, stored.byteLength));
  port.postMessage({ id, summary });
});
