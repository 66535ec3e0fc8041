import { randomBytes } from 'node:crypto';
import { partitionHash, partitionOfKey } from '../../../local/hub/partitionHash.ts';
import { bytes, closeAll, numbersOf, openConsumer, openHub, openProducer, read } from './clients.ts';

afterEach(closeAll);

test('events get consecutive numbers, growing offsets and a time, in the order of sending', async () => {
  const hub = await openHub();
  const producer = openProducer(hub.connectionString('logs'));
  const before = Date.now();
  await producer.sendBatch([{ body: bytes('a') }, { body: bytes('b') }], { partitionId: '0' });
  await producer.sendBatch([{ body: bytes('c') }], { partitionId: '0' });
  await producer.sendBatch([{ body: bytes('other') }], { partitionId: '1' });
  const events = await read(openConsumer(hub.connectionString('logs')), '0').next(3);
  expect(events.map(({ body }) => String(body))).toEqual(['a', 'b', 'c']);
  expect(numbersOf(events)).toEqual([0, 1, 2]);
  const offsets = events.map(({ offset }) => Number(offset));
  expect(offsets[0]).toBe(0);
  expect(offsets).toEqual([...new Set(offsets)].sort((a, b) => a - b));
  for (const { enqueuedTimeUtc } of events) expect(enqueuedTimeUtc.getTime()).toBeGreaterThanOrEqual(before);
});

test('body, application properties and message properties come back as they were sent', async () => {
  const hub = await openHub();
  const producer = openProducer(hub.connectionString('logs'));
  const sent = {
    body: Buffer.of(0xff, 0x00, 0xfe),
    properties: { text: 'Müller', number: 7, big: 2 ** 40, fraction: 0.5, flag: true, date: new Date(5) },
    contentType: 'application/octet-stream',
    correlationId: 'c-1',
    messageId: 'm-1',
  };
  const batch = await producer.createBatch({ partitionKey: 'pk1' });
  expect(batch.tryAdd(sent)).toBe(true);
  await producer.sendBatch(batch);
  const [event] = await read(openConsumer(hub.connectionString('logs')), '1').next(1); // pk1 belongs to 1 of 2
  expect(event).toMatchObject({ ...sent, properties: { ...sent.properties, date: 5 }, partitionKey: 'pk1' });
});

test('an AMQP message keeps its body type and its own annotations', async () => {
  const hub = await openHub();
  const producer = openProducer(hub.connectionString('logs'));
  await producer.sendBatch(
    [
      {
        body: { nested: ['value', 1] },
        bodyType: 'value',
        messageAnnotations: { 'x-own': 'kept', 'x-opt-offset': '99' },
      },
      { body: [1, 'two'], bodyType: 'sequence' },
    ],
    { partitionId: '0' },
  );
  const events = await read(openConsumer(hub.connectionString('logs')), '0').next(2);
  expect(events.map((event) => event.getRawAmqpMessage().bodyType)).toEqual(['value', 'sequence']);
  expect(events.map(({ body }) => body as unknown)).toEqual([{ nested: ['value', 1] }, [1, 'two']]);
  expect(events[0]).toMatchObject({ offset: '0', systemProperties: { 'x-own': 'kept' } });
});

test('20 partitions of mixed bodies come back byte for byte', async () => {
  const partitions = Array.from({ length: 20 }, (_, index) => String(index));
  const hub = await openHub({ hubs: [{ name: 'logs', partitions: 20, consumerGroups: ['seal'] }] });
  const producer = openProducer(hub.connectionString('logs'));
  const bodies = [
    Buffer.alloc(0),
    bytes('{"records":[{"a":1.0,"a":9007199254740993}]}'),
    Buffer.of(0xc3, 0x28, 0x00, 0xff),
    randomBytes(70_000),
    bytes('"'),
  ];
  const largest = randomBytes(1024 * 1024 - 200);
  for (const partitionId of partitions) {
    await producer.sendBatch(
      bodies.map((body) => ({ body })),
      { partitionId },
    );
  }
  await producer.sendBatch([{ body: largest }], { partitionId: '7' });
  const consumer = openConsumer(hub.connectionString('logs'));
  await Promise.all(
    partitions.map(async (partition) => {
      const expected = partition === '7' ? [...bodies, largest] : bodies;
      const events = await read(consumer, partition).next(expected.length);
      expect(events.map(({ body }) => expected.findIndex((each) => each.equals(body as Buffer)))).toEqual([
        ...expected.keys(),
      ]);
    }),
  );
});

