import type { HeldUp, Outbox } from './outbox.ts';
import { MAX_OWED } from './position.ts';
import type { Progress, Reached } from './progress.ts';
import { missingRow } from './rows.ts';
import { openRows } from './segmentRows.ts';
import type { ReadSegment } from './segmentRows.ts';
import { segmentName } from '../core/objects/names.ts';
import type { Row } from '../ports/forward.ts';
import type { Logger } from '../ports/host.ts';

export interface HandOverDeps {
  readonly origin: string;
  readonly outbox: Outbox<Reached>;
  readonly progress: Progress;
  readonly log: Logger;
}

/** Taken is what came of a segment: it is added, the time is over, it can't be read and nothing was added, or it is held up. */
export type Taken = 'added' | 'over' | { readonly unread: string } | HeldUp;

/** HandOver adds segments to the outbox, each row with where the position is once it is settled. */
export class HandOver {
  /** where the position is once all that was added is settled */
  reached: Reached;
  segments = 0;
  readonly #deps: HandOverDeps;

  constructor(deps: HandOverDeps, reached: Reached) {
    this.#deps = deps;
    this.reached = reached;
  }

  /** take adds the rows of a segment behind the first `skip`. `after` gives where the position is behind so many of its records. */
  async take(
    segment: ReadSegment,
    skip: number,
    after: (record: number, isLast: boolean) => Reached,
    isOver: () => boolean,
  ): Promise<Taken> {
    const { origin, outbox } = this.#deps;
    const opened = openRows(origin, segment, skip);
    if (typeof opened === 'string') return { unread: opened };
    let record = skip;
    try {
      for (const row of opened.rows) {
        const { taken } = outbox;
        record += 1;
        const isLast = record === segment.entry.records.count;
        const held = await this.#add(row, after(record, isLast));
        if (held !== undefined) return held;
        if (!isLast && outbox.taken !== taken && isOver()) return 'over';
      }
    } finally {
      opened.close();
    }
    this.segments += 1;
    return 'added';
  }

  /** owe adds a row that says that a segment's records are missing, and notes that they are to be tried again. */
  async owe({ entry, leaf }: ReadSegment, why: string, after: Reached): Promise<HeldUp | undefined> {
    const { owed, omitted } = after;
    const isFull = owed.length >= MAX_OWED;
    const more = isFull ? { omitted: omitted + 1 } : { owed: [...owed, leaf] };
    const held = await this.#add(missingRow(this.#deps.origin, { entry, leaf }, why), { ...after, ...more });
    if (held !== undefined) return held;
    const object = segmentName(entry.partition, entry.index);
    this.#deps.log.error('records could not be forwarded', { object, records: entry.records.count, why });
    return undefined;
  }

  async #add(row: Row, reached: Reached): Promise<HeldUp | undefined> {
    const { outbox, progress } = this.#deps;
    const { taken } = outbox;
    const held = await outbox.add(row, reached);
    if (held !== undefined) return held;
    this.reached = reached;
    if (outbox.taken !== taken) await progress.saveIfOld();
    return undefined;
  }

  /** settle posts what was added, after which the position is where that leads. */
  async settle(): Promise<HeldUp | undefined> {
    const held = await this.#deps.outbox.flush();
    if (held === undefined) this.#deps.progress.advance(this.reached);
    return held;
  }
}
