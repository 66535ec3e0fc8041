import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventHubProducerClient } from '@azure/event-hubs';
import rhea from 'rhea';
import { HubReader } from '../../src/adapters/hubReader.ts';
import { toDelivery } from '../../src/adapters/hubTrigger.ts';
import type { ReadEvent } from '../../src/ports/hub.ts';
import { bytes, closeAll, openHub } from '../local/hub/clients.ts';
import { buildHubClient, dotnetAdvice, hasDotnet, startHubClient } from './hubClientProgram.ts';
import type { EventLine } from './hubClientProgram.ts';

const { types } = rhea;

const UUID = Buffer.from('00112233445566778899aabbccddeeff', 'hex');
const AT = new Date('2026-11-22T03:54:19.670Z');
const far = (hex: string): Buffer => Buffer.from(hex, 'hex');

/** TICKS is a time as .NET counts it. */
const TICKS = 639_300_000_000_000_000;

const described = (name: string, descriptor: string, values: readonly unknown[]): Record<string, unknown> =>
  Object.fromEntries(values.map((value, i) => [`${name}${i}`, types.wrap_described(value, descriptor)]));

/** PROPERTIES has one of each type of AMQP that the .NET client receives, and what JSON has no word for. */
const PROPERTIES: Readonly<Record<string, unknown>> = {
  Upper: 'first letter',
  'Two Words': '',
  Ünder: '“quotes” \u2028 \\ "',
  b: 1,
  10: 'a name that is a number',
  none: null,
  yes: true,
  no: types.wrap_boolean(false),
  ubyte: types.wrap_ubyte(200),
  ushort: types.wrap_ushort(60_000),
  uint: types.wrap_uint(4_000_000_000),
  ulong: types.wrap_ulong(5_000_000_000),
  farUlong: types.wrap_ulong(far('ffffffffffffffff')),
  byte: types.wrap_byte(-5),
  short: types.wrap_short(-300),
  int: types.wrap_int(-70_000),
  long: types.wrap_long(-5_000_000_000),
  farLong: types.wrap_long(far('7ffffffffffffffe')),
  float: types.wrap_float(1.1),
  smallFloat: types.wrap_float(1e-7),
  double: types.wrap_double(0.1),
  wholeDouble: types.wrap_double(3),
  hugeDouble: types.wrap_double(1e300),
  notANumber: types.wrap_double(NaN),
  infinite: types.wrap_double(-Infinity),
  char: types.wrap_char(0x41),
  at: AT,
  whole: new Date('2026-11-22T03:54:20.000Z'),
  uuid: types.wrap_uuid(UUID),
  binary: bytes('bytes'),
  symbol: types.wrap_symbol('symbol'),
  list: [1, 'a', AT, [2, null], bytes('b'), types.wrap_uuid(UUID), types.wrap_symbol('s'), types.wrap_float(2.5)],
  emptyList: [],
  maps: [{ A: 1, 'B b': { c: AT } }],
  array: types.wrap_array([1, 2], 0x71, undefined),
  symbols: types.wrap_array(['a', 'bc'], 0xa3, undefined),
  characters: [types.wrap_char(0x41)],
  ...described('uri', 'com.microsoft:uri', ['https://example.com/a b?x=Ä', 'relative/path', '']),
  ...described(
    'offset',
    'com.microsoft:datetime-offset',
    [TICKS, TICKS + 1, TICKS + 1_230_000, TICKS + 5_000_000].map((ticks) => types.wrap_long(ticks)),
  ),
  ...described(
    'span',
    'com.microsoft:timespan',
    [0, 1, -10_000_000, 36_610_000_000, 8_640_000_000_001, 123_456_700].map((ticks) => types.wrap_long(ticks)),
  ),
  ...described('other', 'example:other', ['text', types.wrap_long(5)]),
  describedInList: [types.wrap_described('https://example.com', 'com.microsoft:uri'), types.wrap_described(5, 'x')],
  symbolKeys: [types.wrap_symbolic_map({ A: bytes('x') })],
};

if (!hasDotnet()) {
  // Where everything is checked, the .NET SDK is there; elsewhere this says that it was not tried.
  test('a .NET SDK is at hand where everything is checked', () => {
    process.stderr.write(`test/interop: ${dotnetAdvice}\n`);
    expect(process.env['CI'] ?? '').toBe('');
  });
} else {
  let folder = '';
  let program = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'auditseal-test-'));
    program = buildHubClient(folder);
  }, 300_000);
  afterEach(closeAll);
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test('an event that is read from the hub is the one that comes through the trigger, whatever its properties are', async () => {
    const hub = await openHub({ hubs: [{ name: 'logs', partitions: 1, consumerGroups: ['seal', 'repair'] }] });
    const producer = new EventHubProducerClient(hub.connectionString('logs'));
    const kinds = Object.entries(PROPERTIES);
    const sent = [PROPERTIES, {}, ...kinds.map(([name, value]) => ({ [name]: value }))];
    for (const properties of sent) await producer.sendBatch([{ body: bytes('{}'), properties }], { partitionId: '0' });
    await producer.close();

    const client = startHubClient(program, { HUB: hub.connectionString(), HUB_NAME: 'logs' }, [
      'read',
      'seal',
      '0',
      'earliest',
      String(sent.length),
    ]);
    await client.ended;
    const received = client.lines.filter((line): line is EventLine => line.type === 'event');
    expect(client.lines.filter((line) => line.type !== 'event')).toEqual([]);

    const reader = new HubReader(
      {
        connection: { kind: 'connectionString', text: hub.connectionString() },
        hubName: 'logs',
        consumerGroup: 'repair',
      },
      0.5,
    );
    const read: ReadEvent[] = [];
    for await (const group of reader.read('0', 0, sent.length - 1)) read.push(...group);
    await reader.close();

    const { events } = toDelivery(
      received.map(({ body }) => Buffer.from(body, 'base64')),
      {
        partitionContext: { partitionId: '0' },
        propertiesArray: received.map(({ properties }) => inCamelCase(properties)),
        systemPropertiesArray: received.map(({ sequenceNumber }, i) => ({
          sequenceNumber,
          enqueuedTimeUtc: read[i]?.enqueued,
        })),
      },
    );
    expect(read).toEqual(events.map((event, i) => ({ ...event, offset: read[i]?.offset })));
  });
}

/** inCamelCase writes keys as Microsoft's library for functions does before the app gets them. */
function inCamelCase(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inCamelCase);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key.charAt(0).toLowerCase() + key.slice(1), inCamelCase(inner)]),
  );
}
