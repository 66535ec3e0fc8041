import type { TypedData } from './coreApi.ts';
import { jsonProperties, jsonValues, wallClock, withZone, type ReceivedMessage } from './dotNetValues.ts';
import type { EventHubTrigger } from './functionSpec.ts';
import type { Input } from './invoker.ts';

/** TriggerEvent is what this file needs of a received event; the SDK's ReceivedEventData has it. */
export interface TriggerEvent {
  readonly body: unknown;
  readonly sequenceNumber: number;
  readonly offset: string;
  readonly enqueuedTimeUtc: Date;
  readonly partitionKey?: string | null;
  getRawAmqpMessage(): ReceivedMessage;
}

export interface PartitionContext {
  readonly fullyQualifiedNamespace: string;
  readonly eventHubName: string;
  readonly consumerGroup: string;
  readonly partitionId: string;
  readonly isCheckpointingAfterInvocation: boolean;
}

type Binding = Pick<EventHubTrigger, 'cardinality' | 'dataType'>;

/** deliveryInput builds what the host sends for several events of one partition (cardinality many). */
export function deliveryInput(events: readonly TriggerEvent[], partition: PartitionContext, binding: Binding): Input {
  const offsets = events.map((event) => event.offset);
  return {
    data: () => collectionData(events, binding.dataType),
    delivery: deliveryOf(events, partition),
    triggerMetadata: {
      ...partitionMetadata(partition),
      SequenceNumberArray: { collectionSint64: { sint64: events.map((event) => event.sequenceNumber) } },
      OffsetArray: { collectionString: { string: offsets.map(numericOffset) } },
      OffsetStringArray: { collectionString: { string: offsets } },
      // The real host drops missing keys, so this array isn't aligned with the events.
      PartitionKeyArray: {
        collectionString: { string: events.flatMap(({ partitionKey }) => (partitionKey ? [partitionKey] : [])) },
      },
      EnqueuedTimeUtcArray: json(events.map((event) => wallClock(event.enqueuedTimeUtc))),
      PropertiesArray: json(events.map(applicationProperties)),
      SystemPropertiesArray: json(events.map(systemProperties)),
    },
  };
}

/** eventInput builds what the host sends for a single event (cardinality one). */
export function eventInput(event: TriggerEvent, partition: PartitionContext, binding: Binding): Input {
  return {
    data: () =>
      binding.dataType === 'binary' ? { bytes: bytesOf(event) } : { string: bytesOf(event).toString('utf8') },
    delivery: deliveryOf([event], partition),
    triggerMetadata: {
      ...partitionMetadata(partition),
      ...(event.partitionKey ? { PartitionKey: { string: event.partitionKey } } : {}),
      Offset: { string: numericOffset(event.offset) },
      OffsetString: { string: event.offset },
      SequenceNumber: { int: event.sequenceNumber },
      EnqueuedTimeUtc: json(wallClock(event.enqueuedTimeUtc)),
      Properties: json(applicationProperties(event)),
      SystemProperties: json(systemProperties(event)),
    },
  };
}

function collectionData(events: readonly TriggerEvent[], dataType: Binding['dataType']): TypedData {
  const bodies = events.map(bytesOf);
  switch (dataType) {
    case 'binary':
      return { collectionBytes: { bytes: bodies } };
    case 'string':
      // The real host drops empty strings, so the bodies may not be aligned with the metadata.
      return {
        collectionString: { string: bodies.map((body) => body.toString('utf8')).filter((text) => text !== '') },
      };
    case 'none':
    default:
      // One body that isn't JSON fails the whole delivery before the handler sees any of it: so does Azure.
      return json(bodies.map((body): unknown => JSON.parse(body.toString('utf8'))));
  }
}

function bytesOf(event: TriggerEvent): Buffer {
  if (Buffer.isBuffer(event.body)) return event.body;
  throw new TypeError(`event ${String(event.sequenceNumber)} has no binary body (AMQP data section)`);
}

function deliveryOf(events: readonly TriggerEvent[], partition: PartitionContext): NonNullable<Input['delivery']> {
  const numbers = events.map((event) => event.sequenceNumber);
  return {
    partitionId: partition.partitionId,
    events: events.length,
    firstSequenceNumber: numbers[0] ?? -1,
    lastSequenceNumber: numbers.at(-1) ?? -1,
  };
}

function partitionMetadata(partition: PartitionContext): Record<string, TypedData> {
  const data = json({
    FullyQualifiedNamespace: partition.fullyQualifiedNamespace,
    EventHubName: partition.eventHubName,
    ConsumerGroup: partition.consumerGroup,
    PartitionId: partition.partitionId,
    IsCheckpointingAfterInvocation: partition.isCheckpointingAfterInvocation,
  });
  return { PartitionContext: data, TriggerPartitionContext: data };
}

function systemProperties(event: TriggerEvent): Record<string, unknown> {
  const { messageAnnotations, properties } = event.getRawAmqpMessage();
  const all = { ...jsonProperties(properties), ...jsonValues(messageAnnotations) };
  if ('x-opt-enqueued-time' in all) all['x-opt-enqueued-time'] = withZone(event.enqueuedTimeUtc);
  return {
    ...all,
    SequenceNumber: event.sequenceNumber,
    Offset: Number(numericOffset(event.offset)),
    OffsetString: event.offset,
    PartitionKey: event.partitionKey ?? null,
    EnqueuedTimeUtc: wallClock(event.enqueuedTimeUtc),
  };
}

function applicationProperties(event: TriggerEvent): unknown {
  return jsonValues(event.getRawAmqpMessage().applicationProperties);
}

const json = (value: unknown): TypedData => ({ json: JSON.stringify(value) });

const numericOffset = (offset: string): string => (/^\d+$/.test(offset) ? offset : '-1');
