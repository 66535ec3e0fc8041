import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { ResourceLimits, Transferable } from 'node:worker_threads';

interface Waiting<Task, Result> {
  readonly id: number;
  readonly task: Task;
  readonly moved: readonly Transferable[];
  readonly resolve: (result: Result) => void;
  readonly reject: (error: Error) => void;
}

/**
 * WorkerPool gives tasks to threads that run a file beside this one, as many as it is told, one task a thread at a time. A thread
 * gets `{id, task}` and answers `{id, result}`. Threads that are idle keep no process.
 */
export class WorkerPool<Task, Result> {
  readonly #script: URL;
  readonly #idle: Worker[] = [];
  readonly #busy = new Map<Worker, Waiting<Task, Result>>();
  readonly #waiting: Waiting<Task, Result>[] = [];
  readonly #size: number;
  readonly #resourceLimits: ResourceLimits;
  #isClosed = false;
  #lastId = 0;

  constructor(size: number, script: 'worker' | 'evidenceWorker' = 'worker', resourceLimits: ResourceLimits = {}) {
    // The same from the source as from a bundle: every output of the build is one folder below dist/.
    this.#script = new URL(`../threads/${script}${extname(import.meta.url)}`, import.meta.url);
    this.#size = size;
    this.#resourceLimits = resourceLimits;
  }

  /** run gives a task to the next free thread. What is in `moved` is gone here. */
  run(task: Task, moved: readonly Transferable[] = []): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ id: ++this.#lastId, task, moved, resolve, reject });
      this.#pump();
    });
  }

  #pump(): void {
    while (this.#waiting.length > 0) {
      const worker = this.#idle.pop() ?? (this.#busy.size < this.#size ? this.#start() : undefined);
      if (worker === undefined) return;
      const next = this.#waiting.shift() as Waiting<Task, Result>;
      this.#busy.set(worker, next);
      worker.ref();
      worker.postMessage({ id: next.id, task: next.task }, next.moved);
    }
  }

  #start(): Worker {
    const worker = new Worker(this.#script, { resourceLimits: this.#resourceLimits });
    worker.on('message', ({ id, result }: { id: number; result: Result }) => {
      const done = this.#busy.get(worker);
      this.#busy.delete(worker);
      if (done?.id !== id) return;
      worker.unref();
      this.#idle.push(worker);
      done.resolve(result);
      this.#pump();
    });
    const onGone = (error: Error): void => {
      const lost = this.#busy.get(worker);
      this.#busy.delete(worker);
      const idle = this.#idle.indexOf(worker);
      if (idle >= 0) this.#idle.splice(idle, 1);
      lost?.reject(error);
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

/** movable gives what of a buffer can move to a thread: its memory, unless it is a view of a larger one. */
export const movable = ({ byteLength, buffer }: Buffer): readonly Transferable[] =>
  byteLength === buffer.byteLength ? [buffer as ArrayBuffer] : [];
