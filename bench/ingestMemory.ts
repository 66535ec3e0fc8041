/** Seals one delivery, read from a file, and says what the process held before it and at most after. */
import { readFileSync, writeSync } from 'node:fs';
import { ChainStore } from './chainStore.ts';
import { ingestOf } from './ledger.ts';
import { peakBytes } from './peak.ts';
import { PARTITION, toEvents } from './workload.ts';

const [file = '', sizes = ''] = process.argv.slice(2);

class Sink extends ChainStore {
  override async create(): Promise<'created' | 'exists'> {
    return 'created';
  }
}

const log = { info: () => {}, warn: () => {}, error: () => {} };
const ingest = ingestOf(new Sink(0, []), { maxSegmentBytes: 8 * 1024 * 1024, overlap: 3 });
// The code has run once before the delivery comes.
await ingest.seal({ partition: PARTITION, events: toEvents([Buffer.from('{"records":[{"a":1}]}')]) }, log);
const before = process.memoryUsage.rss();
const bytes = readFileSync(file);
let at = 0;
const bodies = sizes.split(',').map((size) => bytes.subarray(at, (at += Number(size))));
await ingest.seal({ partition: PARTITION, events: toEvents(bodies, 1) }, log);
writeSync(3, JSON.stringify({ before, after: peakBytes() }));
