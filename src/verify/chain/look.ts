import { faultIn } from '../../core/errors.ts';
import { segmentName } from '../../core/objects/names.ts';
import type { SegmentPlace } from '../../core/objects/names.ts';
import type { SegmentSummary } from '../../core/segment/summary.ts';
import type { Trust } from '../../core/signed/certificate.ts';
import { Semaphore } from '../../ledger/concurrency.ts';
import { USUAL_SEGMENT_BYTES, readObject } from '../../ledger/objects.ts';
import { WHY_UNREAD } from '../../ports/store.ts';
import { trustIn } from '../context.ts';
import type { Context } from '../context.ts';

/**
 * So many objects are looked at ahead where threads read them: nothing of them is held meanwhile but what was found, and the threads
 * always have enough to take together.
 */
const FILES_AHEAD = 256;

/** Seen is what a look at an object gave, by the keys that were trusted then; without a summary it can't be read. */
export interface Seen {
  readonly keys: readonly string[] | undefined;
  /** of the stored bytes, 0 where they were not read */
  readonly size: number;
  readonly summary?: SegmentSummary;
  /** no object has the name */
  readonly isGone?: true;
}

/** LookedAt is the place of an object that is to be looked at. */
export interface LookedAt extends SegmentPlace {
  /** in bytes, as a listing says it */
  readonly size?: number;
}

/**
 * Looking looks at objects in the places of segments, for one check. Of those that this thread reads it holds no more than
 * `concurrency` at one time.
 */
export class Looking {
  readonly #context: Context;
  readonly #semaphore: Semaphore;
  /** one object as long as it is the same: so it crosses to a thread once for all that is asked with it */
  #trust: Trust = {};

  constructor(context: Context) {
    this.#context = context;
    this.#semaphore = new Semaphore(context.concurrency);
  }

  /** ahead is how many objects each of `count` readers may look at before they are asked for. */
  ahead(count: number): number {
    const { concurrency, summarizeFile, ledger } = this.#context;
    // Before the first segment says of which ledger it is, another one's are not told apart.
    const isAlone = summarizeFile === undefined || ledger.name === undefined;
    return isAlone ? concurrency : Math.max(concurrency, Math.floor(FILES_AHEAD / count));
  }

  /**
   * at re-computes the object in a place. It says nothing of one that can't be read; that makes the outcome `unverified`, never a
   * pass.
   */
  async at(place: LookedAt): Promise<Seen> {
    const { tally, ledger, summarizeFile } = this.#context;
    const { partition, index, size = 0 } = place;
    const name = segmentName(partition, index);
    const { keys } = ledger;
    const isSuspect = size > USUAL_SEGMENT_BYTES;
    try {
      const trust = this.#trustNow();
      const question = { name, trust, countsCategories: true };
      const read = isSuspect ? undefined : await summarizeFile?.(question, place.size);
      if (read !== undefined) return { keys, ...read };
      const object = await this.#semaphore.run(() =>
        readObject({ ...this.#context, trust }, partition, index, isSuspect),
      );
      if (typeof object === 'object') return { keys, size: object.size, summary: object.summary };
      if (object === undefined) return { keys, size: 0, isGone: true };
      tally.addUnreadable(name, WHY_UNREAD[object]);
    } catch (error) {
      tally.addUnreadable(name, faultIn(error).message);
    }
    return { keys, size: 0 };
  }

  #trustNow(): Trust {
    const { name, keys } = this.#context.ledger;
    if (this.#trust.ledger !== name || this.#trust.keys !== keys) this.#trust = trustIn(this.#context.ledger);
    return this.#trust;
  }
}
