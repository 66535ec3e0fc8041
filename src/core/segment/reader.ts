import type { CategoryCount } from './categories.ts';
import { MAX_HEADER_BYTES, parseHeader } from './header.ts';
import type { SegmentHeader } from './header.ts';
import { LineCursor } from './lineCursor.ts';
import { MIN_RECORD_LINE_BYTES } from './recordLine.ts';
import type { Seal } from './recordLine.ts';
import { formatEnd } from './writer.ts';
import { decompress } from './zstd.ts';
import { release } from '../bytes.ts';
import { AuditsealError } from '../errors.ts';
import { leafHash, leafHashInPlace } from '../hash.ts';
import type { Hash } from '../hash.ts';
import { TreeRoot } from '../merkle/tree.ts';
import { isTime } from '../text.ts';

/** SegmentReading is what a segment's bytes say, re-computed from them. */
export interface SegmentReading {
  readonly header: SegmentHeader;
  /** the root over the lines that are there */
  readonly root: Hash;
  /** the end line states another root or count than the lines have */
  readonly endDiffers: boolean;
  /** the earliest and the latest time at which one of its events was enqueued, '' if it has none */
  readonly earliest: string;
  readonly latest: string;
  /** bytes of all lines */
  readonly size: number;
  /** the first contradiction between the header and the record lines, in words */
  readonly contradiction?: string;
}

/**
 * RecordVisitor is shown each record line, in order: bytes[start, end), without its LF. The bytes are those of all lines, and
 * they are gone when the reading ends: copy what is kept.
 */
export type RecordVisitor = (bytes: Buffer, start: number, end: number, header: SegmentHeader) => void;

const LF = 0x0a;
const END_START = '{"_end":';

const malformed = (why: string): AuditsealError => new AuditsealError('SEGMENT_MALFORMED', why);

/** WhileReading is what is done with record lines on the way. */
export interface WhileReading {
  readonly visit?: RecordVisitor;
  /** counts them by their category */
  readonly categories?: CategoryCount | undefined;
}

/**
 * readSegment decompresses a stored segment, hashes every line and checks that header, records and end line agree.
 *
 * Throws SEGMENT_MALFORMED if the bytes are not of the format. Everything that is read is untrusted; memory is bounded by
 * MAX_SEGMENT_BYTES, whatever the bytes.
 */
export function readSegment(stored: Buffer, doing: WhileReading = {}): SegmentReading {
  const bytes = decompress(stored);
  try {
    return readLines(bytes, doing);
  } finally {
    release(bytes);
  }
}

function readLines(bytes: Buffer, { visit, categories }: WhileReading): SegmentReading {
  const headerEnd = bytes.indexOf(LF);
  if (headerEnd < 0) throw malformed('it holds no line');
  if (headerEnd > MAX_HEADER_BYTES) throw malformed('its header is longer than 1 MiB');
  const headerLine = bytes.subarray(0, headerEnd);
  const header = parseHeader(headerLine);
  const tree = new TreeRoot();
  tree.add(leafHash(headerLine));

  const expected = new ExpectedSeals(header);
  const lines = new LineCursor(bytes, headerEnd + 1, categories);
  while (lines.next() && lines.end + 1 < bytes.length) {
    const { start, end } = lines;
    // A few bytes decompress to very many line feeds, and each line costs two hashes.
    if (end - start < MIN_RECORD_LINE_BYTES)
      throw malformed(`record line ${tree.size - 1} has ${end - start} bytes, fewer than any seal takes`);
    // Behind a contradiction nothing is expected of a seal, and looking for one costs more than hashing the line.
    if (!expected.isContradicted) expected.check(lines.seal(), tree.size - 1);
    lines.countCategory();
    visit?.(bytes, start, end, header);
    tree.add(leafHashInPlace(bytes, start, end));
  }
  const { start, end } = lines;
  if (end < 0) throw malformed(start < bytes.length ? 'its last line is not ended by LF' : 'it has no end line');
  const endLine = bytes.toString('latin1', start, end + 1);
  if (!endLine.startsWith(END_START)) throw malformed('it has no end line');

  const root = tree.root();
  const contradiction = expected.finish(tree.size - 1);
  return {
    header,
    root,
    endDiffers: endLine !== formatEnd(tree.size - 1, root),
    earliest: expected.earliest,
    latest: expected.latest,
    size: bytes.length,
    ...(contradiction !== undefined && { contradiction }),
  };
}

