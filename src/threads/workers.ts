import type { SegmentSummary } from '../core/segment/summary.ts';
import { WorkerPool, movable } from './pool.ts';

/** SegmentTask is what a thread that re-computes segments is given. */
export interface SegmentTask {
  readonly stored: Uint8Array;
  readonly countsCategories: boolean;
}

/** SegmentWorkers re-computes segments in threads of their own, as many as it is told. */
export class SegmentWorkers {
  readonly #pool: WorkerPool<SegmentTask, SegmentSummary>;

  constructor(size: number) {
    this.#pool = new WorkerPool('segmentWorker', size);
  }

  /** summarize takes the bytes over: with a buffer of their own they move to the thread and are gone here. */
  summarize = (stored: Buffer, countsCategories = false): Promise<SegmentSummary> =>
    this.#pool.run({ stored, countsCategories }, movable(stored));

  /** close ends the threads. Nothing may be under way. */
  close = (): Promise<void> => this.#pool.close();
}
