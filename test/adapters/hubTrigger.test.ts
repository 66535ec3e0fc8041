import { toDelivery } from '../../src/adapters/hubTrigger.ts';

type Members = Readonly<Record<string, unknown>>;

const bodies = (...texts: string[]): Buffer[] => texts.map((text) => Buffer.from(text));
const partitionContext = { partitionId: '3', eventHubName: 'audit', isCheckpointingAfterInvocation: false };

/** metadataOf is what the host gives with three events, as the library hands it to the function. */
const metadataOf = (changes: Members = {}): Members => ({
  partitionContext,
  triggerPartitionContext: partitionContext,
  sequenceNumberArray: [7, 8, 9],
  offsetArray: [85, 120, '-1'],
  offsetStringArray: [85, 120, '140:1:12'],
  partitionKeyArray: ['pk'],
  enqueuedTimeUtcArray: ['2026-11-22T03:54:19.75', '2026-11-22T03:54:20', '2026-11-22T03:54:20.1234567'],
  propertiesArray: [{}, { foo: 'x', 'BAR baz': 1 }, {}],
  systemPropertiesArray: [
    { sequenceNumber: 7, offset: 85, offsetString: '85', enqueuedTimeUtc: '2026-11-22T03:54:19.75' },
    { sequenceNumber: 8, offsetString: '120', partitionKey: '123', enqueuedTimeUtc: '2026-11-22T03:54:20' },
    { sequenceNumber: 9, offsetString: '140:1:12', enqueuedTimeUtc: '2026-11-22T03:54:20.1234567', 'x-opt-x': 1 },
  ],
  ...changes,
});

/** one gives the metadata of one event. */
const one = (system: Members, changes: Members = {}): Members => ({
  partitionContext,
  systemPropertiesArray: [system],
  ...changes,
});

const NUMBER = { sequenceNumber: 5 };
const TIME = { enqueuedTimeUtc: '2026-11-22T00:00:00Z' };

test('what the host gives becomes a delivery; times are UTC, cut to milliseconds', () => {
  const [a, b, c] = bodies('a', '', 'c');
  expect(toDelivery([a, b, c], metadataOf())).toEqual({
    partition: '3',
    events: [
      { body: a, sequenceNumber: 7, enqueued: '2026-11-22T03:54:19.750Z' },
      {
        body: b,
        sequenceNumber: 8,
        enqueued: '2026-11-22T03:54:20.000Z',
        partitionKey: '123',
        properties: '{"foo":"x","BAR baz":1}',
      },
      { body: c, sequenceNumber: 9, enqueued: '2026-11-22T03:54:20.123Z' },
    ],
  });
});

test('it does not depend on the time zone of the machine', () => {
  const zone = process.env['TZ'];
  process.env['TZ'] = 'Asia/Kolkata';
  try {
    expect(toDelivery(bodies('a', 'b', 'c'), metadataOf()).events[0]?.enqueued).toBe('2026-11-22T03:54:19.750Z');
  } finally {
    if (zone === undefined) delete process.env['TZ'];
    else process.env['TZ'] = zone;
  }
});

