import type { SealableEvent } from '../../src/core/segment/seal.ts';
import { Ingest } from '../../src/ingest/ingest.ts';
import { Watch } from '../../src/ingest/watch.ts';
import type { WatchDeps } from '../../src/ingest/watch.ts';
import type { IngestDeps, IngestResult } from '../../src/ingest/ingest.ts';
import type { Delivery, Logger } from '../../src/ports/host.ts';
import type { ObjectStore } from '../../src/ports/store.ts';
import { LEDGER, timeOf } from './forge.ts';
import { KeptLog } from './keptLog.ts';
import { certificatesOf, sessionsOf } from './logs.ts';
import { MemoryHub } from './memoryHub.ts';

/** eventAt makes an event with one record that tells its number. */
export const eventAt = (number: number, second = number, body = `{"n":${number},"t":${second}}`): SealableEvent => ({
  body: Buffer.from(body),
  sequenceNumber: number,
  enqueued: timeOf(second),
});

/** eventsBetween makes the events first…last. */
export const eventsBetween = (first: number, last: number, secondOfFirst = first): SealableEvent[] =>
  Array.from({ length: last - first + 1 }, (_, i) => eventAt(first + i, secondOfFirst + i));

const hubs = new WeakMap<ObjectStore, MemoryHub>();

/** hubOf gives the hub whose events are sealed in a store: it has what was delivered, unless a test says otherwise. */
export function hubOf(store: ObjectStore): MemoryHub {
  const hub = hubs.get(store) ?? new MemoryHub(10);
  hubs.set(store, hub);
  return hub;
}

/** TaughtIngest lets its hub have had what is delivered. */
class TaughtIngest extends Ingest {
  readonly #hub: MemoryHub;

  constructor(deps: IngestDeps, hub: MemoryHub) {
    super(deps);
    this.#hub = hub;
  }

  override async seal(delivery: Delivery, log: Logger): Promise<IngestResult> {
    this.#hub.learn(delivery.events, delivery.partition);
    return super.seal(delivery, log);
  }
}

/** ingestOf makes an Ingest with fixed time, as a process that has just started. */
export const ingestOf = (store: ObjectStore, changes: Partial<IngestDeps> = {}): Ingest =>
  new TaughtIngest(
    {
      store,
      hub: async () => hubOf(store),
      now: () => Date.parse(timeOf(2_000_000)),
      ledger: LEDGER,
      sessions: sessionsOf('segments'),
      certificates: certificatesOf(),
      maxSegmentBytes: 1024 * 1024,
      pause: () => Promise.resolve(),
      ...changes,
    },
    hubOf(store),
  );

/** watchOf makes a Watch over the same hub, as a process that has just started. */
export const watchOf = (store: ObjectStore, changes: Partial<WatchDeps> = {}): Watch =>
  new Watch({
    store,
    hub: hubOf(store),
    now: () => Date.parse(timeOf(2_000_000)),
    ledger: LEDGER,
    sessions: sessionsOf('segments'),
    certificates: certificatesOf(),
    maxSegmentBytes: 1024 * 1024,
    idleMs: 15 * 60_000,
    stuckMs: 10 * 60_000,
    wait: () => Promise.resolve(),
    fillMs: 60_000,
    ...changes,
  });

/** sealAll seals one delivery and gives what was logged. */
export async function sealAll(ingest: Ingest, events: readonly SealableEvent[], partition = '0'): Promise<KeptLog> {
  const log = new KeptLog();
  await ingest.seal({ partition, events }, log);
  return log;
}
