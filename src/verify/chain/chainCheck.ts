import { ZERO_HASH, formatHash } from '../../core/hash.ts';
import type { Hash } from '../../core/hash.ts';
import { segmentName } from '../../core/objects/names.ts';
import type { FindingCode, PartitionReport } from '../../core/objects/report.ts';
import { predecessorOf, segmentFault } from '../../core/segment/chain.ts';
import type { SegmentHeader } from '../../core/segment/header.ts';
import type { SegmentSummary } from '../../core/segment/summary.ts';
import type { Context, KnownLedger } from '../context.ts';
import type { Findings } from '../findings.ts';
import { Indices } from './indices.ts';

/**
 * A segment that the next one may have to follow. One whose end line states another root than its lines have is none: it
 * is what was changed, and the next one is not at fault.
 */
interface Link {
  readonly index: number;
  readonly root: Hash;
  /** how far it counts; left out where its lines say otherwise than its header */
  readonly counts?: Counts;
}

/** How far a chain has counted. */
interface Counts {
  readonly record: number;
  readonly incarnation: number;
  readonly lastEvent: number;
}

const countsAfter = ({ records, incarnation, events }: SegmentHeader): Counts => ({
  record: records.first + records.count,
  incarnation,
  lastEvent: events.last,
});

/** What the first segment has to follow. */
const START: Link = { index: -1, root: ZERO_HASH, counts: { record: 0, incarnation: 0, lastEvent: -1 } };

/** Bounds memory where somebody plants segment upon segment. */
const MAX_CANDIDATES = 1000;

/**
 * ChainCheck follows the chain of one partition, segment by segment in order of index, and reports what doesn't fit.
 * It goes on behind every fault with what the next segment says, so one fault hides no other.
 */
export class ChainCheck {
  readonly partition: string;
  readonly #findings: Findings;
  readonly #indices: Indices;
  readonly #anchor: PartitionReport | undefined;
  /**
   * The last segment that continued the chain, and the well-formed ones since that did not, or that could not be
   * compared: the next segment may follow any of them.
   */
  #candidates: Link[];
  #isAnchorFound = false;
  #head: PartitionReport | undefined;
  readonly #ledger: KnownLedger;

  /** It begins at the segment `from`. With `anchor`, the segment of the anchor's index must be the one that the anchor knew. */
  constructor(
    { findings, ledger }: Pick<Context, 'findings' | 'ledger'>,
    partition: string,
    anchor: PartitionReport | undefined,
    from: number,
  ) {
    this.partition = partition;
    this.#ledger = ledger;
    this.#findings = findings;
    this.#anchor = anchor;
    this.#indices = new Indices(findings, partition, from);
    this.#candidates = from === 0 ? [START] : [];
  }

  /**
   * head is the newest segment that continues the chain. While the anchor's segment is not there as the anchor knew it,
   * head is the anchor's: what was taken away or replaced once must not be forgotten with the next report.
   */
  get head(): PartitionReport | undefined {
    return this.#anchor !== undefined && !this.#isAnchorFound ? this.#anchor : this.#head;
  }

  /** newest is the index of the newest segment that was found to continue the chain. */
  get newest(): number | undefined {
    return this.#head?.index;
  }

