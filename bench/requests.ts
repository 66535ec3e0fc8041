import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { ContainerClient, ContainerSASPermissions, generateBlobSASQueryParameters } from '@azure/storage-blob';
import { NODE } from './child.ts';
import { CREDENTIAL, LATENCY_MS } from './farStore.ts';
import type { FarStore } from './farStore.ts';
import { KEY, fail } from './ledger.ts';
import { spreadOf } from './measure.ts';
import { figure } from './subject.ts';
import type { Measurement, Subject, Surroundings } from './subject.ts';
import { BATCH_SEGMENTS, SyntheticLedger, batchTime } from './syntheticLedger.ts';
import { SyntheticStore } from './syntheticStore.ts';
import { openContainer } from '../src/adapters/blobConnection.ts';
import { BlobStore } from '../src/adapters/blobStore.ts';
import { MirrorStore } from '../src/adapters/mirrorStore.ts';
import { MOST_REQUESTS, mapInOrder } from '../src/ledger/concurrency.ts';
import { mirrorLedger } from '../src/ledger/mirror.ts';
import { SEGMENTS_A_THREAD, SegmentWorkers } from '../src/threads/workers.ts';
import { verifyLedger } from '../src/verify/verify.ts';

const FAR_STORE = fileURLToPath(new URL('farStore.ts', import.meta.url));
/** Of more segments than this nobody waits for the copy into the service. */
const MOST_SEGMENTS = 10_000;
/** A ledger that is read with one request at a time, to know what each takes. */
const FEW_SEGMENTS = BATCH_SEGMENTS;
const THREADS = 2;
/** The share of the time that it takes to read one object after the other. */
const SHARE = 1 / 50;

/** Way is how a ledger is read: how many objects at one time. */
interface Way {
  readonly concurrency: number;
  readonly requests: number;
}

const SERIAL: Way = { concurrency: 1, requests: 1 };
const MANY: Way = { concurrency: SEGMENTS_A_THREAD * THREADS, requests: MOST_REQUESTS };

async function measure({ rounds, segments, folder }: Surroundings): Promise<Measurement> {
  const many = Math.min(segments, MOST_SEGMENTS);
  const few = Math.min(many, FEW_SEGMENTS);
  const service = spawn(NODE[0], [NODE[1], FAR_STORE], { stdio: ['pipe', 'pipe', 'inherit'] });
  try {
    const [line] = (await once(service.stdout, 'data')) as [Buffer];
    const { near, far } = JSON.parse(line.toString('utf8')) as FarStore;
    const ledger = await SyntheticLedger.create(many / BATCH_SEGMENTS);
    for (const count of new Set([few, many]))
      await fill(new ContainerClient(`${near}/${nameOf(count)}`, CREDENTIAL), ledger, count);
    const open = async (count: number): Promise<BlobStore> =>
      new BlobStore(await openContainer(`${far}/${nameOf(count)}?${sasOf(nameOf(count))}`, true));
    const ways = [
      {
        name: 'mirror',
        run: async (count: number, way: Way) => copy(await open(count), await folder(), count, way),
      },
      { name: 'verify', run: async (count: number, way: Way) => check(await open(count), count, way) },
    ];
    const shares = ways.map((): number[] => []);
    const each = ways.map((): number[] => []);
    const alone = ways.map((): number[] => []);
    for (let round = -1; round < rounds; round++)
      for (const [i, { run }] of ways.entries()) {
        const serial = (await run(few, SERIAL)) / few;
        const parallel = (await run(many, MANY)) / many;
        if (round < 0) continue; // the service had nothing in memory
        alone[i]?.push(serial);
        each[i]?.push(parallel);
        shares[i]?.push(parallel / serial);
      }
    return {
      figures: ways.flatMap(({ name }, i) => [
        figure(`${name}: one segment after the other`, 'ms a segment', spreadOf(alone[i] as number[])),
        figure(`${name}: ${many} segments`, 'ms a segment', spreadOf(each[i] as number[])),
        figure(
          `${name}: ${many} segments, share of the time one after the other`,
          '',
          spreadOf(shares[i] as number[]),
          {
            is: 'at most',
            value: SHARE,
          },
        ),
      ]),
    };
  } finally {
    service.stdin.end();
    await once(service, 'exit');
  }
}

const nameOf = (count: number): string => `ledger-${count}`;

function sasOf(containerName: string): string {
  const [permissions, day] = [ContainerSASPermissions.parse('rl'), 86_400_000];
  const times = { startsOn: new Date(Date.now() - day), expiresOn: new Date(Date.now() + day) };
  return generateBlobSASQueryParameters({ containerName, permissions, ...times }, CREDENTIAL).toString();
}

/** fill copies a synthetic ledger of so many segments into a container of its own. */
async function fill(container: ContainerClient, ledger: SyntheticLedger, count: number): Promise<void> {
  await container.create();
  const from = new SyntheticStore(ledger, count / BATCH_SEGMENTS);
  const to = new BlobStore(container);
  const names = async function* (): AsyncGenerator<string> {
    for (const folder of ['batches/', 'checkpoints/']) for await (const { name } of from.list(folder)) yield name;
    for await (const { name: partition } of from.children('segments/'))
      for await (const { name } of from.list(partition)) yield name;
  };
  const created = mapInOrder(names(), 16, async (name) => to.create(name, (await from.read(name)) as Buffer));
  for await (const outcome of created) if (outcome !== 'created') fail(`an object is there already: ${outcome}`);
}

/** timed gives how long an action takes, in milliseconds. */
async function timed(action: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await action();
  return performance.now() - start;
}

async function copy(store: BlobStore, to: string, count: number, way: Way): Promise<number> {
  const ms = await timed(async () => {
    const { copied, failed } = await mirrorLedger(store, new MirrorStore(to), way);
    if (copied < count || failed.length > 0) fail(`${copied} objects were copied, ${failed.length} were not`);
  });
  await rm(to, { recursive: true });
  return ms;
}

async function check(store: BlobStore, count: number, way: Way): Promise<number> {
  const workers = new SegmentWorkers(THREADS);
  try {
    return await timed(async () => {
      const deps = { store, now: () => batchTime(count / BATCH_SEGMENTS), summarize: workers.summarize, ...way };
      const { status, checked } = await verifyLedger(deps, { verifiers: [KEY.verifierKey] });
      if (status !== 'verified' || checked.segments !== count) fail(`${checked.segments} segments are ${status}`);
    });
  } finally {
    await workers.close();
  }
}

/** requests measures what requests at one time save where a ledger is far away. */
export const requests: Subject = {
  name: 'requests',
  title: `small segments of a store that answers after ${LATENCY_MS} ms`,
  measure,
};
