import type { SealableEvent } from '../../src/core/segment/seal.ts';
import { Ingest } from '../../src/ingest/ingest.ts';
import type { IngestDeps } from '../../src/ingest/ingest.ts';
import type { Delivery } from '../../src/ports/host.ts';
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

/** hubOf gives the hub that a store's events come from, unless a test has one of its own. */
function hubOf(store: ObjectStore): MemoryHub {
  const hub = hubs.get(store) ?? new MemoryHub(0);
  hubs.set(store, hub);
  return hub;
}

/** learn puts into a hub what was delivered from it, so far as it hasn't that. */
async function learn(hub: MemoryHub, { partition, events }: Delivery): Promise<void> {
  const { partitions } = await hub.life();
  hub.grow(Math.max(Number(partition) + 1 - partitions.length, 0));
  const { last } = await hub.state(partition);
  hub.add(
    events.filter(({ sequenceNumber }) => sequenceNumber > last),
    partition,
  );
}

/** ingestOf makes an Ingest with fixed time, as a process that has just started. Its hub has what is delivered, by default. */
export function ingestOf(store: ObjectStore, changes: Partial<IngestDeps> = {}): Ingest {
  const hub = hubOf(store);
  const ingest = new Ingest({
    store,
    hub: () => Promise.resolve(hub),
    now: () => Date.parse(timeOf(2_000_000)),
    ledger: LEDGER,
    sessions: sessionsOf('segments'),
    certificates: certificatesOf(),
    maxSegmentBytes: 1024 * 1024,
    pause: () => Promise.resolve(),
    ...changes,
  });
  const seal = ingest.seal.bind(ingest);
  ingest.seal = async (delivery, log) => {
    await learn(hub, delivery);
    return seal(delivery, log);
  };
  return ingest;
}

/** sealAll seals one delivery and gives what was logged. */
export async function sealAll(ingest: Ingest, events: readonly SealableEvent[], partition = '0'): Promise<KeptLog> {
  const log = new KeptLog();
  await ingest.seal({ partition, events }, log);
  return log;
}
