import rhea from 'rhea';
import { readMessage } from '../../src/adapters/hubMessage.ts';
import { Random } from '../support/random.ts';

const { message, types } = rhea;
const AT = Date.parse('2026-11-22T03:54:19.678Z');
const [HEADER, ANNOTATIONS, PROPERTIES, DATA, SEQUENCE, VALUE, FOOTER] = [0x70, 0x72, 0x74, 0x75, 0x76, 0x77, 0x78];
const EVENT = { sequenceNumber: 7, enqueued: '2026-11-22T03:54:19.678Z', offset: '4096' };

/** encoded is a value of AMQP: the library encodes messages, with two empty sections before a body. */
const encoded = (value: unknown): Buffer => message.encode({ body: value }).subarray(11);

const section = (code: number, value: unknown): Buffer => rawSection(code, encoded(value));
const rawSection = (code: number, value: Buffer): Buffer => Buffer.concat([Buffer.of(0x00, 0x53, code), value]);

/** given is what a hub gives out: its own annotations before those of the sender, and what the sender wrote. */
const given = (sections: readonly Buffer[], annotations: object = {}): Buffer =>
  Buffer.concat([
    section(ANNOTATIONS, {
      'x-opt-sequence-number': types.wrap_long(7),
      'x-opt-offset': '4096',
      'x-opt-enqueued-time': types.wrap_timestamp(AT),
      ...annotations,
    }),
    ...sections,
  ]);

const propertiesOf = (value: Buffer): string | undefined =>
  readMessage(given([rawSection(PROPERTIES, value), section(DATA, Buffer.from('{}'))]))?.properties;

describe('a body', () => {
  test('of one data section or more is their bytes', () => {
    const parts = [Buffer.from('{"a":'), Buffer.alloc(0), Buffer.from('1}')].map((part) => section(DATA, part));
    expect(readMessage(given(parts))).toEqual({ ...EVENT, body: Buffer.from('{"a":1}') });
    expect(readMessage(given([section(DATA, Buffer.alloc(0))]))).toEqual({ ...EVENT, body: Buffer.alloc(0) });
  });

  test.each<[string, readonly Buffer[]]>([
    ['a value', [section(VALUE, 'text')]],
    ['a value whose number no JavaScript has', [rawSection(VALUE, Buffer.from('80ffffffffffffffff', 'hex'))]],
    ['no value', [section(VALUE, null)]],
    ['sequences', [section(SEQUENCE, [1, 'a']), section(SEQUENCE, [{ a: [2] }])]],
    ['bytes and a value, which the standard forbids', [section(DATA, Buffer.from('a')), section(VALUE, 1)]],
    ['a data section that holds a text', [section(DATA, 'text')]],
    ['nothing', []],
  ])('of %s is the sections as they were sent', (_what, sections) => {
    const rest = [section(FOOTER, {})];
    const sent = given([section(HEADER, [true]), ...sections, ...rest]);
    expect(readMessage(sent)).toEqual({ ...EVENT, body: Buffer.concat(sections), isAmqp: true });
  });

  test('that ends too early is what there is', () => {
    const cut = section(VALUE, 'x'.repeat(300)).subarray(0, 100);
    expect(readMessage(given([cut]))).toEqual({ ...EVENT, body: cut, isAmqp: true });
    const noSection = Buffer.from('hello');
    const data = section(DATA, Buffer.from('a'));
    const body = Buffer.concat([data, noSection]);
    expect(readMessage(given([data, noSection]))).toEqual({ ...EVENT, body, isAmqp: true });
  });

  test('that nests as deep as a message can is not looked into', () => {
    let value = Buffer.of(0x45);
    for (let depth = 0; depth < 60; depth++) value = Buffer.concat([Buffer.of(0xc0, value.length + 1, 1), value]);
    const deep = rawSection(
      VALUE,
      Buffer.concat(Array.from({ length: 100_000 }, (_, i) => listHead(9 * i)).toReversed()),
    );
    for (const body of [rawSection(VALUE, value), deep]) {
      const event = readMessage(given([body]));
      expect(event?.isAmqp).toBe(true);
      expect(event?.body.equals(body)).toBe(true);
    }
  });
});

/** listHead begins a list of one element that takes so many bytes. */
function listHead(bytes: number): Buffer {
  const head = Buffer.alloc(9, 0xd0);
  head.writeUInt32BE(bytes + 4, 1);
  head.writeUInt32BE(bytes === 0 ? 0 : 1, 5);
  return head;
}

