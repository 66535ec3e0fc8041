import type { Ledger } from './ledger.ts';
import { connectContainer } from '../adapters/blobConnection.ts';
import { BlobTileStore } from '../adapters/blobTileStore.ts';
import { requireAuditor } from '../adapters/logKeys.ts';
import { openStorageQueue } from '../adapters/storageQueue.ts';
import type { RecheckSettings } from '../config/recheck.ts';
import { MINUTE_MS } from '../core/units.ts';
import { MOST_REQUESTS } from '../ledger/concurrency.ts';
import type { Logger } from '../ports/host.ts';
import { SEGMENTS_A_THREAD, SegmentWorkers } from '../threads/workers.ts';
import { rehashWithinMs } from '../verify/job.ts';
import { Recheck } from '../verify/recheck/recheck.ts';
import { MOST_PLAN_BYTES } from '../verify/recheck/plan.ts';
import type { RecheckDeps } from '../verify/recheck/recheck.ts';
import { workOnSlice } from '../verify/recheck/work.ts';

/** So long a run joins slices: with the check of what is new behind it, it ends before a host with the usual timeout of 30 minutes ends it. */
const JOIN_MS = 20 * MINUTE_MS;

/** Rechecking is what cuts full rechecks into slices, and works on these. */
export class Rechecking {
  readonly #ledger: Ledger;
  readonly #settings: RecheckSettings;

  constructor(ledger: Ledger, settings: RecheckSettings) {
    this.#ledger = ledger;
    this.#settings = settings;
  }

  /** recheck is what a run of the timer asks what it has to do. */
  async recheck(log: Logger): Promise<Recheck> {
    const { queue: name, queues, wholeBytes, sliceBytes, spreadMs } = this.#settings;
    const [shared, queue] = await Promise.all([this.#shared(log), openStorageQueue(queues, name)]);
    return new Recheck({
      ...shared,
      queue,
      wholeBytes,
      sliceBytes,
      spreadMs,
      planBytes: MOST_PLAN_BYTES,
      joinMs: JOIN_MS,
    });
  }

  /** work does what a message says, whoever wrote it. */
  async work(message: unknown, log: Logger): Promise<void> {
    const [shared, store] = await Promise.all([this.#shared(log), this.#ledger.store()]);
    const { verifyThreads } = this.#ledger.config;
    const workers = new SegmentWorkers(verifyThreads);
    try {
      const concurrency = verifyThreads * SEGMENTS_A_THREAD;
      const { summarize, index: indexSegment } = workers;
      const requests = MOST_REQUESTS;
      await workOnSlice({ ...shared, store, summarize, indexSegment, concurrency, requests }, message);
    } finally {
      await workers.close();
    }
  }

  async #shared(
    log: Logger,
  ): Promise<Pick<RecheckDeps, 'files' | 'auditors' | 'signer' | 'now' | 'tiles' | 'verifiers' | 'log' | 'mostMs'>> {
    const { config, ...ledger } = this.#ledger;
    const [auditor, tiles, { verifiers }, container] = await Promise.all([
      ledger.auditor(),
      ledger.tiles(),
      ledger.keys(),
      connectContainer(this.#settings.blobs, this.#settings.container),
    ]);
    // Locally nobody else makes it.
    await container.createIfNotExists();
    return {
      files: new BlobTileStore(container),
      auditors: { ledger: config.origin, verifiers: auditor.verifiers },
      signer: requireAuditor(auditor),
      now: Date.now,
      tiles,
      verifiers,
      log,
      mostMs: rehashWithinMs(config.fullVerifyHours),
    };
  }
}
