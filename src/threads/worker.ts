/** Hashes in a thread of its own. Messages: a number and a task in, the number and what came of it out. */
import { parentPort } from 'node:worker_threads';
import { summarizeSegment } from '../core/segment/summary.ts';
import type { SegmentQuestion, SegmentSummary } from '../core/segment/summary.ts';
import { digestBytes } from '../ledger/digest.ts';
import type { Digest } from '../ledger/digest.ts';
import { digestFile } from './fileDigest.ts';

/** SegmentTask is a segment to re-compute. */
export interface SegmentTask {
  readonly segment: Uint8Array;
  readonly question: SegmentQuestion;
}

/** DigestTask is a group of files, or of objects' bytes, to hash. */
export type DigestTask = { readonly paths: readonly string[] } | { readonly stored: readonly Uint8Array[] };

function work(task: SegmentTask | DigestTask): SegmentSummary | readonly Digest[] {
  if ('paths' in task) return task.paths.map(digestFile);
  if ('stored' in task) return task.stored.map(digestBytes);
  const { buffer, byteOffset, byteLength } = task.segment;
  return summarizeSegment(Buffer.from(buffer, byteOffset, byteLength), task.question);
}

const port = parentPort;
port?.on('message', ({ id, task }: { id: number; task: SegmentTask | DigestTask }) => {
  port.postMessage({ id, result: work(task) });
});
