import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ContainerClient } from '@azure/storage-blob';
import { sendBodies } from '../local/demo/feed.ts';
import type { Body, Feed } from '../local/demo/feed.ts';
import type { HostLine } from '../local/host/client.ts';
import { startEventHub } from '../local/hub/server.ts';
import type { EventHub } from '../local/hub/server.ts';
import { Sealing } from '../local/demo/sealing.ts';
import { HUB_NAME, NO_TIMERS, startStack } from '../local/stack.ts';
import type { Stack } from '../local/stack.ts';
import { BlobStore } from '../src/adapters/blobStore.ts';
import { segmentName } from '../src/core/objects/names.ts';
import { race, ratiosOf, spreadOf } from './measure.ts';
import { figure } from './subject.ts';
import type { Measurement, Subject, Surroundings } from './subject.ts';

const PARTITIONS = 4;
const MAX_BYTES = 64e6;
const CONSUMER = fileURLToPath(new URL('hubConsumer.ts', import.meta.url));

/** What of host.json the pipeline depends on. */
interface HubSettings {
  readonly maxEventBatchSize: number;
  readonly minEventBatchSize: number;
  readonly prefetchCount: number;
}

async function measure({ workload, rounds, app }: Surroundings): Promise<Measurement> {
  const { runs, bytes } = workload.firstRuns(MAX_BYTES);
  const bodies = runs.flat().map(({ body }, i) => ({ file: `body ${i}`, bytes: body }));
  const appDir = await app();
  const settings = await readHubSettings(appDir);
  // The check's timer would run in between.
  const stack = await startStack({ appDir, partitions: PARTITIONS, settings: NO_TIMERS });
  const hub = await startEventHub({ hubs: [{ name: HUB_NAME, partitions: PARTITIONS, consumerGroups: [] }] });
  const consumer = await startConsumer(hub, settings);
  try {
    const { sealing, ended } = await startIngest(stack);
    const store = new StoreAlone(stack);
    const on = (work: () => Promise<void>) => async () => work().then(() => bytes);
    const result = await race(
      [
        { name: 'pipeline', run: on(async () => Promise.race([sealBodies(stack, sealing, bodies, settings), ended])) },
        { name: 'hub alone', run: on(async () => passThroughHub(hub, consumer, bodies)) },
        { name: 'store alone', run: on(async () => store.write()) },
      ],
      rounds,
    );
    const slower = result.rates('hub alone').map((rate, i) => Math.min(rate, result.rates('store alone')[i] as number));
    return {
      figures: [
        ...(['pipeline', 'hub alone', 'store alone'] as const).map((name) => figure(name, 'MB/s', result.rate(name))),
        figure('segments per round', '', store.count),
        figure('pipeline / the slower of both', 'times', spreadOf(ratiosOf(result.rates('pipeline'), slower)), {
          is: 'at least',
          value: 0.6,
        }),
      ],
    };
  } finally {
    await stopConsumer(consumer);
    await hub.close();
    await stack.close();
  }
}

async function readHubSettings(appDir: string): Promise<HubSettings> {
  const text = await readFile(join(appDir, 'host.json'), 'utf8');
  const { extensions } = JSON.parse(text) as { extensions: { eventHubs: HubSettings } };
  return extensions.eventHubs;
}

/** startIngest starts the Functions host and waits until it reads every partition. */
async function startIngest(stack: Stack): Promise<{ sealing: Sealing; ended: Promise<never> }> {
  const sealing = new Sealing(() => {});
  const { promise, resolve } = Promise.withResolvers<void>();
  const opened = new Set<string>();
  const host = await stack.startHost((line: HostLine) => {
    sealing.add(line);
    if (line.type === 'partition' && line.state === 'opened' && opened.add(line.partitionId).size === PARTITIONS) {
      resolve();
    }
  });
  const ended = host.exited.then((code) => Promise.reject(new Error(`the Functions host ended with code ${code}`)));
  ended.catch(() => {}); // raced below
  await Promise.race([promise, ended]);
  return { sealing, ended };
}

