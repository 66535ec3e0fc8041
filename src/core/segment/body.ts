import { isUtf8 } from 'node:buffer';
import { JsonScanner, minify } from './jsonScanner.ts';
import { VALUE_TEXT } from './sealText.ts';

/**
 * How a record is kept: an object as it is; any other JSON value as `_value`; a body that isn't JSON whole, as `_text`, or
 * as `_base64` when it isn't UTF-8, or when it isn't bytes but a body of AMQP's own types. docs/format.md, section 5.2.
 */
export type RecordForm = 'object' | 'value' | 'text' | 'base64' | 'amqp';

/** RecordSlice is one record of an event body: the bytes [start, end) of the body. */
export interface RecordSlice {
  readonly form: RecordForm;
  readonly start: number;
  readonly end: number;
  /** why it isn't kept as an object */
  readonly reason?: string;
  /** the other members of the envelope that it is the first record of, as an object on one line */
  readonly envelope?: Buffer;
}

const RECORDS_KEY = Buffer.from('"records"');

/** The bytes that would make a number or a word longer: "12" is not 1 and 2, "nulltrue" nothing at all. */
const GOES_ON = /[\w+.-]/;

/**
 * sliceBody finds the records of an event body. It accepts every sequence of bytes: what it can't read as JSON it gives
 * as one record that is the whole body.
 */
export function sliceBody(body: Buffer): RecordSlice[] {
  if (!isUtf8(body)) return [wholeBody(body, 'base64', 'not UTF-8')];
  const out: RecordSlice[] = [];
  const end = sliceTexts(new JsonScanner(body), out);
  if (end >= 0) return out;
  return [wholeBody(body, 'text', body.length === 0 ? 'empty body' : `not JSON at byte ${-1 - end}`)];
}

/** wholeBody keeps a body as one record. */
export const wholeBody = (body: Buffer, form: 'text' | 'base64' | 'amqp', reason: string): RecordSlice => ({
  form,
  start: 0,
  end: body.length,
  reason,
});

// The slice functions below append what they find to `out`. As the scanner's, they return the position behind what they
// read, or -1 - (position of the offending byte).

/** sliceTexts reads one or more JSON texts, one after the other, behind an optional byte order mark. */
function sliceTexts(scanner: JsonScanner, out: RecordSlice[]): number {
  const { bytes: body, end } = scanner;
  let at = scanner.skipSpace(body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf ? 3 : 0);
  if (at === end) return -1 - at;
  while (at < end) {
    const first = body[at];
    if (first === 0x7b) at = sliceObject(scanner, at, out);
    else if (first === 0x5b) at = sliceArray(scanner, at, out, true);
    else {
      at = sliceElement(scanner, at, out);
      const hasMarks = first === 0x22;
      if (!hasMarks && at >= 0 && at < end && GOES_ON.test(String.fromCharCode(body[at] as number))) return -1 - at;
    }
    if (at < 0) return at;
    at = scanner.skipSpace(at);
  }
  return at;
}

/** sliceArray gives the elements of the array at `at`; with `opens`, those that are envelopes are opened. */
function sliceArray(scanner: JsonScanner, at: number, out: RecordSlice[], opens: boolean): number {
  const { bytes: body } = scanner;
  at = scanner.skipSpace(at + 1);
  if (body[at] === 0x5d) return at + 1;
  for (;;) {
    at = opens && body[at] === 0x7b ? sliceObject(scanner, at, out) : sliceElement(scanner, at, out);
    if (at < 0) return at;
    at = scanner.skipSpace(at);
    if (body[at] === 0x5d) return at + 1;
    if (body[at] !== 0x2c) return -1 - at;
    at = scanner.skipSpace(at + 1);
  }
}

/** sliceElement gives the one value at `at`. */
function sliceElement(scanner: JsonScanner, at: number, out: RecordSlice[]): number {
  const end = scanner.skipValue(at);
  if (end < 0) return end;
  if (scanner.bytes[at] === 0x7b) out.push({ form: 'object', start: at, end });
  else out.push({ form: 'value', start: at, end, reason: VALUE_TEXT.reason });
  return end;
}

/**
 * sliceObject gives the elements of the object at `start` if it is an envelope, else the object itself. An envelope has
 * exactly one member whose key is written "records", and that member's value is an array.
 */
function sliceObject(scanner: JsonScanner, start: number, out: RecordSlice[]): number {
  const { bytes: body } = scanner;
  const mark = out.length;
  let keys = 0;
  let isArray = false;
  // The text of the members before and behind `records`: [from, to).
  const before = { from: 0, to: 0 };
  const behind = { from: 0, to: 0 };

  let at = scanner.skipSpace(start + 1);
  while (body[at] !== 0x7d) {
    const memberStart = at;
    at = scanner.skipKey(at);
    if (at < 0) return at;
    const isRecords = isRecordsKey(body, memberStart);
    if (isRecords) keys++;
    if (isRecords && keys === 1 && body[at] === 0x5b) {
      isArray = true;
      at = sliceArray(scanner, at, out, false);
      if (at < 0) return at;
    } else {
      at = scanner.skipValue(at);
      if (at < 0) return at;
      const range = keys === 0 ? before : behind;
      if (range.to === 0) range.from = memberStart;
      range.to = at;
    }
    at = scanner.skipSpace(at);
    if (body[at] === 0x2c) {
      at = scanner.skipSpace(at + 1);
      if (body[at] === 0x7d) return -1 - at;
    } else if (body[at] !== 0x7d) return -1 - at;
  }
  const objectEnd = at + 1;
  const isEnvelope = keys === 1 && isArray;
  const hasOthers = before.to > 0 || behind.to > 0;
  if (!isEnvelope || (hasOthers && out.length === mark)) {
    out.length = mark;
    out.push({ form: 'object', start, end: objectEnd });
  } else if (hasOthers) {
    out[mark] = { ...(out[mark] as RecordSlice), envelope: envelopeText(body, before, behind) };
  }
  return objectEnd;
}

function isRecordsKey(body: Uint8Array, at: number): boolean {
  for (let i = 0; i < RECORDS_KEY.length; i++) if (body[at + i] !== RECORDS_KEY[i]) return false;
  return true;
}

/** hasBreak tells whether bytes hold a CR or LF. In JSON those can only stand between tokens. */
export const hasBreak = (bytes: Buffer): boolean => bytes.includes(0x0a) || bytes.includes(0x0d);

interface Range {
  readonly from: number;
  readonly to: number;
}

/** envelopeText prints the members of an envelope but `records` as an object on one line. */
function envelopeText(body: Uint8Array, before: Range, behind: Range): Buffer {
  const others = [before, behind]
    .filter(({ to }) => to > 0)
    .map(({ from, to }) => Buffer.from(body.subarray(from, to)).toString('latin1'));
  const text = Buffer.from(`{${others.join(',')}}`, 'latin1');
  return hasBreak(text) ? minify(text) : text;
}

/** isEmptyObject tells whether the JSON object in [start, end) has no members. */
export function isEmptyObject(body: Uint8Array, start: number, end: number): boolean {
  let at = end - 2;
  while (at > start && (body[at] as number) <= 0x20) at--;
  return at === start;
}
