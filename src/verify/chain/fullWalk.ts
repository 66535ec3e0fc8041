import type { ChainCheck } from './chainCheck.ts';
import type { Looking, Seen } from './look.ts';
import { Walk } from './walk.ts';
import type { ListedObject, Looker, PartitionWalk, WalkedObject } from './walk.ts';
import { parseSegmentName, segmentName } from '../../core/objects/names.ts';
import type { PartitionReport } from '../../core/objects/report.ts';
import type { RehashedSegment } from '../../core/objects/rehashed.ts';
import type { SegmentSummary } from '../../core/segment/summary.ts';
import { GONE } from '../../ports/store.ts';
import type { Context } from '../context.ts';
import { sayForeign } from '../foreignName.ts';

type Walked = WalkedObject<SegmentSummary>;
/** LATER stands for what is only looked at once it is asked for. */
const LATER = Symbol('later');

/** FullWalk re-computes the segments of one partition, and follows their chain. */
export class FullWalk implements PartitionWalk {
  readonly partition: string;
  readonly #context: Context;
  readonly #chain: ChainCheck;
  readonly #looking: Looking;
  readonly #ahead: () => number;
  readonly #from: number;
  readonly #counted: number;
  readonly #walk: Walk<Seen | typeof LATER, Walked>;

  /**
   * The segments before `from` are looked at only where they are asked for, and those up to `counted` are not counted again; `ahead`
   * says how many may be looked at before they are asked for just now.
   */
  constructor(
    context: Context,
    chain: ChainCheck,
    looking: Looking,
    { from, counted = -1 }: { readonly from: number; readonly counted?: number },
    ahead: () => number,
  ) {
    this.partition = chain.partition;
    this.#context = context;
    this.#chain = chain;
    this.#looking = looking;
    this.#ahead = ahead;
    this.#from = from;
    this.#counted = counted;
    this.#walk = new Walk(this.#looker());
  }

  async to(index: number): Promise<Walked | 'hole' | undefined> {
    if (index >= this.#from) return this.#walk.to(index);
    const object = await this.#find(index);
    const { summary } = object === undefined ? {} : await this.#look(object);
    return object && { ...object, isOfChain: false, ...(summary && { summary }) };
  }

  async finish(isIntegrated: (index: number) => boolean, until: number): Promise<void> {
    const { findings, tally } = this.#context;
    let first: { readonly name: string; readonly sealed: string } | undefined;
    let late = 0;
    for (let object = await this.#walk.next(); object !== undefined; object = await this.#walk.next()) {
      const { index, summary } = object;
      if (isIntegrated(index) || isForeign(summary)) continue;
      tally.notIntegrated += 1;
      if (summary?.ok !== true || !(Date.parse(summary.header.sealed) < until)) continue;
      first ??= { name: segmentName(this.partition, index), sealed: summary.header.sealed };
      late += 1;
    }
    const known = this.#chain.knownBefore(this.#from);
    if (known !== undefined) await this.#compareKnown(known);
    this.#chain.finish();
    if (this.#chain.head !== undefined) tally.partitions.push(this.#chain.head);
    if (first === undefined) return;
    const others = late === 1 ? '' : `; nor have the ${late - 1} after it`;
    findings.error(
      'not-integrated',
      first.name,
      `it was sealed at ${first.sealed}, and has no entry in the log${others}`,
    );
  }

  async #compareKnown(index: number): Promise<void> {
    const object = await this.#find(index);
    if (object === undefined) return this.#chain.compareKnown(index, undefined);
    const { summary, isGone } = await this.#look(object);
    if (summary !== undefined || isGone === true) this.#chain.compareKnown(index, summary);
  }

  get end(): PartitionReport | undefined {
    return this.#chain.end;
  }

  close = (): Promise<void> => this.#walk.close();

  #looker(): Looker<Seen | typeof LATER, Walked> {
    return {
      listed: this.#list(),
      group: 1,
      ahead: this.#ahead,
      look: (objects) => objects.map((object) => this.#lookAhead(object)),
      find: (index) => this.#find(index),
      take: (object, seen) => this.#take(object, seen),
    };
  }

  async #take(object: ListedObject, ahead: Seen | typeof LATER): Promise<Walked> {
    const { index, size } = object;
    const seen = ahead === LATER ? await this.#lookNow(object) : ahead;
    // Where the log announces a key, what was looked at ahead was judged without it.
    const isCurrent = hasSameKeys(seen.keys, this.#context.ledger.keys);
    this.#looking.taken(this.partition, seen);
    const { summary, isRehashed } = isCurrent ? seen : await this.#lookAgain(object);
    const isCounted = index <= this.#counted;
    if (isRehashed === true && !isCounted) this.#context.tally.rehashedBefore += 1;
    if (summary === undefined) {
      this.#chain.passOver(index);
      return { index, size, isOfChain: false };
    }
    this.#chain.add(index, summary);
    if (!isCounted && isForeign(summary)) this.#context.tally.foreignSegments += 1;
    else if (!isCounted) this.#context.tally.addSegment(size, summary);
    return { index, size, summary, isOfChain: this.#chain.isOfChain(index) };
  }

  async *#list(): AsyncGenerator<ListedObject, undefined> {
    const { store } = this.#context;
    // Not from the first segment's name on: something foreign may stand before it.
    const start = this.#from > 0 ? segmentName(this.partition, this.#from) : '';
    for await (const { name, size } of store.list(`segments/${this.partition}/`, start)) {
      const place = parseSegmentName(name);
      if (place?.partition === this.partition) yield { index: place.index, size };
      else await sayForeign(this.#context, { name, size });
    }
    return undefined;
  }

  async #find(index: number): Promise<ListedObject | undefined> {
    const name = segmentName(this.partition, index);
    for await (const object of this.#context.store.list(name)) {
      if (object.name === name) return { index, size: object.size };
    }
    return undefined;
  }

  /** lookAhead takes what was re-hashed before, whatever keys were trusted then: that is compared when it is taken. */
  async #lookAhead(object: ListedObject): Promise<Seen | typeof LATER> {
    const found = await this.#context.rehashed?.findAhead(this.partition, object.index);
    return found === 'later' ? LATER : (rehashedAs(found, object) ?? this.#look(object));
  }

  async #lookNow(object: ListedObject): Promise<Seen> {
    const found = await this.#context.rehashed?.find(this.partition, object.index);
    return rehashedAs(found, object) ?? this.#look(object);
  }

  async #lookAgain(object: ListedObject): Promise<Seen> {
    const seen = await this.#look(object);
    this.#looking.taken(this.partition, seen);
    return seen;
  }

  async #look({ index, size }: ListedObject): Promise<Seen> {
    const seen = await this.#looking.at({ partition: this.partition, index, size });
    if (seen.isGone === true) this.#context.tally.addUnreadable(segmentName(this.partition, index), GONE);
    return seen;
  }
}

/** rehashedAs gives what was re-hashed of an object before. Of another size it isn't that. */
const rehashedAs = (found: RehashedSegment | undefined, { size }: ListedObject): Seen | undefined =>
  found?.size === size ? { ...found, isRehashed: true } : undefined;

/** hasSameKeys compares lists of keys, of which the same one is compared most of the time. */
const hasSameKeys = (one: Seen['keys'], other: Seen['keys']): boolean => one === other || one?.join() === other?.join();

const isForeign = (summary: SegmentSummary | undefined): boolean => summary?.ok === false && summary.isForeign;
