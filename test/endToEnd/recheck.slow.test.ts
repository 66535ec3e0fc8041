import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventHubProducerClient } from '@azure/event-hubs';
import { BlobServiceClient } from '@azure/storage-blob';
import { QueueServiceClient } from '@azure/storage-queue';
import type { QueueClient } from '@azure/storage-queue';
import type { HostLine, HostProcess } from '../../local/host/client.ts';
import { HUB_NAME, NO_TIMERS, RECHECK_QUEUE, startStack } from '../../local/stack.ts';
import type { Stack } from '../../local/stack.ts';
import type { Report } from '../../src/core/objects/report.ts';
import { writePackage } from '../../tools/appPackage.ts';

// What hosts make of a recheck in slices, with the clients and the queue that the app has on Azure.

const PARTITIONS = 2;
const ROUNDS = 4;
const EVENTS = 10;
let app = '';
let stack: Stack;
let queue: QueueClient;
let poison: QueueClient;

beforeAll(async () => {
  app = await mkdtemp(join(tmpdir(), 'auditseal-app-'));
  await writePackage(app);
});
beforeEach(async () => {
  stack = await startStack({
    appDir: app,
    partitions: PARTITIONS,
    settings: {
      ...NO_TIMERS,
      RECHECK_WHOLE_MIB: '0',
      RECHECK_SLICE_MIB: '1',
      // A segment for each event.
      AzureFunctionsJobHost__extensions__eventHubs__minEventBatchSize: '1',
      AzureFunctionsJobHost__extensions__eventHubs__maxEventBatchSize: '1',
      AzureFunctionsJobHost__extensions__queues__visibilityTimeout: '00:00:00',
      AzureFunctionsJobHost__extensions__queues__maxPollingInterval: '00:00:00.5',
    },
  });
  const service = QueueServiceClient.fromConnectionString(stack.settings['AzureWebJobsStorage'] as string);
  [queue, poison] = [service.getQueueClient(RECHECK_QUEUE), service.getQueueClient(`${RECHECK_QUEUE}-poison`)];
});
afterEach(() => stack.close());
afterAll(() => rm(app, { recursive: true, force: true }));

/** Lines keeps what hosts say, as the app logged it. */
class Lines {
  readonly said: Record<string, unknown>[] = [];
  /** the last event that was sealed, by partition: some are delivered twice */
  readonly last = new Map<string, number>();
  readonly #checks = new Set<() => void>();

