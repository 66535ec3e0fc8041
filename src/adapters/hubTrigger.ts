import { AuditsealError } from '../core/errors.ts';
import type { SealableEvent } from '../core/segment/seal.ts';
import { isPartition } from '../core/text.ts';
import type { Delivery } from '../ports/host.ts';

/** What the Functions host gives with a delivery, in context.triggerMetadata. All of it is optional to the types. */
type Metadata = Readonly<Record<string, unknown>>;

/**
 * toDelivery turns what the Event Hubs trigger hands over (cardinality many, dataType binary) into a Delivery.
 *
 * systemPropertiesArray is the one array that is aligned with the bodies (partitionKeyArray leaves out nulls), and its
 * times are UTC without a mark. Throws DELIVERY_INVALID when what identifies an event is missing: then nothing is sealed,
 * and the host holds the partition. Whatever else is odd about an event never hinders it from being sealed.
 */
export function toDelivery(messages: unknown, metadata: Metadata | undefined): Delivery {
  const invalid = (why: string): AuditsealError =>
    new AuditsealError('DELIVERY_INVALID', `from the Functions host: ${why}`);
  if (!Array.isArray(messages)) throw invalid("the trigger's messages are not an array; set its cardinality to many");
  const partition = asObject(metadata?.['partitionContext'])['partitionId'];
  if (typeof partition !== 'string' || !isPartition(partition))
    throw invalid('the metadata holds no partitionContext.partitionId');
  const system = asArray(metadata?.['systemPropertiesArray']);
  const numbers = asArray(metadata?.['sequenceNumberArray']);
  const times = asArray(metadata?.['enqueuedTimeUtcArray']);
  const properties = asArray(metadata?.['propertiesArray']);
  if (system.length !== messages.length) {
    throw invalid(
      `expected ${messages.length} entries in systemPropertiesArray, one for each body, got ${system.length}`,
    );
  }

  let before = '1970-01-01T00:00:00.000Z';
  let last = -1;
  const seen = new Set<number>();
  const events = messages.map((body: unknown, i): SealableEvent => {
    if (!(body instanceof Uint8Array)) throw invalid("a body is not bytes; set the trigger's dataType to binary");
    const own = asObject(system[i]);
    const sequenceNumber = toSequenceNumber(own['sequenceNumber']) ?? toSequenceNumber(numbers[i]);
    if (sequenceNumber === undefined) throw invalid(`event ${i} of ${messages.length} has no usable sequence number`);
    const enqueued = toTime(own['enqueuedTimeUtc']) ?? toTime(times[i]) ?? before;
    // A new event behind a higher number would be taken for one that is sealed, and dropped.
    if (sequenceNumber < last && enqueued <= before && !seen.has(sequenceNumber))
      throw invalid(`event ${sequenceNumber} comes behind event ${last}: a delivery must be in order`);
    seen.add(sequenceNumber);
    last = sequenceNumber;
    before = enqueued;
    const partitionKey = own['partitionKey'];
    const ownProperties = asObject(properties[i]);
    return {
      body: Buffer.isBuffer(body) ? body : Buffer.from(body.buffer, body.byteOffset, body.byteLength),
      sequenceNumber,
      enqueued,
      ...(typeof partitionKey === 'string' && partitionKey !== '' && { partitionKey }),
      ...(Object.keys(ownProperties).length > 0 && { properties: JSON.stringify(ownProperties) }),
    };
  });
  return { partition, events };
}

const asArray = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

const asObject = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};

/** toSequenceNumber reads a number in any of the shapes that worker versions give: number, decimal text, bigint, {low, high}. */
function toSequenceNumber(value: unknown): number | undefined {
  let number: unknown = value;
  if (typeof value === 'bigint') number = Number(value);
  else if (typeof value === 'string' && /^\d{1,16}$/.test(value)) number = Number(value);
  else {
    const { low, high } = asObject(value);
    if (typeof low === 'number' && typeof high === 'number') number = high * 2 ** 32 + (low >>> 0);
  }
  return Number.isSafeInteger(number) && (number as number) >= 0 ? (number as number) : undefined;
}

/** toTime reads ISO 8601 with 0 to 7 digits of a second, UTC with or without a mark, as milliseconds (cut, not rounded). */
function toTime(value: unknown): string | undefined {
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? undefined : value.toISOString();
  const match =
    typeof value === 'string' ? /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(?:Z|\+00:00)?$/.exec(value) : null;
  if (match === null) return undefined;
  const time = `${match[1]}.${(match[2] ?? '').slice(0, 3).padEnd(3, '0')}Z`;
  return Number.isNaN(Date.parse(time)) ? undefined : time;
}
