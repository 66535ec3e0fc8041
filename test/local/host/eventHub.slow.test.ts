import { EventHubProducerClient } from '@azure/event-hubs';
import {
  FIXED,
  appendTo,
  heldPartitions,
  HUB_NAME,
  invocationsOf,
  positionsOf,
  sawOf,
  startStack,
  untilPosition,
} from './support.ts';
import type { HostLine } from '../../../local/host/hostLine.ts';
import type { Stack } from './support.ts';

// What the host does about loss waits for the time-outs of its client. The rest is in eventHub.test.ts.

let stack: Stack;
beforeEach(async () => {
  stack = await startStack(4);
});
afterEach(() => stack.close());

const append = (partition: string, ...bodies: readonly string[]): number => appendTo(stack, partition, ...bodies);

/** hangingPartitions tells in which partitions a host has been given an event that makes the handler hang. */
const hangingPartitions = (lines: readonly HostLine[]): readonly string[] =>
  sawOf(lines)
    .filter(({ saw }) => saw[0] === 'hang')
    .map(({ metadata }) => (metadata['triggerPartitionContext'] as { partitionId: string }).partitionId);

test('two hosts share the partitions, and a killed one loses nothing', async () => {
  const first = await stack.host({ HANG: '1' });
  await first.until((lines) => heldPartitions(lines).length === 4);
  const second = await stack.host();
  await second.until((lines) => heldPartitions(lines).length === 2);
  await first.until((lines) => heldPartitions(lines).length === 2);
  const partitions = ['0', '1', '2', '3'];
  const bodies = Array.from({ length: 25 }, (_, i) => String(i));
  for (const partition of partitions) append(partition, ...bodies);
  // A machine that stands still for a while lets ownerships expire: either host may have a partition by now.
  const untilMoved = (partition: string, to: number): Promise<void> =>
    Promise.any([first, second].map((host) => untilPosition(host, partition, to)));
  for (const partition of partitions) await untilMoved(partition, 24);
  for (const partition of partitions) append(partition, 'hang', ...bodies);
  await Promise.all(
    partitions.map((partition) =>
      Promise.any([
        untilPosition(second, partition, 50),
        first.until((lines) => hangingPartitions(lines).includes(partition)),
      ]),
    ),
  );
  // These are being processed when the host dies.
  const orphaned = hangingPartitions(first.lines);
  expect(orphaned).not.toEqual([]);
  first.kill();
  await first.exited;
  for (const partition of partitions) await untilPosition(second, partition, 50);
  expect(heldPartitions(second.lines)).toEqual(partitions);
  for (const partition of partitions) {
    const succeeded = [first, second]
      .flatMap((host) => invocationsOf(host.lines, 'ingest'))
      .filter((line) => line.outcome === 'succeeded' && line.delivery?.partitionId === partition)
      .flatMap(({ delivery }) => range(delivery?.firstSequenceNumber ?? 0, delivery?.lastSequenceNumber ?? 0));
    expect([...new Set(succeeded)].sort((a, b) => a - b)).toEqual(range(0, 50));
    const again = invocationsOf(second.lines, 'ingest').filter((line) => line.delivery?.partitionId === partition);
    if (orphaned.includes(partition)) expect(again[0]?.delivery?.firstSequenceNumber).toBe(25);
  }
});

test('a lost connection is made again', async () => {
  append('1', 'before');
  const host = await stack.host();
  await untilPosition(host, '1', 0);
  stack.hub.disconnectAll();
  append('1', 'after');
  await untilPosition(host, '1', 1);
  expect(sawOf(host.lines).map(({ saw }) => saw)).toEqual([['before'], ['after']]);
});

test('an event that the .NET client can’t receive stops its partition before the handler, for ever', async () => {
  const producer = new EventHubProducerClient(stack.hub.connectionString(HUB_NAME));
  await producer.sendBatch([{ body: Buffer.from('before') }], { partitionId: '0' });
  const host = await stack.host({ RETRY: FIXED });
  await untilPosition(host, '0', 0);
  await producer.sendBatch([{ body: Buffer.from('unreadable'), properties: { map: { a: 1 } } }], { partitionId: '0' });
  await producer.sendBatch([{ body: Buffer.from('behind') }], { partitionId: '0' });
  await producer.close();
  const faults = () => host.lines.filter((line) => line.type === 'error');
  await host.until(() => faults().length >= 3);
  append('1', 'elsewhere');
  await untilPosition(host, '1', 0);
  expect(faults()[0]).toMatchObject({ function: 'ingest', partitionId: '0' });
  expect(new Set(faults().map(({ message }) => message))).toEqual(
    new Set([`event 1 can't be received: "map" of its applicationProperties is a map`]),
  );
  expect(sawOf(host.lines).map(({ saw }) => saw)).toEqual([['before'], ['elsewhere']]);
  expect(positionsOf(host.lines, '0')).toEqual([0]);
});

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}
