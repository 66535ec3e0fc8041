import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { ResourceLimits, Transferable } from 'node:worker_threads';
import { arrived } from './crossing.ts';
import type { Crossing } from './crossing.ts';

/**
 * What a group has at most: a message there and back costs as much as re-computing a small segment, and a thread is busy with so
 * many stored bytes for some milliseconds, so the threads end at about the same time.
 */
const GROUP_BYTES = 128 * 1024;
const GROUP_TASKS = 32;

/** How many threads are worth starting for a ledger that may be small. */
const STARTED = 4;

const ENDED = 'the worker threads were ended';

/** Weight is what a pool is told of a task. */
export interface Weight {
  /** how many bytes are to be worked on; left out, it goes alone */
  readonly bytes?: number;
  /** is gone here once the task is given to a thread */
  readonly moved?: readonly Transferable[];
}

interface Waiting<Task, Result> {
  readonly task: Task;
  readonly bytes: number;
  readonly moved: readonly Transferable[];
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/** Group is what one thread works on. */
interface Group<Task, Result> {
  readonly id: number;
  readonly members: readonly Waiting<Task, Result>[];
}

/** Asked is what a thread gets, and Answered what it answers: of each task what it gave or ended in, in their order. */
export interface Asked<Task> {
  readonly id: number;
  readonly tasks: readonly Task[];
}
export interface Answered<Result> {
  readonly id: number;
  readonly results: readonly Crossing<Result>[];
}

/**
 * WorkerPool gives tasks to threads that run a file beside this one, as many as it is told. A thread works on one group of tasks at a
 * time: small ones that wait go together. What one of them ends in is its own; a thread that dies loses its group, and a group fails of
 * which a task can't cross. Threads that are idle keep no process.
 */
export class WorkerPool<Task, Result> {
  readonly #script: URL;
  readonly #idle: Worker[] = [];
  readonly #busy = new Map<Worker, Group<Task, Result>>();
  #waiting: Waiting<Task, Result>[] = [];
  readonly #size: number;
  readonly #resourceLimits: ResourceLimits;
  #isClosed = false;
  #isPumpDue = false;
  #lastId = 0;

  constructor(size: number, script: 'worker' | 'evidenceWorker' = 'worker', resourceLimits: ResourceLimits = {}) {
    // The same from the source as from a bundle: every output of the build is one folder below dist/.
    this.#script = new URL(`../threads/${script}${extname(import.meta.url)}`, import.meta.url);
    this.#size = size;
    this.#resourceLimits = resourceLimits;
  }

  /** start starts threads before there is work, so that they load while this one does; of many, the rest start when they are needed. */
  start(): void {
    while (this.#idle.length < Math.min(this.#size, STARTED)) this.#idle.push(this.#start());
  }

  /** run gives a task to the next free thread, and throws what it ends in there. */
  run(task: Task, { bytes = Infinity, moved = [] }: Weight = {}): Promise<Result> {
    return new Promise((resolve, reject) => {
      if (this.#isClosed) throw new Error(ENDED);
      this.#waiting.push({ task, bytes, moved, resolve, reject });
      if (this.#isPumpDue) return;
      // What is asked for together is to go together.
      this.#isPumpDue = true;
      setImmediate(() => {
        this.#isPumpDue = false;
        this.#pump();
      });
    });
  }

  #pump(): void {
    while (this.#waiting.length > 0 && !this.#isClosed) {
      const worker = this.#idle.pop() ?? (this.#busy.size < this.#size ? this.#start() : undefined);
      if (worker === undefined) return;
      this.#hand(worker, this.#nextGroup());
    }
  }

  #hand(worker: Worker, members: Group<Task, Result>['members']): void {
    const asked: Asked<Task> = { id: ++this.#lastId, tasks: members.map(({ task }) => task) };
    try {
      worker.postMessage(
        asked,
        members.flatMap(({ moved }) => moved),
      );
    } catch (error) {
      // It holds something that can't cross, or that has moved already. The thread knows nothing of it.
      this.#idle.push(worker);
      for (const { reject } of members) reject(error);
      return;
    }
    this.#busy.set(worker, { id: asked.id, members });
    worker.ref();
  }

  /** nextGroup takes tasks that wait, in their order: no more than the share of one thread. */
  #nextGroup(): Waiting<Task, Result>[] {
    const most = Math.min(GROUP_TASKS, Math.ceil(this.#waiting.length / this.#size));
    let count = 0;
    let bytes = 0;
    do bytes += this.#waiting[count++]?.bytes ?? Infinity;
    while (count < most && bytes + (this.#waiting[count]?.bytes ?? Infinity) <= GROUP_BYTES);
    return this.#waiting.splice(0, count);
  }

  #start(): Worker {
    const worker = new Worker(this.#script, { resourceLimits: this.#resourceLimits });
    worker.on('message', ({ id, results }: Answered<Result>) => {
      const done = this.#busy.get(worker);
      if (done?.id !== id) return;
      this.#busy.delete(worker);
      worker.unref();
      this.#idle.push(worker);
      // First, so that the thread has work while this one looks at what it gave.
      this.#pump();
      for (const [i, { resolve, reject }] of done.members.entries()) {
        try {
          resolve(arrived(results[i] as Crossing<Result>));
        } catch (error) {
          reject(error);
        }
      }
    });
    const onGone = (error: Error): void => {
      const lost = this.#busy.get(worker);
      this.#busy.delete(worker);
      const idle = this.#idle.indexOf(worker);
      if (idle >= 0) this.#idle.splice(idle, 1);
      for (const { reject } of lost?.members ?? []) reject(error);
      if (!this.#isClosed) this.#pump();
    };
    worker.on('error', onGone);
    worker.on('exit', (code) => onGone(new Error(`a worker thread ended with code ${code}`)));
    // Last: to listen to it keeps the process again.
    worker.unref();
    return worker;
  }

  /** close ends the threads. What is under way, or waits, fails. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const { reject } of this.#waiting.splice(0)) reject(new Error(ENDED));
    await Promise.all([...this.#idle, ...this.#busy.keys()].map((worker) => worker.terminate()));
  }
}

/** movable gives what of a buffer can move to a thread: its memory, unless it is a view of a larger one. */
export const movable = ({ byteLength, buffer }: Buffer): readonly Transferable[] =>
  byteLength === buffer.byteLength ? [buffer as ArrayBuffer] : [];
