import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { EventHubProducerClient } from '@azure/event-hubs';
import type { EventData } from '@azure/event-hubs';
import { BlobServiceClient } from '@azure/storage-blob';
import { appLine } from '../../local/demo/appLine.ts';
import type { HostLine, HostProcess } from '../../local/host/client.ts';
import { HUB_NAME, NO_TIMERS, startStack } from '../../local/stack.ts';
import type { Stack } from '../../local/stack.ts';
import { writePackage } from '../../tools/appPackage.ts';
import { eventsOf, sealedIn } from '../support/sealedEvents.ts';
import type { SealedSegment } from '../support/sealedEvents.ts';

// What happens to a hub, against the app as it is deployed and the real clients: nothing is lost, twice or out of order.

let app = '';
let stack: Stack;
let lines: HostLine[] = [];
let checks = new Set<() => void>();

beforeAll(async () => {
  app = await mkdtemp(join(tmpdir(), 'auditseal-app-'));
  await writePackage(app);
});
afterAll(() => rm(app, { recursive: true, force: true }));

beforeEach(async () => {
  [lines, checks] = [[], new Set()];
  // The tests run the timers when they want to, and nobody waits until something counts as stuck.
  const settings = {
    ...NO_TIMERS,
    STUCK_MINUTES: '0',
    AzureFunctionsJobHost__extensions__eventHubs__maxWaitTime: '00:00:01',
  };
  stack = await startStack({ appDir: app, partitions: 1, settings });
});
afterEach(() => stack.close());

const start = (settings: Readonly<Record<string, string>> = {}): Promise<HostProcess> =>
  stack.startHost((line) => {
    lines.push(line);
    for (const check of checks) check();
  }, settings);

const until = (condition: () => boolean): Promise<void> =>
  new Promise((resolve) => {
    const check = (): void => {
      if (!condition()) return;
      checks.delete(check);
      resolve();
    };
    checks.add(check);
    check();
  });

/** said gives what the app logged of one kind. */
const said = (message: string): Readonly<Record<string, unknown>>[] =>
  lines.flatMap((line) => {
    const fields = ['ingest', 'watch'].map((name) => appLine(line, name)).find((found) => found !== undefined);
    return fields?.['message'] === message ? [fields] : [];
  });

const untilSealed = (events: number): Promise<void> =>
  until(() => said('sealed').reduce((sum, fields) => sum + Number(fields['events']), 0) >= events);

async function run(host: HostProcess, timer: string): Promise<void> {
  const { outcome, error } = await host.runTimer(timer);
  expect([timer, outcome, error?.message]).toEqual([timer, 'succeeded', undefined]);
}

let sent = 0;
const bodies = (count: number): Buffer[] =>
  Array.from({ length: count }, () => Buffer.from(`{"n":"${String(sent++).padStart(6, '0')}"}`));

async function send(...events: readonly object[]): Promise<void> {
  const producer = new EventHubProducerClient(stack.hub.connectionString(), HUB_NAME);
  for (const event of events) await producer.sendBatch([event as EventData], { partitionId: '0' });
  await producer.close();
}

const sendBodies = (count: number): Promise<void> => send(...bodies(count).map((body) => ({ body })));
const upTo = (last: number): number[] => Array.from({ length: last + 1 }, (_, i) => i);
const kinds = (segments: readonly SealedSegment[]): string[] => segments.map(({ header }) => header.kind);

describe('a hub that was deleted and made again, while the trigger keeps its position', () => {
  test.each([25, 10, 4])(
    '%i new events: all are sealed, and that it happened is said',
    async (count) => {
      const host = await start();
      await sendBodies(10);
      await untilSealed(10);
      stack.hub.recreate(HUB_NAME);
      await sendBodies(count);
      await run(host, 'watch');
      const segments = await sealedIn(stack.owner, '0');
      expect(eventsOf(segments, 0)).toEqual(upTo(9));
      expect(eventsOf(segments, 1)).toEqual(upTo(count - 1));
      expect(segments.flatMap(({ header }) => header.gaps)).toEqual([]);
      expect(said('event hub was re-created').length).toBeGreaterThan(0);
      expect(said('event hub was re-created')[0]).toMatchObject({ partition: '0', incarnation: 1, lastEvent: 9 });
      // And the trigger delivers again, behind what the watch sealed.
      const before = said('sealed').length;
      await sendBodies(3);
      await until(() =>
        said('sealed')
          .slice(before)
          .some(({ events }) => Number(events) > 0),
      );
      expect(eventsOf(await sealedIn(stack.owner, '0'), 1)).toEqual(upTo(count + 2));
    },
    60_000,
  );
});

