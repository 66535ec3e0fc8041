import { bareRow } from './rows.ts';
import { MAX_POST_BYTES } from '../ports/forward.ts';
import type { Posted, Row, RowSink } from '../ports/forward.ts';

/** HeldUp is why rows are not taken now, and how long nobody needs to try again (ms). */
export interface HeldUp {
  readonly why: string;
  readonly afterMs: number;
}

export interface OutboxDeps {
  readonly sink: RowSink;
  /** waits (ms), unless the run would be over by then: then it gives false */
  readonly wait: (milliseconds: number) => Promise<boolean>;
}

/** How often a request without an answer is repeated, and how long one waits before (ms, doubled each time). */
const TRIES = 4;
const FIRST_WAIT_MS = 500;

/** Outbox collects rows into requests, and posts them one after the other. */
export class Outbox {
  /** rows that were taken */
  taken = 0;
  readonly #deps: OutboxDeps;
  #rows: Row[] = [];
  #bytes = 0;

  constructor(deps: OutboxDeps) {
    this.#deps = deps;
  }

  /** add takes a row, and first posts what is there if both have no room in one request. What is not taken then stays. */
  async add(row: Row): Promise<HeldUp | undefined> {
    const bytes = Buffer.byteLength(JSON.stringify(row)) + 1;
    if (this.#rows.length > 0 && this.#bytes + bytes + 1 > MAX_POST_BYTES) {
      const held = await this.flush();
      if (held !== undefined) return held;
    }
    this.#rows.push(row);
    this.#bytes += bytes;
    return undefined;
  }

  /** flush posts what is there. */
  async flush(): Promise<HeldUp | undefined> {
    if (this.#rows.length === 0) return undefined;
    const held = await this.#post(this.#rows);
    if (held !== undefined) return held;
    this.taken += this.#rows.length;
    [this.#rows, this.#bytes] = [[], 0];
    return undefined;
  }

  /** postAlone posts one row whole, or not at all. Nothing may be there to post. */
  async postAlone(row: Row): Promise<HeldUp | undefined> {
    const posted = await this.#ask([row]);
    if (posted.is !== 'taken') return heldUpBy(posted);
    this.taken += 1;
    return undefined;
  }

  /** What the service rejects is posted in halves, so that one row that it doesn't take holds up no other. */
  async #post(rows: readonly Row[]): Promise<HeldUp | undefined> {
    const posted = await this.#ask(rows);
    if (posted.is === 'taken') return undefined;
    if (posted.is !== 'rejected') return heldUpBy(posted);
    if (rows.length > 1) {
      const half = Math.ceil(rows.length / 2);
      return (await this.#post(rows.slice(0, half))) ?? this.#post(rows.slice(half));
    }
    const bare = await this.#ask(rows.map(bareRow));
    return bare.is === 'taken' ? undefined : heldUpBy(bare);
  }

  async #ask(rows: readonly Row[]): Promise<Posted> {
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
