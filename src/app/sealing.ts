import { availableParallelism } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { once } from './ledger.ts';
import type { Ledger } from './ledger.ts';
import type { HubReader } from '../adapters/hubReader.ts';
import { triggerPositionOf } from '../adapters/triggerPosition.ts';
import { AuditsealError } from '../core/errors.ts';
import { MINUTE_MS } from '../core/units.ts';
import { Ingest } from '../ingest/ingest.ts';
import { Watch } from '../ingest/watch.ts';
import type { Delivery, Logger } from '../ports/host.ts';

/** So long one run of watch reads what is missing in a partition; the next one goes on. */
const FILL_MS = 30_000;

/** How many segments of a partition are in memory at one time where there is a processor to compress them on. */
const OVERLAP = 3;

/** Writers that meet at a name wait a random time, longer with each try, at most 2 s. */
const pause = (tries: number): Promise<void> => delay(Math.random() * Math.min(50 * 2 ** tries, 2000));

/** Sealing is all that writes segments, and ends between two of them. */
export class Sealing {
  readonly #stopping = new AbortController();
  readonly #underWay = new Set<Promise<unknown>>();
  readonly #ingest: () => Promise<Ingest>;
  readonly #watch: () => Promise<Watch>;
  #reader: HubReader | undefined;

  constructor({ config, store, sealing }: Ledger) {
    const { hub: place, origin: ledger, maxSegmentBytes, heartbeatMinutes } = config;
    // The client of the hub is slow to load, and a delivery that simply goes on doesn't need it.
    const hub = once(async () => {
      const { HubReader } = await import('../adapters/hubReader.ts');
      return (this.#reader = new HubReader(place));
    });
    const writer = async () => ({
      ...(await sealing()),
      store: await store(),
      now: Date.now,
      ledger,
      maxSegmentBytes,
      overlap: availableParallelism() > 1 ? OVERLAP : 1,
      stopping: this.#stopping.signal,
    });
    this.#ingest = once(async () => new Ingest({ ...(await writer()), hub, pause }));
    this.#watch = once(
      async () =>
        new Watch({
          ...(await writer()),
          hub: await hub(),
          trigger: triggerPositionOf(place),
          idleMs: heartbeatMinutes * MINUTE_MS,
          stuckMs: place.stuckMinutes * MINUTE_MS,
          ...(place.retentionHours !== undefined && { hubRetentionMs: place.retentionHours * 60 * MINUTE_MS }),
          wait: (milliseconds) => this.#wait(milliseconds),
          fillMs: FILL_MS,
        }),
    );
  }

  async ingest(delivery: Delivery, log: Logger): Promise<void> {
    await this.#until(async () => (await this.#ingest()).seal(delivery, log));
  }

  async watch(log: Logger): Promise<void> {
    await this.#until(async () => (await this.#watch()).run(log));
  }

  /**
   * stop lets what is under way end its segment and begin no other, and resolves when that is done. What is not sealed by
   * then the hub has still.
   */
  async stop(): Promise<void> {
    this.#stopping.abort();
    // Without a connection, who waits for the hub waits no longer.
    await Promise.allSettled([...this.#underWay, this.#reader?.close()]);
  }

  async #wait(milliseconds: number): Promise<void> {
    try {
      await delay(milliseconds, undefined, { signal: this.#stopping.signal });
    } catch {
      throw new AuditsealError('STOPPING', 'this process is to end: the next run goes on');
    }
  }

  async #until(action: () => Promise<unknown>): Promise<void> {
    const work = action();
    this.#underWay.add(work);
    try {
      await work;
    } finally {
      this.#underWay.delete(work);
    }
  }
}
