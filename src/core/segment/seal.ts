import { hasBreak, isEmptyObject, sliceBody, wholeBody } from './body.ts';
import type { RecordForm, RecordSlice } from './body.ts';
import { formatEmptyEvent } from './header.ts';
import type { EmptyEvent } from './header.ts';
import { leafHashInPlace } from '../hash.ts';
import type { Hash } from '../hash.ts';
import { MAX_JSON_DEPTH, nestsDeeper } from '../jsonObject.ts';
import { minify } from './jsonScanner.ts';
import { SEAL_TEXT, VALUE_TEXT } from './sealText.ts';
import { stampBody } from './stamp.ts';
import type { StampText, StampedLines } from './stamp.ts';

/** SealableEvent is one Event Hubs event as ingest hands it to the core. Times are ISO 8601 UTC with milliseconds. */
export interface SealableEvent {
  readonly body: Buffer;
  /**
   * the body isn't the bytes of data sections, but sections of AMQP's own types in their encoding (AMQP 1.0, 3.2.7 and
   * 3.2.8), or none
   */
  readonly isAmqp?: true;
  readonly sequenceNumber: number;
  readonly enqueued: string;
  readonly partitionKey?: string;
  /** the event's application properties as one JSON object on one line */
  readonly properties?: string;
}

/**
 * MAX_EMPTY_EVENT_BYTES bounds what the header says of an event without records; one that asks for more is kept whole. A
 * segment that has so much of them takes no further event.
 */
export const MAX_EMPTY_EVENT_BYTES = 256 * 1024;

/** MAX_EVENT_LINES_BYTES bounds what the lines of one event may take; a body that asks for more is kept whole. */
export const MAX_EVENT_LINES_BYTES = 128 * 1024 * 1024;

/** An upper bound of what a line adds to its record: the seal with three numbers of 16 digits, and a reason. */
const LINE_OVERHEAD = 256;
const LF = 0x0a;

/**
 * LineBuffer collects the lines of a segment, and the leaf hash of each. `reserve` bytes are left free in front of the
 * first line, for the header, which can only be written when the records are counted.
 */
export class LineBuffer {
  bytes: Buffer;
  length: number;
  start: number;
  readonly leaves: Hash[] = [];

  constructor(reserve: number, expected: number) {
    this.bytes = Buffer.allocUnsafe(reserve + expected);
    this.start = this.length = reserve;
  }

  /** need makes room for `count` more bytes. */
  need(count: number): void {
    if (this.length + count <= this.bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(this.bytes.length * 2, this.length + count));
    this.bytes.copy(grown, this.start, this.start, this.length);
    this.bytes = grown;
  }

  /** reserve sees to it that `count` bytes are free in front of the first line. */
  reserve(count: number): void {
    const more = count - this.start;
    if (more <= 0) return;
    const grown = Buffer.allocUnsafe(this.bytes.length + more);
    this.bytes.copy(grown, count, this.start, this.length);
    this.bytes = grown;
    this.start = count;
    this.length += more;
  }

  text(text: string): void {
    this.need(Buffer.byteLength(text));
    this.length += this.bytes.write(text, this.length);
  }

  copy(from: Buffer, start: number, end: number): void {
    this.need(end - start);
    this.length += from.copy(this.bytes, this.length, start, end);
  }

  /** addLines takes lines over that were written elsewhere, and hashes each. */
  addLines({ bytes, start, end, ends, count }: StampedLines): void {
    this.need(end - start);
    const to = this.length;
    bytes.copy(this.bytes, to, start, end);
    let from = to;
    for (let i = 0; i < count; i++) {
      const lineEnd = to + (ends[i] as number);
      this.leaves.push(leafHashInPlace(this.bytes, from, lineEnd));
      from = lineEnd + 1;
    }
    this.length += end - start;
  }

  /** endLine ends the line that began at `start` with LF and hashes it. */
  endLine(start: number): void {
    this.need(1);
    this.bytes[this.length] = LF;
    this.leaves.push(leafHashInPlace(this.bytes, start, this.length));
    this.length += 1;
  }
}

/**
 * sealEvent appends the record lines of an event, numbered from `record` on, and returns how many they are. One that holds
 * no record is for the header to speak of.
 */
export function sealEvent(lines: LineBuffer, event: SealableEvent, record: number): number {
  const text = {
    event: `${SEAL_TEXT.event}${event.sequenceNumber}${SEAL_TEXT.index}`,
    enqueued: `${SEAL_TEXT.enqueued}${event.enqueued}"`,
    first: eventMembers(event),
  };
  const stamped = event.isAmqp === true ? undefined : stampBody(event.body, record, text);
  if (stamped === undefined) return sealSlices(lines, event, record, text);
  lines.addLines(stamped);
  return stamped.count;
}

