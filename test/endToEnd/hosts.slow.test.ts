import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventHubProducerClient } from '@azure/event-hubs';
import type { HostLine, HostProcess } from '../../local/host/client.ts';
import { HUB_NAME, NO_TIMERS, startStack } from '../../local/stack.ts';
import type { Stack } from '../../local/stack.ts';
import { readReferenceSegment } from '../support/referenceLedger.ts';
import { writePackage } from '../../tools/appPackage.ts';

const PARTITIONS = 4;
let app = '';
let stack: Stack;

beforeEach(async () => {
  // What a deployment uploads, in a folder without node_modules above it.
  app = await mkdtemp(join(tmpdir(), 'auditseal-app-'));
  await writePackage(app);
  // The test runs the timers when it wants to.
  stack = await startStack({ appDir: app, partitions: PARTITIONS, settings: NO_TIMERS });
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
  /** everything that hosts said */
  readonly lines: HostLine[] = [];
  readonly #checks = new Set<() => void>();
  sealed = 0;

  add = (line: HostLine): void => {
    this.lines.push(line);
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
  const [key] = stack.verifierKeys as [string];
  const trust = { ledger: key.split('+')[0] as string, keys: stack.verifierKeys };
  const found: string[] = [];
  let prev = '0'.repeat(64);
  let next = 0;
  for await (const { name } of stack.owner.listBlobsFlat({ prefix: `segments/${partition}/` })) {
    const segment = readReferenceSegment(await stack.owner.getBlobClient(name).downloadToBuffer(), name, trust);
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
  for (const timer of ['integrate', 'verify']) expect((await survivor?.runTimer(timer))?.outcome).toBe('succeeded');
  const reports: string[] = [];
  for await (const { name } of stack.owner.listBlobsFlat({ prefix: 'reports/' })) reports.push(name);
  expect(reports.map((name) => name.replace(/.*\./, ''))).toEqual(['html', 'json', 'html', 'json']);
  // The check's, and the status behind it.
  const text = await stack.owner.getBlobClient(reports[1] as string).downloadToBuffer();
  const { report } = JSON.parse(text.toString('utf8')) as { report: object };
  expect(report).toMatchObject({
    status: 'verified',
    checked: { events: PARTITIONS * rounds * each },
    // One of the segments, and one that says how far the index reaches.
    log: { checkpoints: 2 },
  });

  const said = watch.lines.filter(({ type }) => type === 'log').map((line) => JSON.stringify(line));
  expect(said.filter((line) => line.includes('sealed')).length).toBeGreaterThan(PARTITIONS);
  // Nothing of a record is in any line of the hosts, and each line of the app names the invocation it belongs to.
  expect(watch.lines.filter((line) => JSON.stringify(line).includes('filler'))).toEqual([]);
  const apps = watch.lines.filter((line) => line.type === 'log' && line.message.startsWith('{"message":'));
  expect(apps.length).toBeGreaterThan(PARTITIONS);
  for (const line of apps) {
    if (line.type !== 'log') continue;
    const { invocation, function: name } = JSON.parse(line.message) as Record<string, unknown>;
    expect({ invocation, name }).toEqual({ invocation: line.invocationId, name: line.function });
  }
}, 120_000);
