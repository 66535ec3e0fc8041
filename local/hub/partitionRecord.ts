import type { SentEvent, StoredEvent } from './eventMessage.ts';

const HEAD_BYTES = 28; // sequence number, offset and enqueued time of the first event, number of events
const EVENT_BYTES = 10; // number of annotations, their bytes, bytes of the tail

/** encodeRecord encodes the events of one append. Like the service, it gives them one enqueued time. */
export function encodeRecord(first: LogStart, events: readonly SentEvent[]): Buffer {
  const length = events.reduce((sum, { annotations, tail }) => sum + EVENT_BYTES + annotations.length + tail.length, 0);
  const record = Buffer.allocUnsafeSlow(HEAD_BYTES + length);
  record.writeBigUInt64BE(BigInt(first.sequenceNumber), 0);
  record.writeBigUInt64BE(BigInt(first.offset), 8);
  record.writeBigInt64BE(BigInt(first.enqueuedAt), 16);
  record.writeUInt32BE(events.length, 24);
  let at = HEAD_BYTES;
  for (const { annotationCount, annotations, tail } of events) {
    record.writeUInt16BE(annotationCount, at);
    record.writeUInt32BE(annotations.length, at + 2);
    record.writeUInt32BE(tail.length, at + 6);
    at += EVENT_BYTES;
    at += annotations.copy(record, at);
    at += tail.copy(record, at);
  }
  return record;
}

/** decodeRecord is the inverse of encodeRecord. The events share the record's memory. */
export function decodeRecord(record: Buffer): StoredEvent[] {
  let sequenceNumber = Number(record.readBigUInt64BE(0));
  let offset = Number(record.readBigUInt64BE(8));
  const enqueuedAt = Number(record.readBigInt64BE(16));
  const events: StoredEvent[] = [];
  let at = HEAD_BYTES;
  for (let left = record.readUInt32BE(24); left > 0; left--) {
    const annotationsStart = at + EVENT_BYTES;
    const tailStart = annotationsStart + record.readUInt32BE(at + 2);
    const end = tailStart + record.readUInt32BE(at + 6);
    events.push({
      sequenceNumber,
      offset,
      enqueuedAt,
      annotationCount: record.readUInt16BE(at),
      annotations: record.subarray(annotationsStart, tailStart),
      tail: record.subarray(tailStart, end),
    });
    sequenceNumber += 1;
    offset += end - annotationsStart;
    at = end;
  }
  return events;
}

/** LogStart says where a partition's numbers go on. */
export interface LogStart {
  readonly sequenceNumber: number;
  readonly offset: number;
  /** enqueuedAt is the time before which no later event may be dated. */
  readonly enqueuedAt: number;
}

/** NEW_LOG is where the numbers of a new partition begin. */
export const NEW_LOG: LogStart = { sequenceNumber: 0, offset: 0, enqueuedAt: 0 };
