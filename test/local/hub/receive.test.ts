import { setImmediate } from 'node:timers/promises';
import { earliestEventPosition, type EventPosition, latestEventPosition } from '@azure/event-hubs';
import { bytes, closeAll, numbersOf, openConsumer, openHub, openProducer, read, readFrom } from './clients.ts';

afterEach(closeAll);

const T0 = 1_700_000_000_000;

/** openTimedHub has events 0 to 4 in partition 0, one second apart, the first at T0. */
async function openTimedHub() {
  const hub = await openHub({ now: () => T0 });
  for (let index = 0; index < 5; index++) hub.append('logs', '0', [bytes(`event ${index}`)], T0 + index * 1000);
  const events = await readFrom(hub, '0', earliestEventPosition, 5);
  return { hub, offsets: events.map(({ offset }) => offset) };
}

describe('start positions', () => {
  test.each<[string, (offsets: readonly string[]) => EventPosition, readonly number[]]>([
    ['the earliest event', () => earliestEventPosition, [0, 1, 2, 3, 4]],
    ['after a sequence number', () => ({ sequenceNumber: 1 }), [2, 3, 4]],
    ['at a sequence number', () => ({ sequenceNumber: 1, isInclusive: true }), [1, 2, 3, 4]],
    ['after no sequence number', () => ({ sequenceNumber: -1 }), [0, 1, 2, 3, 4]],
    ['at the last sequence number', () => ({ sequenceNumber: 4, isInclusive: true }), [4]],
    ['after an offset', (offsets) => ({ offset: offsets[2]! }), [3, 4]],
    ['at an offset', (offsets) => ({ offset: offsets[2]!, isInclusive: true }), [2, 3, 4]],
    ['after a time', () => ({ enqueuedOn: T0 + 1000 }), [2, 3, 4]],
    ['between two times', () => ({ enqueuedOn: new Date(T0 + 1500) }), [2, 3, 4]],
    ['before all times', () => ({ enqueuedOn: T0 - 1 }), [0, 1, 2, 3, 4]],
  ])('%s', async (_name, positionOf, expected) => {
    const { hub, offsets } = await openTimedHub();
    const events = await readFrom(hub, '0', positionOf(offsets), expected.length);
    expect(numbersOf(events)).toEqual(expected);
    expect(events.map(({ enqueuedTimeUtc }) => enqueuedTimeUtc.getTime())).toEqual(expected.map((n) => T0 + n * 1000));
  });

  test.each<[string, EventPosition]>([
    ['the last sequence number', { sequenceNumber: 4 }],
    ['a time to come', { enqueuedOn: T0 + 9000 }],
  ])('after %s only what comes later is received', async (_name, position) => {
    const { hub } = await openTimedHub();
    const reading = read(openConsumer(hub.connectionString('logs')), '0', position);
    hub.append('logs', '0', [bytes('later')], T0 + 10_000);
    expect(numbersOf(await reading.next(1))).toEqual([5]);
  });

  test('the latest: only what comes after the receiver', async () => {
    const { hub } = await openTimedHub();
    const reading = read(openConsumer(hub.connectionString('logs')), '0', latestEventPosition);
    while (reading.events.length === 0) {
      hub.append('logs', '0', [bytes('later')]);
      await setImmediate();
    }
    expect(String(reading.events[0]?.body)).toBe('later');
  });

  test.each<[string, EventPosition, string]>([
    ['sequence number', { sequenceNumber: 9 }, "The supplied sequence number '9' is invalid. The last sequence number"],
    ['offset', { offset: '99999' }, "The supplied offset '99999' is invalid. The last offset in the system is"],
    ['filter', { offset: "1' OR 'a' = 'a" }, "can't be understood"],
  ])('a %s that makes no sense is refused', async (_name, position, message) => {
    const { hub } = await openTimedHub();
    const error = await read(openConsumer(hub.connectionString('logs')), '0', position).failure();
    expect(error).toMatchObject({ code: 'ArgumentError', message: expect.stringContaining(message) });
  });
});

test('a receiver that asks is told about the newest event of its partition', async () => {
  const { hub } = await openTimedHub();
  const client = openConsumer(hub.connectionString('logs'));
  const told = await new Promise<object | undefined>((resolve, reject) => {
    client.subscribe(
      '0',
      {
        processEvents: async (_events, context) => resolve(context.lastEnqueuedEventProperties),
        processError: async (error) => reject(error),
      },
      { startPosition: earliestEventPosition, trackLastEnqueuedEventProperties: true },
    );
  });
  expect(told).toMatchObject({ sequenceNumber: 4, enqueuedOn: new Date(T0 + 4000), retrievedOn: new Date(T0) });
});

