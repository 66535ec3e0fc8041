/** Repairs a gap of so many events of 1 KB, and says what the process held at most. */
import { writeSync } from 'node:fs';
import { ChainStore } from './chainStore.ts';
import { HeldHub } from './heldHub.ts';
import { ingestOf } from './ledger.ts';
import { peakBytes } from './peak.ts';
import { CREATED, PARTITION, toEvents } from './workload.ts';

const length = Number(process.argv[2]);

class Sink extends ChainStore {
  override async create(): Promise<'created' | 'exists'> {
    return 'created';
  }
}

const body = Buffer.from(`{"records":[{"category":"AuditEvent","filler":"${'x'.repeat(960)}"}]}`);
const eventAt = (number: number) => toEvents([body], number)[0]!;
const hub = new HeldHub(CREATED, length, eventAt);
const log = { info: () => {}, warn: () => {}, error: () => {} };
const ingest = ingestOf(new Sink(0, []), { hub: async () => hub, maxSegmentBytes: 8 * 1024 * 1024 });
await ingest.seal({ partition: PARTITION, events: [eventAt(length - 1)] }, log);
writeSync(3, JSON.stringify(peakBytes()));
