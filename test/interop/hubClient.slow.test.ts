import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { earliestEventPosition, EventHubProducerClient } from '@azure/event-hubs';
import type { EventData } from '@azure/event-hubs';
import { deliveryInput } from '../../local/host/eventHubInput.ts';
import type { EventHub } from '../../local/hub/server.ts';
import { bytes, closeAll, openHub, readFrom } from '../local/hub/clients.ts';
import { buildHubClient, dotnetAdvice, hasDotnet, startHubClient } from './hubClientProgram.ts';
import type { ClientLine, EventLine, RunningClient, Seen } from './hubClientProgram.ts';

const PARTITIONS = ['0', '1', '2', '3'];

let folder = '';
let program = '';
const running: RunningClient[] = [];

function start(hub: EventHub, ...args: readonly string[]): RunningClient {
  const client = startHubClient(program, { HUB: hub.connectionString(), HUB_NAME: 'logs' }, args);
  running.push(client);
  return client;
}

/** run runs hubClient to its end. */
async function run(hub: EventHub, ...args: readonly string[]): Promise<readonly ClientLine[]> {
  const client = start(hub, ...args);
  await client.ended;
  return client.lines;
}

const openLogs = (): Promise<EventHub> =>
  openHub({ hubs: [{ name: 'logs', partitions: PARTITIONS.length, consumerGroups: ['seal'] }] });

const append = (hub: EventHub, partition: string, ...bodies: readonly string[]): number =>
  hub.append('logs', partition, bodies.map(bytes));

const eventsOf = (lines: readonly ClientLine[]): EventLine[] => lines.filter((line) => line.type === 'event');

/** bodiesOf gives what was received of a partition, in order. */
const bodiesOf = (lines: readonly ClientLine[], partition: string): string[] =>
  eventsOf(lines)
    .filter((line) => line.partition === partition)
    .map(({ body }) => Buffer.from(body, 'base64').toString('utf8'));

const errorsOf = (lines: readonly ClientLine[]): Seen[] =>
  lines.filter((line) => line.type === 'error' || line.type === 'failed').map(({ error }) => error);

const numbered = (name: string, count: number): string[] => Array.from({ length: count }, (_, i) => `${name} ${i}`);

/** sendWithJs sends events, or messages in AMQP's own form, with the JavaScript client: it sends what .NET refuses to. */
async function sendWithJs(hub: EventHub, partitionId: string, events: readonly object[]): Promise<void> {
  const producer = new EventHubProducerClient(hub.connectionString('logs'));
  await producer.sendBatch(events as EventData[], { partitionId });
  await producer.close();
}

