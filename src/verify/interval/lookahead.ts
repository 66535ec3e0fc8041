import type { LookedAt, Looking, Seen } from '../chain/look.ts';
import type { Context } from '../context.ts';
import type { SegmentPlace } from '../../core/objects/names.ts';

interface Begun extends SegmentPlace {
  readonly seen: Promise<Seen>;
}

/** Lookahead looks at objects in the places of segments, a few before they are asked for, in the order in which they are expected. */
export class Lookahead {
  readonly #context: Context;
  readonly #looking: Looking;
  #waiting: LookedAt[] = [];
  #begun: Begun[] = [];

  constructor(context: Context, looking: Looking) {
    this.#context = context;
    this.#looking = looking;
  }

  /** expect says which places will be asked for next. What was expected before and not asked for is dropped. */
  async expect(places: readonly LookedAt[]): Promise<void> {
    await this.close();
    this.#waiting = [...places];
    this.#begin();
  }

  /** take gives what is seen in a place, by the keys that are trusted now. */
  async take(place: LookedAt): Promise<Seen> {
    const at = this.#begun.findIndex((it) => it.partition === place.partition && it.index === place.index);
    const [begun] = at < 0 ? [] : this.#begun.splice(at, 1);
    this.#begin();
    const seen = await (begun?.seen ?? this.#looking.at(place));
    // Where the log announces a key, what was looked at ahead was judged without it.
    return seen.keys === this.#context.ledger.keys ? seen : this.#looking.at(place);
  }

  #begin(): void {
    while (this.#begun.length < this.#looking.ahead(1)) {
      const place = this.#waiting.shift();
      if (place === undefined) return;
      const seen = this.#looking.at(place);
      seen.catch(() => {}); // it is awaited in its turn, which may be later than it fails
      this.#begun.push({ ...place, seen });
    }
  }

  /** close waits for what was looked at ahead. */
  async close(): Promise<void> {
    this.#waiting = [];
    await Promise.allSettled(this.#begun.splice(0).map(({ seen }) => seen));
  }
}