  #say(code: FindingCode, index: number, detail: string): void {
    this.#findings.error(code, segmentName(this.partition, index), detail);
  }

  /** passOver takes notice of an object that is there and could not be read. Indices must rise. */
  passOver(index: number): void {
    this.#indices.passOver(index);
  }

  /** add checks the next object of the partition. Indices must rise. */
  add(index: number, summary: SegmentSummary): void {
    this.passOver(index);
    if (!summary.ok) {
      this.#say('segment-malformed', index, summary.why);
      this.#checkAnchor(index, undefined, undefined);
      return;
    }
    const { header, root, endDiffers } = summary;
    this.#checkAnchor(index, root, summary.sha256);
    if (endDiffers) {
      // Its header may be what was changed, so nothing is concluded from it.
      this.#say('chain-broken', index, this.#describeEnd(summary));
      return;
    }
    if (header.partition !== this.partition || header.index !== index) {
      this.#say('foreign-object', index, segmentFault(summary, this.partition, index) as string);
      return;
    }
    this.#ledger.name ??= header.ledger;
    if (header.ledger !== this.#ledger.name) {
      this.#say('foreign-object', index, `it is of the ledger ${JSON.stringify(header.ledger).slice(0, 100)}`);
      return;
    }
    this.#follow(summary);
  }

  #describeEnd({ root, contradiction }: SegmentSummary & { ok: true }): string {
    const also = contradiction === undefined ? '' : `; ${contradiction}`;
    return `its lines hash to the root ${formatHash(root)}, and its end line states another root or count${also}`;
  }

  /** follow compares a segment with the one that it says it follows. */
  #follow(summary: SegmentSummary & { ok: true }): void {
    const { header, root, contradiction } = summary;
    const { index, events, kind } = header;
    this.#checkSkipped(header);
    const before = predecessorOf(header);
    const link = this.#candidates.find((candidate) => candidate.index === before);
    const isBreak = link !== undefined && header.prev !== link.root;
    if (isBreak) {
      const what =
        before < 0
          ? 'it must be 64 zeros'
          : `${segmentName(this.partition, before)} has the root ${formatHash(link.root)}`;
      this.#say('chain-broken', index, `prev is ${formatHash(header.prev)}, and ${what}`);
    }
    for (const gap of header.gaps) {
      this.#say(
        'sequence-gap',
        index,
        `events ${gap.first} to ${gap.last} are missing before it (declared: ${gap.reason})`,
      );
    }
    if (contradiction !== undefined) {
      this.#say('segment-malformed', index, contradiction);
      this.#addCandidate({ index, root });
      return;
    }
    if (events.count > 0 === (kind === 'heartbeat'))
      this.#say('segment-malformed', index, `it is of kind ${kind} and has ${events.count} events`);
    if (link?.counts !== undefined) this.#checkSequence(index, link.counts, header);
    if (link !== undefined && !isBreak) this.#candidates = [];
    this.#addCandidate({ index, root, counts: countsAfter(header) });
    if (!isBreak) this.#advance(summary);
  }

  #addCandidate(link: Link): void {
    if (this.#candidates.length === MAX_CANDIDATES) this.#candidates.splice(1, 1);
    this.#candidates.push(link);
  }

  #checkSkipped(header: SegmentHeader): void {
    const { index, skipped = [] } = header;
    const before = predecessorOf(header);
    for (const other of skipped) {
      if (other > before && other < index) {
        this.#say('foreign-object', other, `index ${index} declares that it is not of the chain`);
      } else this.#say('segment-malformed', index, `it skips index ${other}, which is not right before it`);
    }
  }

  #checkSequence(index: number, link: Counts, header: SegmentHeader): void {
    if (header.records.first !== link.record)
      this.#say('sequence-overlap', index, `its records begin at ${header.records.first}, not ${link.record}`);
    this.#checkEvents(index, link, header);
  }

  #checkEvents(index: number, link: Counts, { incarnation, events, gaps }: SegmentHeader): void {
    if (incarnation !== link.incarnation) {
      const isNext = incarnation === link.incarnation + 1 && link.lastEvent >= 0;
      if (!isNext) this.#say('sequence-overlap', index, `its incarnation is ${incarnation} behind ${link.incarnation}`);
      if (gaps.length > 0) this.#say('sequence-overlap', index, 'it begins an incarnation and declares gaps before it');
      return;
    }
    if (events.count === 0) {
      if (events.last !== link.lastEvent)
        this.#say('sequence-overlap', index, `it says that event ${events.last} was the last, not ${link.lastEvent}`);
      return;
    }
    if (link.lastEvent < 0) return;
    let next = link.lastEvent + 1;
    for (const gap of gaps) {
      if (gap.first < next)
        this.#say('sequence-overlap', index, `it declares event ${gap.first} missing, and event ${next - 1} is sealed`);
      else if (gap.first > next)
        this.#say('sequence-gap', index, `events ${next} to ${gap.first - 1} are missing before it, undeclared`);
      next = gap.last + 1;
    }
    if (events.first < next)
      this.#say(
        'sequence-overlap',
        index,
        `its events begin at ${events.first}, and those before it end at ${next - 1}`,
      );
    if (events.first > next)
      this.#say('sequence-gap', index, `events ${next} to ${events.first - 1} are missing before it, undeclared`);
  }

  #advance({ header, root, sha256 }: SegmentSummary & { ok: true }): void {
    this.#head = {
      partition: this.partition,
      index: header.index,
      root: formatHash(root),
      sha256: formatHash(sha256),
      ...countsAfter(header),
      lastEnqueued: header.events.enqueuedLast ?? '',
      sealed: header.sealed,
    };
  }

  #checkAnchor(index: number, root: Hash | undefined, sha256: Hash | undefined): void {
    const anchor = this.#anchor;
    if (index !== anchor?.index) return;
    if (root === undefined || formatHash(root) !== anchor.root) {
      this.#say('chain-broken', index, `an earlier report knew it with the root ${anchor.root}`);
    } else if (sha256 !== undefined && formatHash(sha256) !== anchor.sha256) {
      this.#say('segment-changed', index, `an earlier report knew its stored bytes with the SHA-256 ${anchor.sha256}`);
    } else this.#isAnchorFound = true;
  }

  /** finish ends the chain: the anchor says how long it must be at least. */
  finish(): void {
    if (this.#anchor !== undefined) this.#indices.demand(this.#anchor.index);
  }
}
