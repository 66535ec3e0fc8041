import { bareRow, lostRow } from './rows.ts';
import { MAX_POST_BYTES } from '../ports/forward.ts';
import type { Posted, Row, RowSink } from '../ports/forward.ts';

/** HeldUp is why rows are not taken now, and how long nobody needs to try again (ms). */
export interface HeldUp {
  readonly why: string;
  readonly afterMs: number;
}

export interface OutboxDeps<Mark> {
  readonly sink: RowSink;
  /** waits (ms), unless the run would be over by then: then it gives false */
  readonly wait: (milliseconds: number) => Promise<boolean>;
  /** gives a row that every service takes that is set up for rows */
  readonly probe: () => Row;
  /** settled is called once a row is settled, in the order of the rows: it is taken, or what it says of it came of it. */
  readonly settled: (mark: Mark, rejected?: Rejected) => void;
}

/** Rejected is a row that the service doesn't take, and why: it has taken what is left without values, or not even that. */
export interface Rejected {
  readonly row: Row;
  readonly isLost: boolean;
  readonly why: string;
}

interface Item<Mark> {
  readonly row: Row;
  readonly mark: Mark;
  readonly bytes: number;
}

/** How often a request without an answer is repeated, and how long one waits before (ms, doubled each time). */
const TRIES = 4;
const FIRST_WAIT_MS = 500;

/** Outbox collects rows into requests, and posts them one after the other. A mark stands for what is done once its row is settled. */
export class Outbox<Mark> {
  /** rows that were taken */
  taken = 0;
  readonly #deps: OutboxDeps<Mark>;
  #items: Item<Mark>[] = [];
  #bytes = 0;
  /** whether the service takes a row in which nothing is of a record */
  #takesProbe = false;

  constructor(deps: OutboxDeps<Mark>) {
    this.#deps = deps;
  }

  /** add takes a row, and first posts what is there if both have no room in one request. If that is held up, the row is not added. */
  async add(row: Row, mark: Mark): Promise<HeldUp | undefined> {
    const bytes = Buffer.byteLength(JSON.stringify(row)) + 1;
    if (this.#items.length > 0 && this.#bytes + bytes + 1 > MAX_POST_BYTES) {
      const held = await this.flush();
      if (held !== undefined) return held;
    }
    this.#items.push({ row, mark, bytes });
    this.#bytes += bytes;
    return undefined;
  }

  /** flush posts what is there. What is settled goes, also where the rest is held up. */
  flush = async (): Promise<HeldUp | undefined> =>
    this.#items.length === 0 ? undefined : this.#post([...this.#items]);

  /** postAlone posts one row whole, or not at all. */
  async postAlone(row: Row): Promise<HeldUp | undefined> {
    const posted = await this.#ask(row);
    if (posted.is !== 'taken') return heldUpBy(posted);
    this.taken += 1;
    return undefined;
  }

  /** What the service rejects is posted in halves, so that one row that it doesn't take holds up no other. */
  async #post(items: readonly Item<Mark>[]): Promise<HeldUp | undefined> {
    const posted = await this.#ask(...items.map(({ row }) => row));
    if (posted.is === 'taken') return this.#settle(items);
    if (posted.is !== 'rejected') return heldUpBy(posted);
    if (items.length === 1) return this.#postBare(items[0] as Item<Mark>, posted.why);
    const half = Math.ceil(items.length / 2);
    return (await this.#post(items.slice(0, half))) ?? this.#post(items.slice(half));
  }

  /**
   * postBare posts what is left of a row that is rejected, if it is the row's fault: the service must take a row with all columns in which
   * nothing is of a record. Else the rule is at fault, which can be mended, and nothing is given up.
   */
  async #postBare(item: Item<Mark>, why: string): Promise<HeldUp | undefined> {
    const { row } = item;
    if (!this.#takesProbe) {
      const held = await this.postAlone(this.#deps.probe());
      if (held !== undefined) return { ...held, why: `${held.why} to a row in which nothing is of a record` };
      this.#takesProbe = true;
    }
    for (const isLost of [false, true]) {
      const posted = await this.#ask(isLost ? lostRow(row, why) : bareRow(row));
      if (posted.is === 'taken') return this.#settle([item], { row, isLost, why });
      if (posted.is !== 'rejected') return heldUpBy(posted);
    }
    return this.#settle([item], { row, isLost: true, why }, 0);
  }

  #settle(items: readonly Item<Mark>[], rejected?: Rejected, taken = items.length): undefined {
    this.taken += taken;
    this.#items.splice(0, items.length);
    for (const { bytes } of items) this.#bytes -= bytes;
    this.#deps.settled((items.at(-1) as Item<Mark>).mark, rejected);
  }

  async #ask(...rows: readonly Row[]): Promise<Posted> {
    for (let tries = 1; ; tries++) {
      const posted = await this.#deps.sink.post(rows);
      const isPassing = posted.is === 'unavailable' || posted.is === 'throttled';
      if (!isPassing || tries === TRIES) return posted;
      const pause = posted.is === 'throttled' ? posted.afterMs : FIRST_WAIT_MS * 2 ** (tries - 1);
      if (!(await this.#deps.wait(pause))) return posted;
    }
  }
}

const heldUpBy = (posted: Exclude<Posted, { readonly is: 'taken' }>): HeldUp => ({
  why: posted.why,
  afterMs: posted.is === 'throttled' ? posted.afterMs : 0,
});