/** ExpectedSeals follows the seals of a segment's records and keeps the first contradiction to its header. */
class ExpectedSeals {
  readonly #header: SegmentHeader;
  #event: number;
  #index = -1;
  #enqueued = '';
  /** of the header's empty events, the next one */
  #empty = 0;
  /** the earliest and the latest time of an event so far, '' if there is none */
  earliest = '';
  latest = '';
  #contradiction: string | undefined;

  constructor(header: SegmentHeader) {
    this.#header = header;
    this.#event = header.events.first - 1;
    const { first, last, count } = header.events;
    if (last - first !== Math.max(count - 1, 0)) this.#say(`it says ${count} events numbered ${first} to ${last}`);
    if (count === 0 && header.records.count > 0) this.#say('it has records but no events');
    if (count > 0 && header.kind === 'heartbeat') this.#say('it is a heartbeat but has events');
  }

  get isContradicted(): boolean {
    return this.#contradiction !== undefined;
  }

  #say(what: string): void {
    this.#contradiction ??= what;
  }

  check(seal: Seal | undefined, position: number): void {
    const where = `record line ${position}`;
    if (seal === undefined) return this.#say(`${where} does not end in a seal`);
    const { records, events } = this.#header;
    if (seal.record !== records.first + position)
      return this.#say(`${where} is numbered ${seal.record}, not ${records.first + position}`);
    if (seal.event === this.#event) {
      if (seal.index !== this.#index + 1)
        return this.#say(`${where} has index ${seal.index} behind index ${this.#index} of its event`);
      if (seal.enqueued !== this.#enqueued) return this.#say(`${where} has another time than its event`);
    } else {
      if (seal.event < this.#event || seal.event > events.last)
        return this.#say(`${where} is of event ${seal.event}, out of order or out of range`);
      if (seal.index !== 0)
        return this.#say(`${where} is the first of event ${seal.event} but has index ${seal.index}`);
      if (!isTime(seal.enqueued)) return this.#say(`${where} has no valid time`);
      if (!this.#hasItsTime(seal)) return this.#say(`${where} has another time than the header says`);
      this.#passEmpty(seal.event);
      this.#addTime(seal.enqueued);
    }
    this.#event = seal.event;
    this.#index = seal.index;
    this.#enqueued = seal.enqueued;
  }

  /** A hub's clock may go back, also within a segment. */
  #addTime(enqueued: string): void {
    if (enqueued > this.latest) this.latest = enqueued;
    if (this.earliest === '' || enqueued < this.earliest) this.earliest = enqueued;
  }

  #hasItsTime({ event, enqueued }: { readonly event: number; readonly enqueued: string }): boolean {
    const { first, last, enqueuedFirst, enqueuedLast } = this.#header.events;
    return (event !== first || enqueued === enqueuedFirst) && (event !== last || enqueued === enqueuedLast);
  }

  /** passEmpty follows the events before `until` that have no record: the header must list each. */
  #passEmpty(until: number): void {
    const { empty = [] } = this.#header;
    let next = this.#event + 1;
    for (; next < until; next++, this.#empty++) {
      const listed = empty[this.#empty];
      if (listed?.event !== next)
        return this.#say(`event ${next} has no record, and the header does not list it as empty`);
      if (!this.#hasItsTime(listed)) return this.#say(`the header states two times for event ${next}`);
      this.#addTime(listed.enqueued);
    }
  }

  finish(records: number): string | undefined {
    const { events, empty = [] } = this.#header;
    if (records !== this.#header.records.count)
      this.#say(`it says ${this.#header.records.count} records and has ${records}`);
    if (this.#contradiction === undefined && events.count > 0) this.#passEmpty(events.last + 1);
    if (this.#empty < empty.length) this.#say(`it lists event ${empty[this.#empty]?.event} as empty, out of place`);
    return this.#contradiction;
  }
}
