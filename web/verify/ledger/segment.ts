import { toHex } from '../bytes.ts';
import type { Bytes } from '../bytes.ts';
import { isTime } from '../entry.ts';
import { Fault } from '../fault.ts';
import { readSeal } from '../seal.ts';
import type { Seal } from '../seal.ts';
import { decompress } from '../zstd/decompress.ts';
import { sha256 } from '../merkle.ts';
import { openSegment } from '../signed/segmentFrame.ts';
import type { SignedSegment } from '../signed/segmentFrame.ts';
import type { Trust } from '../signed/trust.ts';
import { CategoryCount } from './categories.ts';
import { RootOf, leafHash, leafHashAt } from './hash.ts';
import { parseHeader } from './header.ts';
import type { Header } from './header.ts';

/** Segment is a segment computed again from its stored bytes. Hashes are hex. */
export interface Segment {
  readonly isSegment: true;
  /** of the stored bytes */
  readonly sha256: string;
  /** the latest time of an event of the chain, as the session said that sealed it; '' if there is none */
  readonly enqueued: string;
  /** when its hub was created, as the session said that sealed it */
  readonly created: string;
  readonly header: Header;
  /** over the lines that are there */
  readonly root: string;
  /** the end line states another root or count */
  readonly endDiffers: boolean;
  /** the first contradiction between header, records and what was signed, in words */
  readonly contradiction: string | undefined;
  /** how many records have each category */
  readonly categories: ReadonlyMap<string, number>;
  /** the earliest and the latest time of an event of its own, '' if there is none */
  readonly earliest: string;
  readonly latest: string;
  readonly lineBytes: number;
}

/** NoSegment is what has the name of a segment and is none. */
export interface NoSegment {
  readonly isSegment: false;
  /** nobody signed it who may: nothing in it was looked at */
  readonly isForeign: boolean;
  readonly why: string;
  /** of the stored bytes, if they were signed */
  readonly sha256: string | undefined;
}

export type Reading = Segment | NoSegment;

/** Lines is what the lines of a segment say. */
export type Lines = Omit<Segment, 'isSegment' | 'sha256' | 'enqueued' | 'created'>;

const LF = 0x0a;
const MAX_HEADER_BYTES = 1024 * 1024;
/** The shortest record is `{}`, and this is how long its line is when all numbers of its seal have one digit. */
const MIN_RECORD_LINE_BYTES = 80;
const PLAIN_SEAL_BYTES = 200;
/** How a line begins that keeps something else than an object. */
const FORM_BYTES = '{"_base64":'.length;
const latin1 = new TextDecoder('latin1');

const bad = (why: string): Fault => new Fault('SEGMENT_MALFORMED', why);

/** readSegment computes the segment of a name again, if somebody signed it who may. It never throws for what the bytes hold. */
export async function readSegment(stored: Bytes, name: string, trust: Trust): Promise<Reading> {
  let digest: string | undefined;
  try {
    const signed = await openSegment(stored, name, trust);
    digest = await sha256(stored);
    const lines = readFrames(signed.frames);
    const contradiction = lines.contradiction ?? contradictionOf(signed, lines);
    const { enqueued = '', created } = signed.statement;
    return { isSegment: true, sha256: digest, enqueued, created, ...lines, contradiction };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return { isSegment: false, isForeign: error.code === 'FOREIGN_OBJECT', why: error.message, sha256: digest };
  }
}

/** contradictionOf says where the lines of a segment and what was signed of it differ. */
function contradictionOf({ ledger, statement }: SignedSegment, { header, root, latest }: Lines): string | undefined {
  if ((statement.enqueued ?? '') < latest)
    return 'it has an event that was enqueued later than what was signed of it says';
  if (header.ledger !== ledger) return 'its header and its certificate name different ledgers';
  const pairs: Readonly<Record<string, readonly [unknown, unknown]>> = {
    root: [statement.root, root],
    prev: [statement.prev, header.prev],
    record: [statement.record, header.records.first + header.records.count],
    incarnation: [statement.incarnation, header.incarnation],
    created: [statement.created, header.hub?.created ?? statement.created],
    event: [statement.event, header.events.last],
    sealed: [statement.sealed, header.sealed],
  };
  const differs = Object.entries(pairs).find(([, [said, is]]) => said !== is)?.[0];
  return differs === undefined ? undefined : `its lines and what was signed of it differ in ${differs}`;
}