/**
 * sealBodies sends bodies and waits until all are sealed. Small events behind them fill the last deliveries up, so that
 * these don't wait for the time that host.json gives a delivery to fill; they are not waited for.
 */
async function sealBodies(
  stack: Stack,
  sealing: Sealing,
  bodies: readonly Body[],
  { minEventBatchSize }: HubSettings,
): Promise<void> {
  const filler = Array.from({ length: PARTITIONS * minEventBatchSize }, () => FILLER);
  const feed = await send(stack.hub, bodies);
  await Promise.all([sealing.until(feed.last), send(stack.hub, filler)]);
}

const FILLER: Body = { file: 'filler', bytes: Buffer.from('{"records":[{}]}') };

const send = async (hub: EventHub, bodies: readonly Body[]): Promise<Feed> =>
  sendBodies(hub.connectionString(), HUB_NAME, bodies, 1, () => {});

/** Consumer is a process that reads a hub. */
interface Consumer {
  readonly process: ChildProcess;
  /** aborts when the process has ended */
  readonly ended: AbortSignal;
}

async function startConsumer(hub: EventHub, { prefetchCount, maxEventBatchSize }: HubSettings): Promise<Consumer> {
  const settings = [hub.connectionString(), HUB_NAME, String(prefetchCount), String(maxEventBatchSize)];
  const process = fork(CONSUMER, settings, { execArgv: ['--disable-warning=ExperimentalWarning'] });
  const ending = new AbortController();
  process.once('exit', () => ending.abort());
  await once(process, 'message', { signal: ending.signal });
  return { process, ended: ending.signal };
}

/** passThroughHub sends bodies and waits until a client in a process of its own, as the host is, has got them. */
async function passThroughHub(hub: EventHub, consumer: Consumer, bodies: readonly Body[]): Promise<void> {
  consumer.process.send(bodies.length);
  await Promise.all([once(consumer.process, 'message', { signal: consumer.ended }), send(hub, bodies)]);
}

async function stopConsumer({ process, ended }: Consumer): Promise<void> {
  if (ended.aborted) return;
  process.disconnect();
  await once(process, 'exit');
}

/** StoreAlone writes what one round of the pipeline stored, as ingest writes it, under names of other partitions. */
class StoreAlone {
  readonly #store: BlobStore;
  #segments: { readonly stored: Buffer; readonly metadata: Readonly<Record<string, string>> }[] = [];
  #nextPartition = 1000;

  constructor(stack: Stack) {
    this.#store = new BlobStore(new ContainerClient(stack.sasUrl('rcl')));
  }

  get count(): number {
    return this.#segments.length;
  }

  /** write takes the segments that are there at its first call. */
  async write(): Promise<void> {
    if (this.#segments.length === 0) {
      for await (const { name } of this.#store.list('segments/')) {
        const [stored, metadata] = [await this.#store.read(name), await this.#store.metadata(name)];
        if (typeof stored !== 'object' || metadata === undefined) throw new Error('a sealed segment was not read');
        this.#segments.push({ stored, metadata });
      }
    }
    const partition = String(this.#nextPartition++);
    const waiting = [...this.#segments.entries()];
    const writer = async (): Promise<void> => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        const [index, { stored, metadata }] = next;
        const outcome = await this.#store.create(segmentName(partition, index), stored, metadata);
        if (outcome === 'exists') throw new Error('a name of the benchmark is taken');
      }
    };
    await Promise.all(Array.from({ length: PARTITIONS }, writer));
  }
}

/** pipeline measures how fast events become stored segments, from the first that is sent to the last that is sealed. */
export const pipeline: Subject = {
  name: 'pipeline',
  title: `pipeline through the local stack, ${PARTITIONS} partitions`,
  measure,
};
