import type { RecordForm } from './body.ts';
import { JsonScanner } from './jsonScanner.ts';
import { SEAL_TEXT } from './sealText.ts';

/** Seal is what the pipeline stamped on a record. docs/format.md, section 5.1. */
export interface Seal {
  readonly record: number;
  readonly event: number;
  readonly index: number;
  readonly enqueued: string;
  /** how the record is kept; undefined for an object */
  readonly form: SealedForm | undefined;
}

/** MIN_RECORD_LINE_BYTES is the length of the shortest record line, without its LF: that of `{}` under a seal of one-digit numbers. */
export const MIN_RECORD_LINE_BYTES = '{"_seal":{"record":0,"event":0,"index":0,"enqueued":"2026-11-22T00:00:00.000Z"}}'
  .length;

type SealedForm = Exclude<RecordForm, 'object'>;

const FORMS = ['value', 'text', 'base64', 'amqp'] as const satisfies SealedForm[];
/** The member that each form keeps its record in, which its line begins with. */
const MEMBERS = { value: '_value', text: '_text', base64: '_base64', amqp: '_base64' } as const;
const startOf = (form: SealedForm): Buffer => Buffer.from(`{"${MEMBERS[form]}":`);
const STARTS = { value: startOf('value'), text: startOf('text'), base64: startOf('base64'), amqp: startOf('amqp') };
/** How lines begin that hold a record otherwise than byte for byte. */
const ENCODED = [STARTS.text, STARTS.base64].map((start) => Buffer.concat([Buffer.from('\n'), start]));
/** How a seal says its form: from the last quote of the time to before its own last quote. */
const ENDS = FORMS.map((form) => Buffer.from(`","form":"${form}`));

const ENQUEUED = Buffer.from(SEAL_TEXT.enqueued);
const INDEX = Buffer.from(SEAL_TEXT.index);
const EVENT = Buffer.from(SEAL_TEXT.event);
const RECORD = Buffer.from(`,${SEAL_TEXT.record}`);
const LETTER_Z = 0x5a;
const QUOTE = 0x22;
const TIME_LENGTH = '2026-11-22T00:00:00.000Z'.length;

const SEAL_START =
  /^\{"record":(0|[1-9]\d{0,15}),"event":(0|[1-9]\d{0,15}),"index":(0|[1-9]\d{0,15}),"enqueued":"([^"]{24})"(?:,"form":"(value|text|base64|amqp)"|(?!,"form":))[,}]/;
const SEAL_START_BYTES = 160;

/**
 * readSeal reads the seal of the record line bytes[start, end), given without its LF. It gives undefined if the line does
 * not end in one.
 *
 * The seal is the line's last member, whatever members named `_seal` the record itself has. Nearly every seal ends with
 * its time or its form, and is read backwards from there; only one with a partition key, properties or an envelope is
 * looked for from the line's start. A line that doesn't begin as its seal's form does ends in none.
 */
export function readSeal(bytes: Buffer, start: number, end: number): Seal | undefined {
  if (bytes[start] !== 0x7b || bytes[end - 1] !== 0x7d || bytes[end - 2] !== 0x7d) return undefined;
  const seal = readPlainSeal(bytes, start, end) ?? readLongSeal(bytes.subarray(start, end));
  return seal?.form === undefined || isOfForm(bytes, start, seal.form) ? seal : undefined;
}

/** mayHoldEncoded tells whether a segment's content may have a record that stands in its line as a string, or in base64. */
export const mayHoldEncoded = (content: Buffer): boolean => ENCODED.some((start) => content.includes(start));

function isOfForm(bytes: Buffer, start: number, form: SealedForm): boolean {
  const wanted = STARTS[form];
  for (let i = 0; i < wanted.length; i++) if (bytes[start + i] !== wanted[i]) return false;
  return true;
}

let number = 0;

/** readDigits reads the decimal number that ends before `at` into `number`, and returns where it starts. */
function readDigits(bytes: Buffer, start: number, at: number): number {
  number = 0;
  let from = at;
  for (let unit = 1; from > start && at - from < 16; unit *= 10) {
    const digit = (bytes[from - 1] as number) - 0x30;
    if (digit < 0 || digit > 9) break;
    number += digit * unit;
    from--;
  }
  return from === at || (bytes[from] === 0x30 && at - from > 1) ? -1 : from;
}