test.each<[string, unknown, number]>([
  ['a number', 5, 5],
  ['zero', 0, 0],
  ['text', '5', 5],
  ['a bigint', 5n, 5],
  ['a long of the unbundled worker', { low: 5, high: 0, unsigned: false }, 5],
  ['a long beyond 32 bits', { low: -1, high: 1, unsigned: false }, 2 ** 33 - 1],
  ['the largest exact number', Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
])('a sequence number as %s, in either place', (_what, value, expected) => {
  const own = toDelivery(bodies('a'), one({ sequenceNumber: value, ...TIME }));
  const array = toDelivery(bodies('a'), one(TIME, { sequenceNumberArray: [value] }));
  expect([own.events[0]?.sequenceNumber, array.events[0]?.sequenceNumber]).toEqual([expected, expected]);
});

test.each([
  -1,
  1.5,
  NaN,
  2 ** 53,
  '',
  '1.0',
  '-1',
  'x',
  null,
  undefined,
  true,
  [],
  {},
  { low: 0, high: -1 },
  2n ** 60n,
])('a sequence number that is none (%p) fails the invocation: nothing can be sealed under it', (value) => {
  expect(() => toDelivery(bodies('a'), one({ sequenceNumber: value, ...TIME }))).toThrow(
    expect.objectContaining({ code: 'DELIVERY_INVALID' }) as Error,
  );
});

test.each<[unknown, string]>([
  ['2026-11-22T03:54:19', '2026-11-22T03:54:19.000Z'],
  ['2026-11-22T03:54:19.7', '2026-11-22T03:54:19.700Z'],
  ['2026-11-22T03:54:19.9999999', '2026-11-22T03:54:19.999Z'],
  ['2026-11-22T03:54:19.75Z', '2026-11-22T03:54:19.750Z'],
  ['2026-11-22T03:54:19+00:00', '2026-11-22T03:54:19.000Z'],
  [new Date(0), '1970-01-01T00:00:00.000Z'],
])('a time such as %p', (value, expected) => {
  expect(toDelivery(bodies('a'), one({ ...NUMBER, enqueuedTimeUtc: value })).events[0]?.enqueued).toBe(expected);
  const inArray = one(NUMBER, { enqueuedTimeUtcArray: [value] });
  expect(toDelivery(bodies('a'), inArray).events[0]?.enqueued).toBe(expected);
});

test('a time that is none does not hinder an event: it gets that of the event before', () => {
  for (const value of [undefined, null, '', 'yesterday', '2026-13-01T00:00:00', 5, {}, new Date(NaN)]) {
    const system = [
      { sequenceNumber: 1, ...TIME },
      { sequenceNumber: 2, enqueuedTimeUtc: value },
    ];
    const { events } = toDelivery(bodies('a', 'b'), { partitionContext, systemPropertiesArray: system });
    expect(events.map(({ enqueued }) => enqueued)).toEqual(Array(2).fill('2026-11-22T00:00:00.000Z'));
  }
});

test('odd partition keys and properties do not hinder an event', () => {
  for (const partitionKey of [undefined, null, '', 5, {}]) {
    expect(toDelivery(bodies('a'), one({ ...NUMBER, ...TIME, partitionKey })).events[0]).not.toHaveProperty(
      'partitionKey',
    );
  }
  for (const properties of [undefined, null, {}, [], 'text', 5]) {
    const { events } = toDelivery(bodies('a'), one({ ...NUMBER, ...TIME }, { propertiesArray: [properties] }));
    expect(events[0]).not.toHaveProperty('properties');
  }
  const odd = { a: null, b: [1, { c: '\n\u2028"' }], __proto__x: true };
  const { events } = toDelivery(bodies('a'), one({ ...NUMBER, ...TIME }, { propertiesArray: [odd] }));
  expect(events[0]?.properties).toBe(JSON.stringify(odd));
  expect(events[0]?.properties).not.toContain('\n');
});

test('bodies of any Uint8Array are taken as their own bytes', () => {
  const memory = new Uint8Array([9, 1, 2, 9]);
  const { events } = toDelivery([memory.subarray(1, 3)], one({ ...NUMBER, ...TIME }));
  expect(events[0]?.body).toEqual(Buffer.from([1, 2]));
});

test('an empty delivery is one', () => {
  expect(toDelivery([], { partitionContext, systemPropertiesArray: [] })).toEqual({ partition: '3', events: [] });
});

test.each<[string, unknown, Members | undefined, RegExp]>([
  ['no array of bodies', { a: 1 }, metadataOf(), /cardinality to many/],
  ['one body for cardinality one', Buffer.from('a'), metadataOf(), /cardinality to many/],
  ['parsed bodies', [{ records: [] }], one({ ...NUMBER, ...TIME }), /dataType to binary/],
  ['text bodies', ['{"records":[]}'], one({ ...NUMBER, ...TIME }), /dataType to binary/],
  ['no metadata', bodies('a'), undefined, /partitionId/],
  ['no partition', bodies('a'), one({ ...NUMBER }, { partitionContext: {} }), /partitionId/],
  [
    'a partition that is no number',
    bodies('a'),
    one({ ...NUMBER }, { partitionContext: { partitionId: '../x' } }),
    /partitionId/,
  ],
  ['no systemPropertiesArray', bodies('a'), { partitionContext }, /expected 1 entries .*, got 0/],
  ['fewer bodies than metadata', bodies('a', 'b'), metadataOf(), /expected 2 entries .*, got 3/],
  ['more bodies than metadata', bodies('a', 'b', 'c', 'd'), metadataOf(), /expected 4 entries .*, got 3/],
])('%s: the invocation fails, and says why', (_what, messages, metadata, why) => {
  expect(() => toDelivery(messages, metadata)).toThrow(expect.objectContaining({ code: 'DELIVERY_INVALID' }) as Error);
  expect(() => toDelivery(messages, metadata)).toThrow(why);
});

describe('order', () => {
  const deliver = (events: readonly (readonly [number, string])[]): number[] =>
    toDelivery(bodies(...events.map(() => 'x')), {
      partitionContext,
      systemPropertiesArray: events.map(([sequenceNumber, enqueuedTimeUtc]) => ({ sequenceNumber, enqueuedTimeUtc })),
    }).events.map(({ sequenceNumber }) => sequenceNumber);
  const at = (second: number): string => `2026-11-22T00:00:0${second}`;

  test('gaps, repetitions and a re-created hub are handed on', () => {
    expect(
      deliver([
        [1, at(1)],
        [5, at(2)],
        [5, at(2)],
        [1, at(1)],
        [6, at(3)],
      ]),
    ).toEqual([1, 5, 5, 1, 6]);
    expect(
      deliver([
        [100, at(1)],
        [0, at(2)],
        [1, at(2)],
      ]),
    ).toEqual([100, 0, 1]);
  });

  test('a new event out of order fails the invocation: it would be taken for a duplicate and be lost', () => {
    expect(() =>
      deliver([
        [5, at(2)],
        [4, at(1)],
      ]),
    ).toThrow(/event 4 comes behind event 5/);
    expect(() =>
      deliver([
        [5, at(2)],
        [4, at(2)],
      ]),
    ).toThrow(/must be in order/);
  });
});
