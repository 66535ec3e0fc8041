import {
  binaryAt,
  encodeLong,
  encodeMapSection,
  encodeString,
  encodeSymbol,
  encodeTimestamp,
  entriesOf,
  MalformedMessage,
  SECTION,
  sectionsOf,
  textAt,
} from './amqpSections.ts';

/** BATCH_FORMAT is the message format of a transfer whose data sections are whole messages themselves. */
const BATCH_FORMAT = 0x80013700;

/** SentEvent is an event as its sender encoded it. */
export interface SentEvent {
  /** annotations holds the sender's message annotations, keys and values in turn, in encoded form. */
  readonly annotations: Buffer;
  readonly annotationCount: number;
  /** tail is the message from its properties section on: properties, application properties, body, footer. */
  readonly tail: Buffer;
}

/** StoredEvent is an event at its place in a partition. */
export interface StoredEvent extends SentEvent {
  readonly sequenceNumber: number;
  readonly offset: number;
  readonly enqueuedAt: number;
}

/** SentEvents is what one transfer carries. */
export interface SentEvents {
  readonly partitionKey: string | undefined;
  readonly events: readonly SentEvent[];
}

/** LastEnqueued describes the newest event of a partition, for receivers that asked to be told. */
export interface LastEnqueued {
  readonly sequenceNumber: number;
  readonly offset: string;
  readonly enqueuedAt: number;
  readonly retrievedAt: number;
}

const PARTITION_KEY = 'x-opt-partition-key';
const HUB_ANNOTATIONS = new Set(['x-opt-sequence-number', 'x-opt-offset', 'x-opt-enqueued-time']);
const SEQUENCE_NUMBER = encodeSymbol('x-opt-sequence-number');
const OFFSET = encodeSymbol('x-opt-offset');
const ENQUEUED_TIME = encodeSymbol('x-opt-enqueued-time');
const NOTHING = Buffer.alloc(0);

/** readSentEvents takes a transfer apart into its events. It throws MalformedMessage for what is no message. */
export function readSentEvents(payload: Buffer, format: number): SentEvents {
  const outer = readMessage(payload);
  if (format !== BATCH_FORMAT) return { partitionKey: outer.partitionKey, events: [outer.event] };
  const events: SentEvent[] = [];
  for (const section of sectionsOf(payload)) {
    if (section.code === SECTION.data) events.push(readMessage(binaryAt(payload, section.valueStart)).event);
  }
  return { partitionKey: outer.partitionKey, events };
}

/** encodeBody encodes an event that has a body and nothing else. */
export function encodeBody(body: Uint8Array): SentEvent {
  const head = Buffer.of(0x00, 0x53, SECTION.data, 0xb0, 0, 0, 0, 0);
  head.writeUInt32BE(body.length, 4);
  return { annotations: NOTHING, annotationCount: 0, tail: Buffer.concat([head, body]) };
}

/** encodeForReceiver encodes an event as the hub hands it out: with the hub's own annotations before the sender's. */
export function encodeForReceiver(event: StoredEvent, lastEnqueued: LastEnqueued | undefined): Buffer {
  const metrics = lastEnqueued === undefined ? NOTHING : encodeLastEnqueued(lastEnqueued);
  const annotations = encodeMapSection(SECTION.messageAnnotations, 3 + event.annotationCount, [
    SEQUENCE_NUMBER,
    encodeLong(event.sequenceNumber),
    OFFSET,
    encodeString(String(event.offset)),
    ENQUEUED_TIME,
    encodeTimestamp(event.enqueuedAt),
    event.annotations,
  ]);
  return Buffer.concat([metrics, annotations, event.tail]);
}

function encodeLastEnqueued(last: LastEnqueued): Buffer {
  return encodeMapSection(SECTION.deliveryAnnotations, 4, [
    encodeSymbol('last_enqueued_sequence_number'),
    encodeLong(last.sequenceNumber),
    encodeSymbol('last_enqueued_offset'),
    encodeString(last.offset),
    encodeSymbol('last_enqueued_time_utc'),
    encodeTimestamp(last.enqueuedAt),
    encodeSymbol('runtime_info_retrieval_time_utc'),
    encodeTimestamp(last.retrievedAt),
  ]);
}

function readMessage(message: Buffer): { event: SentEvent; partitionKey: string | undefined } {
  const kept: Buffer[] = [];
  let partitionKey: string | undefined;
  let tailStart = message.length;
  let hasBody = false;
  for (const section of sectionsOf(message)) {
    if (section.code >= SECTION.properties) tailStart = Math.min(tailStart, section.start);
    if (section.code >= SECTION.data && section.code < SECTION.footer) hasBody = true;
    if (section.code !== SECTION.messageAnnotations) continue;
    for (const { keyStart, valueStart, end } of entriesOf(message, section.valueStart)) {
      const key = textAt(message, keyStart);
      if (key !== undefined && HUB_ANNOTATIONS.has(key)) continue;
      if (key === PARTITION_KEY) partitionKey = textAt(message, valueStart);
      kept.push(message.subarray(keyStart, end));
    }
  }
  if (!hasBody) throw new MalformedMessage('the message has no body');
  const annotations = kept.length === 0 ? NOTHING : Buffer.concat(kept);
  return { event: { annotations, annotationCount: kept.length, tail: message.subarray(tailStart) }, partitionKey };
}
