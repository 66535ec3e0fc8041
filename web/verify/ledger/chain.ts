import type { Findings, FindingCode } from './findings.ts';
import type { Header } from './header.ts';
import { segmentName } from './names.ts';
import type { Reading } from './segment.ts';

/** Head is how far a chain was followed: its newest segment. */
export interface Head {
  readonly partition: string;
  readonly index: number;
  readonly root: string;
  readonly sha256: string;
  /** number of the next record */
  readonly record: number;
}

/** KnownLedger is the ledger that everything must be of: the one that is named first. */
export interface KnownLedger {
  name: string | undefined;
}

/** What the next segment may follow, and how far it had counted, if that is known. */
interface Link {
  readonly index: number;
  readonly root: string;
  readonly counts?: { readonly record: number; readonly incarnation: number; readonly lastEvent: number };
}

type Segment = Reading & { readonly isSegment: true };

const START: Link = { index: -1, root: '0'.repeat(64), counts: { record: 0, incarnation: 0, lastEvent: -1 } };
const MAX_LINKS = 1000;

/** predecessorOf is the index of the segment before, -1 if there is none. */
function predecessorOf({ index, skipped }: Header): number {
  const passed = new Set(skipped);
  let before = index - 1;
  while (passed.has(before)) before--;
  return before;
}

/**
 * ChainCheck follows the chain of a partition by docs/format.md, section 7. Behind a fault it goes on with what the next
 * segment says.
 */
export class ChainCheck {
  readonly partition: string;
  readonly #ledger: KnownLedger;
  readonly #findings: Findings;
  /** what an earlier report knew */
  readonly #known: Head | undefined;
  #isKnownFound = false;
  #links: Link[] = [START];
  #next = 0;
  /** the newest segment that continues the chain */
  head: Head | undefined;

  constructor(partition: string, ledger: KnownLedger, findings: Findings, known: Head | undefined) {
    this.partition = partition;
    this.#ledger = ledger;
    this.#findings = findings;
    this.#known = known;
  }

