import { EventHubProducerClient } from '@azure/event-hubs';
import type { EventData } from '@azure/event-hubs';
import rhea from 'rhea';
import type { EventHub } from '../../local/hub/server.ts';
import { hubFault } from '../../src/adapters/hubFault.ts';
import { HubReader } from '../../src/adapters/hubReader.ts';
import type { ReadEvent } from '../../src/ports/hub.ts';
import { bytes, closeAll, openHub } from '../local/hub/clients.ts';

const readers: HubReader[] = [];

afterEach(async () => {
  for (const reader of readers.splice(0)) await reader.close();
  await closeAll();
});

interface Place {
  readonly text?: string;
  readonly hubName?: string;
  readonly consumerGroup?: string;
}

function readerOf(hub: EventHub, { text, hubName = 'logs', consumerGroup = 'seal' }: Place = {}): HubReader {
  const connection = { kind: 'connectionString', text: text ?? hub.connectionString() } as const;
  const reader = new HubReader({ connection, hubName, consumerGroup });
  readers.push(reader);
  return reader;
}

async function groupsOf(reader: HubReader, from: number, to: number, partition = '0'): Promise<ReadEvent[][]> {
  const groups: ReadEvent[][] = [];
  for await (const group of reader.read(partition, from, to)) groups.push([...group]);
  return groups;
}

const numbersOf = (groups: readonly (readonly ReadEvent[])[]): number[] =>
  groups.flat().map(({ sequenceNumber }) => sequenceNumber);

const numbered = (count: number): Buffer[] => Array.from({ length: count }, (_, i) => bytes(`{"n":${i}}`));

async function send(hub: EventHub, ...events: readonly object[]): Promise<void> {
  const producer = new EventHubProducerClient(hub.connectionString('logs'));
  for (const event of events) await producer.sendBatch([event as EventData], { partitionId: '0' });
  await producer.close();
}

describe('what a hub says', () => {
  test('of itself: when it was created, and its partitions in order', async () => {
    const at = Date.parse('2026-11-22T03:54:19.678Z');
    let now = at;
    const hubs = [{ name: 'logs', partitions: 12, consumerGroups: ['seal'] }];
    const hub = await openHub({ hubs, now: () => now });
    const reader = readerOf(hub);
    const partitions = Array.from({ length: 12 }, (_, i) => String(i));
    expect(await reader.life()).toEqual({ created: '2026-11-22T03:54:19.678Z', partitions });
    now += 1000;
    hub.recreate('logs');
    expect((await reader.life()).created).toBe('2026-11-22T03:54:20.678Z');
  });

  test('of a partition that never had events, that has some, that has lost the first, and that has lost all', async () => {
    const hub = await openHub();
    const reader = readerOf(hub);
    expect(await reader.state('0')).toEqual({ first: 0, last: -1 });
    const enqueued = '2026-11-22T03:54:19.678Z';
    hub.append('logs', '0', numbered(5), Date.parse(enqueued));
    expect(await reader.state('0')).toEqual({ first: 0, last: 4, enqueued });
    hub.trimBefore('logs', '0', 3);
    expect(await reader.state('0')).toEqual({ first: 3, last: 4, enqueued });
    hub.trimBefore('logs', '0', 5);
    expect(await reader.state('0')).toEqual({ first: 5, last: 4, enqueued });
  });
});