/** sealSlices is sealEvent without the kernel: for every event that there is. */
function sealSlices(lines: LineBuffer, event: SealableEvent, record: number, text: StampText): number {
  const { body, isAmqp } = event;
  let slices = isAmqp === true ? [wholeBody(body, 'amqp', 'not bytes, but of a type of AMQP')] : sliceBody(body);
  if (linesSize(event, slices) > MAX_EVENT_LINES_BYTES) slices = [wholeBody(body, 'base64', 'too large as records')];
  else if (slices.length === 0 && !fitsHeader(emptyEventOf(event)))
    slices = [wholeBody(body, 'base64', 'no record, and too large or too deep for the header')];
  const hasBreaks = hasBreak(body);
  for (let index = 0; index < slices.length; index++) {
    const slice = slices[index] as RecordSlice;
    const start = lines.length;
    lines.need(slice.end - slice.start + LINE_OVERHEAD);
    const separator = writeRecord(lines, body, slice, hasBreaks);
    const seal = `${separator}${SEAL_TEXT.record}${record + index}${text.event}${index}${text.enqueued}${FORM_MEMBER[slice.form]}`;
    // In the forms that are not JSON, the text may have taken what was free.
    lines.need(seal.length);
    lines.length += lines.bytes.write(seal, lines.length, 'latin1');
    if (index === 0) lines.text(text.first);
    if (slice.envelope !== undefined) {
      lines.text(SEAL_TEXT.envelope);
      lines.copy(slice.envelope, 0, slice.envelope.length);
    }
    lines.text('}}');
    lines.endLine(start);
  }
  return slices.length;
}

/** What a seal says of the form of its record, which the record's own text can't say of itself. */
const FORM_MEMBER: Readonly<Record<RecordForm, string>> = {
  object: '',
  value: SEAL_TEXT.valueForm,
  text: ',"form":"text"',
  base64: ',"form":"base64"',
  amqp: ',"form":"amqp"',
};

/** emptyEventOf is what the header says of an event without records. */
export const emptyEventOf = ({ sequenceNumber, enqueued, partitionKey, properties }: SealableEvent): EmptyEvent => ({
  event: sequenceNumber,
  enqueued,
  ...(partitionKey !== undefined && { partitionKey }),
  ...(properties !== undefined && { properties }),
});

/** sizeOf is how many bytes the header takes for it. */
export const sizeOf = (empty: EmptyEvent): number => Buffer.byteLength(formatEmptyEvent(empty));

/** fitsHeader tells whether a header has room for it; it stands there within a list within two objects. */
const fitsHeader = (empty: EmptyEvent): boolean =>
  sizeOf(empty) <= MAX_EMPTY_EVENT_BYTES && !nestsDeeper(formatEmptyEvent(empty), MAX_JSON_DEPTH - 3);

/** linesSize is an upper bound of the bytes that an event's lines take. */
function linesSize({ body, properties, partitionKey }: SealableEvent, slices: readonly RecordSlice[]): number {
  // A control character becomes \u00XX in a JSON string: six bytes for one.
  const content = slices[0]?.form === 'text' ? body.length * 6 : body.length * 2;
  return content + slices.length * LINE_OVERHEAD + ((properties?.length ?? 0) + (partitionKey?.length ?? 0)) * 6;
}

/** eventMembers is what the seal of an event's first record says besides. */
function eventMembers({ partitionKey, properties }: SealableEvent): string {
  const key = partitionKey === undefined ? '' : `,"partitionKey":${JSON.stringify(partitionKey)}`;
  return properties === undefined ? key : `${key},"properties":${properties}`;
}

/** writeRecord writes a record up to where its seal goes, and returns what has to stand between. */
function writeRecord(lines: LineBuffer, body: Buffer, slice: RecordSlice, bodyHasBreaks: boolean): '' | ',' {
  const { form, start, end, reason } = slice;
  if (form === 'text' || form === 'base64' || form === 'amqp') {
    lines.text(
      form === 'text' ? `{"_text":${JSON.stringify(body.toString('utf8'))}` : `{"_base64":"${body.toString('base64')}"`,
    );
    lines.text(`,"_reason":${JSON.stringify(reason)}`);
    return ',';
  }
  let text = body;
  let from = start;
  let to = end;
  if (bodyHasBreaks && hasBreak(body.subarray(start, end))) {
    text = minify(body.subarray(start, end));
    from = 0;
    to = text.length;
  }
  if (form === 'value') {
    lines.text(VALUE_TEXT.start);
    lines.copy(text, from, to);
    lines.text(VALUE_TEXT.end);
    return ',';
  }
  lines.length += text.copy(lines.bytes, lines.length, from, to - 1);
  return isEmptyObject(text, from, to) ? '' : ',';
}
