import { lookAt } from '../chain/look.ts';
import type { Seen } from '../chain/look.ts';
import type { Context } from '../context.ts';
import type { SegmentPlace } from '../../core/objects/names.ts';

interface Begun extends SegmentPlace {
  readonly seen: Promise<Seen>;
}

/** Lookahead looks at objects in the places of segments, a few before they are asked for, in the order in which they are expected. */
export class Lookahead {
  readonly #context: Context;
  #waiting: SegmentPlace[] = [];
  #begun: Begun[] = [];

  constructor(context: Context) {
    this.#context = context;
  }

  /** expect says which places will be asked for next. What was expected before and not asked for is dropped. */
  async expect(places: readonly SegmentPlace[]): Promise<void> {
    await this.close();
    this.#waiting = [...places];
    this.#begin();
  }

  /** take gives what is seen in a place, by the keys that are trusted now. */
  async take(place: SegmentPlace): Promise<Seen> {
    const at = this.#begun.findIndex((it) => it.partition === place.partition && it.index === place.index);
    const [begun] = at < 0 ? [] : this.#begun.splice(at, 1);
    this.#begin();
    const seen = await (begun?.seen ?? this.#look(place));
    // Where the log announces a key, what was looked at ahead was judged without it.
    return seen.keys === this.#context.ledger.keys ? seen : this.#look(place);
  }

  #begin(): void {
    while (this.#begun.length < this.#context.concurrency) {
      const place = this.#waiting.shift();
      if (place === undefined) return;
      const seen = this.#look(place);
      seen.catch(() => {}); // it is awaited in its turn, which may be later than it fails
      this.#begun.push({ ...place, seen });
    }
  }

  #look = ({ partition, index }: SegmentPlace): Promise<Seen> => lookAt(this.#context, partition, index, false);

  /** close waits for what was looked at ahead. */
  async close(): Promise<void> {
    this.#waiting = [];
    await Promise.allSettled(this.#begun.splice(0).map(({ seen }) => seen));
  }
}
