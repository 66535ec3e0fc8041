import type { Query } from './query.ts';
import type { Tally } from './tally.ts';
import type { SegmentEntry } from '../core/objects/entry.ts';

/** Followed is how far a partition was followed. */
interface Followed {
  readonly incarnation: number;
  /** the last number that is sealed or declared */
  last: number;
  /** when the newest event was enqueued that is sealed (ms since 1970) */
  after?: number;
  /** numbers that are missing behind it: what comes behind them isn't known yet */
  missing: { readonly first: number; readonly last: number }[];
}

/** FollowedSegment is what an entry, or a row of the index, says of a segment's events. */
export interface FollowedSegment extends Pick<SegmentEntry, 'partition' | 'index' | 'events' | 'incarnation'> {
  /** the earliest and the latest time of its events (ms since 1970) */
  readonly first: number;
  readonly last: number;
}

/** ChainSpans follows the partitions by their segments, and tells a tally which events are missing between them. */
export class ChainSpans {
  /** from when to before when (ms since 1970) a missing event may be one that was asked for */
  readonly #interval: Required<Pick<Query, 'from' | 'to'>>;
  readonly #tally: Tally;
  readonly #followed = new Map<string, Followed>();
  #isAfterSkip = false;

  constructor(interval: Required<Pick<Query, 'from' | 'to'>>, tally: Tally) {
    this.#interval = interval;
    this.#tally = tally;
  }

  /** follow takes the next segment of a partition. */
  follow({ partition, index, events, incarnation, first: earliest, last: latest }: FollowedSegment): void {
    const known = this.#followed.get(partition);
    const { from, to } = this.#interval;
    if (known === undefined && this.#isAfterSkip && index > 0 && earliest < to && latest >= from)
      this.#tally.unfollowed.add(partition);
    if (known !== undefined && known.incarnation !== incarnation) this.#tell(partition, known, undefined);
    // One without events says which number is the last that is sealed or declared.
    const first = events.count > 0 ? events.first : events.last + 1;
    const before =
      known?.incarnation === incarnation ? known : { incarnation, last: first - 1, missing: [] as Followed['missing'] };
    if (first > before.last + 1) before.missing.push({ first: before.last + 1, last: first - 1 });
    before.last = events.last;
    if (events.count > 0) {
      this.#tell(partition, before, earliest);
      before.after = latest;
    }
    this.#followed.set(partition, before);
  }

  /** skip says that segments are passed over: what comes next goes on from nothing that was followed. */
  skip(): void {
    this.finish();
    this.#followed.clear();
    this.#isAfterSkip = true;
  }

  /** finish tells what is missing at the end. */
  finish(): void {
    for (const [partition, followed] of this.#followed) this.#tell(partition, followed, undefined);
  }

  #tell(partition: string, followed: Followed, before: number | undefined): void {
    const { from, to } = this.#interval;
    const { after, missing } = followed;
    if (!((before ?? Infinity) < from) && !((after ?? -Infinity) >= to))
      for (const numbers of missing)
        this.#tally.missing.push({
          partition,
          ...numbers,
          ...(after !== undefined && { after }),
          ...(before !== undefined && { before }),
        });
    followed.missing = [];
  }
}