describe('reading', () => {
  test('begins where it is told, goes beyond the end for nobody, and gives bodies, times and places', async () => {
    const hub = await openHub();
    const enqueued = '2026-11-22T03:54:19.678Z';
    hub.append('logs', '0', numbered(100), Date.parse(enqueued));
    const groups = await groupsOf(readerOf(hub), 40, 99);
    expect(numbersOf(groups)).toEqual(Array.from({ length: 60 }, (_, i) => 40 + i));
    expect(groups[0]?.[0]).toEqual({
      body: bytes('{"n":40}'),
      sequenceNumber: 40,
      enqueued,
      offset: expect.stringMatching(/^\d+$/),
    });
  });

  test('ends when nothing comes, and where there is nothing', async () => {
    const hub = await openHub();
    hub.append('logs', '0', numbered(3));
    const reader = readerOf(hub);
    expect(numbersOf(await groupsOf(reader, 1, 10))).toEqual([1, 2]);
    expect(await groupsOf(reader, 3, 10)).toEqual([]);
    expect(await groupsOf(reader, 50, 60)).toEqual([]);
    expect(await groupsOf(reader, 0, 60, '1')).toEqual([]);
  });

  test('begins with what is left of what it is told', async () => {
    const hub = await openHub();
    hub.append('logs', '0', numbered(10));
    hub.trimBefore('logs', '0', 7);
    expect(numbersOf(await groupsOf(readerOf(hub), 2, 9))).toEqual([7, 8, 9]);
  });

  test('gives groups of a few MiB, whatever the events weigh', async () => {
    const hub = await openHub();
    const large = Buffer.alloc(900_000, 0x20);
    hub.append('logs', '0', [...Array.from({ length: 30 }, () => large), ...numbered(2500)]);
    const groups = await groupsOf(readerOf(hub), 0, 2529);
    expect(numbersOf(groups)).toEqual(Array.from({ length: 2530 }, (_, i) => i));
    const weights = groups.map((group) => group.reduce((sum, { body }) => sum + body.length, 0));
    expect(Math.max(...weights)).toBeLessThanOrEqual(8 * 1024 * 1024);
    expect(Math.max(...groups.map(({ length }) => length))).toBeLessThanOrEqual(1000);
    expect(groups.length).toBeLessThan(12);
  });

  test('that is broken off leaves no receiver behind', async () => {
    const hub = await openHub();
    hub.append('logs', '0', numbered(100));
    const reader = readerOf(hub);
    // A hub lets in five receivers at a time.
    for (let turn = 0; turn < 8; turn++)
      for await (const [event] of reader.read('0', turn, 99)) {
        expect(event?.sequenceNumber).toBe(turn);
        break;
      }
    expect(numbersOf(await groupsOf(reader, 98, 99))).toEqual([98, 99]);
  });

  test('that a broken connection ends goes on when it is begun again, and nothing is lost or doubled', async () => {
    const hub = await openHub();
    const large = Buffer.alloc(600_000, 0x20);
    hub.append(
      'logs',
      '0',
      Array.from({ length: 60 }, () => large),
    );
    const reader = readerOf(hub);
    const read: ReadEvent[] = [];
    while (read.length < 60)
      for await (const group of reader.read('0', read.length, 59)) {
        if (read.length === 0) hub.disconnectAll();
        read.push(...group);
      }
    expect(numbersOf([read])).toEqual(Array.from({ length: 60 }, (_, i) => i));
  });

  test('isn’t disturbed by a question that is refused meanwhile', async () => {
    const hub = await openHub();
    hub.append(
      'logs',
      '0',
      Array.from({ length: 60 }, () => Buffer.alloc(600_000, 0x20)),
    );
    const reader = readerOf(hub);
    const read: ReadEvent[] = [];
    for await (const group of reader.read('0', 0, 59)) {
      if (read.length === 0) await expect(reader.state('7')).rejects.toMatchObject({ code: 'HUB_REFUSED' });
      read.push(...group);
    }
    expect(numbersOf([read])).toEqual(Array.from({ length: 60 }, (_, i) => i));
  });

  test('several partitions at once, and questions beside it', async () => {
    const hub = await openHub();
    for (const partition of ['0', '1']) hub.append('logs', partition, numbered(500));
    const reader = readerOf(hub);
    const [zero, one, state] = await Promise.all([
      groupsOf(reader, 0, 499, '0'),
      groupsOf(reader, 0, 499, '1'),
      reader.state('1'),
    ]);
    expect([numbersOf(zero), numbersOf(one)].map(({ length }) => length)).toEqual([500, 500]);
    expect(state.last).toBe(499);
  });
});