  #say(code: FindingCode, index: number, detail: string): void {
    this.#findings.say(code, segmentName(this.partition, index), detail);
  }

  #missing(until: number, why: string): void {
    const others = until - this.#next - 1;
    if (others < 0) return;
    const also = others === 0 ? '' : `; with the ${others} after it, up to index ${until - 1}`;
    this.#say('segment-missing', this.#next, `${why}${also}`);
    this.#next = until;
  }

  /** passOver takes notice of an object that could not be read. */
  passOver(index: number): void {
    this.#missing(index, `no object has this name, and index ${index} is there`);
    this.#next = index + 1;
  }

  /** add checks the next object of the partition. Indices must rise. */
  add(index: number, reading: Reading): void {
    this.passOver(index);
    this.#compareKnown(index, reading);
    if (!reading.isSegment) return this.#say('segment-malformed', index, reading.why);
    const { header, root, endDiffers, contradiction } = reading;
    if (endDiffers) {
      const also = contradiction === undefined ? '' : `; ${contradiction}`;
      const why = `its lines hash to the root ${root}, and its end line states another root or count${also}`;
      return this.#say('chain-broken', index, why);
    }
    if (header.partition !== this.partition || header.index !== index) {
      const why = `it is the segment of partition ${header.partition}, index ${header.index}`;
      return this.#say('foreign-object', index, why);
    }
    this.#ledger.name ??= header.ledger;
    if (header.ledger !== this.#ledger.name) {
      return this.#say('foreign-object', index, `it is of the ledger ${JSON.stringify(header.ledger).slice(0, 100)}`);
    }
    this.#follow(reading);
  }

  #compareKnown(index: number, reading: Reading): void {
    const known = this.#known;
    if (index !== known?.index) return;
    if (!reading.isSegment || reading.root !== known.root) {
      if (reading.isSegment) this.#say('chain-broken', index, `an earlier report knew it with the root ${known.root}`);
      else
        this.#say('chain-broken', index, `it is no segment, and an earlier report knew it with the root ${known.root}`);
    } else if (reading.sha256 !== known.sha256) {
      this.#say('segment-changed', index, `an earlier report knew its stored bytes with the SHA-256 ${known.sha256}`);
    } else this.#isKnownFound = true;
  }

  #follow(segment: Segment): void {
    const { header, root, contradiction } = segment;
    const { index, events, gaps, kind, prev } = header;
    const before = predecessorOf(header);
    for (const other of header.skipped) {
      if (other > before && other < index) {
        const object = segmentName(this.partition, other);
        this.#findings.say('foreign-object', object, `index ${index} declares that it is not of the chain`);
      } else this.#say('segment-malformed', index, `it skips index ${other}, which is not right before it`);
    }
    const link = this.#links.find((link) => link.index === before);
    const isBreak = link !== undefined && link.root !== prev;
    if (isBreak) {
      const wanted = before < 0 ? 'it must be 64 zeros' : `${segmentName(this.partition, before)} has ${link.root}`;
      this.#say('chain-broken', index, `prev is ${prev}, and ${wanted}`);
    }
    for (const { first, last, reason } of gaps) {
      this.#say('sequence-gap', index, `events ${first} to ${last} are missing before it (declared: ${reason})`);
    }
    if (contradiction !== undefined) {
      this.#say('segment-malformed', index, contradiction);
      return this.#addLink({ index, root });
    }
    if (events.count > 0 === (kind === 'heartbeat')) {
      this.#say('segment-malformed', index, `it is of kind ${kind} and has ${events.count} events`);
    }
    if (link?.counts !== undefined) this.#compareCounts(header, link.counts);
    if (link !== undefined && !isBreak) this.#links = [];
    const record = header.records.first + header.records.count;
    this.#addLink({
      index,
      root,
      counts: { record, incarnation: header.incarnation, lastEvent: events.last },
    });
    if (!isBreak) this.head = { partition: this.partition, index, root, sha256: segment.sha256, record };
  }

  #addLink(link: Link): void {
    // Somebody may plant segment upon segment; the first is the chain's.
    if (this.#links.length === MAX_LINKS) this.#links.splice(1, 1);
    this.#links.push(link);
  }

  #compareCounts(header: Header, { record, incarnation, lastEvent }: NonNullable<Link['counts']>): void {
    const { index, events, gaps } = header;
    const overlap = (why: string): void => this.#say('sequence-overlap', index, why);
    const gap = (first: number, last: number): void =>
      this.#say('sequence-gap', index, `events ${first} to ${last} are missing before it, undeclared`);
    if (header.records.first !== record) overlap(`its records begin at ${header.records.first}, not ${record}`);
    if (header.incarnation !== incarnation) {
      const isNext = header.incarnation === incarnation + 1 && lastEvent >= 0;
      if (!isNext) overlap(`its incarnation is ${header.incarnation} behind ${incarnation}`);
      if (gaps.length > 0) overlap('it begins an incarnation and declares gaps before it');
      return;
    }
    if (events.count === 0) {
      if (events.last !== lastEvent) overlap(`it says that event ${events.last} was the last, not ${lastEvent}`);
      return;
    }
    if (lastEvent < 0) return;
    let next = lastEvent + 1;
    for (const { first, last } of gaps) {
      if (first < next) overlap(`it declares event ${first} missing, and event ${next - 1} is sealed`);
      if (first > next) gap(next, first - 1);
      next = last + 1;
    }
    if (events.first < next) overlap(`its events begin at ${events.first}, and those before it end at ${next - 1}`);
    if (events.first > next) gap(next, events.first - 1);
  }

  /** finish says what an earlier report knew and is not there. */
  finish(): void {
    if (this.#known === undefined || this.#isKnownFound) return;
    const { index } = this.#known;
    this.#missing(index + 1, `no object has this name, and an earlier report knew the chain up to index ${index}`);
  }
}
