import { EventHubProducerClient } from '@azure/event-hubs';
import { readMessage } from '../../src/adapters/hubMessage.ts';
import { HubReader } from '../../src/adapters/hubReader.ts';
import { closeAll, openHub } from '../local/hub/clients.ts';

// Whoever may send to the hub says much with few bytes.

afterEach(closeAll);

test('groups are of a few MiB, also where events are nothing but properties', async () => {
  const hub = await openHub();
  const producer = new EventHubProducerClient(hub.connectionString('logs'));
  const event = { body: Buffer.from('1'), properties: { a: '\u0001'.repeat(900_000) } };
  for (let i = 0; i < 8; i++) await producer.sendBatch([event], { partitionId: '0' });
  await producer.close();
  const connection = { kind: 'connectionString', text: hub.connectionString() } as const;
  const reader = new HubReader({ connection, hubName: 'logs', consumerGroup: 'seal' }, 0.3);
  const sizes: number[] = [];
  for await (const group of reader.read('0', 0, 7))
    sizes.push(group.reduce((sum, { body, properties = '' }) => sum + body.length + properties.length, 0));
  await reader.close();
  expect(sizes).toHaveLength(8);
  expect(Math.max(...sizes)).toBeLessThan(8 * 1024 * 1024);
}, 60_000);

describe('an array of AMQP whose elements share a descriptor', () => {
  const symbol = (text: string): Buffer => Buffer.concat([Buffer.of(0xa3, text.length), Buffer.from(text)]);
  const eight = (code: number, value: bigint): Buffer => {
    const bytes = Buffer.alloc(9);
    bytes[0] = code;
    bytes.writeBigInt64BE(value, 1);
    return bytes;
  };
  const large = (code: number, count: number, body: Buffer): Buffer => {
    const head = Buffer.alloc(9);
    head[0] = code;
    head.writeUInt32BE(body.length + 4, 1);
    head.writeUInt32BE(count, 5);
    return Buffer.concat([head, body]);
  };
  const section = (code: number, value: Buffer): Buffer => Buffer.concat([Buffer.of(0, 0x53, code), value]);
  const map = (...items: Buffer[]): Buffer => large(0xd1, items.length, Buffer.concat(items));
  const OWN = map(
    symbol('x-opt-sequence-number'),
    eight(0x81, 7n),
    symbol('x-opt-enqueued-time'),
    eight(0x83, 1_000_000_000_000n),
  );

  /** An array of `count` nulls, each described by one and the same list of `size` nulls. */
  const message = (size: number, count: number): Buffer => {
    const descriptor = large(0xd0, size, Buffer.alloc(size, 0x40));
    const array = large(0xf0, count, Buffer.concat([Buffer.of(0), descriptor, Buffer.of(0x40)]));
    return Buffer.concat([
      section(0x72, OWN),
      section(0x74, map(symbol('a'), array)),
      section(0x75, Buffer.of(0xa0, 1, 0x31)),
    ]);
  };

  test.each([
    [100, 100],
    [3000, 20_000],
    [49_000, 49_000],
  ])('of %i × %i values is kept in its encoding', (size, count) => {
    const bytes = message(size, count);
    const { properties = '' } = readMessage(bytes) ?? {};
    expect(Object.keys(JSON.parse(properties) as object)).toEqual(['_amqp']);
    expect(properties.length).toBeLessThan(2 * bytes.length);
  });
});
