import { createHash } from 'node:crypto';
import { zstdDecompressSync } from 'node:zlib';
import { depthOf, membersOf } from './referenceBody.ts';
import { splitReferenceSegment } from './referenceSignature.ts';
import type { ReferenceStatement, ReferenceTrust } from './referenceSignature.ts';

// A reader of stored segments written from docs/format.md alone. It shares no code with src/core, is strict where that
// may be lenient, and takes no care of speed.

/** ReferenceSeal is what the pipeline stamped on a record; the optional parts are JSON text. */
export interface ReferenceSeal {
  readonly record: number;
  readonly event: number;
  readonly index: number;
  readonly enqueued: string;
  readonly form?: string;
  readonly partitionKey?: string;
  readonly properties?: string;
  readonly envelope?: string;
}

export interface ReferenceRecord {
  /** the line without its LF */
  readonly line: Buffer;
  readonly seal: ReferenceSeal;
  /** the line's own text, without the seal */
  readonly text: Buffer;
  /** what was received: the text itself, or what is kept in its `_value`, `_text` or `_base64` */
  readonly original: Buffer;
}

export interface ReferenceHeader {
  readonly version: number;
  readonly ledger: string;
  readonly partition: string;
  readonly index: number;
  readonly kind: string;
  readonly incarnation: number;
  readonly sealed: string;
  readonly previous: number;
  readonly prev: string;
  readonly records: { readonly first: number; readonly count: number };
  readonly events: {
    readonly first: number;
    readonly last: number;
    readonly count: number;
    readonly enqueuedFirst?: string;
    readonly enqueuedLast?: string;
  };
  readonly duplicates: number;
  readonly gaps: readonly { readonly first: number; readonly last: number; readonly reason: string }[];
  readonly hub?: ReferenceWord;
  readonly empty?: readonly ReferenceEmpty[];
}

/** ReferenceWord is what the hub said, as the header has it. */
export interface ReferenceWord {
  readonly created: string;
  readonly asked: string;
  readonly first: number;
  readonly last: number;
  readonly enqueued?: string;
}

/** ReferenceEmpty is an event without records, as the header has it. */
export interface ReferenceEmpty {
  readonly event: number;
  readonly enqueued: string;
  readonly partitionKey?: string;
  readonly properties?: Readonly<Record<string, unknown>>;
}

/** ReferenceContent is what the frames of a segment hold, whoever signed them. */
export interface ReferenceContent {
  readonly header: ReferenceHeader;
  readonly records: readonly ReferenceRecord[];
  /** 64 hex digits */
  readonly root: string;
  /** the earliest and the latest time of an event, '' if there is none */
  readonly earliest: string;
  readonly latest: string;
}

/** ReferenceSegment is a segment that a certified session signed for its name. */
export interface ReferenceSegment extends ReferenceContent {
  readonly statement: ReferenceStatement;
}

function must(isTrue: boolean, what: string): asserts isTrue {
  if (!isTrue) throw new Error(`not a segment: ${what}`);
}

