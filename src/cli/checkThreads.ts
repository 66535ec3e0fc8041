import { MirrorStore } from '../adapters/mirrorStore.ts';
import { InFlight, MOST_REQUESTS } from '../ledger/concurrency.ts';
import type { ObjectStore } from '../ports/store.ts';
import { DigestWorkers, SEGMENTS_A_THREAD, SegmentWorkers } from '../threads/workers.ts';
import type { VerifyDeps } from '../verify/context.ts';

/** CheckThreads is the threads that hash in one check. They begin to load at once. */
export class CheckThreads {
  readonly #concurrency: number;
  readonly #segments: SegmentWorkers;
  readonly #digests: DigestWorkers;

  constructor(count: number, isQuick: boolean) {
    this.#concurrency = count * SEGMENTS_A_THREAD;
    this.#segments = new SegmentWorkers(count);
    this.#digests = new DigestWorkers(count);
    (isQuick ? this.#digests : this.#segments).start();
  }

  /** workOn gives what a check of a store works with. Files the threads read themselves. */
  workOn(
    store: ObjectStore,
  ): Pick<VerifyDeps, 'summarize' | 'summarizeFile' | 'indexSegment' | 'digest' | 'concurrency' | 'requests'> {
    const { summarize, index: indexSegment, ofFiles } = this.#segments;
    const concurrency = this.#concurrency;
    const both = { summarize, indexSegment, concurrency };
    if (!(store instanceof MirrorStore)) {
      const flight = new InFlight(concurrency, MOST_REQUESTS);
      return { ...both, requests: MOST_REQUESTS, digest: this.#digests.ofStore(store, flight) };
    }
    const pathOf = (name: string): string => store.pathOf(name);
    return { ...both, summarizeFile: ofFiles(pathOf), digest: this.#digests.ofFiles(pathOf) };
  }

  /** close ends the threads. What is under way, or waits, fails. */
  async close(): Promise<void> {
    await Promise.all([this.#segments.close(), this.#digests.close()]);
  }
}
