/**
 * What the .NET client of Event Hubs and the host's serializer, Json.NET, make of AMQP values. Measured with the client
 * itself: test/interop/hubClient.slow.test.ts holds this against it.
 */

type Values = Readonly<Record<string, unknown>>;

/** ReceivedMessage is what this file needs of a message. */
export interface ReceivedMessage {
  readonly messageAnnotations?: Values;
  readonly applicationProperties?: Values;
  readonly footer?: Values;
  readonly properties?: object;
}

/** UnreadableEvent says why the .NET client can't receive an event, nor what came with it. */
class UnreadableEvent extends Error {
  override readonly name = 'UnreadableEvent';
}

/** assertReadable throws UnreadableEvent for a message that the .NET client throws at. */
export function assertReadable(sequenceNumber: number, message: ReceivedMessage): void {
  for (const section of ['applicationProperties', 'messageAnnotations', 'footer'] as const) {
    for (const [name, value] of Object.entries(message[section] ?? {})) {
      if (isMap(value) || (isDescribed(value) && !hasSymbol(value))) {
        const what = isDescribed(value) ? 'a described type' : 'a map';
        throw new UnreadableEvent(
          `event ${String(sequenceNumber)} can't be received: ${JSON.stringify(name)} of its ${section} is ${what}`,
        );
      }
    }
  }
}

/** jsonValue gives an AMQP value the form that Json.NET writes. */
function jsonValue(value: unknown): unknown {
  if (Buffer.isBuffer(value)) return value.toString('base64');
  if (value instanceof Date) return `${wallClock(value)}Z`;
  if (Array.isArray(value)) return value.map(listed);
  return value;
}

/** jsonValues gives the values of a section their form. Those of described types are left out. */
export function jsonValues(values: Values = {}): Record<string, unknown> {
  const kept = Object.entries(values).filter(([, value]) => !isDescribed(value));
  return Object.fromEntries(kept.map(([name, value]) => [name, jsonValue(value)]));
}

/** jsonProperties gives the properties section its form: names as in the AMQP standard, message ids as text. */
export function jsonProperties(properties: object = {}): Record<string, unknown> {
  const all: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === '') continue;
    if (name === 'messageId' || name === 'correlationId') all[kebabCase(name)] = idText(value);
    else if (name === 'absoluteExpiryTime' || name === 'creationTime') all[kebabCase(name)] = timeOf(value);
    else all[kebabCase(name)] = jsonValue(value);
  }
  return all;
}

/** wallClock writes UTC without a zone and without trailing zeros, as .NET does for a DateTime of unspecified kind. */
export function wallClock(time: Date): string {
  return time.toISOString().slice(0, -1).replace(/0+$/, '').replace(/\.$/, '');
}

/** withZone writes UTC as .NET does for a DateTimeOffset. */
export const withZone = (time: Date): string => `${wallClock(time)}+00:00`;

/** listed gives an element of a list its form. A map there is a list of pairs. */
function listed(value: unknown): unknown {
  if (!isMap(value)) return jsonValue(value);
  return Object.entries(value).map(([key, inner]) => ({ Key: { Key: key }, Value: listed(inner) }));
}

/** idText writes a message id. The client gives a UUID as its 16 bytes. */
function idText(id: unknown): string {
  if (!Buffer.isBuffer(id)) return String(id);
  const hex = id.toString('hex');
  return id.length === 16 ? hex.replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, '$1-$2-$3-$4-$5') : hex.toUpperCase();
}

const timeOf = (value: unknown): unknown =>
  typeof value === 'number' || value instanceof Date ? withZone(new Date(value)) : value;

const kebabCase = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

const isDescribed = (value: unknown): value is { readonly descriptor: unknown } =>
  typeof value === 'object' && value !== null && 'descriptor' in value && 'type' in value;

/** hasSymbol tells whether a described type is named, as those are that the .NET client itself writes. */
const hasSymbol = ({ descriptor }: { readonly descriptor: unknown }): boolean =>
  typeof descriptor === 'object' &&
  descriptor !== null &&
  'value' in descriptor &&
  typeof descriptor.value === 'string';

const isMap = (value: unknown): value is object =>
  typeof value === 'object' &&
  value !== null &&
  !Buffer.isBuffer(value) &&
  !(value instanceof Date) &&
  !Array.isArray(value) &&
  !isDescribed(value);
