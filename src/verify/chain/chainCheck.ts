import { ZERO_HASH, formatHash } from '../../core/hash.ts';
import type { Hash } from '../../core/hash.ts';
import { segmentName } from '../../core/objects/names.ts';
import type { FindingCode, PartitionReport } from '../../core/objects/report.ts';
import { predecessorOf, segmentFault } from '../../core/segment/chain.ts';
import type { SegmentSummary } from '../../core/segment/summary.ts';
import type { Context, KnownLedger } from '../context.ts';
import type { Findings } from '../findings.ts';
import type { ChainStart, LoggedHead } from './chainStart.ts';
import { Indices } from './indices.ts';
import { NO_COUNTS, countsAfter, declaredFaults, kindFaults, sequenceFaults } from './sequence.ts';
import type { Counts, Fault } from './sequence.ts';

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

/** What the first segment has to follow. */
const START: Link = { index: -1, root: ZERO_HASH, counts: NO_COUNTS };

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
  readonly #logged: LoggedHead | undefined;
  /**
   * The last segment that continued the chain, and the well-formed ones since that did not, or that could not be
   * compared: the next segment may follow any of them.
   */
  #candidates: Link[];
  #isAnchorFound = false;
  #head: PartitionReport | undefined;
  readonly #ledger: KnownLedger;

  /**
   * It begins at the segment `from`. With `anchor`, the segment of the anchor's index must be the one that the anchor knew;
   * with `logged`, the one of that index the one that the log knows.
   */
  constructor(
    { findings, ledger }: Pick<Context, 'findings' | 'ledger'>,
    partition: string,
    anchor: PartitionReport | undefined,
    { from, logged }: ChainStart,
  ) {
    this.partition = partition;
    this.#ledger = ledger;
    this.#findings = findings;
    this.#anchor = anchor;
    this.#logged = logged;
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

  #sayAll(index: number, faults: Iterable<Fault>): void {
    for (const fault of faults) this.#say(fault.code, fault.index ?? index, fault.detail);
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
      this.#checkKnown(index, undefined, undefined);
      return;
    }
    const { header, root, endDiffers } = summary;
    this.#checkKnown(index, root, summary.sha256);
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
    const { index } = header;
    this.#sayAll(index, declaredFaults(header));
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
    if (contradiction !== undefined) {
      this.#say('segment-malformed', index, contradiction);
      this.#addCandidate({ index, root });
      return;
    }
    this.#sayAll(index, kindFaults(header));
    if (link?.counts !== undefined) this.#sayAll(index, sequenceFaults(link.counts, header));
    if (link !== undefined && !isBreak) this.#candidates = [];
    this.#addCandidate({ index, root, counts: countsAfter(header) });
    if (!isBreak) this.#advance(summary);
  }

  #addCandidate(link: Link): void {
    if (this.#candidates.length === MAX_CANDIDATES) this.#candidates.splice(1, 1);
    this.#candidates.push(link);
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

  #checkKnown(index: number, root: Hash | undefined, sha256: Hash | undefined): void {
    const logged = this.#logged;
    if (index === logged?.index && root !== logged.root)
      this.#say('entry-mismatch', index, `the log knows it with the root ${formatHash(logged.root)}`);
    this.#checkAnchor(index, root, sha256);
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

  /** finish ends the chain: anchor and log say how long it must be at least. */
  finish(): void {
    if (this.#logged !== undefined) this.#indices.demand(this.#logged.index, 'the log knows');
    if (this.#anchor !== undefined) this.#indices.demand(this.#anchor.index, 'an earlier report knew');
  }
}
