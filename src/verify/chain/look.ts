import { faultIn } from '../../core/errors.ts';
import { segmentName } from '../../core/objects/names.ts';
import { maxBytesOf } from '../../core/objects/sizes.ts';
import type { SegmentPlace } from '../../core/objects/names.ts';
import type { SegmentSummary } from '../../core/segment/summary.ts';
import type { Trust } from '../../core/signed/certificate.ts';
import { MIB } from '../../core/units.ts';
import { InFlight, LARGER, UNKNOWN_BYTES, isTriedAgain } from '../../ledger/concurrency.ts';
import type { Turn } from '../../ledger/concurrency.ts';
import { USUAL_SEGMENT_BYTES, readObject } from '../../ledger/objects.ts';
import { WHY_UNREAD } from '../../ports/store.ts';
import type { ObjectStore } from '../../ports/store.ts';
import { trustOf } from '../context.ts';
import type { Context } from '../context.ts';

/**
 * So many times as many objects are looked at ahead where threads read them: nothing of them is held meanwhile but what was found,
 * and each thread always finds enough to take together.
 */
const FILES_AHEAD = 20;

/**
 * So many bytes of what segments add to the index are held at most where all goes as expected, an equal share of each partition; and so
 * many whatever segments hold.
 */
const USUAL_TERMS_BYTES = 64 * MIB;
const MOST_TERMS_BYTES = 4 * USUAL_TERMS_BYTES;
/** What a segment adds is expected to have no more bytes than it has stored, and never has more than this, about. */
const MOST_TERMS_OF_ONE = 1.5 * MIB;

/** Seen is what a look at an object gave, by the keys that were trusted then; without a summary it can't be read. */
export interface Seen {
  readonly keys: readonly string[] | undefined;
  /** of the stored bytes, 0 where they were not read */
  readonly size: number;
  readonly summary?: SegmentSummary;
  /** no object has the name */
  readonly isGone?: true;
  /** it wasn't read now, but in a slice of a recheck */
  readonly isRehashed?: true;
}

/** LookedAt is the place of an object that is to be looked at. */
export interface LookedAt extends SegmentPlace {
  /** in bytes, as a listing or the log says it */
  readonly size?: number;
}

/**
 * Looking looks at objects in the places of segments, for one check. Of those that this thread reads it holds no more than
 * InFlight lets.
 */
export class Looking {
  readonly #context: Context;
  readonly #wantsTerms: boolean;
  readonly #flight: InFlight;
  /**
   * bytes of what segments add to the index, of all and by partition: of those that were seen and not taken, and expected of those that are
   * being looked at
   */
  #terms = 0;
  readonly #termsOf = new Map<string, number>();
  /** one object as long as it is the same: so it crosses to a thread once for all that is asked with it */
  #trust: Trust = {};

  /** With `wantsTerms` what segments add to the index is asked for too. */
  constructor(context: Context, wantsTerms = false) {
    this.#context = context;
    this.#wantsTerms = wantsTerms;
    this.#flight = new InFlight(context.concurrency, context.requests);
  }

