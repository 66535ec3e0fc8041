import { ChainStore } from './chainStore.ts';
import { CERTIFICATES, NO_LOG, NO_TIME, fail, ingestOf } from './ledger.ts';
import { spreadOf } from './measure.ts';
import { figure } from './subject.ts';
import type { Measurement, Subject, Surroundings } from './subject.ts';
import { PARTITION, sealAll, splitEvents, toEvents } from './workload.ts';
import { findChainHead } from '../src/ingest/chainHead.ts';

const MANY = 1_000_000;
const LENGTHS = 200;
const DELIVERIES = 20;

async function measure({ workload }: Surroundings): Promise<Measurement> {
  const store = new ChainStore(0, []);
  const ingest = ingestOf(store);
  const deliveries = workload.runs.slice(0, DELIVERIES + 1);
  for (const events of deliveries.slice(0, 1)) await ingest.seal({ partition: PARTITION, events }, NO_LOG);
  const before = { ...store.requests };
  let segments = 0;
  for (const events of deliveries.slice(1))
    segments += (await ingest.seal({ partition: PARTITION, events }, NO_LOG)).segments;
  const creates = store.requests.create - before.create;
  const others = store.total - store.requests.create - (before.read + before.exists + before.list);
  const heads = spreadOf(await requestsForHeads());
  return {
    figures: [
      figure('creations per segment', '', creates / segments, { is: 'at most', value: 1 }),
      figure('other operations per segment', '', others / segments, { is: 'at most', value: 0 }),
      figure(`requests to find a head among up to ${MANY} segments`, '', heads),
      figure('the most of them', '', heads.max, { is: 'at most', value: 45 }),
    ],
  };
}

/** requestsForHeads finds the heads of chains of many lengths, whose last segments are real. */
async function requestsForHeads(): Promise<number[]> {
  const runs = splitEvents(toEvents([Buffer.from('{"records":[{"a":1}]}'), Buffer.from('{"a":2}')]), 1);
  const counts: number[] = [];
  for (let i = 0; i < LENGTHS; i++) {
    // The last of them is MANY itself; the others lie in its upper half, where most requests are needed.
    const length = MANY - Math.floor((((LENGTHS - 1 - i) / LENGTHS) * MANY) / 2);
    const segments = await sealAll(runs, { index: length - runs.length });
    const stored = segments.map((segment) => segment.stored);
    const store = new ChainStore(length, stored);
    const { index } = await findChainHead({ store, now: NO_TIME, log: NO_LOG, certificates: CERTIFICATES }, PARTITION);
    if (index !== length) fail(`the head is ${index}, not ${length}`);
    counts.push(store.total);
  }
  return counts;
}

/** operations counts what ingest asks of the store. */
export const operations: Subject = { name: 'operations', title: 'operations on the store', measure };
