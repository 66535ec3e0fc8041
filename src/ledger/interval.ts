import type { SegmentEntry } from '../core/objects/entry.ts';
import { isOutsideOf, isPartitionOf } from '../core/objects/slice.ts';
import type { LedgerInterval } from '../core/objects/slice.ts';

/** Followed is how far the entries of a partition go. */
interface Followed {
  readonly incarnation: number;
  /** the last number that is sealed or declared missing */
  readonly last: number;
  /** the latest time of an event of the newest segment that has any; left out before the first */
  readonly after?: string;
}

/**
 * IntervalOfLog tells which segments are of an interval, by their entries in the log alone. docs/format.md, section 10.7. Entries of a
 * partition have to come in their order.
 */
export class IntervalOfLog {
  readonly #interval: LedgerInterval;
  readonly #followed = new Map<string, Followed>();

  constructor(interval: LedgerInterval) {
    this.#interval = interval;
  }

  /**
   * takes tells whether the next segment of its partition is of the interval: its time reaches into it, or events before it are
   * missing, or their hub is gone, that may have been enqueued in it. So the segment that declares a gap at an end is one too.
   */
  takes(entry: SegmentEntry): boolean {
    const { partition, incarnation, events, time } = entry;
    if (!isPartitionOf(this.#interval, partition)) return false;
    const { from, to } = this.#interval;
    const before = this.#followed.get(partition);
    const after = events.count > 0 ? time.last : before?.after;
    this.#followed.set(partition, { incarnation, last: events.last, ...(after !== undefined && { after }) });
    if (!isOutsideOf(this.#interval, entry)) return true;
    if (before === undefined) return false;
    // One without events says which number is the last that is sealed or declared.
    const first = events.count > 0 ? events.first : events.last + 1;
    const isAnyMissing = incarnation !== before.incarnation || first > before.last + 1;
    return isAnyMissing && time.first >= from && !(before.after !== undefined && before.after >= to);
  }
}
