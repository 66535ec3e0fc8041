import { Lookahead } from './lookahead.ts';
import { LoggedChain } from './loggedChain.ts';
import { attempt } from '../../core/errors.ts';
import { parseEntry } from '../../core/objects/entry.ts';
import type { LogEntry, SegmentEntry } from '../../core/objects/entry.ts';
import { NO_POSITION } from '../../core/objects/heads.ts';
import type { LogPosition } from '../../core/objects/heads.ts';
import type { SegmentPlace } from '../../core/objects/names.ts';
import { isIntervalComplete } from '../../core/objects/intervalReport.ts';
import type { IntervalReport } from '../../core/objects/report.ts';
import { isOutsideOf } from '../../core/objects/slice.ts';
import type { LedgerInterval } from '../../core/objects/slice.ts';
import { IntervalOfLog } from '../../ledger/interval.ts';
import { partitionsOf } from '../../ledger/partitions.ts';
import { ChainCheck } from '../chain/chainCheck.ts';
import { FullWalk } from '../chain/fullWalk.ts';
import { Looking } from '../chain/look.ts';
import type { WalkedObject } from '../chain/walk.ts';
import type { Context } from '../context.ts';
import type { LoggedObjects } from '../log/entryCheck.ts';

/** Of a partition: its chain by the log, and what of it was in the interval. */
interface Followed {
  readonly chain: LoggedChain;
  /** the earliest time of its first segment, '' before there is one */
  begins: string;
  segments: number;
  first: number;
  last: number;
}

/** IntervalWalks looks into the segments of an interval, entry by entry of the log, and into what is behind the log. */
export class IntervalWalks implements LoggedObjects {
  readonly isPartial = true;
  readonly #context: Context;
  readonly #interval: LedgerInterval;
  readonly #selection: IntervalOfLog;
  readonly #looking: Looking;
  readonly #lookahead: Lookahead;
  readonly #followed = new Map<string, Followed>();
  /** segments of the interval, by their entries; those of the other entries; what the log calls foreign, and reports */
  segments = 0;
  outside = 0;
  foreign = 0;
  reports = 0;

  constructor(context: Context, interval: LedgerInterval) {
    this.#context = context;
    this.#interval = interval;
    this.#selection = new IntervalOfLog(interval);
    this.#looking = new Looking(context);
    this.#lookahead = new Lookahead(context, this.#looking);
  }

  async expect(entries: readonly Buffer[]): Promise<void> {
    const places = entries.flatMap((line) => {
      const entry = attempt(() => parseEntry(line), 'malformed');
      if (entry?.type !== 'segment' || isOutsideOf(this.#interval, entry)) return [];
      const { partition, index, size } = entry;
      return [{ partition, index, size }];
    });
    await this.#lookahead.expect(places);
  }

  /** pass does nothing: no index is made again of an interval. */
  pass = async (): Promise<void> => {};

  passReport(): void {
    this.reports += 1;
  }

  async at(place: SegmentPlace, entry: LogEntry): Promise<WalkedObject | 'outside' | undefined> {
    const { partition, index } = place;
    const followed = this.#of(partition);
    if (entry.type !== 'segment') {
      this.foreign += 1;
      followed.chain.passForeign(index);
      return 'outside';
    }
    followed.begins ||= entry.time.first;
    if (!this.#selection.takes(entry)) {
      this.outside += 1;
      followed.chain.pass(entry);
      return 'outside';
    }
    this.segments += 1;
    if (followed.segments === 0) followed.first = index;
    followed.segments += 1;
    followed.last = index;
    return this.#look(followed.chain, entry);
  }

  async #look(chain: LoggedChain, entry: SegmentEntry): Promise<WalkedObject | undefined> {
    const { index } = entry;
    const { isGone, size, summary } = await this.#lookahead.take(entry);
    if (summary === undefined) {
      chain.lose(entry);
      return isGone === true ? undefined : { index, size, isOfChain: false };
    }
    chain.add(entry, summary);
    const { tally } = this.#context;
    if (!summary.ok && summary.isForeign) tally.foreignSegments += 1;
    else tally.addSegment(size, summary);
    return { index, size, summary, isOfChain: false };
  }

  #of(partition: string): Followed {
    let followed = this.#followed.get(partition);
    if (followed === undefined) {
      const chain = new LoggedChain(this.#context, partition);
      this.#followed.set(partition, (followed = { chain, begins: '', segments: 0, first: -1, last: -1 }));
    }
    return followed;
  }

  /**
   * finishBehind checks what has the name of a segment and no entry: when its events came, the log doesn't say. Those sealed before
   * `until` (ms since the Unix epoch; NaN: none) should have one.
   */
  async finishBehind(positions: LogPosition['positions'], until: number): Promise<void> {
    const { store } = this.#context;
    const asked = new Set(this.#interval.partitions ?? positions.keys());
    if (this.#interval.partitions === null) for await (const partition of partitionsOf(store)) asked.add(partition);
    for (const partition of [...asked].sort((a, b) => Number(a) - Number(b))) {
      const from = (positions.get(partition) ?? NO_POSITION).next;
      const link = this.#followed.get(partition)?.chain.link;
      const chain = new ChainCheck(this.#context, partition, undefined, { from, ...(link && { link }) });
      const walk = new FullWalk(this.#context, chain, this.#looking, { from }, () => this.#looking.ahead(1));
      try {
        await walk.finish(() => false, until);
      } finally {
        await walk.close();
      }
    }
  }

  close = (): Promise<void> => this.#lookahead.close();

  /** report says what the interval had, by the log; `positions` is where that stands at its end. */
  report(positions: LogPosition['positions']): IntervalReport {
    const { from, to, partitions } = this.#interval;
    const asked = [...(partitions ?? positions.keys())].sort((a, b) => Number(a) - Number(b));
    const chains = asked.map((partition) => {
      const { begins = '', segments = 0, first = -1, last = -1 } = this.#followed.get(partition) ?? {};
      const { sealed } = positions.get(partition) ?? NO_POSITION;
      return { partition, segments, first, last, begins, sealed };
    });
    const counts = { segments: this.segments, segmentsOutside: this.outside };
    return { from, to, partitions, ...counts, complete: isIntervalComplete({ to, chains }), chains };
  }
}