describe('events that wait while ingest is switched off', () => {
  const OFF = { 'AzureWebJobs.ingest.Disabled': 'true', HEARTBEAT_MINUTES: '1' };

  test('are no silence: no heartbeat is written, and they are sealed by the watch once they are stuck', async () => {
    const host = await start({ ...OFF, STUCK_MINUTES: '10' });
    await sendBodies(20);
    await run(host, 'watch');
    expect(await sealedIn(stack.owner, '0')).toEqual([]);
    expect(said('watched')).toMatchObject([{ state: 'behind', behind: 20 }]);
    await host.stop();
    await run(await start(OFF), 'watch');
    const segments = await sealedIn(stack.owner, '0');
    expect(eventsOf(segments)).toEqual(upTo(19));
    expect(kinds(segments)).not.toContain('heartbeat');
  }, 60_000);

  test('and have all expired are declared, and before that there is no heartbeat', async () => {
    const host = await start();
    await sendBodies(3);
    await untilSealed(3);
    await host.stop();
    await sendBodies(20);
    stack.hub.trimBefore(HUB_NAME, '0', 23);
    await run(await start(OFF), 'watch');
    const segments = await sealedIn(stack.owner, '0');
    expect(segments.at(-1)?.header).toMatchObject({
      kind: 'repair',
      events: { first: 22, last: 22, count: 0 },
      gaps: [{ first: 3, last: 22, reason: 'expired' }],
      hub: { first: 23, last: 22 },
    });
    expect(kinds(segments)).not.toContain('heartbeat');
    expect(said('events are missing')).toMatchObject([{ first: 3, last: 22, reason: 'expired' }]);
  }, 60_000);
});

test('events that no trigger can hand over are sealed, in order, with those around them', async () => {
  const host = await start();
  const [one, two, three, four, five] = bodies(5).map((body) => ({ body })) as [object, object, object, object, object];
  await send(
    one,
    { body: { a: 1 }, bodyType: 'value' },
    two,
    { body: [[1], ['a']], bodyType: 'sequence' },
    three,
    { body: null, bodyType: 'value' },
    four,
    { body: Buffer.from('{"with":"a map"}'), properties: { map: { a: 1 } } },
    five,
  );
  await until(() =>
    lines.some((line) => line.type === 'error' || (line.type === 'invocation' && line.outcome === 'failed')),
  );
  await run(host, 'watch');
  const segments = await sealedIn(stack.owner, '0');
  expect(eventsOf(segments)).toEqual(upTo(8));
  const records = segments.flatMap(({ records }) => records);
  expect(records.map(({ event }) => event)).toEqual(upTo(8));
  expect(records.filter(({ form }) => form === 'amqp').map(({ event }) => event)).toEqual([1, 3, 5]);
  expect(records[7]?.record).toEqual({ with: 'a map' });
  expect(records[5]?.record).toMatchObject({ _base64: Buffer.from('00537740', 'hex').toString('base64') });
  expect(said('events are missing')).toEqual([]);
  // The host tries the delivery that it has for ever; the next one begins behind it.
  await host.stop();
  await start();
  const before = said('sealed').length;
  await sendBodies(2);
  await until(() =>
    said('sealed')
      .slice(before)
      .some(({ events }) => Number(events) > 0),
  );
  expect(eventsOf(await sealedIn(stack.owner, '0'))).toEqual(upTo(10));
}, 60_000);

test('an idle partition gets a heartbeat that states what the hub said', async () => {
  const host = await start();
  // The age of the segment is what counts; nobody waits for it here.
  await run(host, 'watch');
  const [segment, ...more] = await sealedIn(stack.owner, '0');
  expect(more).toEqual([]);
  expect(segment?.header).toMatchObject({
    kind: 'heartbeat',
    events: { first: -1, last: -1, count: 0 },
    hub: { first: 0, last: -1 },
  });
  await sendBodies(3);
  await untilSealed(3);
  expect(eventsOf(await sealedIn(stack.owner, '0'))).toEqual(upTo(2));
}, 60_000);

