import { AmqpMalformed, readValue } from './amqpValues.ts';
import type { AmqpValue } from './amqpValues.ts';

/** What can't be read as properties is kept under this name, as base64 of its encoding in AMQP. */
const UNREAD = '_amqp';

/**
 * formatProperties prints the application properties of an event, a map of AMQP at `at`, as one JSON object on one line, as they
 * come through the trigger: of what the .NET client makes of AMQP, Json.NET of that, and Microsoft's library for functions of that,
 * which writes the first letter of every key in lower case. It gives undefined if there are none.
 *
 * What the .NET client can't receive at all, so that it never came through the trigger, is printed too: a map as an object, a
 * value described by a number as its descriptor and its value.
 */
export function formatProperties(bytes: Buffer, at: number, end: number): string | undefined {
  try {
    const value = readValue(bytes, at);
    if (value.type !== 'map') throw new AmqpMalformed('expected a map');
    const kept = value.entries.filter(([, property]) => !isNamed(property));
    const properties = objectOf(kept, valueOf);
    return Object.keys(properties).length === 0 ? undefined : JSON.stringify(properties);
  } catch (error) {
    if (!(error instanceof AmqpMalformed)) throw error;
    return JSON.stringify({ [UNREAD]: bytes.toString('base64', at, end) });
  }
}

/** isNamed tells values that are described by a symbol, which don't come through the trigger. */
const isNamed = (value: AmqpValue): boolean =>
  value.type === 'described' && value.descriptor.type === 'plain' && typeof value.descriptor.value === 'string';

function valueOf(value: AmqpValue): unknown {
  switch (value.type) {
    case 'plain':
      return plainOf(value.value);
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

/** listed gives an element of a list its form. A map there is a list of pairs. */
const listed = (value: AmqpValue): unknown =>
  value.type === 'map'
    ? value.entries.map(([key, inner]) => ({ key: { key: valueOf(key) }, value: listed(inner) }))
    : valueOf(value);

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
    const name = key.type === 'plain' ? String(key.value) : JSON.stringify(valueOf(key));
    object[name.charAt(0).toLowerCase() + name.slice(1)] = inner(value);
  }
  return object;
}