const HEADER =
  /^\{"_segment":\{"version":1,"ledger":"[^"]+","partition":"\d+","index":\d+,"kind":"(ingest|repair|heartbeat)","incarnation":\d+,"sealed":"[^"]+","previous":(-1|\d+),"prev":"[0-9a-f]{64}","records":\{"first":\d+,"count":\d+\},"events":\{"first":(-1|\d+),"last":(-1|\d+),"count":\d+(,"enqueuedFirst":"[^"]+","enqueuedLast":"[^"]+")?\},"duplicates":\d+,"gaps":\[(\{"first":\d+,"last":\d+,"reason":"(expired|unreadable|recreated)"\},?)*\](,"hub":\{"created":"[^"]+","asked":"[^"]+","first":\d+,"last":(-1|\d+)(,"enqueued":"[^"]+")?\})?(,"empty":\[\{"event":.+\}\])?\}\}$/;
const SEAL =
  /^\{"record":(0|[1-9]\d*),"event":(0|[1-9]\d*),"index":(0|[1-9]\d*),"enqueued":"([^"]{24})"(?:,"form":"(\w+)")?[,}]/;
const SEAL_KEYS = ['record', 'event', 'index', 'enqueued', 'form', 'partitionKey', 'properties', 'envelope'].map(
  (key) => `"${key}"`,
);

const sha256 = (...parts: Uint8Array[]): Buffer => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};

/** referenceRoot is MTH of RFC 6962 section 2.1, word for word, in hex. */
export const referenceRoot = (leaves: readonly Uint8Array[]): string => treeHash(leaves).toString('hex');

function treeHash(leaves: readonly Uint8Array[]): Buffer {
  const [leaf] = leaves;
  if (leaf === undefined) return sha256();
  if (leaves.length === 1) return sha256(Uint8Array.of(0), leaf);
  let k = 1;
  while (k * 2 < leaves.length) k *= 2;
  return sha256(Uint8Array.of(1), treeHash(leaves.slice(0, k)), treeHash(leaves.slice(k)));
}

const isTime = (text: string | undefined): boolean =>
  text !== undefined && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(text) && !Number.isNaN(Date.parse(text));

/** blocksIn counts the blocks of a frame that was decompressed. RFC 8878 section 3.1.1. */
function blocksIn(frame: Buffer): number {
  const flags = frame.readUInt8(4);
  const isSingle = (flags & 0x20) !== 0;
  let at = 5 + (isSingle ? 0 : 1) + ([isSingle ? 1 : 0, 2, 4, 8][flags >> 6] as number);
  for (let count = 1; ; count++) {
    const header = frame.readUIntLE(at, 3);
    if ((header & 1) === 1) return count;
    at += 3 + (((header >> 1) & 3) === 1 ? 1 : header >> 3);
  }
}

/** referenceLines decompresses the frames of a segment into its lines without the LFs. */
export function referenceLines(frames: Buffer): Buffer[] {
  const contents: Buffer[] = [];
  let blocks = 0;
  must(frames.length > 0, 'it is empty');
  for (let at = 0; at < frames.length;) {
    must(frames.readUInt32LE(at) === 0xfd2fb528, 'not a Zstandard frame');
    const { buffer, engine } = zstdDecompressSync(frames.subarray(at), { info: true }) as unknown as {
      buffer: Buffer;
      engine: { bytesWritten: number };
    };
    contents.push(buffer);
    blocks += blocksIn(frames.subarray(at, at + engine.bytesWritten));
    at += engine.bytesWritten;
  }
  must(contents.length <= 4096 && blocks <= 32_768, 'too many frames or blocks');
  const bytes = Buffer.concat(contents);
  must(bytes.at(-1) === 0x0a, 'the last line has no LF');
  const lines: Buffer[] = [];
  for (let start = 0; start < bytes.length;) {
    const end = bytes.indexOf(0x0a, start);
    lines.push(bytes.subarray(start, end));
    start = end + 1;
  }
  return lines;
}

function readRecord(line: Buffer): ReferenceRecord {
  must(line.length >= 80, 'a record line is shorter than any seal');
  const binary = line.toString('latin1');
  must(!/[\r\n]/.test(binary), 'a line has a CR');
  const parsed: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(line));
  must(binary.startsWith('{') && typeof parsed === 'object', 'a line is not an object');
  const members = membersOf(binary);
  const last = members.at(-1);
  must(last?.key === '"_seal"' && last.end === binary.length - 1, 'the last member is not the seal');
  const sealText = binary.slice(last.valueStart, last.end);
  const numbers = SEAL.exec(sealText);
  must(numbers !== null && binary.slice(last.start, last.valueStart) === '"_seal":', 'the seal is not as printed');
  const sealMembers = membersOf(sealText);
  const expectedKeys = SEAL_KEYS.filter((key) => sealMembers.some((member) => member.key === key));
  must(sealMembers.map(({ key }) => key).join() === expectedKeys.join(), 'the members of the seal');
  const part = (key: string): string | undefined => {
    const member = sealMembers.find((it) => it.key === `"${key}"`);
    return member && Buffer.from(sealText.slice(member.valueStart, member.end), 'latin1').toString();
  };
  const [partitionKey, properties, envelope] = [part('partitionKey'), part('properties'), part('envelope')];
  must(partitionKey?.startsWith('"') !== false, 'partitionKey is no string');
  must(properties?.startsWith('{') !== false && envelope?.startsWith('{') !== false, 'no object');

  const isOnly = members.length === 1;
  must(isOnly || binary[last.start - 1] === ',', 'no comma before the seal');
  const text = Buffer.from(`${binary.slice(0, isOnly ? last.start : last.start - 1)}}`, 'latin1');
  return {
    line,
    seal: {
      record: Number(numbers[1]),
      event: Number(numbers[2]),
      index: Number(numbers[3]),
      enqueued: numbers[4] as string,
      ...(numbers[5] !== undefined && { form: numbers[5] }),
      ...(partitionKey !== undefined && { partitionKey }),
      ...(properties !== undefined && { properties }),
      ...(envelope !== undefined && { envelope }),
    },
    text,
    original: originalOf(text, numbers[5]),
  };
}

/** originalOf opens `_value`, `_text` and `_base64`, where the seal says that a line is of such a form. */
function originalOf(text: Buffer, form: string | undefined): Buffer {
  if (form === undefined) return text;
  must(['value', 'text', 'base64', 'amqp'].includes(form), 'a form that does not exist');
  const key = form === 'amqp' ? '_base64' : `_${form}`;
  const members = membersOf(text.toString('latin1'));
  const [kept, reason] = members;
  must(members.length === 2 && kept?.key === `"${key}"` && reason?.key === '"_reason"', 'not of its form');
  const value = text.subarray(kept.valueStart, kept.end);
  const words: unknown = JSON.parse(text.subarray(reason.valueStart, reason.end).toString());
  must(typeof words === 'string', 'a reason that is no text');
  const prefix = `{"${key}":${value.toString('latin1')},"_reason":`;
  must(text.toString('latin1').startsWith(`${prefix}"`) && text.at(-2) === 0x22, 'white space between tokens');
  if (form === 'value') return value;
  const parsed: unknown = JSON.parse(value.toString());
  must(typeof parsed === 'string', 'what is kept is no text');
  const encoding = form === 'text' ? 'utf8' : 'base64';
  const bytes = Buffer.from(parsed, encoding);
  must(JSON.stringify(bytes.toString(encoding)) === value.toString(), 'what is kept is not as printed');
  return bytes;
}

/**
 * readReferenceSegment reads a stored segment that was signed for that name. It throws Foreign for what nobody signed who is
 * trusted, OfLater for what a later release signed, and something else for any other deviation from docs/format.md, sections 3
 * to 6.
 */
export function readReferenceSegment(stored: Buffer, name: string, trust: ReferenceTrust): ReferenceSegment {
  const { frames, statement } = splitReferenceSegment(stored, name, trust);
  const content = readReferenceFrames(frames);
  const { header, root, latest } = content;
  const { records, events } = header;
  must(header.ledger === trust.ledger, 'another ledger than its certificate');
  must(statement.root === root && statement.prev === header.prev, 'another root than was signed');
  must(statement.record === records.first + records.count, 'another number of records than was signed');
  must(
    statement.incarnation === header.incarnation && statement.event === events.last,
    'other events than were signed',
  );
  must(statement.created === (header.hub ?? statement).created, 'another hub than was signed');
  must(statement.sealed === header.sealed && (statement.enqueued ?? '') >= latest, 'other times than were signed');
  return { ...content, statement };
}

/** readReferenceFrames reads the frames of a segment, and throws for any deviation from docs/format.md, sections 3.2 to 6. */
export function readReferenceFrames(frames: Buffer): ReferenceContent {
  const lines = referenceLines(frames);
  must(lines.length >= 2, 'fewer than two lines');
  const [headerLine, ...rest] = lines as [Buffer, ...Buffer[]];
  const endLine = rest.pop();
  const headerText = new TextDecoder('utf-8', { fatal: true }).decode(headerLine);
  must(HEADER.test(headerText), 'the header is not as printed');
  must(depthOf(headerText) <= 64, 'the header nests too deep');
  const { _segment: header } = JSON.parse(headerText) as { _segment: ReferenceHeader };
  const { records: stated, events, gaps } = header;
  must(isTime(header.sealed), 'sealed is not a time');
  must(header.previous < header.index, 'previous is not before index');

  const records = rest.map(readRecord);
  const root = referenceRoot([headerLine, ...rest]);
  must(
    endLine?.toString('latin1') === `{"_end":{"records":${records.length},"root":"${root}"}}`,
    'the end line differs from the lines',
  );
  must(stated.count === records.length, 'records.count');
  must(events.count === 0 || events.last - events.first + 1 === events.count, 'events.count');
  must(events.count > 0 || (events.first === events.last && records.length === 0), 'records without events');
  must(header.kind !== (events.count > 0 ? 'heartbeat' : 'ingest'), 'a kind that does not go with its events');
  must(events.count > 0 || events.enqueuedFirst === undefined, 'times of no events');
  must(events.count === 0 || (isTime(events.enqueuedFirst) && isTime(events.enqueuedLast)), 'times of events');
  const end = events.count > 0 ? events.first : events.last + 1;
  for (const gap of gaps) must(gap.first <= gap.last && gap.last < end, 'a gap is not before the events');
  if (header.hub !== undefined) checkWord(header.hub);

  let before: ReferenceSeal | undefined;
  for (const [i, { seal }] of records.entries()) {
    const isSameEvent = before?.event === seal.event;
    must(seal.record === stated.first + i, 'the number of a record');
    must(seal.event >= (before?.event ?? events.first) && seal.event <= events.last, 'the event of a record');
    must(seal.index === (isSameEvent && before ? before.index + 1 : 0), 'the index of a record');
    must(!isSameEvent || seal.enqueued === before?.enqueued, 'two times for one event');
    must(isTime(seal.enqueued), 'enqueued is not a time');
    must(seal.event !== events.first || seal.enqueued === events.enqueuedFirst, 'enqueuedFirst');
    must(seal.event !== events.last || seal.enqueued === events.enqueuedLast, 'enqueuedLast');
    must(seal.index === 0 || (seal.partitionKey ?? seal.properties) === undefined, 'event members behind the first');
    before = seal;
  }
  checkEmpty(header, new Set(records.map(({ seal }) => seal.event)));
  const times = [...records.map(({ seal }) => seal), ...(header.empty ?? [])].map(({ enqueued }) => enqueued);
  const inOrder = times.toSorted();
  return { header, records, root, earliest: inOrder[0] ?? '', latest: inOrder.at(-1) ?? '' };
}

function checkWord({ created, asked, first, last, enqueued = created }: ReferenceWord): void {
  must([created, asked, enqueued].every(isTime), 'a time of the hub');
  must(first <= last + 1, 'the numbers of the hub');
}

/** checkEmpty demands that the header lists every event that no record is of, and no other. */
function checkEmpty({ events, empty }: ReferenceHeader, sealed: ReadonlySet<number>): void {
  must(empty?.length !== 0, 'an empty list of empty events');
  const without = Array.from({ length: events.count }, (_, i) => events.first + i).filter(
    (event) => !sealed.has(event),
  );
  must((empty ?? []).map(({ event }) => event).join() === without.join(), 'the empty events');
  for (const { event, enqueued, partitionKey, properties, ...others } of empty ?? []) {
    must(isTime(enqueued) && Object.keys(others).length === 0, 'the time of an empty event');
    must(event !== events.first || enqueued === events.enqueuedFirst, 'enqueuedFirst of an empty event');
    must(event !== events.last || enqueued === events.enqueuedLast, 'enqueuedLast of an empty event');
    must(typeof (partitionKey ?? '') === 'string' && typeof (properties ?? {}) === 'object', 'an empty event');
  }
}
