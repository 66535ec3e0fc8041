import { formatHash } from '../../core/hash.ts';
import { segmentName } from '../../core/objects/names.ts';
import type { FindingCode, PartitionReport } from '../../core/objects/report.ts';
import { segmentFault } from '../../core/segment/summary.ts';
import type { SegmentSummary } from '../../core/segment/summary.ts';
import type { Context, KnownLedger } from '../context.ts';
import type { ClockCheck } from '../clockCheck.ts';
import type { Findings } from '../findings.ts';
import type { ChainStart, LoggedHead } from './chainStart.ts';
import { Indices } from './indices.ts';
import { START, countsAfter, declaredFaults, kindFaults, sequenceFaults } from './sequence.ts';
import type { Fault, GoodSegment, Link } from './sequence.ts';

/** Bounds memory where a thief of a session signs segment upon segment. */
const MAX_CANDIDATES = 1000;
/** Bounds memory where somebody plants object upon object. */
const MAX_FOREIGN = 10_000;

/**
 * ChainCheck follows the chain of one partition, segment by segment in order of index, and reports what doesn't fit.
 * It goes on behind every fault with what the next segment says, so one fault hides no other. Of what nobody signed who may,
 * it takes no more notice than that it is there.
 */
export class ChainCheck {
  readonly partition: string;
  readonly #findings: Findings;
  readonly #clock: ClockCheck;
  readonly #indices: Indices;
  readonly #anchor: PartitionReport | undefined;
  readonly #logged: LoggedHead | undefined;
  /**
   * The last segment that continued the chain, and the signed ones since that did not, or that could not be compared: the
   * next segment may follow any of them.
   */
  #candidates: Link[];
  /** indices of foreign objects behind the last segment that continued the chain */
  readonly #foreign = new Set<number>();
  #isAnchorFound = false;
  #isLoggedFound = false;
  #head: PartitionReport | undefined;
  readonly #ledger: KnownLedger;

  /**
   * It begins at the segment `from`. With `anchor`, the segment of the anchor's index must be the one that the anchor knew;
   * with `logged`, the one of that index the one that the log knows.
   */
  constructor(
    { findings, ledger, clock }: Pick<Context, 'findings' | 'ledger' | 'clock'>,
    partition: string,
    anchor: PartitionReport | undefined,
    { from, logged, link = from === 0 ? START : undefined }: ChainStart,
  ) {
    this.partition = partition;
    this.#ledger = ledger;
    this.#findings = findings;
    this.#clock = clock;
    this.#anchor = anchor;
    this.#logged = logged;
    this.#indices = new Indices(findings, partition, from);
    this.#candidates = link === undefined ? [] : [link];
  }

  /**
   * head is the newest segment that continues the chain. While the anchor's segment is not there as the anchor knew it,
   * head is the anchor's: what was taken away or replaced once must not be forgotten with the next report.
   */
  get head(): PartitionReport | undefined {
    return this.#anchor !== undefined && !this.#isAnchorFound ? this.#anchor : this.#head;
  }

  /** end is the newest segment that was found to continue the chain, whatever the anchor knew. */
  get end(): PartitionReport | undefined {
    return this.#head;
  }

  /** isOfChain tells whether the segment of an index, the last one that was added, was found to continue the chain. */
  isOfChain(index: number): boolean {
    const last = this.#candidates.at(-1);
    return last?.index === index && last.isOfChain;
  }

