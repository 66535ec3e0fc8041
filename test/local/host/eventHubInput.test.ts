import { deliveryInput, eventInput } from '../../../local/host/eventHubInput.ts';
import type { TriggerEvent } from '../../../local/host/eventHubInput.ts';

const partition = {
  fullyQualifiedNamespace: 'ns',
  eventHubName: 'logs',
  consumerGroup: 'g',
  partitionId: '3',
  isCheckpointingAfterInvocation: true,
};

const event = (given: Partial<TriggerEvent> & { amqp?: object } = {}): TriggerEvent => ({
  body: Buffer.from('{"a":1}'),
  sequenceNumber: 7,
  offset: '140',
  enqueuedTimeUtc: new Date('2026-11-22T03:54:19.750Z'),
  getRawAmqpMessage: () => given.amqp ?? {},
  ...given,
});

const jsonOf = (data: { json?: string } | undefined): unknown => JSON.parse(data?.json ?? 'null');

describe('deliveryInput', () => {
  test('drops missing partition keys, as the real host does', () => {
    const events = [event(), event({ partitionKey: 'pk' }), event({ partitionKey: null })];
    const input = deliveryInput(events, partition, { cardinality: 'many', dataType: 'binary' });
    expect(input.triggerMetadata?.['PartitionKeyArray']).toEqual({ collectionString: { string: ['pk'] } });
    const systemProperties = jsonOf(input.triggerMetadata?.['SystemPropertiesArray']);
    expect(systemProperties).toMatchObject([{ PartitionKey: null }, { PartitionKey: 'pk' }, { PartitionKey: null }]);
  });

  test.each([
    ['2026-11-22T03:54:19.750Z', '2026-11-22T03:54:19.75'],
    ['2026-11-22T03:54:20.000Z', '2026-11-22T03:54:20'],
    ['2026-11-22T03:54:10.001Z', '2026-11-22T03:54:10.001'],
  ])('writes the enqueued time %s as %s', (time, expected) => {
    const input = deliveryInput([event({ enqueuedTimeUtc: new Date(time) })], partition, {
      cardinality: 'many',
      dataType: 'binary',
    });
    expect(jsonOf(input.triggerMetadata?.['EnqueuedTimeUtcArray'])).toEqual([expected]);
    expect(jsonOf(input.triggerMetadata?.['SystemPropertiesArray'])).toMatchObject([{ EnqueuedTimeUtc: expected }]);
  });

  test('keeps an offset that is no number as a string, and says -1 where a number is due', () => {
    const input = deliveryInput([event({ offset: '140:1:12' })], partition, {
      cardinality: 'many',
      dataType: 'binary',
    });
    expect(input.triggerMetadata?.['OffsetArray']).toEqual({ collectionString: { string: ['-1'] } });
    expect(input.triggerMetadata?.['OffsetStringArray']).toEqual({ collectionString: { string: ['140:1:12'] } });
    expect(jsonOf(input.triggerMetadata?.['SystemPropertiesArray'])).toMatchObject([
      { Offset: -1, OffsetString: '140:1:12' },
    ]);
  });

  test('names AMQP properties as on the wire and keeps annotations', () => {
    const amqp = {
      properties: {
        messageId: 5,
        correlationId: Buffer.from('00112233445566778899aabbccddeeff', 'hex'),
        contentType: 'application/json',
        subject: '',
        creationTime: 1_795_319_659_678,
        userId: undefined,
      },
      messageAnnotations: { 'x-opt-sequence-number': 7, 'x-opt-enqueued-time': 1, other: Buffer.from('b') },
      applicationProperties: { Foo: new Date(1_795_319_659_678), bytes: Buffer.from('b'), list: [{ a: [1] }] },
    };
    const input = deliveryInput([event({ amqp })], partition, { cardinality: 'many', dataType: 'binary' });
    expect(jsonOf(input.triggerMetadata?.['SystemPropertiesArray'])).toEqual([
      {
        'message-id': '5',
        'correlation-id': '00112233-4455-6677-8899-aabbccddeeff',
        'content-type': 'application/json',
        'creation-time': '2026-11-22T03:54:19.678+00:00',
        'x-opt-sequence-number': 7,
        'x-opt-enqueued-time': '2026-11-22T03:54:19.75+00:00',
        other: 'Yg==',
        SequenceNumber: 7,
        Offset: 140,
        OffsetString: '140',
        PartitionKey: null,
        EnqueuedTimeUtc: '2026-11-22T03:54:19.75',
      },
    ]);
    expect(jsonOf(input.triggerMetadata?.['PropertiesArray'])).toEqual([
      { Foo: '2026-11-22T03:54:19.678Z', bytes: 'Yg==', list: [[{ Key: { Key: 'a' }, Value: [1] }]] },
    ]);
  });

  test('fails the binding of a body that has no bytes', () => {
    const input = deliveryInput([event({ body: 5 })], partition, { cardinality: 'many', dataType: 'binary' });
    expect(() => input.data()).toThrow('event 7 has no binary body');
  });
});

test('eventInput uses the names of a single event and leaves nulls out', () => {
  const input = eventInput(event(), partition, { cardinality: 'one', dataType: 'string' });
  expect(input.data()).toEqual({ string: '{"a":1}' });
  expect(Object.keys(input.triggerMetadata ?? {}).sort()).toEqual([
    'EnqueuedTimeUtc',
    'Offset',
    'OffsetString',
    'PartitionContext',
    'Properties',
    'SequenceNumber',
    'SystemProperties',
    'TriggerPartitionContext',
  ]);
});