/** skipBack returns where `literal` starts if it ends before `at`, else -1. */
function skipBack(bytes: Buffer, start: number, at: number, literal: Buffer): number {
  const from = at - literal.length;
  if (from < start) return -1;
  for (let i = 0; i < literal.length; i++) if (bytes[from + i] !== literal[i]) return -1;
  return from;
}

function readPlainSeal(bytes: Buffer, start: number, end: number): Seal | undefined {
  if (bytes[end - 3] !== 0x22) return undefined;
  let timeEnd = end - 3;
  let form: SealedForm | undefined;
  for (let i = 0; i < ENDS.length && bytes[end - 4] !== LETTER_Z && form === undefined; i++) {
    const from = skipBack(bytes, start, end - 3, ENDS[i] as Buffer);
    if (from >= 0) [timeEnd, form] = [from, FORMS[i]];
  }
  let at = skipBack(bytes, start, timeEnd - TIME_LENGTH, ENQUEUED);
  if (at < 0 || (at = readDigits(bytes, start, at)) < 0) return undefined;
  const index = number;
  if ((at = skipBack(bytes, start, at, INDEX)) < 0 || (at = readDigits(bytes, start, at)) < 0) return undefined;
  const event = number;
  if ((at = skipBack(bytes, start, at, EVENT)) < 0 || (at = readDigits(bytes, start, at)) < 0) return undefined;
  const record = number;
  if (skipBack(bytes, start, at, RECORD) < 0) return undefined;
  return { record, event, index, enqueued: bytes.toString('latin1', timeEnd - TIME_LENGTH, timeEnd), form };
}

function readLongSeal(line: Buffer): Seal | undefined {
  const member = lastMember(line);
  if (member === undefined || line.toString('latin1', member.key, member.value) !== '"_seal":') return undefined;
  const match = SEAL_START.exec(line.toString('latin1', member.value, member.value + SEAL_START_BYTES));
  if (match === null) return undefined;
  const [, record, event, index, enqueued = '', form] = match;
  return {
    record: Number(record),
    event: Number(event),
    index: Number(index),
    enqueued,
    form: form as SealedForm | undefined,
  };
}

interface Member {
  /** where the comma before its key is, or the key itself if it is the only member */
  readonly from: number;
  readonly key: number;
  readonly value: number;
}

/** lastMember finds the last member of the one JSON object that fills `line`. */
function lastMember(line: Buffer): Member | undefined {
  const scanner = new JsonScanner(line);
  let from = scanner.skipSpace(1);
  let key = from;
  for (;;) {
    const value = scanner.skipKey(key);
    if (value < 0) return undefined;
    let at = scanner.skipValue(value);
    if (at < 0) return undefined;
    at = scanner.skipSpace(at);
    if (line[at] === 0x7d) return at === line.length - 1 ? { from, key, value } : undefined;
    if (line[at] !== 0x2c) return undefined;
    from = at;
    key = scanner.skipSpace(at + 1);
  }
}

/**
 * originalRecord gives back the bytes that a record line was made of: the record as it was received (but for white space
 * that docs/format.md 5.1 removes), the value of `_value`, or the whole body behind `_text` and `_base64`: for the form
 * `amqp`, the body sections of AMQP that it was encoded as. It gives undefined if the line does not end in a seal, or is not
 * of the form that its seal says.
 */
export function originalRecord(line: Buffer): Buffer | undefined {
  const seal = readSeal(line, 0, line.length);
  const member = seal && lastMember(line);
  if (member === undefined) return undefined;
  const record = Buffer.concat([line.subarray(0, member.from), Buffer.from('}')]);
  return seal?.form === undefined ? record : openForm(record, seal.form);
}

/** openForm gives what is kept in a record of the form `{"_value":…,"_reason":"…"}`, or of one with `_text` or `_base64`. */
function openForm(record: Buffer, form: SealedForm): Buffer | undefined {
  const scanner = new JsonScanner(record);
  const start = STARTS[form].length;
  const end = scanner.skipValue(start);
  const reason = end + ',"_reason":'.length;
  if (end < 0 || record.toString('latin1', end, reason + 1) !== ',"_reason":"') return undefined;
  if (scanner.skipValue(reason) !== record.length - 1) return undefined;
  const value = record.subarray(start, end);
  if (form === 'value') return value;
  if (value[0] !== QUOTE) return undefined;
  const text = JSON.parse(value.toString()) as string;
  const encoding = form === 'text' ? 'utf8' : 'base64';
  const body = Buffer.from(text, encoding);
  return value.equals(Buffer.from(JSON.stringify(body.toString(encoding)))) ? body : undefined;
}