  #say(code: FindingCode, index: number, detail: string): void {
    this.#findings.error(code, segmentName(this.partition, index), detail);
  }

  #sayAll(index: number, faults: Iterable<Fault>): void {
    for (const { code, detail, isDeclared } of faults)
      if (isDeclared === true) this.#findings.declared(segmentName(this.partition, index), detail);
      else this.#say(code, index, detail);
  }

  /** passOver takes notice of an object that is there and could not be read. Indices must rise. */
  passOver(index: number): void {
    this.#indices.passOver(index);
  }

  /** add checks the next object of the partition. Indices must rise. */
  add(index: number, summary: SegmentSummary): void {
    this.#checkKnown(index, summary);
    if (!summary.ok && summary.isForeign) {
      this.#indices.passOverForeign(index);
      if (this.#foreign.size < MAX_FOREIGN) this.#foreign.add(index);
      this.#say('foreign-object', index, `it has the name of a segment: ${summary.why}`);
      return;
    }
    this.#indices.passOver(index);
    if (!summary.ok) {
      this.#say('segment-malformed', index, summary.why);
      return;
    }
    const { header, endDiffers } = summary;
    if (endDiffers) {
      // Its header may be what was changed, so nothing is concluded from it.
      this.#say('chain-broken', index, describeEnd(summary));
      return;
    }
    if (header.partition !== this.partition || header.index !== index) {
      this.#say('foreign-object', index, segmentFault(summary, this.partition, index) as string);
      return;
    }
    // What was signed names it, and not a header, which may lie.
    this.#ledger.name ??= summary.statement.ledger;
    if (header.ledger !== this.#ledger.name) {
      this.#say('foreign-object', index, 'it is of another ledger');
      return;
    }
    this.#follow(summary);
  }

  /** follow compares a segment with the one that it says it follows. */
  #follow(summary: GoodSegment): void {
    const { header, root, contradiction, latest } = summary;
    const { index, sealed } = header;
    const name = segmentName(this.partition, index);
    this.#clock.date('segment', name, sealed);
    this.#clock.event(name, latest, sealed);
    this.#sayAll(index, declaredFaults(header));
    const link = this.#candidates.find((candidate) => candidate.index === header.previous);
    const isBreak = this.#sayBreak(summary, link);
    if (contradiction !== undefined) {
      this.#say('segment-malformed', index, contradiction);
      this.#addCandidate({ index, root, sealed, isOfChain: false, isFaulty: true });
      return;
    }
    this.#sayAll(index, kindFaults(header));
    if (link?.counts !== undefined) this.#sayAll(index, sequenceFaults(link.counts, summary));
    if (link !== undefined && !isBreak) this.#settle(link, summary);
    // The anchor, or the log, knew of what was before it.
    const isKnown = this.#isAnchorFound || this.#isLoggedFound;
    const isOfChain = !isBreak && (link?.isOfChain ?? (this.#head === undefined && isKnown));
    this.#addCandidate({
      index,
      root,
      sealed,
      counts: countsAfter(summary, link?.counts),
      isOfChain,
      isFaulty: isBreak,
    });
    if (!isBreak) this.#advance(summary);
  }

  /** sayBreak says what is wrong between a segment and the one that it follows, and tells whether it doesn't continue the chain. */
  #sayBreak(summary: GoodSegment, link: Link | undefined): boolean {
    const { index, sealed, prev, previous } = summary.header;
    const last = this.#candidates[0];
    if (last !== undefined && previous < last.index) {
      this.#sayPassedOver(last.index, summary);
      return true;
    }
    if (link === undefined) {
      const why = `index ${index} goes on from it, by the root ${formatHash(prev)}, so a segment had this name`;
      if (this.#foreign.has(previous)) this.#say('chain-broken', previous, why);
      return false;
    }
    const isEarlier = sealed < link.sealed;
    if (isEarlier)
      this.#say('chain-broken', index, `it was sealed at ${sealed}, and the segment before it at ${link.sealed}`);
    if (prev !== link.root) this.#say('chain-broken', index, this.#describeBreak(summary, link));
    return isEarlier || prev !== link.root;
  }

  #describeBreak({ header: { previous, prev } }: GoodSegment, { root }: Link): string {
    const what =
      previous < 0
        ? 'it must be 64 zeros'
        : `${segmentName(this.partition, previous)} has the root ${formatHash(root)}`;
    return `prev is ${formatHash(prev)}, and ${what}`;
  }

  /** settle says that a segment goes on from `link`. What was signed since then, it passed over. */
  #settle(link: Link, summary: GoodSegment): void {
    for (const { index, isFaulty = false } of this.#candidates)
      if (index > link.index && !isFaulty) this.#sayPassedOver(index, summary);
    this.#candidates = [];
    this.#foreign.clear();
  }

  #sayPassedOver(index: number, { header }: GoodSegment): void {
    const why = `index ${header.index} goes on from index ${header.previous} and passes over it`;
    this.#say('chain-broken', index, `it is signed, and ${why}`);
  }

  #addCandidate(link: Link): void {
    if (this.#candidates.length === MAX_CANDIDATES) this.#candidates.splice(1, 1);
    this.#candidates.push(link);
  }

  #advance(summary: GoodSegment): void {
    const { header, root, sha256 } = summary;
    const { record, incarnation, created, lastEvent, latest } = countsAfter(summary);
    this.#head = {
      partition: this.partition,
      index: header.index,
      root: formatHash(root),
      sha256: formatHash(sha256),
      record,
      incarnation,
      created,
      lastEvent,
      lastEnqueued: latest,
      sealed: header.sealed,
    };
  }

  #checkKnown(index: number, summary: SegmentSummary): void {
    const logged = this.#logged;
    if (index === logged?.index) {
      this.#isLoggedFound = summary.ok && summary.root === logged.root;
      if (!this.#isLoggedFound && !this.#findings.isSaid('segment-changed', segmentName(this.partition, index)))
        this.#say('entry-mismatch', index, `the log knows it with the root ${formatHash(logged.root)}`);
    }
    this.#checkAnchor(index, summary);
  }

  #checkAnchor(index: number, summary: SegmentSummary): void {
    const anchor = this.#anchor;
    if (index !== anchor?.index) return;
    if (!summary.ok || formatHash(summary.root) !== anchor.root) {
      this.#say('chain-broken', index, `an earlier report knew it with the root ${anchor.root}`);
    } else if (formatHash(summary.sha256) !== anchor.sha256) {
      this.#say('segment-changed', index, `an earlier report knew its stored bytes with the SHA-256 ${anchor.sha256}`);
    } else this.#isAnchorFound = true;
  }

  /** knownBefore gives the index of the segment that the anchor knew, where that is before the one that the check begins at. */
  knownBefore(from: number): number | undefined {
    return this.#anchor !== undefined && this.#anchor.index < from ? this.#anchor.index : undefined;
  }

  /** compareKnown compares that segment, undefined where there is none, with what the anchor knew. */
  compareKnown(index: number, summary: SegmentSummary | undefined): void {
    if (summary !== undefined) this.#checkAnchor(index, summary);
    else this.#say('segment-missing', index, 'no object has this name, and an earlier report knew it');
  }

  /** finish ends the chain: anchor and log say how long it must be at least. */
  finish(): void {
    if (this.#logged !== undefined) this.#indices.demand(this.#logged.index, 'the log knows');
    if (this.#anchor !== undefined) this.#indices.demand(this.#anchor.index, 'an earlier report knew');
  }
}

function describeEnd({ root, contradiction }: GoodSegment): string {
  const also = contradiction === undefined ? '' : `; ${contradiction}`;
  return `its lines hash to the root ${formatHash(root)}, and its end line states another root or count${also}`;
}
