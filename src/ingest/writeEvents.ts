import { createSegment, headBehind } from './createSegment.ts';
import type { CreatedSegment } from './createSegment.ts';
import type { Place } from './place.ts';
import { AuditsealError } from '../core/errors.ts';
import { sealedAt } from '../core/segment/chain.ts';
import { sealWithoutEvents } from '../core/segment/eventless.ts';
import type { Gap, SegmentKind } from '../core/segment/header.ts';
import type { HubWord } from '../core/segment/hubWord.ts';
import type { SealableEvent } from '../core/segment/seal.ts';
import { packAside, packHere, sealSegment } from '../core/segment/writer.ts';
import type { Pack, SealedSegment, SegmentStart } from '../core/segment/writer.ts';
import type { Session } from '../core/signed/session.ts';
import type { Sessions } from '../ledger/session.ts';
import type { Clock } from '../ports/host.ts';
import type { ObjectStore } from '../ports/store.ts';

export interface WriterDeps {
  readonly store: ObjectStore;
  readonly now: Clock;
  /** the ledger's name; every segment carries it */
  readonly ledger: string;
  /** sign segments */
  readonly sessions: Sessions;
  /** bodies that share a segment have at most this many bytes together */
  readonly maxSegmentBytes: number;
  /**
   * how many segments of a chain are in memory at one time; left out, one. With more, they are compressed on other threads, and the
   * next one is sealed while one is compressed and stored. They are still stored one after the other
   */
  readonly overlap?: number;
  /** aborted when this process is to end: then no further segment is begun */
  readonly stopping?: AbortSignal;
}

/** What segments say beside their events. */
export interface Said {
  readonly kind: SegmentKind;
  /** of the first one: how many events of the delivery were sealed before, and so dropped */
  readonly duplicates?: number;
  /** of the first one: what is missing before it */
  readonly gaps?: readonly Gap[];
  /** of each: what the hub said */
  readonly hub?: HubWord;
}

/** Written is what came of writing segments, up to the first name that is taken. */
export interface Written {
  /** where the chain goes on behind what was written */
  readonly place: Place;
  /** another writer took the name of the next segment, or it is our own write whose answer was lost */
  readonly isTaken: boolean;
  /** how many of the events are sealed: the first ones */
  readonly events: number;
  readonly segments: number;
  readonly records: number;
  readonly rawBytes: number;
  readonly storedBytes: number;
}

/** Ahead is a segment that is sealed and not stored yet. Its frames may still be made. */
interface Ahead {
  readonly before: Place;
  readonly session: Session;
  readonly segment: SealedSegment<Promise<Buffer>>;
  readonly rawBytes: number;
}

/**
 * writeEvents writes consecutive events as segments behind a place, one after the other. It throws what the store and the
 * session's keys throw; then whether the last write went through isn't known.
 */
export async function writeEvents(
  deps: WriterDeps,
  partition: string,
  start: Place,
  events: readonly SealableEvent[],
  said: Said,
): Promise<Written> {
  const chain = new EventChain(deps, partition, start, events, said);
  let written: Written = {
    place: start,
    isTaken: false,
    events: 0,
    segments: 0,
    records: 0,
    rawBytes: 0,
    storedBytes: 0,
  };
  try {
    while (written.events < events.length) {
      const next = await chain.next();
      const storing = store(deps, next);
      storing.catch(() => {}); // it is awaited behind what is sealed meanwhile
      await chain.sealAhead();
      const { head, size } = await storing;
      if (head === undefined) return { ...written, isTaken: true };
      next.before.announce?.();
      const { taken, header } = next.segment;
      written = {
        place: head,
        isTaken: false,
        events: written.events + taken,
        segments: written.segments + 1,
        records: written.records + header.records.count,
        rawBytes: written.rawBytes + next.rawBytes,
        storedBytes: written.storedBytes + size,
      };
    }
    return written;
  } finally {
    await chain.close();
  }
}

async function store(deps: WriterDeps, { session, before, segment }: Ahead): Promise<CreatedSegment> {
  // It may have been sealed before that was known.
  stopIfEnding(deps);
  const frames = await segment.frames;
  // Durable point. Once this says 'created' the segment is final. If we die before the host moves its position, the
  // hub delivers these events again and they drop out as duplicates. What is sealed behind it exists in memory alone.
  return createSegment(deps.store, session, before, { ...segment, frames });
}

/** packNow compresses on this thread, before the next segment is sealed. */
const packNow: Pack<Promise<Buffer>> = async (lines, memory) => packHere(lines, memory);