describe('events that the trigger can’t hand over come as they were sent', () => {
  const { message, types } = rhea;
  // Behind a header and properties that are empty.
  const sequence = message.encode({ body: message.sequence_section([[1], ['a']]) }).subarray(8);

  test.each<[string, object, Buffer]>([
    ['a value', { body: 'text', bodyType: 'value' }, Buffer.from('005377a10474657874', 'hex')],
    ['no value', { body: null, bodyType: 'value' }, Buffer.from('00537740', 'hex')],
    ['a sequence', { body: [[1], ['a']], bodyType: 'sequence' }, sequence],
  ])('%s', async (_what, event, body) => {
    const hub = await openHub();
    await send(hub, { body: bytes('before') }, event, { body: bytes('behind') });
    const [read = []] = await groupsOf(readerOf(hub), 0, 2);
    expect(read.map((event) => event.body)).toEqual([bytes('before'), body, bytes('behind')]);
    expect(read.map(({ isAmqp }) => isAmqp)).toEqual([undefined, true, undefined]);
  });

  test('a property of type map, and one whose number JavaScript hasn’t', async () => {
    const hub = await openHub();
    const far = types.wrap_ulong(Buffer.from('ffffffffffffffff', 'hex'));
    await send(
      hub,
      { body: bytes('a'), properties: { map: { a: { b: 1 } } } },
      { body: bytes('b'), properties: { far } },
    );
    const [read = []] = await groupsOf(readerOf(hub), 0, 1);
    expect(read.map(({ properties }) => properties)).toEqual(['{"map":{"a":{"b":1}}}', '{"far":18446744073709552000}']);
  });
});

describe('faults', () => {
  const asked = (reader: HubReader): readonly (() => Promise<unknown>)[] => [
    () => reader.life(),
    () => reader.state('0'),
    () => groupsOf(reader, 0, 0),
  ];

  test.each<[string, Place & { readonly reads: readonly number[] }]>([
    ['an unknown hub', { hubName: 'others', reads: [0, 1, 2] }],
    ['an unknown consumer group', { consumerGroup: 'strangers', reads: [2] }],
  ])('%s is refused', async (_what, { reads, ...place }) => {
    const hub = await openHub();
    hub.append('logs', '0', numbered(1));
    const questions = asked(readerOf(hub, place));
    for (const i of reads) await expect(questions[i]?.()).rejects.toMatchObject({ code: 'HUB_REFUSED' });
  });

  test('what the client says is repeated without the full stop at its end', () => {
    const refused = Object.assign(new Error('There is no such hub. '), { code: 'MessagingEntityNotFoundError' });
    expect(hubFault('say what it is', refused).message).toMatch(
      /^the event hub could not say what it is: There is no such hub; check HUB, /,
    );
  });

  test('so is an unknown partition', async () => {
    const reader = readerOf(await openHub());
    await expect(reader.state('7')).rejects.toMatchObject({ code: 'HUB_REFUSED' });
    await expect(groupsOf(reader, 0, 0, '7')).rejects.toMatchObject({ code: 'HUB_REFUSED' });
  });

  test('so is a key that signs for nothing there, and no message has it', async () => {
    const hub = await openHub();
    const key = 'a2V5IG9mIG5vYm9keSBhdCBhbGwsIG5vdCBldmVuIGhlcmU=';
    const text = hub.connectionString().replace(/SharedAccessKey=[^;]+/, `SharedAccessKey=${key}`);
    for (const question of asked(readerOf(hub, { text }))) {
      const error: Error = await question().then(
        () => new Error('it answered'),
        (thrown: Error) => thrown,
      );
      expect(error).toMatchObject({ code: 'HUB_REFUSED' });
      expect(error.message).not.toContain(key);
      expect(error.message).not.toContain('SharedAccess');
    }
  }, 30_000);

  test('so is a connection string of another hub', async () => {
    const hub = await openHub();
    const reader = readerOf(hub, { text: hub.connectionString('others') });
    await expect(reader.life()).rejects.toMatchObject({ code: 'HUB_REFUSED' });
  });

  test('a hub that isn’t reached is unavailable, and asked again once it is there', async () => {
    const gone = await openHub();
    const { port } = gone;
    const hubs = [{ name: 'logs', partitions: 1, consumerGroups: ['seal'] }];
    const text = gone.connectionString();
    const reader = readerOf(gone, { text });
    await gone.close();
    await expect(reader.life()).rejects.toMatchObject({ code: 'HUB_UNAVAILABLE' });
    const key = /SharedAccessKey=([^;]+)/.exec(text)?.[1] ?? '';
    const back = await openHub({ hubs, port, key });
    back.append('logs', '0', numbered(1));
    expect(await reader.state('0')).toMatchObject({ last: 0 });
  }, 30_000);
});