  add = (line: HostLine): void => {
    if (line.type === 'invocation' && line.function === 'ingest' && line.outcome === 'succeeded' && line.delivery)
      this.last.set(line.delivery.partitionId, line.delivery.lastSequenceNumber);
    if (line.type === 'log' && line.message.startsWith('{'))
      this.said.push(JSON.parse(line.message) as object as never);
    for (const check of this.#checks) check();
  };

  of = (message: string): Record<string, unknown>[] => this.said.filter((line) => line['message'] === message);

  until(isThere: (lines: this) => boolean): Promise<void> {
    return new Promise((resolve) => {
      const check = (): void => {
        if (!isThere(this)) return;
        this.#checks.delete(check);
        resolve();
      };
      this.#checks.add(check);
      check();
    });
  }
}

const hasSealed = ({ last }: Lines, events: number): boolean =>
  last.size === PARTITIONS && [...last.values()].every((number) => number >= events - 1);

/** seal lets a host seal and integrate some rounds of events, and gives how many segments that makes. */
async function seal(rounds: number): Promise<number> {
  const lines = new Lines();
  const off = { 'AzureWebJobs.recheck.Disabled': 'true' };
  const host = await stack.startHost(lines.add, off);
  const producer = new EventHubProducerClient(stack.hub.connectionString(), HUB_NAME);
  for (let round = 1; round <= rounds; round++) {
    for (let partition = 0; partition < PARTITIONS; partition++) {
      const events = Array.from({ length: EVENTS }, (_, n) => ({ body: { records: [{ category: 'AuditEvent', n }] } }));
      await producer.sendBatch(events, { partitionId: String(partition) });
    }
    await lines.until((it) => hasSealed(it, round * EVENTS));
    expect((await host.runTimer('integrate')).outcome).toBe('succeeded');
  }
  await producer.close();
  await host.stop();
  let segments = 0;
  for await (const _ of stack.owner.listBlobsFlat({ prefix: 'segments/' })) segments += 1;
  return segments;
}

const startAuditor = (lines: Lines): Promise<HostProcess> =>
  stack.startHost(lines.add, { 'AzureWebJobs.ingest.Disabled': 'true' });

async function reports(): Promise<Report[]> {
  const found: Report[] = [];
  for await (const { name } of stack.owner.listBlobsFlat({ prefix: 'reports/' })) {
    if (!name.endsWith('.json')) continue;
    const { report } = JSON.parse((await stack.owner.getBlobClient(name).downloadToBuffer()).toString()) as {
      report: Report;
    };
    if (report.kind === 'integrity') found.push(report);
  }
  return found;
}

async function resultsThere(): Promise<string[]> {
  const blobs = BlobServiceClient.fromConnectionString(stack.settings['AzureWebJobsStorage'] as string);
  const names: string[] = [];
  for await (const { name } of blobs.getContainerClient('recheck').listBlobsFlat()) names.push(name);
  return names;
}

const waiting = async (of: QueueClient): Promise<number> => (await of.getProperties()).approximateMessagesCount ?? NaN;

test('two instances share the slices, one is killed, and a later run joins what came of them', async () => {
  const segments = await seal(ROUNDS);
  const [first, second] = [new Lines(), new Lines()];
  const killed = await startAuditor(first);
  expect((await killed.runTimer('verify')).outcome).toBe('succeeded');
  const [begun] = first.of('recheck begun');
  expect(begun).toMatchObject({ segments });
  const slices = Number(begun?.['slices']);
  expect(slices).toBeGreaterThan(2);
  // Nothing to go on from, so nothing is filed before all is re-hashed.
  expect(await reports()).toEqual([]);
  killed.kill();
  await killed.exited;
  const done = (): number => first.of('slice re-hashed').length + second.of('slice re-hashed').length;
  const other = await startAuditor(second);
  const third = await startAuditor(second);
  await second.until(() => done() >= slices);
  for (const line of second.of('slice re-hashed'))
    expect(line).toMatchObject({ confirmed: line['segments'], findings: 0 });
  expect((await other.runTimer('verify')).outcome).toBe('succeeded');
  expect(await reports()).toMatchObject([
    {
      status: 'verified',
      findings: [],
      checked: { mode: 'full', segments, rehashed: { slices, segments } },
    },
  ]);
  expect(await resultsThere()).toEqual([]);
  await Promise.all([other.stop(), third.stop()]);
});

test('what strangers put into the queue is passed over, and what the host gives up is said', async () => {
  const segments = await seal(1);
  await queue.createIfNotExists();
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  const old = '{"pass":"20200101T000000000Z-0000000000000000","slice":0}';
  for (const text of ['no JSON', '[[[[', '{"pass":"../../reports","slice":-1}', '7', old, old])
    await queue.sendMessage(base64(text));
  await queue.sendMessage('no Base64!');
  const lines = new Lines();
  const auditor = await startAuditor(lines);
  await lines.until((it) => it.of('recheck message ignored').length >= 4 && it.of('slice passed over').length >= 2);
  expect((await auditor.runTimer('verify')).outcome).toBe('succeeded');
  await lines.until((it) => it.of('slice re-hashed').length === it.of('recheck begun')[0]?.['slices']);
  expect((await auditor.runTimer('verify')).outcome).toBe('succeeded');
  expect(lines.of('recheck messages given up').at(-1)).toMatchObject({ messages: 1 });
  expect(await waiting(poison)).toBe(1);
  expect(await waiting(queue)).toBe(0);
  expect(await reports()).toMatchObject([{ status: 'verified', checked: { mode: 'full', rehashed: { segments } } }]);
  await auditor.stop();
});
