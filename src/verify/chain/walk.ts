import type { Hash } from '../../core/hash.ts';
import type { PartitionReport } from '../../core/objects/report.ts';
import type { SegmentSummary } from '../../core/segment/summary.ts';

/** StoredDigest stands for an object of which nothing but its bytes' SHA-256 is known; without one it is too large. */
export interface StoredDigest {
  readonly ok?: undefined;
  readonly sha256: Hash | undefined;
}

/** WalkedObject is an object in the place of a segment; without a summary if it can't be read. */
export interface WalkedObject<T = SegmentSummary | StoredDigest> {
  readonly index: number;
  readonly size: number;
  readonly summary?: T;
  /** it was found to continue the chain */
  readonly isOfChain: boolean;
}

/** PartitionWalk checks the objects of one partition in order of index, once each. */
export interface PartitionWalk {
  readonly partition: string;
  /** to checks the objects up to an index, and gives the one that has it; undefined behind the last, 'hole' before others. */
  to(index: number): Promise<WalkedObject | 'hole' | undefined>;
  /**
   * finish checks the objects that are left, and says which of them should have an entry in the log: those sealed before
   * `until` (ms since the Unix epoch; NaN: none).
   */
  finish(isIntegrated: (index: number) => boolean, until: number): Promise<void>;
  /** end is the newest segment that was found to continue the chain; undefined before there is one. */
  readonly end: PartitionReport | undefined;
  close(): Promise<void>;
}

/** ListedObject is what a listing says of an object. */
export interface ListedObject {
  readonly index: number;
  /** in bytes, 0 where the listing doesn't say */
  readonly size: number;
}

/** Looker is how a walk looks at objects: `Seen` is what a look at one gives. */
export interface Looker<Seen, Walked extends WalkedObject> {
  /** the partition's objects, in ascending order of index */
  readonly listed: AsyncGenerator<ListedObject, undefined>;
  /** how many are looked at in one go */
  readonly group: number;
  /** ahead says how many may be looked at before they are asked for, just now. */
  ahead(): number;
  /** look gives what is seen of each object of a group. */
  look(objects: readonly ListedObject[]): readonly Promise<Seen>[];
  /** find gives an object that a listing may be too old to have. */
  find(index: number): Promise<ListedObject | undefined>;
  /** take judges what was seen, in order of index. */
  take(object: ListedObject, seen: Seen): Promise<Walked>;
}

/** Walk looks at the objects of one partition in order of index, once each, a few ahead. */
export class Walk<Seen, Walked extends WalkedObject> {
  readonly #looker: Looker<Seen, Walked>;
  readonly #ahead: { readonly object: ListedObject; readonly seen: Promise<Seen> }[] = [];
  #isListed = false;
  /** behind the last index that was taken */
  #next = 0;

  constructor(looker: Looker<Seen, Walked>) {
    this.#looker = looker;
  }

  /** next takes the next object, or gives undefined behind the last one. */
  async next(): Promise<Walked | undefined> {
    await this.#lookAhead();
    const first = this.#ahead.shift();
    return first && this.#take(first.object, first.seen);
  }

  /** to takes the objects up to an index; see PartitionWalk. */
  async to(index: number): Promise<Walked | 'hole' | undefined> {
    if (index < this.#next) return 'hole';
    for (;;) {
      await this.#lookAhead();
      const first = this.#ahead[0]?.object.index;
      if (first === undefined) break;
      if (first > index) return 'hole';
      const walked = await this.next();
      if (first === index) return walked;
    }
    const late = await this.#looker.find(index);
    return late && this.#take(late, this.#looker.look([late])[0] as Promise<Seen>);
  }

  /** rest gives the indices of the objects that were not taken, and looks at none of them. */
  async *rest(): AsyncGenerator<number> {
    for (const { object } of this.#ahead) yield object.index;
    for await (const { index } of this.#looker.listed) yield index;
  }

  async #take(object: ListedObject, seen: Promise<Seen>): Promise<Walked> {
    this.#next = object.index + 1;
    return this.#looker.take(object, await seen);
  }

  async #lookAhead(): Promise<void> {
    const { listed, group } = this.#looker;
    while (!this.#isListed && this.#ahead.length <= this.#looker.ahead() - group) {
      const objects: ListedObject[] = [];
      while (objects.length < group && !this.#isListed) {
        const { done, value } = await listed.next();
        if (done === true) this.#isListed = true;
        else objects.push(value);
      }
      if (objects.length === 0) return;
      const seen = this.#looker.look(objects);
      for (const [i, object] of objects.entries()) {
        const one = seen[i] as Promise<Seen>;
        one.catch(() => {}); // it is awaited in its turn, which may be later than it fails
        this.#ahead.push({ object, seen: one });
      }
    }
  }

  /** close waits for what was looked at ahead, and ends the listing. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#ahead.map(({ seen }) => seen));
    await this.#looker.listed.return(undefined);
  }
}
