import { createHash } from 'node:crypto';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventHubProducerClient } from '@azure/event-hubs';
import type { HostLine, HostProcess } from '../../local/host/client.ts';
import { HUB_NAME, startStack } from '../../local/stack.ts';
import type { Stack } from '../../local/stack.ts';
import { ROOT } from '../support/program.ts';
import { readReferenceSegment } from '../support/referenceLedger.ts';

const PARTITIONS = 4;
let app = '';
let stack: Stack;

beforeEach(async () => {
  // The bundles alone, without node_modules: what a deployment gets.
  app = await mkdtemp(join(tmpdir(), 'auditseal-app-'));
  for (const part of ['dist', 'host.json', 'package.json'])
    await cp(join(ROOT, part), join(app, part), { recursive: true });
  stack = await startStack({ appDir: app, partitions: PARTITIONS });
});
afterEach(async () => {
  await stack.close();
  await rm(app, { recursive: true, force: true });
});

/** sent gives the body of event n of a partition. */
const bodyOf = (partition: string, n: number): Buffer =>
  Buffer.from(
    JSON.stringify({
      records: [{ partition, n }, { filler: createHash('sha512').update(`${partition}/${n}`).digest('hex') }],
    }),
  );

async function send(from: number, to: number): Promise<void> {
  const producer = new EventHubProducerClient(stack.hub.connectionString(), HUB_NAME);
  for (let partition = 0; partition < PARTITIONS; partition++) {
    const events = Array.from({ length: to - from }, (_, i) => ({ body: bodyOf(String(partition), from + i) }));
    await producer.sendBatch(events, { partitionId: String(partition) });
  }
  await producer.close();
}

/** Watch follows what hosts say. */
class Watch {
  readonly last = new Map<string, number>();
  readonly #checks = new Set<() => void>();
  sealed = 0;

  add = (line: HostLine): void => {
    if (
      line.type === 'invocation' &&
      line.function === 'ingest' &&
      line.delivery !== undefined &&
      line.outcome === 'succeeded'
    ) {
      this.last.set(line.delivery.partitionId, line.delivery.lastSequenceNumber);
      this.sealed += 1;
    }
    for (const check of this.#checks) check();
  };

  until(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const check = (): void => {
        if (!condition()) return;
        this.#checks.delete(check);
        resolve();
      };
      this.#checks.add(check);
      check();
    });
  }

  reached(number: number): boolean {
    return Array.from({ length: PARTITIONS }, (_, p) => this.last.get(String(p)) ?? -1).every((last) => last >= number);
  }
}

/** originals re-derives a partition's chain with the reference reader and gives its records in order. */
async function originals(partition: string): Promise<string[]> {
  const found: string[] = [];
  let prev = '0'.repeat(64);
  let next = 0;
  for await (const { name } of stack.owner.listBlobsFlat({ prefix: `segments/${partition}/` })) {
    const segment = readReferenceSegment(await stack.owner.getBlobClient(name).downloadToBuffer());
    expect(segment.header).toMatchObject({ prev, gaps: [], incarnation: 0 });
    expect(segment.header.events.first).toBe(next);
    next = segment.header.events.last + 1;
    prev = segment.root;
    found.push(...segment.records.map(({ original }) => original.toString('utf8')));
  }
  return found;
}

const wanted = (partition: string, events: number): string[] =>
  Array.from(
    { length: events },
    (_, n) => JSON.parse(bodyOf(partition, n).toString('utf8')) as { records: object[] },
  ).flatMap(({ records }) => records.map((record) => JSON.stringify(record)));

test('two hosts share the partitions, one is killed in the middle: nothing is lost, doubled or out of order', async () => {
  const watch = new Watch();
  const hosts: HostProcess[] = [await stack.startHost(watch.add), await stack.startHost(watch.add)];
  const rounds = 12;
  const each = 150;
  for (let round = 0; round < rounds; round++) {
    await send(round * each, (round + 1) * each);
    if (round === 4) {
      await watch.until(() => watch.sealed >= 4);
      hosts[0]?.kill();
    }
  }
  await watch.until(() => watch.reached(rounds * each - 1));
  for (let partition = 0; partition < PARTITIONS; partition++) {
    expect(await originals(String(partition))).toEqual(wanted(String(partition), rounds * each));
  }
  const [, survivor] = hosts;
  expect((await survivor?.runTimer('verify'))?.outcome).toBe('succeeded');
  const reports: string[] = [];
  for await (const { name } of stack.owner.listBlobsFlat({ prefix: 'reports/' })) reports.push(name);
  expect(reports.map((name) => name.replace(/.*\./, ''))).toEqual(['html', 'json']);
  const text = await stack.owner.getBlobClient(reports[1] as string).downloadToBuffer();
  const { report } = JSON.parse(text.toString('utf8')) as { report: { status: string; checked: { events: number } } };
  expect(report).toMatchObject({ status: 'verified', checked: { events: PARTITIONS * rounds * each } });
}, 120_000);
