import type { ClockCheck } from './clock.ts';
import type { Findings, FindingCode } from './findings.ts';
import { segmentName } from './names.ts';
import type { Reading, Segment } from './segment.ts';
import { NO_COUNTS, checkKind, checkSequence, countsBehind } from './sequence.ts';
import type { Counts } from './sequence.ts';

/** Head is how far a chain was followed: its newest segment. */
export interface Head {
  readonly partition: string;
  readonly index: number;
  readonly root: string;
  readonly sha256: string;
  /** number of the next record */
  readonly record: number;
}

/** Link is what the next segment may follow, and how far it had counted, if that is known. */
export interface Link {
  readonly index: number;
  readonly root: string;
  readonly sealed: string;
  readonly counts?: Counts;
  /** all from the first segment up to it continue the chain */
  readonly isOfChain: boolean;
  /** something is wrong with it, and that is said */
  readonly isFaulty?: boolean;
}

/** START is what the first segment follows. */
export const START: Link = { index: -1, root: '0'.repeat(64), sealed: '', counts: NO_COUNTS, isOfChain: true };
/** Begin is where the check of a chain begins: at an index, whose segment has to follow `link`, or whatever it says if that isn't known. */
export interface Begin {
  readonly index: number;
  readonly link: Link | undefined;
}

const THE_FIRST: Begin = { index: 0, link: START };
const MAX_LINKS = 1000;
const MAX_FOREIGN = 10_000;

/**
 * ChainCheck follows the chain of a partition by docs/format.md, section 7. Behind a fault it goes on with what the next
 * segment says.
 */
export class ChainCheck {
  readonly partition: string;
  readonly #findings: Findings;
  readonly #clock: ClockCheck;
  /** what an earlier report knew */
  readonly #known: Head | undefined;
  #isKnownFound = false;
  #links: Link[];
  /** indices of foreign objects behind the last segment that continues the chain */
  readonly #foreign = new Set<number>();
  #next: number;
  /** the newest segment that continues the chain */
  head: Head | undefined;

  constructor(
    partition: string,
    findings: Findings,
    clock: ClockCheck,
    known: Head | undefined,
    { index, link }: Begin = THE_FIRST,
  ) {
    this.#links = link === undefined ? [] : [link];
    this.#next = index;
    this.partition = partition;
    this.#findings = findings;
    this.#clock = clock;
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

  /** isOfChain tells whether the segment of an index, the last one that was added, was found to continue the chain. */
  isOfChain(index: number): boolean {
    const last = this.#links.at(-1);
    return last?.index === index && last.isOfChain;
  }

  /** passOver takes notice of an object that could not be read. */
  passOver(index: number): void {
    this.#missing(index, `no object has this name, and index ${index} is there`);
    this.#next = index + 1;
  }

  /** add checks the next object of the partition. Indices must rise. `ledger` is the one that everything is of. */
  add(index: number, reading: Reading, ledger: string | undefined): void {
    this.#compareKnown(index, reading);
    if (!reading.isSegment && reading.isForeign) {
      // Whoever planted it can take any name, so a hole before it says nothing.
      if (index === this.#next) this.#next += 1;
      if (this.#foreign.size < MAX_FOREIGN) this.#foreign.add(index);
      return this.#say('foreign-object', index, `it has the name of a segment: ${reading.why}`);
    }
    this.passOver(index);
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
    if (header.ledger !== ledger) return this.#say('foreign-object', index, 'it is of another ledger');
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
    const { header, root, contradiction, latest } = segment;
    const { index, previous, gaps, sealed } = header;
    this.#clock.date('segment', segmentName(this.partition, index), sealed);
    this.#clock.event(segmentName(this.partition, index), latest, sealed);
    for (const { first, last, reason } of gaps)
      this.#findings.declared(
        segmentName(this.partition, index),
        `events ${first} to ${last} are missing before it (declared: ${reason})`,
      );
    const link = this.#links.find((link) => link.index === previous);
    const isBreak = this.#isBreak(segment, link);
    if (contradiction !== undefined) {
      this.#say('segment-malformed', index, contradiction);
      return this.#addLink({ index, root, sealed, isOfChain: false, isFaulty: true });
    }
    const said = [...checkKind(header), ...(link?.counts === undefined ? [] : checkSequence(segment, link.counts))];
    for (const [code, why] of said) this.#say(code, index, why);
    if (link !== undefined && !isBreak) this.#settle(link, segment);
    const counts = countsBehind(segment, link?.counts);
    // The report that an auditor signed knew of what was before it.
    const isOfChain = !isBreak && (link?.isOfChain ?? (this.head === undefined && this.#isKnownFound));
    this.#addLink({ index, root, sealed, counts, isOfChain, isFaulty: isBreak });
    if (!isBreak) this.head = { partition: this.partition, index, root, sha256: segment.sha256, record: counts.record };
  }

  /** isBreak tells whether a segment does not go on from the one that it follows, and says why. */
  #isBreak(segment: Segment, link: Link | undefined): boolean {
    const { index, previous, prev, sealed } = segment.header;
    const last = this.#links[0];
    if (last !== undefined && previous < last.index) {
      this.#sayPassedOver(last, segment);
      return true;
    }
    if (link === undefined) {
      const why = `index ${index} goes on from it, by the root ${prev}, so a segment had this name`;
      if (this.#foreign.has(previous)) this.#say('chain-broken', previous, why);
      return false;
    }
    const isEarlier = sealed < link.sealed;
    if (isEarlier)
      this.#say('chain-broken', index, `it was sealed at ${sealed}, and the segment before it at ${link.sealed}`);
    if (prev === link.root) return isEarlier;
    const wanted = previous < 0 ? 'it must be 64 zeros' : `${segmentName(this.partition, previous)} has ${link.root}`;
    this.#say('chain-broken', index, `prev is ${prev}, and ${wanted}`);
    return true;
  }

  /** settle says that a segment goes on from `link`: what was signed since then, it passes over. */
  #settle(link: Link, segment: Segment): void {
    for (const passed of this.#links)
      if (passed.index > link.index && passed.isFaulty !== true) this.#sayPassedOver(passed, segment);
    this.#links = [];
    this.#foreign.clear();
  }

  #sayPassedOver(passed: Link, { header: { index, previous } }: Segment): void {
    const why = `it is signed, and index ${index} goes on from index ${previous} and passes over it`;
    this.#say('chain-broken', passed.index, why);
  }

  #addLink(link: Link): void {
    // A thief of a session may sign segment upon segment; the first is the chain's.
    if (this.#links.length === MAX_LINKS) this.#links.splice(1, 1);
    this.#links.push(link);
  }

  /** finish says what an earlier report knew and is not there. */
  finish(): void {
    if (this.#known === undefined || this.#isKnownFound) return;
    const { index } = this.#known;
    this.#missing(index + 1, `no object has this name, and an earlier report knew the chain up to index ${index}`);
  }
}
