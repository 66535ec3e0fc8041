import { createSegment } from './createSegment.ts';
import type { Place } from './place.ts';
import { AuditsealError } from '../core/errors.ts';
import { sealedAt } from '../core/segment/chain.ts';
import { sealWithoutEvents } from '../core/segment/eventless.ts';
import type { Gap, SegmentKind } from '../core/segment/header.ts';
import type { HubWord } from '../core/segment/hubWord.ts';
import type { SealableEvent } from '../core/segment/seal.ts';
import { sealSegment } from '../core/segment/writer.ts';
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

/**
 * writeEvents writes consecutive events as segments behind a place, one after the other. It throws what the store and the
 * session's keys throw; then whether the last write went through isn't known.
 */
export async function writeEvents(
  deps: WriterDeps,
  partition: string,
  start: Place,
  events: readonly SealableEvent[],
  { kind, duplicates = 0, gaps = [], hub }: Said,
): Promise<Written> {
  let written: Written = {
    place: start,
    isTaken: false,
    events: 0,
    segments: 0,
    records: 0,
    rawBytes: 0,
    storedBytes: 0,
  };
  while (written.events < events.length) {
    const { place } = written;
    const rest = events.slice(written.events) as [SealableEvent, ...SealableEvent[]];
    const { sealed, session } = await beginSegment(deps, place);
    const segment = sealSegment(
      {
        ledger: deps.ledger,
        partition,
        index: place.index,
        kind,
        incarnation: place.incarnation,
        sealed,
        previous: place.previous,
        prev: place.root,
        firstRecord: place.record,
        duplicates: written.segments === 0 ? duplicates : 0,
        gaps: written.segments === 0 ? gaps : [],
        ...statedWord(place.opening ?? hub, sealed),
      },
      rest,
      deps.maxSegmentBytes,
    );
    // Durable point. Once this says 'created' the segment is final. If we die before the host moves its position, the
    // hub delivers these events again and they drop out as duplicates.
    const { head, size } = await createSegment(deps.store, session, place, segment);
    if (head === undefined) return { ...written, isTaken: true };
    place.announce?.();
    const { taken, header } = segment;
    written = {
      place: head,
      isTaken: false,
      events: written.events + taken,
      segments: written.segments + 1,
      records: written.records + header.records.count,
      rawBytes: rest.slice(0, taken).reduce((sum, { body }) => sum + body.length, written.rawBytes),
      storedBytes: written.storedBytes + size,
    };
  }
  return written;
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
  { now, sessions, stopping }: WriterDeps,
  place: Place,
): Promise<{ readonly sealed: string; readonly session: Awaited<ReturnType<Sessions['at']>> }> {
  if (stopping?.aborted === true)
    throw new AuditsealError('STOPPING', 'this process is to end: what is not sealed yet is delivered again');
  const sealed = sealedAt(place, now());
  return { sealed, session: await sessions.at(sealed) };
}

/**
 * statedWord is the hub's word as a segment states it: nobody is asked after it was sealed, also if a clock went back
 * meanwhile.
 */
const statedWord = (word: HubWord | undefined, sealed: string): { readonly hub?: HubWord } =>
  word === undefined ? {} : { hub: word.asked > sealed ? { ...word, asked: sealed } : word };
