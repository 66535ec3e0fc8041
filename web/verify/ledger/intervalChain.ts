import type { SegmentEntry } from '../entry.ts';
import type { Link } from './chain.ts';
import { START } from './chain.ts';
import type { ClockCheck } from './clock.ts';
import type { FindingCode, Findings } from './findings.ts';
import { segmentName } from './names.ts';
import type { Reading, Segment } from './segment.ts';
import { checkKind, checkSequence, countsBehind } from './sequence.ts';
import { asks } from './slice.ts';
import type { Interval } from './slice.ts';

/** What entries say of a chain so far: up to which number, and when its newest event came. */
interface Reached {
  readonly incarnation: number;
  readonly number: number;
  readonly time: string | undefined;
}

/**
 * IntervalChain follows the entries of one partition in their order, tells which segments are of an interval, and checks those. What
 * stands beside them is known by its entry alone. docs/format.md, section 10.7.
 */
export class IntervalChain {
  readonly #partition: string;
  readonly #interval: Interval;
  readonly #findings: Findings;
  readonly #clock: ClockCheck;
  #reached: Reached | undefined;
  /** what the next segment goes on from; undefined where entries are lost before it */
  link: Link | undefined = START;
  /** the link is of the interval */
  #isInside = false;
  #due = 0;
  /** the earliest time of its first segment */
  begins = '';
  /** the indices of its segments in the interval: the first and the last */
  span: readonly [number, number] | undefined;

  constructor(partition: string, interval: Interval, findings: Findings, clock: ClockCheck) {
    this.#partition = partition;
    this.#interval = interval;
    this.#findings = findings;
    this.#clock = clock;
  }

  /** comeTo goes on to the entry of an index. */
  comeTo(index: number): void {
    if (index !== this.#due) [this.link, this.#isInside] = [undefined, false];
    this.#due = index + 1;
  }

  /** takes tells whether the segment of the next entry is of the interval. */
  takes({ index, incarnation, events: { first, last, count }, time }: SegmentEntry): boolean {
    if (this.begins === '') this.begins = time.first;
    const before = this.#reached;
    this.#reached = { incarnation, number: last, time: count > 0 ? time.last : before?.time };
    const { from, to } = this.#interval;
    const isOfIt = asks(this.#interval, this.#partition) && (reaches() || mayLack());
    if (isOfIt) this.span = [this.span?.[0] ?? index, index];
    return isOfIt;

    function reaches(): boolean {
      return time.last >= from && time.first < to;
    }
    /** Numbers lack before it, or the hub of those before it is gone, and the events may be of the interval. */
    function mayLack(): boolean {
      if (before === undefined || time.first < from || (before.time ?? from) >= to) return false;
      return before.incarnation !== incarnation || (count > 0 ? first : last + 1) > before.number + 1;
    }
  }

  #say(code: FindingCode, index: number, why: string): void {
    this.#findings.say(code, segmentName(this.#partition, index), why);
  }

  /** skip goes past a segment that is outside. The one before it, if it is inside, must be what it goes on from. */
  skip(entry: SegmentEntry): void {
    const before = this.link;
    if (this.#isInside && before?.counts !== undefined) {
      const { index, prev, records, events, incarnation } = entry;
      const { counts, root } = before;
      if (prev !== root)
        this.#say('chain-broken', index, `the log has it with the prev ${prev}, and the one before it has ${root}`);
      const start = events.count > 0 ? events.first : events.last + 1;
      const isSame = incarnation === counts.incarnation;
      if (records.first !== counts.record)
        this.#say('sequence-overlap', index, `by the log its records begin at ${records.first}, not ${counts.record}`);
      if (isSame ? start <= counts.lastEvent : incarnation !== counts.incarnation + 1)
        this.#say('sequence-overlap', index, 'by the log its events do not come behind those before it');
    }
    this.pass(entry);
  }

  /** pass goes past a segment by its entry alone. */
  pass(entry: SegmentEntry): void {
    this.link = linkBy(entry, this.link);
    this.#isInside = false;
  }

  /** add checks a segment of the interval. */
  add(entry: SegmentEntry, reading: Reading, ledger: string | undefined): void {
    const before = this.link;
    this.pass(entry);
    this.#isInside = true;
    const { index } = entry;
    if (!reading.isSegment) {
      const [code, start]: [FindingCode, string] = reading.isForeign
        ? ['foreign-object', 'it has the name of a segment: ']
        : ['segment-malformed', ''];
      return this.#say(code, index, start + reading.why);
    }
    const { header, root, contradiction } = reading;
    if (reading.endDiffers)
      return this.#say('chain-broken', index, `its end line does not state the ${root} that its lines have`);
    if (header.partition !== this.#partition || header.index !== index || header.ledger !== ledger)
      return this.#say('foreign-object', index, 'it is of another place, or of another ledger');
    this.#follow(reading, before);
    if (contradiction !== undefined || root !== entry.root) return;
    const counts = countsBehind(reading, before?.counts);
    this.link = { index, root, sealed: header.sealed, counts, isOfChain: true };
  }

  #follow(segment: Segment, before: Link | undefined): void {
    const { header, contradiction, latest } = segment;
    const { index, sealed, previous, prev, gaps } = header;
    const name = segmentName(this.#partition, index);
    this.#clock.date('segment', name, sealed);
    this.#clock.event(name, latest, sealed);
    for (const { first, last, reason } of gaps)
      this.#findings.declared(name, `events ${first} to ${last} are missing before it (declared: ${reason})`);
    if (before !== undefined) {
      if (previous !== before.index || prev !== before.root)
        this.#say(
          'chain-broken',
          index,
          `it goes on from index ${previous} with ${prev}; before it the log has index ${before.index} with ${before.root}`,
        );
      if (sealed < before.sealed) this.#say('chain-broken', index, `it was sealed before ${before.sealed}`);
    }
    if (contradiction !== undefined) return this.#say('segment-malformed', index, contradiction);
    const said = before?.counts === undefined ? [] : checkSequence(segment, before.counts);
    for (const [code, why] of [...checkKind(header), ...said]) this.#say(code, index, why);
  }
}

/**
 * linkBy is what an entry says of its segment. When that was sealed it says of heartbeats alone, and of no other than that it wasn't
 * earlier than the one before; when the hub was created is known from a segment of the same incarnation, or not.
 */
function linkBy({ index, root, records, events, incarnation, time }: SegmentEntry, before: Link | undefined): Link {
  const isHeartbeat = events.count === 0;
  const earlier = before?.sealed ?? '';
  const link: Link = { index, root, sealed: isHeartbeat && time.last > earlier ? time.last : earlier, isOfChain: true };
  const counted = before?.counts;
  if (counted === undefined) return link;
  const isSame = counted.incarnation === incarnation && counted.created !== '';
  const counts = {
    record: records.first + records.count,
    incarnation,
    created: isSame ? counted.created : undefined,
    lastEvent: events.last,
    enqueued: isHeartbeat || time.last < counted.enqueued ? counted.enqueued : time.last,
    hubLast: isSame ? counted.hubLast : -1,
  };
  return { ...link, counts };
}
