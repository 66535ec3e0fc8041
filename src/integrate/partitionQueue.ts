import { formatEntry } from '../core/objects/entry.ts';
import type { Position } from '../core/objects/heads.ts';
import { judgeObject } from '../core/objects/judge.ts';
import type { StoredObject } from '../core/objects/judge.ts';
import { segmentName } from '../core/objects/names.ts';
import type { Semaphore } from '../ledger/concurrency.ts';
import { readObject } from '../ledger/objects.ts';
import type { ObjectReader } from '../ledger/objects.ts';
import type { Logger } from '../ports/host.ts';

/** QueueDeps is what the queues of a source share. */
export interface QueueDeps extends ObjectReader {
  readonly log: Logger;
  /** how many objects may be read or hashed at one time, and what sees to it */
  readonly concurrency: number;
  readonly semaphore: Semaphore;
  /** the next index of each partition in which nobody signed a segment yet; what is looked at is noted here */
  readonly strangers: Map<string, number>;
}

/** Taken is the entry of an object. */
export interface Taken {
  readonly line: Buffer;
  readonly size: number;
  readonly isForeign: boolean;
}

/** So many objects that nobody signed are looked at in one run, in a partition in which nobody signed a segment yet. */
const MAX_STRANGERS = 10_000;

/**
 * PartitionQueue gives the entries of one partition's objects in order of index, as long as names are taken. A partition in
 * which nobody signed a segment yet has none: else whoever plants an object in each would make every batch longer for ever.
 */
export class PartitionQueue {
  readonly partition: string;
  readonly #deps: QueueDeps;
  readonly #ahead: Promise<StoredObject | 'archived' | undefined>[] = [];
  /** behind the last object whose entry was given */
  #position: Position;
  /** behind the last object that was looked at */
  #looked: Position;
  /** the first segment of the partition, which waits for the entries of what is foreign before it */
  #first: Taken | undefined;
  #strangersLooked = 0;
  #isEnded = false;
  #isSuspect: boolean;

  constructor(deps: QueueDeps, partition: string, position: Position) {
    this.#deps = deps;
    this.partition = partition;
    this.#position = position;
    const next = position.index < 0 ? Math.max(position.next, deps.strangers.get(partition) ?? 0) : position.next;
    this.#looked = { ...position, next };
    this.#isSuspect = position.index < 0;
    this.#readAhead(1);
  }

  get position(): Position {
    return this.#position;
  }

  #readAhead(count: number): void {
    while (this.#ahead.length < count) {
      const index = this.#looked.next + this.#ahead.length;
      const isSuspect = this.#isSuspect;
      const object = this.#deps.semaphore.run(() => readObject(this.#deps, this.partition, index, isSuspect));
      object.catch(() => {}); // it is awaited in its turn, which may be later than it fails
      this.#ahead.push(object);
    }
  }

  async take(): Promise<Taken | undefined> {
    while (this.#looked.index < 0) {
      // The rest is for the next run: others have waited.
      if (this.#strangersLooked >= MAX_STRANGERS) return undefined;
      this.#strangersLooked += 1;
      const taken = await this.#look();
      if (taken === undefined) return undefined;
      if (taken.isForeign) this.#deps.strangers.set(this.partition, this.#looked.next);
      else this.#first = taken;
    }
    const { next } = this.#position;
    if (this.#first !== undefined && next < this.#looked.next - 1) {
      this.#position = { ...this.#position, next: next + 1 };
      const line = formatEntry({ type: 'foreign', name: segmentName(this.partition, next) });
      return { line, size: 0, isForeign: true };
    }
    const taken = this.#first ?? (await this.#look());
    this.#first = undefined;
    if (taken !== undefined) this.#position = this.#looked;
    return taken;
  }

  /** look judges the next object. */
  async #look(): Promise<Taken | undefined> {
    if (this.#isEnded) return undefined;
    this.#readAhead(1);
    const object = await (this.#ahead.shift() as Promise<StoredObject | 'archived' | undefined>);
    if (object === undefined || object === 'archived' || this.#isOfNewer(object)) {
      if (object === 'archived') this.#deps.log.error('a segment is in the archive tier', { object: this.#name });
      this.#isEnded = true;
      return undefined;
    }
    const { line, position, foreign } = judgeObject(object, this.#looked);
    if (foreign !== undefined)
      this.#deps.log.error('foreign object in the place of a segment', { object: this.#name, why: foreign });
    this.#isSuspect = foreign !== undefined;
    this.#looked = position;
    // Where one was, more may be.
    this.#readAhead(this.#deps.concurrency);
    return { line, size: object.size, isForeign: foreign !== undefined };
  }

  /** the name of the object that is looked at */
  get #name(): string {
    return segmentName(this.partition, this.#looked.next);
  }

  #isOfNewer({ summary }: StoredObject): boolean {
    if (summary.ok || !summary.isOfLater) return false;
    this.#deps.log.error('a newer release writes this partition', { object: this.#name, why: summary.why });
    return true;
  }

  async close(): Promise<void> {
    this.#isEnded = true;
    await Promise.allSettled(this.#ahead);
  }
}
