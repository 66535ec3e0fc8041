import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventHubProducerClient } from '@azure/event-hubs';
import { BlobServiceClient } from '@azure/storage-blob';
import {
  bundleApp,
  FIXED,
  appendTo,
  HUB_NAME,
  invocationsOf,
  positionsOf,
  sawOf,
  startStack,
  untilPosition,
} from './support.ts';
import type { HostLine, PartitionLine } from '../../../local/host/hostLine.ts';
import type { Stack } from './support.ts';

let stack: Stack;
beforeEach(async () => {
  stack = await startStack(4);
});
afterEach(() => stack.close());

const append = (partition: string, ...bodies: readonly string[]): number => appendTo(stack, partition, ...bodies);
const AT_ONCE = JSON.stringify({ strategy: 'fixedDelay', delayInterval: 20, maxRetryCount: -1 });
const FOREVER = JSON.stringify({ strategy: 'fixedDelay', delayInterval: 1000, maxRetryCount: -1 });

/** movedPartitions tells in which partitions a host has moved its position. */
const movedPartitions = (lines: readonly HostLine[]): readonly string[] => [
  ...new Set(lines.filter((line) => line.type === 'consumerPosition').map((line) => line.partitionId)),
];

/** deliveredPartitions tells of which partitions a host has invoked its function. */
const deliveredPartitions = (lines: readonly HostLine[]): ReadonlySet<string | undefined> =>
  new Set(invocationsOf(lines, 'ingest').map((line) => line.delivery?.partitionId));

test('a handler gets buffers and metadata in the shapes of the real host', async () => {
  const producer = new EventHubProducerClient(stack.hub.connectionString(HUB_NAME));
  const bytes = Buffer.from([0xff, 0x00, 0x7b]);
  await producer.sendBatch(
    [
      { body: bytes, properties: { Foo: 'bar', count: 2 }, messageId: 'm1' },
      { body: Buffer.alloc(0) },
      { body: Buffer.from('12345678901234567890') },
    ],
    { partitionId: '2' },
  );
  await producer.close();
  const host = await stack.host();
  await untilPosition(host, '2', 2);
  const [seen] = sawOf(host.lines);
  const partitionContext = {
    fullyQualifiedNamespace: '127.0.0.1',
    eventHubName: HUB_NAME,
    consumerGroup: '$Default',
    partitionId: '2',
    isCheckpointingAfterInvocation: true,
  };
  expect(seen).toMatchObject({
    saw: [bytes.toString('utf8'), '', '12345678901234567890'],
    areBuffers: true,
    metadata: {
      partitionContext,
      triggerPartitionContext: partitionContext,
      sequenceNumberArray: [0, 1, 2],
      partitionKeyArray: [],
      propertiesArray: [{ foo: 'bar', count: 2 }, {}, {}],
      systemPropertiesArray: [
        { sequenceNumber: 0, partitionKey: null, 'message-id': 'm1', offset: 0, offsetString: '0' },
        { sequenceNumber: 1, partitionKey: null },
        { sequenceNumber: 2, partitionKey: null },
      ],
    },
  });
  const times = seen?.metadata['enqueuedTimeUtcArray'];
  expect(times).toEqual(Array(3).fill(expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d*[1-9])?$/)));
  expect(invocationsOf(host.lines, 'ingest')[0]).toMatchObject({
    outcome: 'succeeded',
    retryCount: 0,
    delivery: { partitionId: '2', events: 3, firstSequenceNumber: 0, lastSequenceNumber: 2 },
  });
  expect(await host.stop()).toBe(0);
  const container = BlobServiceClient.fromConnectionString(stack.storage).getContainerClient('azure-webjobs-eventhub');
  const position = await container.getBlobClient(`127.0.0.1/${HUB_NAME}/$default/checkpoint/2`).getProperties();
  expect(position.metadata).toMatchObject({ sequencenumber: '2' });
  const owner = await container.getBlobClient(`127.0.0.1/${HUB_NAME}/$default/ownership/2`).getProperties();
  expect(owner.metadata?.['ownerid'] ?? '').toBe('');
});

