import { AmqpMalformed, binaryAt, entriesAt, readValue, valueEnd } from './amqpValues.ts';
import type { AmqpValue } from './amqpValues.ts';
import { formatProperties } from './hubProperties.ts';
import type { ReadEvent } from '../ports/hub.ts';

/** The sections of a message that are looked at: AMQP 1.0, part 3, section 3.2. */
const ANNOTATIONS = 0x72;
const PROPERTIES = 0x74;
const DATA = 0x75;
const VALUE = 0x77;
const SYMBOLS: ReadonlyMap<string, number> = new Map([
  ['amqp:header:list', 0x70],
  ['amqp:delivery-annotations:map', 0x71],
  ['amqp:message-annotations:map', ANNOTATIONS],
  ['amqp:properties:list', 0x73],
  ['amqp:application-properties:map', PROPERTIES],
  ['amqp:data:binary', DATA],
  ['amqp:amqp-sequence:list', 0x76],
  ['amqp:amqp-value:*', VALUE],
  ['amqp:footer:map', 0x78],
]);

const OF_HUB = new Set(['x-opt-sequence-number', 'x-opt-enqueued-time', 'x-opt-offset', 'x-opt-partition-key']);

interface Section {
  readonly code: number;
  readonly start: number;
  /** where its value begins */
  readonly value: number;
  readonly end: number;
}

/**
 * readMessage reads an encoded message as the event that it is, or gives undefined if it has no number or no time of a hub. It
 * decodes as little as it must: whatever else its sender wrote there, it is an event to be sealed. From the first byte on that is
 * no section, all counts as body.
 */
export function readMessage(message: Buffer): ReadEvent | undefined {
  const { sections, end } = sectionsOf(message);
  const annotations = sections.find(({ code }) => code === ANNOTATIONS);
  if (annotations === undefined) return undefined;
  const said = annotationsAt(message, annotations.value);
  const sequenceNumber = numberOf(said.get('x-opt-sequence-number'));
  const enqueued = timeOf(said.get('x-opt-enqueued-time'));
  if (sequenceNumber === undefined || enqueued === undefined) return undefined;
  const offset = textOf(said.get('x-opt-offset'));
  const partitionKey = textOf(said.get('x-opt-partition-key'));
  const given = sections.find(({ code }) => code === PROPERTIES);
  const properties = given && formatProperties(message, given.value, given.end);
  return {
    ...bodyOf(message, sections, end),
    sequenceNumber,
    enqueued,
    ...(partitionKey !== undefined && partitionKey !== '' && { partitionKey }),
    ...(properties !== undefined && { properties }),
    ...(offset !== undefined && { offset }),
  };
}

/** sectionsOf finds the sections, and where they end: before the end of the message if the rest is none. */
function sectionsOf(message: Buffer): { readonly sections: readonly Section[]; readonly end: number } {
  const sections: Section[] = [];
  let start = 0;
  try {
    while (start < message.length) {
      if (message[start] !== 0) throw new AmqpMalformed(`expected a section at byte ${start}`);
      const value = valueEnd(message, start + 1);
      const end = valueEnd(message, value);
      sections.push({ code: codeOf(readValue(message, start + 1)), start, value, end });
      start = end;
    }
  } catch (error) {
    if (!(error instanceof AmqpMalformed)) throw error;
  }
  return { sections, end: start };
}

function codeOf(descriptor: AmqpValue): number {
  const code = descriptor.type === 'symbol' ? SYMBOLS.get(descriptor.name) : numberOf(descriptor);
  if (code === undefined) throw new AmqpMalformed('expected the name of a section');
  return code;
}

/** bodyOf gives the bytes of data sections; of other bodies the sections themselves. */
function bodyOf(message: Buffer, sections: readonly Section[], end: number): Pick<ReadEvent, 'body' | 'isAmqp'> {
  const body = sections.filter(({ code }) => code >= DATA && code <= VALUE);
  const rest = message.subarray(end);
  const data = body.map(({ code, value }) => (code === DATA ? binaryAt(message, value) : undefined));
  if (data.length > 0 && rest.length === 0 && data.every((bytes) => bytes !== undefined))
    // Copied, so that one event doesn't hold on to what came with it.
    return { body: Buffer.concat(data) };
  return { body: Buffer.concat([...body.map(({ start, end }) => message.subarray(start, end)), rest]), isAmqp: true };
}

/** annotationsAt reads those annotations that are the hub's. Values of others are not looked into. */
function annotationsAt(message: Buffer, at: number): ReadonlyMap<string, AmqpValue> {
  const said = new Map<string, AmqpValue>();
  try {
    for (const { key, value } of entriesAt(message, at)) {
      const name = textOf(readValue(message, key));
      // The hub's own come first.
      if (name !== undefined && OF_HUB.has(name) && !said.has(name)) said.set(name, readValue(message, value));
    }
  } catch (error) {
    if (!(error instanceof AmqpMalformed)) throw error;
  }
  return said;
}

function textOf(value: AmqpValue | undefined): string | undefined {
  if (value?.type === 'symbol') return value.name;
  if (value?.type === 'long') return String(value.value);
  return value?.type === 'plain' && typeof value.value === 'string' ? value.value : undefined;
}

function numberOf(value: AmqpValue | undefined): number | undefined {
  const given = value?.type === 'long' || value?.type === 'plain' ? value.value : undefined;
  const number = typeof given === 'bigint' ? Number(given) : given;
  return Number.isSafeInteger(number) && (number as number) >= 0 ? (number as number) : undefined;
}

function timeOf(value: AmqpValue | undefined): string | undefined {
  const time = new Date(value?.type === 'time' ? value.milliseconds : NaN);
  return Number.isNaN(time.getTime()) ? undefined : time.toISOString();
}
