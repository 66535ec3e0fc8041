/** Hashes files, or bytes, in a thread of its own. Messages: a number and a group of them in, the number and what came of each out. */
import { parentPort } from 'node:worker_threads';
import type { DigestTask } from '../adapters/digestWorkers.ts';
import { digestFile } from '../threads/fileDigest.ts';
import { digestBytes } from '../ledger/digest.ts';

const port = parentPort;
port?.on('message', ({ id, task }: { id: number; task: DigestTask }) => {
  const result = 'paths' in task ? task.paths.map(digestFile) : task.stored.map(digestBytes);
  port.postMessage({ id, result });
});