test.each([
  ['', 0, 0, 0, 0, 0],
  ['a', -16220, 0, 0, 4, 28],
  ['7', -15263, 1, 3, 7, 31],
  ['alphabet', -23478, 0, 2, 6, 22],
  ['pk1', 13741, 1, 1, 5, 13],
  ['/subscriptions/00000000-0000-0000-0000-000000000000', 16823, 1, 3, 7, 23],
  ['Müller', 26164, 0, 0, 4, 20],
  ['0123456789ab', -17054, 0, 2, 6, 30],
  ['0123456789abc', -4167, 1, 3, 7, 7],
])('the partition key %j is hashed as the service does', (key, hash, of2, of4, of8, of32) => {
  expect(partitionHash(key)).toBe(hash);
  expect([2, 4, 8, 32].map((partitions) => partitionOfKey(key, partitions))).toEqual([of2, of4, of8, of32]);
});

test('batches without a key take the partitions in turn', async () => {
  const hub = await openHub();
  const producer = openProducer(hub.connectionString('logs'));
  for (let turn = 0; turn < 4; turn++) await producer.sendBatch([{ body: bytes(String(turn)) }]);
  const consumer = openConsumer(hub.connectionString('logs'));
  expect((await read(consumer, '0').next(2)).map(({ body }) => String(body))).toEqual(['0', '2']);
  expect((await read(consumer, '1').next(2)).map(({ body }) => String(body))).toEqual(['1', '3']);
});

test('a batch is limited to 1 MiB, and more is rejected', async () => {
  const hub = await openHub();
  const producer = openProducer(hub.connectionString('logs'));
  const batch = await producer.createBatch();
  expect(batch.maxSizeInBytes).toBe(1024 * 1024);
  expect(batch.tryAdd({ body: Buffer.alloc(1024 * 1024) })).toBe(false);
  await expect(producer.sendBatch([{ body: Buffer.alloc(1024 * 1024) }])).rejects.toMatchObject({
    code: 'MessageTooLargeError',
    retryable: false,
  });
  await producer.sendBatch([{ body: bytes('next') }], { partitionId: '0' });
  expect(await producer.getPartitionProperties('0')).toMatchObject({ lastEnqueuedSequenceNumber: 0 });
});

test('hub and partition describe themselves', async () => {
  const hub = await openHub({ now: () => 1_700_000_000_000 });
  const producer = openProducer(hub.connectionString('logs'));
  expect(await producer.getEventHubProperties()).toEqual({
    name: 'logs',
    createdOn: new Date(1_700_000_000_000),
    partitionIds: ['0', '1'],
    isGeoDrEnabled: false,
  });
  expect(await producer.getPartitionProperties('1')).toMatchObject({
    beginningSequenceNumber: 0,
    lastEnqueuedSequenceNumber: -1,
    lastEnqueuedOffset: '-1',
    isEmpty: true,
  });
  hub.append('logs', '1', [bytes('a'), bytes('b')], 1_700_000_000_500);
  expect(await producer.getPartitionProperties('1')).toEqual({
    eventHubName: 'logs',
    partitionId: '1',
    beginningSequenceNumber: 0,
    lastEnqueuedSequenceNumber: 1,
    lastEnqueuedOffset: expect.stringMatching(/^[1-9]\d*$/),
    lastEnqueuedOnUtc: new Date(1_700_000_000_500),
    isEmpty: false,
  });
});

test('an unknown hub or partition is refused by name', async () => {
  const hub = await openHub();
  const nowhere = openProducer(hub.connectionString(), 'nowhere');
  await expect(nowhere.sendBatch([{ body: 'x' }])).rejects.toThrow("'nowhere' could not be found");
  await expect(nowhere.getEventHubProperties()).rejects.toThrow("'nowhere' could not be found");
  const producer = openProducer(hub.connectionString('logs'));
  const outOfRange = { code: 'ArgumentOutOfRangeError' };
  await expect(producer.sendBatch([{ body: 'x' }], { partitionId: '2' })).rejects.toMatchObject(outOfRange);
  await expect(producer.getPartitionProperties('2')).rejects.toMatchObject(outOfRange);
});

test('names are compared without regard to case', async () => {
  const hub = await openHub();
  const producer = openProducer(hub.connectionString(), 'LOGS');
  await producer.sendBatch([{ body: bytes('x') }], { partitionId: '0' });
  await read(openConsumer(hub.connectionString('Logs'), 'Seal'), '0').next(1);
});

test('a wrong key opens nothing', async () => {
  const hub = await openHub({ key: 'right' });
  const producer = openProducer(hub.connectionString('logs').replace('right', 'wrong'));
  const unauthorized = { code: 'UnauthorizedError' };
  await expect(producer.sendBatch([{ body: 'x' }])).rejects.toMatchObject(unauthorized);
  await expect(producer.getEventHubProperties()).rejects.toMatchObject(unauthorized);
  const reading = read(openConsumer(hub.connectionString('logs').replace('right', 'wrong')), '0');
  expect(await reading.failure()).toMatchObject(unauthorized);
});
