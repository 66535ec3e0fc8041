import type { SealableEvent } from '../../src/core/segment/seal.ts';
import { Ingest } from '../../src/ingest/ingest.ts';
import type { IngestDeps } from '../../src/ingest/ingest.ts';
import type { ObjectStore } from '../../src/ports/store.ts';
import { LEDGER, timeOf } from './forge.ts';
import { KeptLog } from './keptLog.ts';
import { certificatesOf, sessionsOf } from './logs.ts';

/** eventAt makes an event with one record that tells its number. */
export const eventAt = (number: number, second = number, body = `{"n":${number},"t":${second}}`): SealableEvent => ({
  body: Buffer.from(body),
  sequenceNumber: number,
  enqueued: timeOf(second),
});

/** eventsBetween makes the events first…last. */
export const eventsBetween = (first: number, last: number, secondOfFirst = first): SealableEvent[] =>
  Array.from({ length: last - first + 1 }, (_, i) => eventAt(first + i, secondOfFirst + i));

/** ingestOf makes an Ingest with fixed time, as a process that has just started. */
export const ingestOf = (store: ObjectStore, changes: Partial<IngestDeps> = {}): Ingest =>
  new Ingest({
    store,
    now: () => Date.parse(timeOf(2_000_000)),
    ledger: LEDGER,
    sessions: sessionsOf('segments'),
    certificates: certificatesOf(),
    maxSegmentBytes: 1024 * 1024,
    pause: () => Promise.resolve(),
    ...changes,
  });

/** sealAll seals one delivery and gives what was logged. */
export async function sealAll(ingest: Ingest, events: readonly SealableEvent[], partition = '0'): Promise<KeptLog> {
  const log = new KeptLog();
  await ingest.seal({ partition, events }, log);
  return log;
}
