/** Hashes and indexes in a thread of its own. Messages: a number and a task in, the number and what came of it out. */
import { parentPort } from 'node:worker_threads';
import { indexStored } from '../core/index/terms.ts';
import type { SegmentInEntry } from '../core/signed/enteredSegment.ts';
import { summarizeSegment } from '../core/segment/summary.ts';
import type { SegmentQuestion, SegmentSummary } from '../core/segment/summary.ts';
import { digestBytes } from '../ledger/digest.ts';
import type { Digest } from '../ledger/digest.ts';
import { crossing } from './crossing.ts';
import type { Crossing } from './crossing.ts';
import { digestFile } from './fileDigest.ts';
import { movable } from './pool.ts';

/** SegmentTask is a segment to re-compute. */
export interface SegmentTask {
  readonly segment: Uint8Array;
  readonly question: SegmentQuestion;
}

/** IndexTask is a segment of which the terms are wanted. */
export interface IndexTask {
  readonly indexed: Uint8Array;
  readonly segment: SegmentInEntry;
}

/** DigestTask is a group of files, or of objects' bytes, to hash. */
export type DigestTask = { readonly paths: readonly string[] } | { readonly stored: readonly Uint8Array[] };

const bufferOf = ({ buffer, byteOffset, byteLength }: Uint8Array): Buffer =>
  Buffer.from(buffer, byteOffset, byteLength);

type Task = SegmentTask | IndexTask | DigestTask;

async function work(task: Task): Promise<SegmentSummary | Crossing<Buffer> | readonly Digest[]> {
  if ('paths' in task) return task.paths.map(digestFile);
  if ('stored' in task) return task.stored.map(digestBytes);
  if ('indexed' in task) return crossing(async () => indexStored(bufferOf(task.indexed), task.segment));
  return summarizeSegment(bufferOf(task.segment), task.question);
}

const port = parentPort;
port?.on('message', ({ id, task }: { id: number; task: Task }) => {
  void work(task).then((result) => {
    const moved = 'ok' in result && result.ok && 'value' in result ? movable(result.value) : [];
    port.postMessage({ id, result }, moved);
  });
});