describe('properties', () => {
  test('are none where the section is empty, and a name may be any', () => {
    expect(propertiesOf(encoded({}))).toBeUndefined();
    expect(propertiesOf(encoded({ ['__proto__']: 1, constructor: 2, '': 3 }))).toBe(
      '{"__proto__":1,"constructor":2,"":3}',
    );
  });

  test('that the .NET client can’t receive are JSON', () => {
    expect(propertiesOf(encoded({ map: { A: { B: 1 } }, n: 1 }))).toBe('{"map":{"a":{"b":1}},"n":1}');
    const described = Buffer.from('c10002a10164005305a10176', 'hex');
    expect(propertiesOf(fixed(described))).toBe('{"d":{"descriptor":5,"value":"v"}}');
  });

  test.each<[string, string]>([
    ['an array that claims billions of nothing', 'd10000001900000002a10161f00000000affffffff40'],
    ['a list that claims more than there is', 'd10000001900000002a10161d000000004ffffffff'],
    ['a map without a value', 'c10301a10161'],
    ['no map', 'a10161'],
    ['a type that there is not', 'c1050201a101613f'],
  ])('of %s are kept as they are', (_what, hex) => {
    const value = fixed(Buffer.from(hex, 'hex'));
    const sent = given([rawSection(PROPERTIES, value), section(DATA, Buffer.from('{}'))]);
    const event = readMessage(sent);
    expect(event).toMatchObject(EVENT);
    const kept = JSON.parse(event?.properties ?? '{}') as { _amqp?: string };
    const isWhole = event?.isAmqp === undefined;
    expect(kept._amqp !== undefined || !isWhole).toBe(true);
    // Nothing of the message is lost.
    const rest = Buffer.concat([Buffer.from(kept._amqp ?? '', 'base64'), event?.body ?? Buffer.alloc(0)]);
    expect(rest.includes(isWhole ? value : sent.subarray(-5))).toBe(true);
  });

  test('that nest too deep for JSON are kept as they are', () => {
    let value = encoded(1);
    for (let depth = 0; depth < 50; depth++) value = Buffer.concat([Buffer.of(0xc0, value.length + 1, 1), value]);
    const map = fixed(Buffer.concat([Buffer.of(0xc1, 0, 2), encoded('a'), value]));
    expect(propertiesOf(map)).toBe(JSON.stringify({ _amqp: map.toString('base64') }));
  });
});

/** fixed gives a small list or map its size. */
function fixed(value: Buffer): Buffer {
  const copy = Buffer.from(value);
  if (copy[0] === 0xc1 || copy[0] === 0xc0) copy[1] = copy.length - 2;
  if (copy[0] === 0xd1) copy.writeUInt32BE(copy.length - 5, 1);
  return copy;
}

test('what a sender writes among the annotations takes nothing from the hub’s', () => {
  const deep = { a: { b: { c: 1 } } };
  const event = readMessage(given([section(DATA, Buffer.from('a'))], { own: deep, 'x-opt-partition-key': 'key' }));
  expect(event).toEqual({ ...EVENT, body: Buffer.from('a'), partitionKey: 'key' });
});

test.each<[string, Buffer]>([
  ['an answer of the hub', section(VALUE, { created_at: 1 })],
  ['no number', section(ANNOTATIONS, { 'x-opt-enqueued-time': types.wrap_timestamp(AT) })],
  ['a number below 0', section(ANNOTATIONS, { 'x-opt-sequence-number': -1, 'x-opt-enqueued-time': new Date(AT) })],
  ['no time', section(ANNOTATIONS, { 'x-opt-sequence-number': 1 })],
  [
    'a time that no calendar has',
    section(ANNOTATIONS, { 'x-opt-sequence-number': 1, 'x-opt-enqueued-time': types.wrap_timestamp(2 ** 53 - 1) }),
  ],
  ['nothing at all', Buffer.alloc(0)],
])('%s is no event', (_what, sent) => expect(readMessage(sent)).toBeUndefined());

test('no change of a few bytes makes reading throw, or lose the event behind the hub’s own annotations', () => {
  const sent = given(
    [
      section(PROPERTIES, { a: 1, list: [1, 'a', new Date(AT)], map: { b: Buffer.from('c') } }),
      section(DATA, Buffer.from('{"records":[]}')),
    ],
    { 'x-opt-partition-key': 'key' },
  );
  const hubs = given([], { 'x-opt-partition-key': 'key' }).length;
  const random = new Random(1);
  for (let turn = 0; turn < 20_000; turn++) {
    const changed = Buffer.from(sent.subarray(0, turn % 4 === 0 ? random.below(sent.length) : sent.length));
    for (let i = random.below(4); i >= 0 && changed.length > 0; i--)
      changed[random.below(changed.length)] = random.below(256);
    const event = readMessage(changed);
    if (changed.subarray(0, hubs).equals(sent.subarray(0, hubs))) expect(event).toMatchObject(EVENT);
  }
});