  /**
   * ahead is how many objects each of `count` readers may look at before they are asked for; `partition` is that of one that reads only
   * there. What segments add to the index is held until the log comes to them, and whoever sends to the hub decides how much that is.
   */
  ahead(count: number, partition = ''): number {
    const { concurrency, requests = 0, summarizeFile, ledger } = this.#context;
    // Before the first segment says of which ledger it is, another one's are not told apart.
    if (ledger.name === undefined) return concurrency;
    if ((this.#termsOf.get(partition) ?? 0) > USUAL_TERMS_BYTES / count) return 1;
    const most = summarizeFile === undefined ? requests : Math.floor((concurrency * FILES_AHEAD) / count);
    return Math.max(concurrency, most);
  }

  /**
   * at re-computes the object in a place. It says nothing of one that can't be read; that makes the outcome `unverified`, never a
   * pass.
   */
  async at(place: LookedAt): Promise<Seen> {
    if (!this.#wantsTerms) return this.#at(place);
    const { partition } = place;
    const expected = Math.min(place.size ?? UNKNOWN_BYTES, MOST_TERMS_OF_ONE);
    this.#hold(partition, expected);
    try {
      const seen = await this.#at(place);
      this.#hold(partition, termBytesOf(seen));
      return seen;
    } finally {
      this.#hold(partition, -expected);
    }
  }

  /** taken says that what was seen in a partition is held no longer. */
  taken(partition: string, seen: Seen): void {
    if (this.#wantsTerms) this.#hold(partition, -termBytesOf(seen));
  }

  #hold(partition: string, bytes: number): void {
    this.#terms += bytes;
    this.#termsOf.set(partition, (this.#termsOf.get(partition) ?? 0) + bytes);
  }

  /** Without its terms a segment is read once more, when the index is compared: that takes time, and no memory. */
  get #asksForTerms(): boolean {
    return this.#wantsTerms && this.#terms < MOST_TERMS_BYTES;
  }

  async #at(place: LookedAt): Promise<Seen> {
    const { ledger, summarizeFile } = this.#context;
    const { partition, index, size = 0 } = place;
    const { keys } = ledger;
    const trust = this.#trustNow();
    if (size <= USUAL_SEGMENT_BYTES && summarizeFile !== undefined) {
      const wantsTerms = this.#asksForTerms;
      const question = { name: segmentName(partition, index), trust, countsCategories: true, wantsTerms };
      const read = await this.#unlessUnreadable(question.name, true, () => summarizeFile(question, place.size));
      if (read !== undefined) return { keys, ...(read === 'unreadable' ? { size: 0 } : read) };
    }
    const seen = await this.#flight.run(place.size ?? UNKNOWN_BYTES, (turn) => this.#read(place, trust, turn));
    return { keys, ...seen };
  }

  /** read does so with an object that this thread reads, and gives LARGER where that has more bytes than its turn lets it read. */
  async #read(
    { partition, index, size = 0 }: LookedAt,
    trust: Trust,
    { most, isLast }: Turn,
  ): Promise<Omit<Seen, 'keys'> | typeof LARGER> {
    const { store, summarize, tally } = this.#context;
    const wantsTerms = this.#asksForTerms;
    const name = segmentName(partition, index);
    const bounded = boundedBy(store, most);
    const object = await this.#unlessUnreadable(name, isLast, () =>
      readObject({ store: bounded, summarize, trust, wantsTerms }, partition, index, size > USUAL_SEGMENT_BYTES),
    );
    if (bounded.isLarger) return LARGER;
    if (object === undefined) return { size: 0, isGone: true };
    if (typeof object === 'object') return { size: object.size, summary: object.summary };
    if (object === 'archived') tally.addUnreadable(name, WHY_UNREAD[object]);
    return { size: 0 };
  }

  /** unlessUnreadable notes what can't be read, unless it is to be tried again. */
  async #unlessUnreadable<T>(name: string, isLast: boolean, action: () => Promise<T>): Promise<T | 'unreadable'> {
    try {
      return await action();
    } catch (error) {
      if (isTriedAgain(error, { isLast })) throw error;
      this.#context.tally.addUnreadable(name, faultIn(error).message);
      return 'unreadable';
    }
  }

  #trustNow(): Trust {
    const { name, keys } = this.#context.ledger;
    if (this.#trust.ledger !== name || this.#trust.keys !== keys) this.#trust = trustOf(this.#context.ledger);
    return this.#trust;
  }
}

const termBytesOf = ({ summary }: Seen): number => (summary?.ok === true ? (summary.terms?.length ?? 0) : 0);

/** Bounded is a store of which no more is read at a time than that. */
interface Bounded extends Pick<ObjectStore, 'read' | 'readEnd' | 'metadata'> {
  isLarger: boolean;
}

function boundedBy(store: ObjectStore, most: number): Bounded {
  const bounded: Bounded = {
    isLarger: false,
    async read(name) {
      const bytes = await store.read(name, Math.min(most, maxBytesOf(name)));
      bounded.isLarger = bytes === 'too-large' && most < maxBytesOf(name);
      return bytes;
    },
    readEnd: (name, length) => store.readEnd(name, length),
    metadata: (name) => store.metadata(name),
  };
  return bounded;
}
