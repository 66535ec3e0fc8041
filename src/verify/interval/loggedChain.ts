import { formatHash } from '../../core/hash.ts';
import type { SegmentEntry } from '../../core/objects/entry.ts';
import { NO_POSITION } from '../../core/objects/heads.ts';
import type { Position } from '../../core/objects/heads.ts';
import { segmentName } from '../../core/objects/names.ts';
import type { FindingCode } from '../../core/objects/report.ts';
import { segmentFault } from '../../core/segment/summary.ts';
import type { SegmentSummary } from '../../core/segment/summary.ts';
import { START, countsAfter, declaredFaults, kindFaults, sequenceFaults } from '../chain/sequence.ts';
import type { Counts, Fault, GoodSegment, Link } from '../chain/sequence.ts';
import type { Context } from '../context.ts';

/**
 * LoggedChain follows the chain of one partition by the entries of the log, in their order, and looks into the segments of an
 * interval alone. What such a segment has to go on from, and what has to go on from it, is in the entries of its neighbours: their
 * roots, and the numbers of their records and events.
 */
export class LoggedChain {
  readonly partition: string;
  readonly #context: Pick<Context, 'findings' | 'ledger' | 'clock'>;
  /** the newest segment that has an entry; undefined behind entries that are lost */
  #link: Link | undefined;
  /** it is of the interval */
  #isWithin = false;
  /** the index of the entry that comes next */
  #next: number;

  /** It begins behind a position of the log; of what is before, nothing is counted. */
  constructor(
    context: Pick<Context, 'findings' | 'ledger' | 'clock'>,
    partition: string,
    { next, index, root, sealed }: Position = NO_POSITION,
  ) {
    this.#context = context;
    this.partition = partition;
    this.#link = index < 0 ? START : { index, root, sealed, isOfChain: true };
    this.#next = next;
  }

  /** link is what the first segment behind the log has to follow. */
  get link(): Link | undefined {
    return this.#link;
  }

  /** passForeign goes past an object that the log calls foreign. */
  passForeign(index: number): void {
    this.#come(index);
  }

  /** pass goes past a segment that isn't looked into. One of the interval before it must be what it goes on from. */
  pass(entry: SegmentEntry): void {
    this.#come(entry.index);
    const before = this.#link;
    if (this.#isWithin && before !== undefined) this.#sayJoint(entry, before);
    this.#isWithin = false;
    this.#link = linkOf(entry, before);
  }

  /** lose goes past a segment of the interval that is gone, or can't be read: that is said elsewhere. */
  lose(entry: SegmentEntry): void {
    this.#come(entry.index);
    this.#isWithin = false;
    this.#link = linkOf(entry, this.#link);
  }

  /** add checks a segment of the interval. Behind a fault it goes on with what the entry says, so one fault hides no other. */
  add(entry: SegmentEntry, summary: SegmentSummary): void {
    this.#come(entry.index);
    const before = this.#link;
    this.#isWithin = true;
    this.#link = linkOf(entry, before);
    const fault = this.#faultOf(entry, summary);
    if (fault !== undefined) return this.#say(fault.code, entry.index, fault.detail);
    const segment = summary as GoodSegment;
    this.#follow(segment, before);
    const { index, sealed } = segment.header;
    if (segment.contradiction === undefined && segment.root === entry.root)
      this.#link = {
        index,
        root: segment.root,
        sealed,
        counts: countsAfter(segment, before?.counts),
        isOfChain: true,
      };
  }