/** readFrames computes what Zstandard frames hold again, and throws SEGMENT_MALFORMED. */
export function readFrames(frames: Uint8Array): Lines {
  const bytes = decompress(frames);
  const headerEnd = bytes.indexOf(LF);
  if (headerEnd < 0) throw bad('it holds no line');
  if (headerEnd > MAX_HEADER_BYTES) throw bad('its header is longer than 1 MiB');
  const header = parseHeader(bytes.subarray(0, headerEnd));
  const tree = new RootOf();
  tree.add(leafHash(bytes.subarray(0, headerEnd)));
  const seals = new SealCheck(header);
  const categories = new CategoryCount();
  let start = headerEnd + 1;
  let end = bytes.indexOf(LF, start);
  while (end >= 0 && end + 1 < bytes.length) {
    if (end - start < MIN_RECORD_LINE_BYTES) {
      throw bad(`record line ${tree.size - 1} has ${end - start} bytes, fewer than any seal takes`);
    }
    // Behind a contradiction nothing is expected of a seal, and looking for one costs more than hashing the line.
    if (!seals.isContradicted) seals.check(sealOf(bytes, start, end), tree.size - 1);
    categories.add(bytes, start, end);
    tree.add(leafHashAt(bytes, start, end));
    start = end + 1;
    end = bytes.indexOf(LF, start);
  }
  if (end < 0) throw bad(start < bytes.length ? 'its last line is not ended by LF' : 'it has no end line');
  const endLine = latin1.decode(bytes.subarray(start, end));
  if (!endLine.startsWith('{"_end":')) throw bad('it has no end line');
  const root = toHex(tree.root());
  const records = tree.size - 1;
  return {
    header,
    root,
    endDiffers: endLine !== `{"_end":{"records":${records},"root":"${root}"}}`,
    contradiction: seals.finish(records),
    earliest: seals.earliest,
    latest: seals.latest,
    categories: categories.counts,
    lineBytes: bytes.length,
  };
}

/** Only ASCII matters to where a line's last member is, so the line need not be read as the UTF-8 that it is. */
function sealOf(bytes: Uint8Array, start: number, end: number): Seal | undefined {
  if (bytes[start] !== 0x7b || bytes[end - 1] !== 0x7d || bytes[end - 2] !== 0x7d) return undefined;
  const tail = Math.max(start + 1, end - PLAIN_SEAL_BYTES);
  const head = (): string => latin1.decode(bytes.subarray(start, Math.min(start + FORM_BYTES, end)));
  const plain = bytes[end - 3] === 0x22 ? readSeal(`{${latin1.decode(bytes.subarray(tail, end))}`, head) : undefined;
  return plain ?? readSeal(latin1.decode(bytes.subarray(start, end)));
}

/** SealCheck follows the seals of a segment's records. */
class SealCheck {
  readonly #header: Header;
  #last: Seal;
  /** place of the next event in the header's list of those without records */
  #emptyAt = 0;
  /** the earliest and the latest time of an event so far */
  earliest = '';
  latest = '';
  #contradiction: string | undefined;

  constructor(header: Header) {
    this.#header = header;
    const { first, last, count } = header.events;
    this.#last = { record: 0, event: first - 1, index: -1, enqueued: '', form: undefined };
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
    const why = seal === undefined ? 'does not end in a seal' : this.#faultOf(seal, position);
    if (why !== undefined) this.#say(`record line ${position} ${why}`);
    if (seal !== undefined) this.#last = seal;
  }

  #faultOf({ record, event, index, enqueued }: Seal, position: number): string | undefined {
    const { records, events } = this.#header;
    const last = this.#last;
    if (record !== records.first + position) return `is numbered ${record}, not ${records.first + position}`;
    if (event === last.event) {
      if (index !== last.index + 1) return `has index ${index} behind index ${last.index} of its event`;
      return enqueued === last.enqueued ? undefined : 'has another time than its event';
    }
    if (event < last.event || event > events.last) return `is of event ${event}, out of order or out of range`;
    if (index !== 0) return `is the first of event ${event} but has index ${index}`;
    if (!isTime(enqueued)) return 'has no valid time';
    if (!this.#isOfItsTime(event, enqueued)) return 'has another time than the header says';
    const unlisted = this.#skipEmpty(event);
    if (unlisted !== undefined) return `comes behind event ${unlisted}, which has no record and is not listed so`;
    this.#reach(enqueued);
    return undefined;
  }

  #reach(enqueued: string): void {
    if (enqueued > this.latest) this.latest = enqueued;
    if (this.earliest === '' || enqueued < this.earliest) this.earliest = enqueued;
  }

  #isOfItsTime(event: number, enqueued: string): boolean {
    const { first, last, enqueuedFirst, enqueuedLast } = this.#header.events;
    return (event !== first || enqueued === enqueuedFirst) && (event !== last || enqueued === enqueuedLast);
  }

  /** skipEmpty goes past the events before `until` that have no record, and gives the first that the header does not list. */
  #skipEmpty(until: number): number | undefined {
    for (let event = this.#last.event + 1; event < until; event++) {
      const listed = this.#header.empty[this.#emptyAt];
      if (listed?.event !== event || !this.#isOfItsTime(event, listed.enqueued)) return event;
      this.#reach(listed.enqueued);
      this.#emptyAt += 1;
    }
    return undefined;
  }

  finish(records: number): string | undefined {
    const stated = this.#header.records.count;
    if (records !== stated) this.#say(`it says ${stated} records and has ${records}`);
    const { events, empty } = this.#header;
    const unlisted =
      this.#contradiction === undefined && events.count > 0 ? this.#skipEmpty(events.last + 1) : undefined;
    if (unlisted !== undefined) this.#say(`event ${unlisted} has no record and is not listed so`);
    if (this.#emptyAt < empty.length)
      this.#say(`event ${empty[this.#emptyAt]?.event} is listed as one without records`);
    return this.#contradiction;
  }
}