test('an unknown consumer group or partition is refused by name', async () => {
  const hub = await openHub();
  const strangers = read(openConsumer(hub.connectionString('logs'), 'strangers'), '0');
  expect((await strangers.failure()).message).toContain("'logs:strangers' could not be found");
  const nowhere = read(openConsumer(hub.connectionString('logs')), '2');
  expect(await nowhere.failure()).toMatchObject({ code: 'ArgumentOutOfRangeError' });
  hub.append('logs', '0', [bytes('x')]);
  await read(openConsumer(hub.connectionString('logs'), '$Default'), '0').next(1);
});

describe('owner levels', () => {
  test('a receiver of an equal or higher level takes over, and lower ones are refused', async () => {
    const hub = await openHub();
    const open = (ownerLevel?: number) =>
      read(
        openConsumer(hub.connectionString('logs')),
        '0',
        earliestEventPosition,
        ownerLevel === undefined ? {} : { ownerLevel },
      );
    const stolen = { code: 'ReceiverDisconnectedError' };
    hub.append('logs', '0', [bytes('x')]);

    const without = open();
    await without.next(1);
    const first = open(1);
    await first.next(1);
    expect(await without.failure()).toMatchObject(stolen);

    const equal = open(1);
    await equal.next(1);
    expect(await first.failure()).toMatchObject(stolen);

    expect(await open(0).failure()).toMatchObject(stolen);
    expect(await open().failure()).toMatchObject(stolen);
    hub.append('logs', '0', [bytes('y')]);
    expect(numbersOf(await equal.next(2))).toEqual([0, 1]);
  });

  test('a level binds one partition and one group, and goes with its receiver', async () => {
    const hub = await openHub();
    hub.append('logs', '0', [bytes('x')]);
    hub.append('logs', '1', [bytes('x')]);
    const client = openConsumer(hub.connectionString('logs'));
    const owner = read(client, '0', earliestEventPosition, { ownerLevel: 5 });
    await owner.next(1);
    await read(openConsumer(hub.connectionString('logs')), '1').next(1);
    await read(openConsumer(hub.connectionString('logs'), '$Default'), '0').next(1);
    await owner.close();
    await read(openConsumer(hub.connectionString('logs')), '0').next(1);
  });

  test('a partition has at most five receivers of a group', async () => {
    const hub = await openHub();
    hub.append('logs', '0', [bytes('x')]);
    for (let count = 0; count < 5; count++) await read(openConsumer(hub.connectionString('logs')), '0').next(1);
    const error = await read(openConsumer(hub.connectionString('logs')), '0').failure();
    expect(error).toMatchObject({ code: 'QuotaExceededError', message: expect.stringContaining('which is 5') });
  });
});

describe('interruptions', () => {
  test.each(['disconnectAll', 'detachReceivers'] as const)('%s loses and doubles nothing', async (fault) => {
    const hub = await openHub();
    const interrupt = (): void => (fault === 'disconnectAll' ? hub.disconnectAll() : hub.detachReceivers('logs', '0'));
    const reading = read(openConsumer(hub.connectionString('logs'), 'seal', 5), '0');
    const append = (count: number): number => hub.append('logs', '0', Array<Buffer>(count).fill(bytes('x'))) + count;
    for (let round = 0; round < 3; round++) {
      await reading.next(append(500) - 300);
      interrupt();
      await reading.next(append(1));
    }
    expect(numbersOf(reading.events)).toEqual([...Array(1503).keys()]);
  });

  test('a producer goes on after its connection was dropped', async () => {
    const hub = await openHub();
    const retryOptions = { maxRetries: 5, retryDelayInMs: 10, timeoutInMs: 1000 };
    const producer = openProducer(hub.connectionString(), 'logs', retryOptions);
    await producer.sendBatch([{ body: bytes('a') }], { partitionId: '0' });
    hub.disconnectAll();
    await producer.sendBatch([{ body: bytes('b') }], { partitionId: '0' });
    expect(await producer.getPartitionProperties('0')).toMatchObject({ lastEnqueuedSequenceNumber: 1 });
  });

  test('a subscription closed with events under way leaves the client usable', async () => {
    const hub = await openHub();
    for (let turn = 0; turn < 5; turn++) hub.append('logs', '0', Array<Buffer>(1000).fill(Buffer.alloc(1000)));
    const client = openConsumer(hub.connectionString('logs'));
    const reading = read(client, '0', earliestEventPosition, { maxBatchSize: 5000 });
    await reading.next(1);
    await reading.close();
    expect(await client.getPartitionProperties('0')).toMatchObject({ lastEnqueuedSequenceNumber: 4999 });
    await read(client, '0').next(5000);
  });
});