test('a failure without a retry policy moves the position past the events', async () => {
  append('0', 'fail');
  const host = await stack.host();
  await untilPosition(host, '0', 0);
  append('0', 'fine');
  await untilPosition(host, '0', 1);
  expect(invocationsOf(host.lines, 'ingest').map((line) => [line.outcome, line.error?.message])).toEqual([
    ['failed', 'told to fail'],
    ['succeeded', undefined],
  ]);
});

test('a retry policy holds the position until the handler succeeds', async () => {
  append('0', 'fail twice');
  const host = await stack.host({ RETRY: FIXED });
  await untilPosition(host, '0', 0);
  expect(invocationsOf(host.lines, 'ingest').map((line) => [line.outcome, line.retryCount])).toEqual([
    ['failed', 0],
    ['failed', 1],
    ['succeeded', 2],
  ]);
  const told = sawOf(host.lines).map(({ retry }) => retry);
  expect(told).toEqual([
    { retryCount: 0, maxRetryCount: 5 },
    { retryCount: 1, maxRetryCount: 5, exception: expect.objectContaining({ message: 'told to fail twice' }) },
    { retryCount: 2, maxRetryCount: 5, exception: expect.anything() },
  ]);
  expect(new Set(invocationsOf(host.lines, 'ingest').map((line) => line.invocationId)).size).toBe(1);
  const moved = host.lines.findIndex((line) => line.type === 'consumerPosition');
  expect(host.lines.slice(0, moved).filter((line) => line.type === 'invocation')).toHaveLength(3);
});

test('retries that are used up move the position', async () => {
  append('0', 'fail');
  const host = await stack.host({ RETRY: FIXED });
  await untilPosition(host, '0', 0);
  expect(invocationsOf(host.lines, 'ingest').map((line) => line.retryCount)).toEqual([0, 1, 2, 3, 4, 5]);
});

test('a stop abandons retries and leaves the events to the next host', async () => {
  append('0', 'fail', 'fine');
  const first = await stack.host({ RETRY: FOREVER });
  await first.until((lines) => invocationsOf(lines, 'ingest').length === 2);
  expect(await first.stop()).toBe(0);
  expect(positionsOf(first.lines, '0')).toEqual([]);
  const second = await stack.host();
  await untilPosition(second, '0', 1);
  expect(invocationsOf(second.lines, 'ingest')[0]?.delivery).toMatchObject({ firstSequenceNumber: 0 });
});

test('a stop waits for the running invocation, and its events come again', async () => {
  append('0', 'outlast the stop');
  const first = await stack.host();
  await first.until((lines) => sawOf(lines).length === 1);
  expect(await first.stop()).toBe(0);
  expect(invocationsOf(first.lines, 'ingest').map((line) => line.outcome)).toEqual(['succeeded']);
  expect(positionsOf(first.lines, '0')).toEqual([]);
});

test('losing a partition abandons retries without moving the position', async () => {
  for (const partition of ['0', '1', '2', '3']) append(partition, 'fail');
  const first = await stack.host({ RETRY: FOREVER });
  // Four invocations can be those of two partitions, and the second host would take the others before the first had them.
  await first.until((lines) => deliveredPartitions(lines).size === 4);
  const second = await stack.host();
  // Two of the four are the second host's share; on a machine that stands still for a while it may take more for a time.
  await second.until((lines) => movedPartitions(lines).length >= 2);
  const taken = movedPartitions(second.lines);
  const closed = (lines: readonly HostLine[]): readonly PartitionLine[] =>
    lines
      .filter((line) => line.type === 'partition')
      .filter((line) => line.state === 'closed' && taken.includes(line.partitionId));
  await first.until((lines) => new Set(closed(lines).map((line) => line.partitionId)).size === taken.length);
  expect(first.lines.filter((line) => line.type === 'consumerPosition')).toEqual([]);
  expect(new Set(closed(first.lines).map((line) => line.reason))).toEqual(new Set(['OwnershipLost']));
  for (const partition of taken) {
    const [delivered] = invocationsOf(second.lines, 'ingest').filter(
      (line) => line.delivery?.partitionId === partition,
    );
    expect(delivered?.delivery).toMatchObject({ firstSequenceNumber: 0 });
  }
});

