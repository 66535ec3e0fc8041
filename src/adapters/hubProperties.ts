import { AmqpMalformed, readValue } from './amqpValues.ts';
import type { AmqpValue } from './amqpValues.ts';
import { dotNetValue } from './dotNetTypes.ts';

/** What can't be read as properties is kept under this name, as base64 of its encoding in AMQP. */
const UNREAD = '_amqp';
/** A message has 1 MiB, and a character of it six as JSON at most. */
const MAX_TEXT = 8 * 1024 * 1024;

/**
 * formatProperties prints the application properties of an event, a map of AMQP at `at`, as one JSON object on one line, as they
 * come through the trigger: of what the .NET client makes of AMQP, Json.NET of that, and Microsoft's library for functions of
 * that, which writes the first letter of every key in lower case. It gives undefined if there are none.
 *
 * What the .NET client can't receive at all, so that it never came through the trigger, is printed too: a map as an object, a
 * value described by a number as its descriptor and its value.
 */
export function formatProperties(bytes: Buffer, at: number, end: number): string | undefined {
  try {
    const value = readValue(bytes, at);
    if (value.type !== 'map') throw new AmqpMalformed('expected a map');
    const properties = objectOf(value.entries, propertyOf);
    if (Object.keys(properties).length === 0) return undefined;
    const text = JSON.stringify(properties);
    if (text.length > MAX_TEXT) throw new AmqpMalformed(`it takes ${text.length} characters as JSON`);
    return text;
  } catch (error) {
    // Text that is longer than any may be is a RangeError.
    if (!(error instanceof AmqpMalformed) && !(error instanceof RangeError)) throw error;
    return JSON.stringify({ [UNREAD]: bytes.toString('base64', at, end) });
  }
}

/** propertyOf gives a property its form, or undefined if it is left out: of a type that has a name and isn't known. */
function propertyOf(value: AmqpValue): unknown {
  if (value.type !== 'described' || value.descriptor.type !== 'symbol') return valueOf(value);
  return dotNetValue(value.descriptor.name, value.value);
}

function valueOf(value: AmqpValue): unknown {
  switch (value.type) {
    case 'plain':
      return plainOf(value.value);
    case 'long':
      // As whoever parses the host's JSON has it.
      return Number(value.value);
    case 'symbol':
      return value.name;
    case 'binary':
      return value.bytes.toString('base64');
    case 'time':
      return timeOf(value.milliseconds);
    case 'list':
      return value.items.map(listed);
    case 'map':
      return objectOf(value.entries, valueOf);
    case 'described':
    default:
      return { descriptor: valueOf(value.descriptor), value: valueOf(value.value) };
  }
}

/** listed gives an element of a list its form: there the .NET client leaves the types of its AMQP library as they are. */
function listed(value: AmqpValue): unknown {
  if (value.type === 'map')
    return value.entries.map(([key, inner]) => ({ key: { key: listed(key) }, value: listed(inner) }));
  if (value.type === 'binary') return [...value.bytes];
  if (value.type === 'described') return { descriptor: listed(value.descriptor), value: listed(value.value) };
  return value.type === 'symbol' ? { value: value.name, valueSize: value.name.length } : valueOf(value);
}

/** Json.NET writes what JSON has no number for as text. */
const plainOf = (value: null | boolean | number | string): null | boolean | number | string =>
  typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;

/** timeOf writes UTC without zeros at its end, as .NET does; a time that no calendar has, as its number. */
function timeOf(milliseconds: number): string | number {
  const time = new Date(milliseconds);
  if (Number.isNaN(time.getTime())) return milliseconds;
  return time.toISOString().replace(/\.?0*Z$/, 'Z');
}

function objectOf(
  entries: readonly (readonly [AmqpValue, AmqpValue])[],
  inner: (value: AmqpValue) => unknown,
): Record<string, unknown> {
  // A property may have any name, also that of the prototype.
  const object = Object.create(null) as Record<string, unknown>;
  for (const [key, value] of entries) {
    const name = nameOf(key);
    const form = inner(value);
    if (form !== undefined) object[name.charAt(0).toLowerCase() + name.slice(1)] = form;
  }
  return object;
}

/** nameOf gives a key as text. Only a map that the .NET client can't receive has others than texts. */
function nameOf(key: AmqpValue): string {
  if (key.type === 'symbol') return key.name;
  return key.type === 'plain' && typeof key.value === 'string' ? key.value : JSON.stringify(valueOf(key));
}