if (!hasDotnet()) {
  // Where everything is checked, the .NET SDK is there; elsewhere this says that it was not tried.
  test('a .NET SDK is at hand where everything is checked', () => {
    process.stderr.write(`test/interop: ${dotnetAdvice}\n`);
    expect(process.env['CI'] ?? '').toBe('');
  });
} else {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'auditseal-test-'));
    program = buildHubClient(folder);
  }, 300_000);
  afterEach(async () => {
    for (const client of running.splice(0)) {
      client.kill();
      await client.ended;
    }
    await closeAll();
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test('it reads the properties of a hub and of partitions with and without events', async () => {
    const hub = await openHub({ hubs: [{ name: 'logs', partitions: 32, consumerGroups: ['seal'] }] });
    append(hub, '1', 'a', 'b', 'c');
    hub.trimBefore('logs', '1', 1);
    const empty = { begin: 0, last: -1, lastOffset: '-1', isEmpty: true };
    const partitions = Array.from({ length: 32 }, (_, id) => ({ id: String(id), ...empty }));
    partitions[1] = { id: '1', begin: 1, last: 2, lastOffset: expect.stringMatching(/^\d+$/), isEmpty: false };
    expect(await run(hub, 'properties')).toEqual([{ type: 'properties', name: 'logs', partitions }]);
  });

  test('what it sends comes back byte for byte', async () => {
    const hub = await openLogs();
    const bodies = ['', '{"records":[]}', 'Grüße', 'x'.repeat(100_000)];
    expect(await run(hub, 'send', '2', ...bodies)).toEqual([{ type: 'sent', count: 4 }]);
    const events = await readFrom(hub, '2', earliestEventPosition, 4);
    expect(events.map(({ body }) => String(body))).toEqual(bodies);
    expect(bodiesOf(await run(hub, 'read', 'seal', '2', 'earliest', '4'), '2')).toEqual(bodies);
  });

  test('the reader of the trigger gets everything that was sent, on every partition, once', async () => {
    const hub = await openLogs();
    for (const partition of PARTITIONS) append(hub, partition, ...numbered(partition, 700));
    const lines = await run(hub, 'process', 'seal', '2800');
    expect(errorsOf(lines)).toEqual([]);
    for (const partition of PARTITIONS) expect(bodiesOf(lines, partition)).toEqual(numbered(partition, 700));
  });

  test('each start position begins where it says', async () => {
    const hub = await openLogs();
    append(hub, '0', 'a', 'b', 'c', 'd');
    const all = eventsOf(await run(hub, 'read', 'seal', '0', 'earliest', '4'));
    expect(all.map(({ sequenceNumber }) => sequenceNumber)).toEqual([0, 1, 2, 3]);
    const after = (position: string, count: number) => run(hub, 'read', 'seal', '0', position, String(count));
    expect(bodiesOf(await after('offset=-1', 4), '0')).toEqual(['a', 'b', 'c', 'd']);
    expect(bodiesOf(await after(`offset=${all[1]?.offset}`, 2), '0')).toEqual(['c', 'd']);
    expect(bodiesOf(await after('sequence=2', 1), '0')).toEqual(['d']);
    const latest = start(hub, 'read', 'seal', '0', 'latest', '1');
    const appending = setInterval(() => append(hub, '0', 'later'), 50);
    expect(await latest.ended.finally(() => clearInterval(appending))).toBe(0);
    expect(bodiesOf(latest.lines, '0')[0]).toBe('later');
  });

  test('it goes on through lost connections, and loses and doubles nothing', async () => {
    const hub = await openLogs();
    const client = start(hub, 'process', 'seal', '36');
    for (let round = 1; round <= 3; round++) {
      for (const partition of PARTITIONS) append(hub, partition, ...numbered(`${round}`, 3));
      await client.until((lines) => eventsOf(lines).length === round * 12);
      hub.disconnectAll();
    }
    expect(await client.ended).toBe(0);
    for (const partition of PARTITIONS) {
      expect(bodiesOf(client.lines, partition)).toEqual([1, 2, 3].flatMap((round) => numbered(`${round}`, 3)));
    }
  }, 300_000);

  test('nothing that was under way when a connection broke is lost or doubled', async () => {
    const hub = await openLogs();
    const client = start(hub, 'process', 'seal', '4000');
    for (const partition of PARTITIONS) append(hub, partition, ...numbered(partition, 1000));
    for (const seen of [100, 1500, 3000]) {
      await client.until((lines) => eventsOf(lines).length >= seen);
      hub.disconnectAll();
    }
    expect(await client.ended).toBe(0);
    for (const partition of PARTITIONS) expect(bodiesOf(client.lines, partition)).toEqual(numbered(partition, 1000));
  }, 300_000);

  test('a receiver that is detached goes on too', async () => {
    const hub = await openLogs();
    append(hub, '0', 'before');
    const client = start(hub, 'read', 'seal', '0', 'earliest', '2');
    await client.until((lines) => eventsOf(lines).length === 1);
    hub.detachReceivers('logs', '0');
    append(hub, '0', 'after');
    expect(await client.ended).toBe(0);
    expect(bodiesOf(client.lines, '0')).toEqual(['before', 'after']);
  });

  describe('a refused attach ends in an exception', () => {
    test.each([
      [
        'an unknown consumer group',
        ['strangers', '0', 'earliest'],
        'EventHubsException',
        'ResourceNotFound',
        /strangers/,
      ],
      [
        'an unknown partition',
        ['seal', '7', 'earliest'],
        'ArgumentOutOfRangeException',
        null,
        /partition '7' is invalid/,
      ],
      [
        'an offset past the end',
        ['seal', '0', 'offset=99999'],
        'ArgumentException',
        null,
        /supplied offset '99999' is invalid/,
      ],
      [
        'a number past the end',
        ['seal', '0', 'sequence=99'],
        'ArgumentException',
        null,
        /supplied sequence number '99' is invalid/,
      ],
    ])('%s', async (_what, position, type, reason, message) => {
      const hub = await openLogs();
      append(hub, '0', 'a');
      const lines = await run(hub, 'read', ...position, '1');
      expect(lines.at(-1)).toEqual({
        type: 'failed',
        error: { type, reason, message: expect.stringMatching(message) },
      });
    });

    test('for the reader of the trigger at an offset that a hub created again never had: again and again', async () => {
      const hub = await openLogs();
      for (const partition of PARTITIONS) append(hub, partition, 'a');
      const client = start(hub, 'process', 'seal', '1', '99999');
      await client.until((lines) => errorsOf(lines).length >= 2 * PARTITIONS.length);
      expect(eventsOf(client.lines)).toEqual([]);
      for (const error of errorsOf(client.lines)) {
        expect(error.message).toContain(
          "The supplied offset '99999' is invalid. The last offset in the system is '0'.",
        );
      }
    });

    test('for a receiver of a lower owner level', async () => {
      const hub = await openLogs();
      append(hub, '0', 'a');
      const owner = start(hub, 'process', 'seal', '1000');
      await owner.until((lines) => eventsOf(lines).length === 1);
      expect((await run(hub, 'read', 'seal', '0', 'earliest', '1')).at(-1)).toMatchObject({
        type: 'failed',
        error: { type: 'EventHubsException', reason: 'ConsumerDisconnected' },
      });
    });

    test('for a key that signs for nothing here, links and requests alike', async () => {
      const hub = await openLogs();
      const stranger = await openLogs();
      const forged = hub.connectionString().replace(/SharedAccessKey=[^;]+/, () => {
        const [key] = /SharedAccessKey=[^;]+/.exec(stranger.connectionString()) ?? [''];
        return key;
      });
      const all = [['properties'], ['send', '0', 'a'], ['read', 'seal', '0', 'earliest', '1']];
      const clients = all.map((args) => startHubClient(program, { HUB: forged, HUB_NAME: 'logs' }, args));
      running.push(...clients);
      for (const client of clients) {
        await client.ended;
        expect(client.lines).toMatchObject([{ type: 'failed', error: { type: 'UnauthorizedAccessException' } }]);
      }
    });

    test('for a producer too', async () => {
      const hub = await openLogs();
      expect(errorsOf(await run(hub, 'send', '7', 'a'))).toEqual([
        { type: 'ArgumentOutOfRangeException', reason: null, message: expect.stringContaining("partition '7'") },
      ]);
    });
  });

  describe('what it does with', () => {
    const readable = { body: bytes('readable') };

    test.each([
      ['an application property of type map', { body: bytes('x'), applicationProperties: { map: { a: 1 } } }],
      ['a message annotation of type map', { body: bytes('x'), messageAnnotations: { map: { a: 1 } } }],
    ])('%s: it throws, and gives nothing of what came with it', async (_what, event) => {
      const hub = await openLogs();
      await sendWithJs(hub, '0', [readable, { bodyType: 'data', ...event }, readable]);
      expect(await run(hub, 'read', 'seal', '0', 'earliest', '3')).toEqual([
        {
          type: 'failed',
          error: { type: 'SerializationException', reason: null, message: expect.stringContaining('AmqpMap') },
        },
      ]);
    });

    test('a map, for ever: the other partitions go on', async () => {
      const hub = await openLogs();
      const client = start(hub, 'process', 'seal', '6');
      const appendElsewhere = (): void => {
        for (const partition of ['1', '2', '3']) append(hub, partition, 'elsewhere');
      };
      appendElsewhere();
      await client.until((lines) => eventsOf(lines).length === 3);
      // Only now: at its start the client tries a read of partition 0, and does not start if that gets the map in time.
      await sendWithJs(hub, '0', [{ ...readable, properties: { map: { a: 1 } } }, readable]);
      await client.until((lines) => errorsOf(lines).length >= 3);
      appendElsewhere();
      expect(await client.ended).toBe(0);
      expect(bodiesOf(client.lines, '0')).toEqual([]);
      expect(new Set(client.lines.map((line) => line.type === 'error' && line.partition))).toContain('0');
      expect(new Set(errorsOf(client.lines).map(({ type }) => type))).toEqual(new Set(['SerializationException']));
    });

    test.each([
      ['a value', { body: 'text', bodyType: 'value' }],
      ['a sequence', { body: [[1]], bodyType: 'sequence' }],
    ])('%s as body: it gives the event, and throws when the body is asked for', async (_what, event) => {
      const hub = await openLogs();
      await sendWithJs(hub, '0', [event]);
      expect(await run(hub, 'read', 'seal', '0', 'earliest', '1')).toMatchObject([
        { type: 'failed', error: { type: 'NotSupportedException', message: expect.stringContaining('EventBody') } },
      ]);
    });

    test.each([
      ['no value', { body: null, bodyType: 'value' }],
      ['no bytes', { body: null, bodyType: 'data' }],
    ])('%s as body: it gives an empty one', async (_what, event) => {
      const hub = await openLogs();
      await sendWithJs(hub, '0', [event]);
      expect(bodiesOf(await run(hub, 'read', 'seal', '0', 'earliest', '1'), '0')).toEqual(['']);
    });
  });

  test('the local host gives properties the form that the .NET client and the serializer of the Functions host give', async () => {
    const hub = await openLogs();
    const at = new Date('2026-11-22T03:54:19.678Z');
    const properties = {
      messageId: 5,
      correlationId: 12_345,
      to: 'to',
      subject: 'subject',
      replyTo: 'reply',
      contentType: 'application/json',
      contentEncoding: '',
      absoluteExpiryTime: at.getTime(),
      creationTime: new Date('2026-11-22T03:54:20.750Z').getTime(),
      groupId: 'group',
      groupSequence: 3,
      replyToGroupId: 'replies',
    };
    const applicationProperties = {
      at,
      whole: new Date('2026-11-22T03:54:20.000Z'),
      Text: 'text',
      empty: '',
      int: -5,
      long: 2 ** 40,
      double: 1.5,
      yes: true,
      none: null,
      bytes: bytes('bytes'),
      list: [1, 'a', at, [2]],
      maps: [{ a: 1, 'B b': { c: at } }],
    };
    const messageAnnotations = { own: at, bytes: bytes('b'), list: [1, at] };
    const uuid = Buffer.from('00112233445566778899aabbccddeeff', 'hex');
    await sendWithJs(hub, '0', [
      { body: bytes('all'), bodyType: 'data', properties, applicationProperties, messageAnnotations },
      { body: bytes('text'), bodyType: 'data', properties: { messageId: 'm', correlationId: uuid } },
      { body: bytes('nothing') },
    ]);
    const theirs = eventsOf(await run(hub, 'read', 'seal', '0', 'earliest', '3'));
    const context = {
      fullyQualifiedNamespace: '127.0.0.1',
      eventHubName: 'logs',
      consumerGroup: 'seal',
      partitionId: '0',
      isCheckpointingAfterInvocation: true,
    };
    const received = await readFrom(hub, '0', earliestEventPosition, 3);
    const { triggerMetadata } = deliveryInput(received, context, { cardinality: 'many', dataType: 'binary' });
    const ours = (name: string): unknown[] => JSON.parse(triggerMetadata?.[name]?.json ?? '[]');
    expect(theirs).toHaveLength(3);
    expect(ours('PropertiesArray')).toEqual(theirs.map((event) => event.properties));
    // The extension of the host adds these, whatever the client gives.
    const added = ['SequenceNumber', 'Offset', 'OffsetString', 'PartitionKey', 'EnqueuedTimeUtc'];
    const systemProperties = (ours('SystemPropertiesArray') as object[]).map((all) =>
      Object.fromEntries(Object.entries(all).filter(([name]) => !added.includes(name))),
    );
    expect(systemProperties).toEqual(theirs.map((event) => event.systemProperties));
  });
}