test('small deliveries wait for the minimum, and the position moves with every second one', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'host-test-'));
  await bundleApp(folder, 'esm', ['hub'], {
    extensions: { eventHubs: { minEventBatchSize: 3, maxWaitTime: '00:00:01' } },
  });
  append('0', 'alone');
  const settings = { AzureFunctionsJobHost__extensions__eventHubs__batchCheckpointFrequency: '2' };
  const host = await stack.host(settings, folder);
  await host.until((lines) => invocationsOf(lines, 'ingest').length === 1);
  append('0', 'a', 'b', 'c');
  await untilPosition(host, '0', 3);
  expect(sawOf(host.lines)).toMatchObject([
    { saw: ['alone'], metadata: { partitionContext: { isCheckpointingAfterInvocation: false } } },
    { saw: ['a', 'b', 'c'], metadata: { partitionContext: { isCheckpointingAfterInvocation: true } } },
  ]);
  expect(positionsOf(host.lines, '0')).toEqual([3]);
  await rm(folder, { recursive: true });
});

test.each([
  ['value', { body: 'text', bodyType: 'value' }],
  ['sequence', { body: [[1]], bodyType: 'sequence' }],
  ['null', { body: null }],
] as const)('a %s body fails each try before the handler', async (_kind, event) => {
  const producer = new EventHubProducerClient(stack.hub.connectionString(HUB_NAME));
  await producer.sendBatch([event], { partitionId: '0' });
  await producer.close();
  const host = await stack.host({ RETRY: AT_ONCE });
  await host.until((lines) => invocationsOf(lines, 'ingest').length >= 3);
  expect(invocationsOf(host.lines, 'ingest').slice(0, 3)).toMatchObject(
    [0, 1, 2].map((retryCount) => ({
      outcome: 'failed',
      retryCount,
      error: { message: 'event 0 has no binary body (AMQP data section)' },
    })),
  );
  expect(sawOf(host.lines)).toEqual([]);
  expect(positionsOf(host.lines, '0')).toEqual([]);
});

test('other data types behave as in Azure, losses included', async () => {
  append('0', '{"n":1}', 'no json');
  const parsed = await stack.host({ DATA_TYPE: 'none' });
  await untilPosition(parsed, '0', 1);
  append('0', '{"n":2}');
  await untilPosition(parsed, '0', 2);
  expect(invocationsOf(parsed.lines, 'ingest').map((line) => line.outcome)).toEqual(['failed', 'succeeded']);
  expect(sawOf(parsed.lines)[0]?.saw).toEqual([{ n: 2 }]);
  await parsed.stop();

  append('0', 'text', '', '7');
  const strings = await stack.host({ DATA_TYPE: 'string' });
  await untilPosition(strings, '0', 5);
  expect(sawOf(strings.lines)[0]).toMatchObject({ saw: ['text', 7], metadata: { sequenceNumberArray: [3, 4, 5] } });
  await strings.stop();

  append('0', 'a', 'b');
  const single = await stack.host({ CARDINALITY: 'one' });
  await untilPosition(single, '0', 7);
  expect(sawOf(single.lines)).toMatchObject([
    { saw: ['a'], areBuffers: true, metadata: { sequenceNumber: 6 } },
    { saw: ['b'], metadata: { sequenceNumber: 7, systemProperties: { sequenceNumber: 7 } } },
  ]);
});
