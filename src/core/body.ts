import { isUtf8 } from 'node:buffer';
import { JsonScanner, minify } from './json.ts';

/**
 * How a record is kept: an object as it is; any other JSON value as `_value`; a body that isn't JSON whole, as `_text`, or
 * as `_base64` when it isn't UTF-8. docs/format.md, section 2.2.
 */
export type RecordForm = 'object' | 'value' | 'text' | 'base64';

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

/** Not JSON: thrown and caught within this file, because it can happen at any depth of it. */
class NotJson {
  readonly at: number;
  constructor(result: number) {
    this.at = -1 - result;
  }
}

const checked = (result: number): number => {
  if (result < 0) throw new NotJson(result);
  return result;
};

/**
 * sliceBody finds the records of an event body. It accepts every sequence of bytes: what it can't read as JSON it gives
 * as one record that is the whole body.
 */
export function sliceBody(body: Buffer): RecordSlice[] {
  if (!isUtf8(body)) return [wholeBody(body, 'base64', 'not UTF-8')];
  try {
    return sliceTexts(new JsonScanner(body));
  } catch (error) {
    if (!(error instanceof NotJson)) throw error;
    return [wholeBody(body, 'text', body.length === 0 ? 'empty body' : `not JSON at byte ${error.at}`)];
  }
}

/** wholeBody keeps a body as one record. */
export const wholeBody = (body: Buffer, form: 'text' | 'base64', reason: string): RecordSlice => ({
  form,
  start: 0,
  end: body.length,
  reason,
});

/** sliceTexts reads one or more JSON texts, one after the other, behind an optional byte order mark. */
function sliceTexts(scanner: JsonScanner): RecordSlice[] {
  const out: RecordSlice[] = [];
  const { bytes: body, end } = scanner;
  let at = body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf ? 3 : 0;
  at = scanner.skipSpace(at);
  if (at === end) throw new NotJson(-1 - at);
  while (at < end) {
    const first = body[at];
    if (first === 0x7b) at = sliceObject(scanner, at, out);
    else if (first === 0x5b) at = sliceArray(scanner, at, out, true);
    else {
      at = sliceElement(scanner, at, out);
      // A number or a word has no mark at its end: "12" is not 1 and 2.
      if (first !== 0x22 && at < end && /[\w+.-]/.test(String.fromCharCode(body[at] as number)))
        throw new NotJson(-1 - at);
    }
    at = scanner.skipSpace(at);
  }
  return out;
}

/** sliceArray gives the elements of the array at `at`; with `opens`, those that are envelopes are opened. */
function sliceArray(scanner: JsonScanner, at: number, out: RecordSlice[], opens: boolean): number {
  const { bytes: body } = scanner;
  at = scanner.skipSpace(at + 1);
  if (body[at] === 0x5d) return at + 1;
  for (;;) {
    at = opens && body[at] === 0x7b ? sliceObject(scanner, at, out) : sliceElement(scanner, at, out);
    at = scanner.skipSpace(at);
    if (body[at] === 0x5d) return at + 1;
    if (body[at] !== 0x2c) throw new NotJson(-1 - at);
    at = scanner.skipSpace(at + 1);
  }
}

/** sliceElement gives the one value at `at`. */
function sliceElement(scanner: JsonScanner, at: number, out: RecordSlice[]): number {
  const end = checked(scanner.skipValue(at));
  out.push(
    scanner.bytes[at] === 0x7b
      ? { form: 'object', start: at, end }
      : { form: 'value', start: at, end, reason: 'not an object' },
  );
  return end;
}

/**
 * sliceObject gives the elements of the object at `at` if it is an envelope, else the object itself. An envelope has
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
  if (body[at] !== 0x7d) {
    for (;;) {
      const memberStart = at;
      at = checked(scanner.skipKey(at));
      const isRecords = isRecordsKey(body, memberStart);
      if (isRecords) keys++;
      if (isRecords && keys === 1 && body[at] === 0x5b) {
        isArray = true;
        at = sliceArray(scanner, at, out, false);
      } else {
        at = checked(scanner.skipValue(at));
        const range = keys === 0 ? before : behind;
        if (range.to === 0) range.from = memberStart;
        range.to = at;
      }
      at = scanner.skipSpace(at);
      if (body[at] === 0x7d) break;
      if (body[at] !== 0x2c) throw new NotJson(-1 - at);
      at = scanner.skipSpace(at + 1);
    }
  }
  const objectEnd = at + 1;
  if (keys !== 1 || !isArray) {
    out.length = mark;
    out.push({ form: 'object', start, end: objectEnd });
  } else if (before.to > 0 || behind.to > 0) {
    if (out.length === mark) out.push({ form: 'object', start, end: objectEnd });
    else out[mark] = { ...(out[mark] as RecordSlice), envelope: envelopeText(body, before, behind) };
  }
  return objectEnd;
}

const isRecordsKey = (body: Uint8Array, at: number): boolean => RECORDS_KEY.every((byte, i) => body[at + i] === byte);

/** hasBreak tells whether bytes hold a CR or LF. In JSON those can only stand between tokens. */
export const hasBreak = (bytes: Buffer): boolean => bytes.includes(0x0a) || bytes.includes(0x0d);

interface Range {
  readonly from: number;
  readonly to: number;
}

function envelopeText(body: Uint8Array, before: Range, behind: Range): Buffer {
  const parts = [before, behind].filter(({ to }) => to > 0).map(({ from, to }) => body.subarray(from, to));
  const comma = Buffer.from(',');
  const text = Buffer.concat([
    Buffer.from('{'),
    ...parts.flatMap((part, i) => (i === 0 ? [part] : [comma, part])),
    Buffer.from('}'),
  ]);
  return hasBreak(text) ? minify(text) : text;
}

/** isEmptyObject tells whether the JSON object in [start, end) has no members. */
export function isEmptyObject(body: Uint8Array, start: number, end: number): boolean {
  let at = end - 2;
  while (at > start && (body[at] as number) <= 0x20) at--;
  return at === start;
}