describe('retention', () => {
  test('by time: what is too old is gone, and a position before it starts at what is left', async () => {
    let time = T0;
    const hub = await openHub({
      hubs: [{ name: 'logs', partitions: 1, consumerGroups: ['seal'], retentionMs: 10_000 }],
      now: () => time,
    });
    for (const at of [0, 4000, 8000]) hub.append('logs', '0', [bytes(String(at))], T0 + at);
    time = T0 + 15_000;
    const producer = openProducer(hub.connectionString('logs'));
    expect(await producer.getPartitionProperties('0')).toMatchObject({ beginningSequenceNumber: 2, isEmpty: false });
    expect(numbersOf(await readFrom(hub, '0', { sequenceNumber: 0, isInclusive: true }, 1))).toEqual([2]);
    time = T0 + 60_000;
    expect(await producer.getPartitionProperties('0')).toMatchObject({ lastEnqueuedSequenceNumber: 2, isEmpty: true });
    hub.append('logs', '0', [bytes('next')]);
    expect(numbersOf(await readFrom(hub, '0', earliestEventPosition, 1))).toEqual([3]);
  });

  test('by bytes: the newest are kept', async () => {
    const hub = await openHub({
      hubs: [{ name: 'logs', partitions: 1, consumerGroups: ['seal'], retentionBytes: 100_000 }],
    });
    for (let index = 0; index < 10_000; index++) hub.append('logs', '0', [Buffer.alloc(992)]); // 8 bytes around it
    const { beginningSequenceNumber } = await openProducer(hub.connectionString('logs')).getPartitionProperties('0');
    expect(beginningSequenceNumber).toBe(9900);
    const events = await readFrom(hub, '0', earliestEventPosition, 100);
    expect(numbersOf(events)).toEqual(Array.from({ length: 100 }, (_, index) => 9900 + index));
  });

  test('trimBefore stages a loss', async () => {
    const { hub } = await openTimedHub();
    hub.trimBefore('logs', '0', 3);
    expect(numbersOf(await readFrom(hub, '0', { sequenceNumber: 0 }, 2))).toEqual([3, 4]);
  });
});

test('enqueued times never go back, whatever the clock does, but where a test says so', async () => {
  let time = T0;
  const hub = await openHub({ now: () => time });
  hub.append('logs', '0', [bytes('a')]);
  time = T0 - 60_000;
  hub.append('logs', '0', [bytes('b')]);
  hub.append('logs', '0', [bytes('c')], T0 - 1);
  const events = await readFrom(hub, '0', earliestEventPosition, 3);
  expect(events.map(({ enqueuedTimeUtc }) => enqueuedTimeUtc.getTime())).toEqual([T0, T0, T0 - 1]);
});

test('a hub that grows has more partitions, and keeps what it has', async () => {
  const hub = await openHub();
  hub.append('logs', '1', [bytes('a')]);
  hub.grow('logs', 2);
  hub.append('logs', '3', [bytes('b')]);
  const client = openConsumer(hub.connectionString('logs'));
  expect(await client.getPartitionIds()).toEqual(['0', '1', '2', '3']);
  expect((await readFrom(hub, '1', earliestEventPosition, 1)).map(({ body }) => String(body))).toEqual(['a']);
  expect((await readFrom(hub, '3', earliestEventPosition, 1)).map(({ body }) => String(body))).toEqual(['b']);
});

test('a recreated hub is empty and counts from 0, and its receivers are cut off', async () => {
  const { hub } = await openTimedHub();
  const client = openConsumer(hub.connectionString('logs'), 'seal', 3);
  const reading = read(client, '0');
  await reading.next(5);
  hub.recreate('logs');
  expect(await client.getPartitionProperties('0')).toMatchObject({ lastEnqueuedSequenceNumber: -1, isEmpty: true });
  // The client asks for what follows number 4, which the new hub has never had.
  const { errors } = (await reading.failure()) as AggregateError;
  expect(errors.at(-1)).toMatchObject({
    code: 'ArgumentError',
    message: expect.stringContaining("number '4' is invalid"),
  });
  hub.append('logs', '0', [bytes('new')]);
  const events = await readFrom(hub, '0', earliestEventPosition, 1);
  expect(events).toMatchObject([{ sequenceNumber: 0, offset: '0', enqueuedTimeUtc: new Date(T0 + 4000) }]);
});
