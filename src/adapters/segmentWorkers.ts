import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { SegmentSummary } from '../pipeline/segmentSummary.ts';

// The same from the source as from a bundle: every output of the build is one folder below dist/.
const SCRIPT = new URL(`../workers/segmentWorker${extname(import.meta.url)}`, import.meta.url);

interface Task {
  readonly id: number;
  readonly stored: Buffer;
  readonly countsCategories: boolean;
  readonly resolve: (summary: SegmentSummary) => void;
  readonly reject: (error: Error) => void;
}

/** SegmentWorkers re-computes segments in threads of their own, as many as it is told. */
export class SegmentWorkers {
  readonly #idle: Worker[] = [];
  readonly #busy = new Map<Worker, Task>();
  readonly #waiting: Task[] = [];
  readonly #size: number;
  #isClosed = false;
  #lastId = 0;

  constructor(size: number) {
    this.#size = size;
  }

  /** summarize takes the bytes over: with a buffer of their own they move to the thread and are gone here. */
  summarize = (stored: Buffer, countsCategories = false): Promise<SegmentSummary> =>
    new Promise((resolve, reject) => {
      this.#waiting.push({ id: ++this.#lastId, stored, countsCategories, resolve, reject });
      this.#pump();
    });

  #pump(): void {
    while (this.#waiting.length > 0) {
      const worker = this.#idle.pop() ?? (this.#busy.size < this.#size ? this.#start() : undefined);
      if (worker === undefined) return;
      const task = this.#waiting.shift() as Task;
      this.#busy.set(worker, task);
      const ownsBuffer = task.stored.byteLength === task.stored.buffer.byteLength;
      worker.ref();
      const { id, stored, countsCategories } = task;
      worker.postMessage({ id, stored, countsCategories }, ownsBuffer ? [task.stored.buffer as ArrayBuffer] : []);
    }
  }

  #start(): Worker {
    const worker = new Worker(SCRIPT);
    worker.on('message', ({ id, summary }: { id: number; summary: SegmentSummary }) => {
      const task = this.#busy.get(worker);
      this.#busy.delete(worker);
      if (task?.id !== id) return;
      // An idle thread doesn't keep the process.
      worker.unref();
      this.#idle.push(worker);
      task.resolve(summary);
      this.#pump();
    });
    const onGone = (error: Error): void => {
      const task = this.#busy.get(worker);
      this.#busy.delete(worker);
      const idle = this.#idle.indexOf(worker);
      if (idle >= 0) this.#idle.splice(idle, 1);
      task?.reject(error);
      if (!this.#isClosed) this.#pump();
    };
    worker.on('error', onGone);
    worker.on('exit', (code) => onGone(new Error(`a worker thread ended with code ${code}`)));
    return worker;
  }

  /** close ends the threads. Nothing may be under way. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#idle, ...this.#busy.keys()].map((worker) => worker.terminate()));
  }
}
