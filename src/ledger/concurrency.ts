import { AuditsealError } from '../core/errors.ts';
import { MIB } from '../core/units.ts';

/** Semaphore lets at most so many actions run at one time; the others wait their turn. */
export class Semaphore {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(count: number) {
    this.#free = count;
  }

  async run<T>(action: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await action();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free += 1;
      else next();
    }
  }
}

/** MOST_REQUESTS is how many requests to a store far away are under way at one time, where objects are small. */
export const MOST_REQUESTS = 128;
/** MOST_BYTES bounds what is read at one time, beside a few objects of any size: 64 MiB. */
const MOST_BYTES = 64 * MIB;

/** UNKNOWN_BYTES is what is expected of an object whose size nobody said: most segments have less, and a larger one takes two requests. */
export const UNKNOWN_BYTES = MIB;

/** LARGER is what an action gives where there is more to read than its turn allows. */
export const LARGER = Symbol('larger');

/** Turn is how an action is run. */
export interface Turn {
  /** the bytes that it may read; where there are more, it gives LARGER, and has another turn */
  readonly most: number;
  /** a store that doesn't answer is a fault; else the action throws STORE_UNAVAILABLE, and has another turn */
  readonly isLast: boolean;
}

/** isTriedAgain tells whether what an action ended in is no fault yet: the store didn't answer, and there is another turn. */
export const isTriedAgain = (error: unknown, { isLast }: Pick<Turn, 'isLast'>): boolean =>
  !isLast && error instanceof AuditsealError && error.code === 'STORE_UNAVAILABLE';

/**
 * InFlight lets actions run that read objects: always up to `least`, of whatever size, and up to `most` as long as they hold no more than
 * MOST_BYTES. Where a store gives up, after its own retries, half as many run from then on, and the action is run again; so it goes down
 * to `least`, where a fault counts. Each that succeeds lets a little more run again: additive increase, multiplicative decrease, as TCP
 * has it (RFC 5681).
 */
export class InFlight {
  readonly #least: number;
  readonly #most: number;
  #limit: number;
  #running = 0;
  #bytes = 0;
  readonly #waiting: { readonly bytes: number; readonly start: () => void }[] = [];

  constructor(least: number, most = least) {
    this.#least = least;
    this.#most = Math.max(least, most);
    this.#limit = this.#most;
  }

  /** run runs an action that is expected to read so many bytes, once it may. */
  async run<T>(bytes: number, action: (turn: Turn) => Promise<T | typeof LARGER>): Promise<T> {
    for (let most = bytes; ;) {
      const outcome = await this.#runOnce(most, action);
      if (typeof outcome === 'object') return outcome.value;
      if (outcome === LARGER) most = Infinity;
    }
  }

  async #runOnce<T>(
    most: number,
    action: (turn: Turn) => Promise<T | typeof LARGER>,
  ): Promise<{ readonly value: T } | typeof LARGER | 'again'> {
    await this.#enter(most);
    const isLast = this.#limit <= this.#least;
    try {
      const value = await action({ most, isLast });
      this.#limit = Math.min(this.#limit + 1 / this.#limit, this.#most);
      return value === LARGER ? LARGER : { value };
    } catch (error) {
      if (!isTriedAgain(error, { isLast })) throw error;
      this.#limit = Math.max(this.#limit / 2, this.#least);
      return 'again';
    } finally {
      this.#leave(most);
    }
  }

  /** each runs an action on each item, as run does, until one fails. It ends when all that were begun have. */
  async each<T>(
    items: AsyncIterable<T>,
    sizeOf: (item: T) => number,
    action: (item: T, turn: Turn) => Promise<void | typeof LARGER>,
  ): Promise<void> {
    const begun = new Set<Promise<void>>();
    let failed = false;
    try {
      for await (const item of items) {
        if (failed) break;
        // One that failed stays, for whoever awaits them next.
        const task = this.run<void>(sizeOf(item), (turn) => action(item, turn)).then(() => void begun.delete(task));
        task.catch(() => (failed = true));
        begun.add(task);
        if (begun.size >= this.#most) await Promise.race(begun);
      }
      await Promise.all(begun);
    } finally {
      await Promise.allSettled(begun);
    }
  }

  async #enter(bytes: number): Promise<void> {
    if (this.#waiting.length === 0 && this.#hasRoom(bytes)) this.#begin(bytes);
    else await new Promise<void>((start) => this.#waiting.push({ bytes, start }));
  }

  #leave(bytes: number): void {
    this.#running -= 1;
    this.#bytes -= weightOf(bytes);
    for (let next = this.#waiting[0]; next !== undefined && this.#hasRoom(next.bytes); next = this.#waiting[0]) {
      this.#waiting.shift();
      this.#begin(next.bytes);
      next.start();
    }
  }

  #begin(bytes: number): void {
    this.#running += 1;
    this.#bytes += weightOf(bytes);
  }

  #hasRoom(bytes: number): boolean {
    if (this.#running < this.#least) return true;
    return this.#running < Math.floor(this.#limit) && this.#bytes + weightOf(bytes) <= MOST_BYTES;
  }
}

/** What nobody knows the size of keeps all room, as does what alone has more. */
const weightOf = (bytes: number): number => Math.min(bytes, MOST_BYTES);

/** Ahead is how far mapInOrder goes ahead: always `least` items, and `most` as long as they have no more than MOST_BYTES together. */
interface Ahead<T> {
  readonly least: number;
  readonly most: number;
  readonly sizeOf: (item: T) => number;
}

/** mapInOrder runs an action on each item, at most so many at one time, and gives the outcomes in the order of the items. */
export async function* mapInOrder<T, R>(
  items: AsyncIterable<T> | Iterable<T>,
  count: number | Ahead<T>,
  action: (item: T) => Promise<R>,
): AsyncGenerator<R> {
  const { least, most, sizeOf } = typeof count === 'number' ? { least: count, most: count, sizeOf: () => 0 } : count;
  const ahead: { readonly outcome: Promise<R>; readonly bytes: number }[] = [];
  let held = 0;
  const take = (): Promise<R> => {
    const { outcome, bytes } = ahead.shift() as (typeof ahead)[number];
    held -= bytes;
    return outcome;
  };
  const hasRoom = (bytes: number): boolean =>
    ahead.length < least || (ahead.length < most && held + bytes <= MOST_BYTES);
  try {
    for await (const item of items) {
      const bytes = sizeOf(item);
      while (!hasRoom(bytes)) yield await take();
      const outcome = action(item);
      outcome.catch(() => {}); // it is awaited in its turn, which may be later than it fails
      ahead.push({ outcome, bytes });
      held += bytes;
      if (ahead.length >= most) yield await take();
    }
    while (ahead.length > 0) yield await take();
  } finally {
    await Promise.allSettled(ahead.map(({ outcome }) => outcome));
  }
}