test('an event that the trigger can’t receive is sealed by the watch, and the trigger goes on behind it', async () => {
  const host = await start();
  await sendBodies(3);
  await untilSealed(3);
  await send({ body: Buffer.from('{}'), properties: { map: { a: 1 } } });
  await until(() => lines.some((line) => line.type === 'error'));
  await sendBodies(2);
  await run(host, 'watch');
  expect(eventsOf(await sealedIn(stack.owner, '0'))).toEqual(upTo(5));
  expect(said('the trigger was passed on')).toMatchObject([{ partition: '0', sequenceNumber: 5 }]);
  await sendBodies(2);
  await untilSealed(5);
  expect(eventsOf(await sealedIn(stack.owner, '0'))).toEqual(upTo(7));
}, 60_000);

/** forgetPositions takes away what the host knows of how far it came: everything is delivered again. */
async function forgetPositions(): Promise<void> {
  const storage = BlobServiceClient.fromConnectionString(stack.settings['AzureWebJobsStorage'] ?? '');
  const container = storage.getContainerClient('azure-webjobs-eventhub');
  for await (const { name } of container.listBlobsFlat())
    if (name.includes('/checkpoint/')) await container.deleteBlob(name);
}

test('a broker whose clock is set back, and a redelivery: no new incarnation, and nothing twice', async () => {
  const host = await start();
  const HOUR_MS = 3_600_000;
  for (const back of [0, 2 * HOUR_MS, 0]) stack.hub.append(HUB_NAME, '0', bodies(5), Date.now() - back);
  await untilSealed(15);
  await host.stop();
  await forgetPositions();
  const again = await start();
  await until(() => said('sealed').reduce((sum, { duplicates }) => sum + Number(duplicates), 0) >= 15);
  stack.hub.append(HUB_NAME, '0', bodies(2), Date.now() - HOUR_MS);
  await untilSealed(17);
  await run(again, 'watch');
  const segments = await sealedIn(stack.owner, '0');
  expect(new Set(segments.map(({ header }) => header.incarnation))).toEqual(new Set([0]));
  expect(segments.flatMap(({ records }) => records.map(({ event }) => event))).toEqual(upTo(16));
  expect(said('event hub was re-created')).toEqual([]);
}, 60_000);

test('partitions that a hub gets later are watched and sealed', async () => {
  const host = await start({ 'AzureWebJobs.ingest.Disabled': 'true' });
  stack.hub.grow(HUB_NAME, 2);
  stack.hub.append(HUB_NAME, '2', bodies(4));
  await run(host, 'watch');
  expect(eventsOf(await sealedIn(stack.owner, '2'))).toEqual(upTo(3));
  expect(
    said('watched')
      .map(({ partition }) => String(partition))
      .toSorted(),
  ).toEqual(['0', '1', '2']);
}, 60_000);

/** startSlowStore starts something in front of the store that takes its time for every write. */
async function startSlowStore(
  upstream: string,
  milliseconds: number,
): Promise<{ url: string; close(): Promise<void> }> {
  const { hostname, port } = new URL(upstream);
  const server = createServer((incoming, outgoing) => {
    void delay(incoming.method === 'PUT' ? milliseconds : 0).then(() => {
      const { method, url: path, headers } = incoming;
      const onward = request({ hostname, port, method, path, headers }, (reply) => {
        outgoing.writeHead(reply.statusCode ?? 500, reply.rawHeaders);
        reply.pipe(outgoing);
      });
      onward.on('error', () => outgoing.destroy());
      incoming.pipe(onward);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = async (): Promise<void> => {
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close };
}

test('a process that is told to end while it seals much ends between two segments, and the next one goes on', async () => {
  const origin = new URL(stack.containerUrl).origin;
  const slow = await startSlowStore(origin, 500);
  const ledger = (stack.settings['LEDGER'] ?? '').replace(origin, slow.url);
  const large = Array.from({ length: 60 }, (_, n) => Buffer.from(`{"n":${n},"filler":"${'x'.repeat(700_000)}"}`));
  for (const body of large) stack.hub.append(HUB_NAME, '0', [body]);
  const host = await start({ LEDGER: ledger, SEGMENT_MAX_MIB: '1' });
  while ((await sealedIn(stack.owner, '0')).length < 3) await delay(100);
  expect(await host.stop()).toBe(0);
  await slow.close();
  const before = (await sealedIn(stack.owner, '0')).length;
  expect(before).toBeLessThan(60);
  // The host waits for the hook, and then for nobody: whether the invocation's own line is still written isn't known.
  expect(lines.at(-1)).toEqual({ type: 'stopped' });
  await start();
  await until(() => lines.some((line) => line.type === 'consumerPosition' && line.sequenceNumber === 59));
  expect((await sealedIn(stack.owner, '0')).flatMap(({ records }) => records.map(({ event }) => event))).toEqual(
    upTo(59),
  );
}, 120_000);