  /** faultOf says why nothing is concluded from an object in the place of a segment. */
  #faultOf({ index }: SegmentEntry, summary: SegmentSummary): Fault | undefined {
    if (!summary.ok)
      return summary.isForeign
        ? { code: 'foreign-object', detail: `it has the name of a segment: ${summary.why}` }
        : { code: 'segment-malformed', detail: summary.why };
    const { header, root, endDiffers, contradiction } = summary;
    if (endDiffers) {
      const also = contradiction === undefined ? '' : `; ${contradiction}`;
      const why = `its lines hash to the root ${formatHash(root)}, and its end line states another root or count${also}`;
      return { code: 'chain-broken', detail: why };
    }
    if (header.partition !== this.partition || header.index !== index)
      return { code: 'foreign-object', detail: segmentFault(summary, this.partition, index) as string };
    return header.ledger === this.#context.ledger.name
      ? undefined
      : { code: 'foreign-object', detail: 'it is of another ledger' };
  }

  #follow(segment: GoodSegment, before: Link | undefined): void {
    const { header, contradiction, latest } = segment;
    const { index, sealed, previous, prev } = header;
    const { clock } = this.#context;
    const name = segmentName(this.partition, index);
    clock.date('segment', name, sealed);
    clock.event(name, latest, sealed);
    this.#sayAll(index, declaredFaults(header));
    if (before !== undefined) {
      if (previous !== before.index)
        this.#say(
          'chain-broken',
          index,
          `it goes on from index ${previous}, and the one before it that the log has is index ${before.index}`,
        );
      else if (prev !== before.root)
        this.#say('chain-broken', index, `prev is ${formatHash(prev)}, and ${this.#describe(before)}`);
      if (sealed < before.sealed)
        this.#say('chain-broken', index, `it was sealed at ${sealed}, and one before it at ${before.sealed}`);
    }
    if (contradiction !== undefined) return this.#say('segment-malformed', index, contradiction);
    this.#sayAll(index, kindFaults(header));
    if (before?.counts !== undefined) this.#sayAll(index, sequenceFaults(before.counts, segment));
  }

  /** sayJoint says where the entry of a segment that isn't looked into doesn't go on from one of the interval. */
  #sayJoint({ index, prev, records, events, incarnation }: SegmentEntry, before: Link): void {
    const behind = `its entry in the log`;
    if (prev !== before.root)
      this.#say('chain-broken', index, `${behind} has the prev ${formatHash(prev)}, and ${this.#describe(before)}`);
    const counts = before.counts as Counts;
    const said: string[] = [];
    if (records.first !== counts.record)
      said.push(`its records begin at ${records.first}, and the next one is ${counts.record}`);
    const isSame = incarnation === counts.incarnation;
    if (!isSame && incarnation !== counts.incarnation + 1)
      said.push(`its incarnation is ${incarnation}, and that before it ${counts.incarnation}`);
    const first = events.count > 0 ? events.first : events.last + 1;
    if (isSame && first <= counts.lastEvent)
      said.push(`its events begin at ${first}, and those before it end at ${counts.lastEvent}`);
    for (const why of said) this.#say('sequence-overlap', index, `by ${behind}, ${why}`);
  }

  #describe({ index, root }: Link): string {
    return index < 0 ? 'it must be 64 zeros' : `${segmentName(this.partition, index)} has the root ${formatHash(root)}`;
  }

  /** come goes on to the entry of an index. Behind entries that are lost nothing is known of what is before. */
  #come(index: number): void {
    if (index !== this.#next) {
      this.#link = undefined;
      this.#isWithin = false;
    }
    this.#next = index + 1;
  }

  #say(code: FindingCode, index: number, detail: string): void {
    this.#context.findings.error(code, segmentName(this.partition, index), detail);
  }

  #sayAll(index: number, faults: Iterable<Fault>): void {
    for (const { code, detail, isDeclared } of faults)
      if (isDeclared === true) this.#context.findings.declared(segmentName(this.partition, index), detail);
      else this.#say(code, index, detail);
  }
}

/**
 * linkOf is what an entry says of its segment, for the next one to follow. An entry doesn't say when its segment was sealed, unless it
 * is a heartbeat's, nor when its hub was created: within an incarnation that is known from a segment before.
 */
function linkOf({ index, root, records, events, incarnation, time }: SegmentEntry, before: Link | undefined): Link {
  const [isIdle, counted] = [events.count === 0, before?.counts];
  const known = counted?.incarnation === incarnation && counted.created !== '' ? counted : undefined;
  const sealed = before?.sealed ?? '';
  const link = { index, root, sealed: isIdle && time.first > sealed ? time.first : sealed, isOfChain: true };
  // Without all entries before it, the latest event isn't known.
  if (counted === undefined) return link;
  return {
    ...link,
    counts: {
      record: records.first + records.count,
      incarnation,
      created: known?.created,
      lastEvent: events.last,
      latest: !isIdle && time.last > counted.latest ? time.last : counted.latest,
      hubLast: known?.hubLast ?? -1,
    },
  };
}