/** EventChain seals events as segments, each behind the one before, also where that is not stored yet. */
class EventChain {
  readonly #deps: WriterDeps;
  readonly #partition: string;
  readonly #events: readonly SealableEvent[];
  readonly #said: Said;
  readonly #ahead: Ahead[] = [];
  #place: Place;
  /** how many of the events, and in how many segments, are sealed */
  #sealed = 0;
  #segments = 0;

  constructor(deps: WriterDeps, partition: string, start: Place, events: readonly SealableEvent[], said: Said) {
    this.#deps = deps;
    this.#partition = partition;
    this.#place = start;
    this.#events = events;
    this.#said = said;
  }

  /** next gives the next segment. There must be events left. */
  async next(): Promise<Ahead> {
    return this.#ahead.shift() ?? this.#seal();
  }

  /** sealAhead seals what may be in memory beside the segment that is stored now. */
  async sealAhead(): Promise<void> {
    const { overlap = 1 } = this.#deps;
    try {
      while (this.#ahead.length < overlap - 1 && this.#sealed < this.#events.length)
        this.#ahead.push(await this.#seal());
    } catch {
      // What was sealed before is stored first. Then the same is tried once more, and what it ends in is thrown.
    }
  }

  async #seal(): Promise<Ahead> {
    const { ledger, overlap = 1, maxSegmentBytes } = this.#deps;
    const { kind, duplicates = 0, gaps = [], hub } = this.#said;
    const before = this.#place;
    const rest = this.#events.slice(this.#sealed) as [SealableEvent, ...SealableEvent[]];
    const { sealed, session } = await beginSegment(this.#deps, before);
    const isFirst = this.#segments === 0;
    const start: SegmentStart = {
      ledger,
      partition: this.#partition,
      index: before.index,
      kind,
      incarnation: before.incarnation,
      sealed,
      previous: before.previous,
      prev: before.root,
      firstRecord: before.record,
      duplicates: isFirst ? duplicates : 0,
      gaps: isFirst ? gaps : [],
      ...statedWord(before.opening ?? hub, sealed),
    };
    const segment = sealSegment(start, rest, maxSegmentBytes, overlap > 1 ? packAside : packNow);
    segment.frames.catch(() => {}); // it is awaited in its turn
    this.#place = headBehind(segment, before);
    this.#sealed += segment.taken;
    this.#segments += 1;
    const rawBytes = rest.slice(0, segment.taken).reduce((sum, { body }) => sum + body.length, 0);
    return { before, session, segment, rawBytes };
  }

  /** close waits until nothing that was sealed ahead is worked on any more. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#ahead.map(({ segment }) => segment.frames));
  }
}

/**
 * writeWithoutEvents writes one segment without events behind a place, and gives where the chain goes on, or undefined if its
 * name is taken.
 */
export async function writeWithoutEvents(
  deps: WriterDeps,
  partition: string,
  place: Place,
  { kind, gaps = [], hub }: Omit<Said, 'duplicates'>,
): Promise<Place | undefined> {
  const { sealed, session } = await beginSegment(deps, place);
  const { ledger } = deps;
  const segment = sealWithoutEvents(place, {
    ledger,
    partition,
    kind,
    sealed,
    gaps,
    ...statedWord(place.opening ?? hub, sealed),
  });
  // Durable point, as above.
  const { head } = await createSegment(deps.store, session, place, segment);
  if (head !== undefined) place.announce?.();
  return head;
}

/** beginSegment finds when the next segment is sealed and who signs it. Without a certificate nothing is sealed: it throws. */
async function beginSegment(
  deps: WriterDeps,
  place: Place,
): Promise<{ readonly sealed: string; readonly session: Session }> {
  const { now, sessions } = deps;
  stopIfEnding(deps);
  const sealed = sealedAt(place, now());
  return { sealed, session: await sessions.at(sealed) };
}

/** stopIfEnding throws STOPPING where this process is to end: no further segment is begun. */
function stopIfEnding({ stopping }: WriterDeps): void {
  if (stopping?.aborted === true)
    throw new AuditsealError('STOPPING', 'this process is to end: what is not sealed yet is delivered again');
}

/**
 * statedWord is the hub's word as a segment states it: nobody is asked after it was sealed, also if a clock went back
 * meanwhile.
 */
const statedWord = (word: HubWord | undefined, sealed: string): { readonly hub?: HubWord } =>
  word === undefined ? {} : { hub: word.asked > sealed ? { ...word, asked: sealed } : word };
