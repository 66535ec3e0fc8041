import { isNew } from './place.ts';
import type { Place } from './place.ts';
import { CLOCK_SKEW_MS } from '../core/limits.ts';
import type { HubWord } from '../core/segment/hubWord.ts';
import type { SealableEvent } from '../core/segment/seal.ts';

/** HubAnswer is what the hub was asked about a delivery. */
export interface HubAnswer {
  readonly word: HubWord;
  /** numbers of events that look older than the hub and that it has all the same, byte for byte */
  readonly genuine: ReadonlySet<number>;
}

/** Plan is what to do with the events of a delivery, up to the first that only the hub can explain. */
export interface Plan {
  /** what is new: consecutive, and going on from the place */
  readonly events: readonly SealableEvent[];
  /** events that are sealed already */
  readonly duplicates: number;
  /** events of a hub that is gone, after the chain has gone on to the next one */
  readonly strangers: number;
  /** of the duplicates: those enqueued later than all that is sealed, so that another event stands under their number */
  readonly displaced: number;
  /** how many of the delivery's events are done with when `events` are sealed; all, if nothing has to be asked */
  readonly seen: number;
}

/** latestFor is the latest time at which an event of a segment was enqueued that was sealed then. docs/format.md, section 7. */
const latestFor = (sealed: string): string =>
  sealed === '' ? '' : new Date(Date.parse(sealed) + CLOCK_SKEW_MS).toISOString();

type Verdict = 'next' | 'duplicate' | 'stranger' | 'odd';

/**
 * planDelivery decides what of a delivery is new, event by event, because a redelivery has other bounds than the first try. It
 * ends at the first event that doesn't just go on or repeat: a gap, a number that comes again with a later time, a time before
 * the hub was created, or any event where nothing is sealed yet. Then the hub has to be asked.
 */
export function planDelivery(place: Place, delivered: readonly SealableEvent[], answer?: HubAnswer): Plan {
  const events: SealableEvent[] = [];
  let [duplicates, strangers, displaced, seen] = [0, 0, 0, 0];
  let { lastEvent } = place;
  // What was signed may lie: a time that no honest segment could have must not hide what comes after it.
  let latest = [place.latest, latestFor(place.sealed)].toSorted()[0] ?? '';
  for (const event of delivered) {
    const verdict = judge({ place, lastEvent, latest, answer }, event);
    if (verdict === 'odd') break;
    if (verdict === 'duplicate') {
      duplicates++;
      if (event.enqueued > place.latest && event.enqueued > latest) displaced++;
    } else if (verdict === 'stranger') strangers++;
    else {
      events.push(event);
      lastEvent = event.sequenceNumber;
      if (event.enqueued > latest) latest = event.enqueued;
    }
    seen++;
  }
  return { events, duplicates, strangers, displaced, seen };
}

interface Known {
  readonly place: Place;
  readonly lastEvent: number;
  readonly latest: string;
  readonly answer: HubAnswer | undefined;
}

function judge({ place, lastEvent, latest, answer }: Known, { sequenceNumber, enqueued }: SealableEvent): Verdict {
  if (isNew(place)) return 'odd';
  const isSameHub = answer?.word.created === place.created;
  const isGenuine = answer?.genuine.has(sequenceNumber) === true;
  if (enqueued < place.created && !(isSameHub && isGenuine))
    // It is of neither hub, the one that is sealed and the one that was asked.
    return answer === undefined || isGenuine ? 'odd' : 'stranger';
  if (sequenceNumber <= lastEvent) {
    const isOfOlder = answer !== undefined && enqueued < answer.word.created && !isGenuine;
    if (enqueued <= latest || isSameHub) return 'duplicate';
    return isOfOlder ? 'stranger' : 'odd';
  }
  return sequenceNumber === lastEvent + 1 ? 'next' : 'odd';
}
