import { askHub } from './askHub.ts';
import { fill } from './fill.ts';
import type { FillDeps } from './fill.ts';
import { isNew, openChain, openIncarnation } from './place.ts';
import type { Place } from './place.ts';
import type { HubAnswer } from './plan.ts';
import { writeWithoutEvents } from './writeEvents.ts';
import { AuditsealError } from '../core/errors.ts';
import type { Gap, HubWord } from '../core/segment/header.ts';
import type { SealableEvent } from '../core/segment/seal.ts';

/** Settled is where a chain goes on once the hub was asked, and what it said. */
export interface Settled {
  readonly place: Place;
  readonly end: 'done' | 'late' | 'taken';
  readonly answer: HubAnswer;
}

/**
 * settle asks the hub about events of which the first doesn't go on from the place, and seals or declares what comes before that
 * one. Behind it, the place is one that the event goes on from, or the answer says what it is.
 */
export async function settle(
  deps: FillDeps,
  partition: string,
  place: Place,
  events: readonly [SealableEvent, ...SealableEvent[]],
): Promise<Settled> {
  const word = await askHub(deps.hub, partition, deps.now);
  const [{ sequenceNumber, enqueued }] = events;
  if (!isNew(place) && place.created !== word.created && enqueued < word.created)
    return settleOlder(deps, partition, place, word, sequenceNumber);
  const open = openIn(place, word);
  if (open.incarnation !== place.incarnation)
    deps.log.error('event hub was re-created', recreation(partition, place, word));
  const answer: HubAnswer = { word, genuine: await genuineOf(deps, partition, open, events) };
  if (enqueued < open.created && !answer.genuine.has(sequenceNumber)) return { place, end: 'done', answer };
  const filled = await fill(deps, partition, open, sequenceNumber - 1);
  return { ...filled, answer };
}

/** openIn is where a chain goes on in the hub that there is now. It throws HUB_REFUSED for one that is older than the chain's. */
export function openIn(place: Place, word: HubWord): Place {
  if (isNew(place)) return openChain(place, word);
  if (place.created === word.created) return place;
  if (word.created > place.created) return openIncarnation(place, word);
  const why = `the event hub was created at ${word.created}, and the events that are sealed are of one that was created at ${place.created}`;
  throw new AuditsealError('HUB_REFUSED', `${why}: HUB_NAME or HUB names another hub than this ledger is of`);
}

/** recreation is what is logged of a hub that was created again. */
export const recreation = (
  partition: string,
  { incarnation, lastEvent }: Place,
  { created }: HubWord,
): { partition: string; incarnation: number; lastEvent: number; created: string } => ({
  partition,
  incarnation: incarnation + 1,
  lastEvent,
  created,
});

/** settleOlder declares what is missing before an event of a hub that has been deleted since: nobody can read it any more. */
async function settleOlder(
  deps: FillDeps,
  partition: string,
  place: Place,
  word: HubWord,
  sequenceNumber: number,
): Promise<Settled> {
  const answer: HubAnswer = { word, genuine: new Set() };
  const [first, last] = [place.lastEvent + 1, sequenceNumber - 1];
  if (first > last) return { place, end: 'done', answer };
  const gaps: readonly Gap[] = [{ first, last, reason: 'recreated' }];
  const next = await writeWithoutEvents(deps, partition, place, { kind: 'repair', gaps });
  if (next === undefined) return { place, end: 'taken', answer };
  deps.log.error('events are missing', { partition, first, last, reason: 'recreated' });
  return { place: next, end: 'done', answer };
}

/**
 * genuineOf finds which of the events that look older than the hub are its own all the same: a broker's clock may be behind the one
 * by which the hub was created. They are compared with what the hub gives out.
 */
async function genuineOf(
  { hub }: FillDeps,
  partition: string,
  { created }: Place,
  events: readonly SealableEvent[],
): Promise<ReadonlySet<number>> {
  const old = new Map(
    events.filter(({ enqueued }) => enqueued < created).map((event) => [event.sequenceNumber, event] as const),
  );
  const genuine = new Set<number>();
  if (old.size === 0) return genuine;
  const numbers = [...old.keys()];
  for await (const group of hub.read(partition, Math.min(...numbers), Math.max(...numbers)))
    for (const { sequenceNumber, enqueued, body } of group) {
      const own = old.get(sequenceNumber);
      if (own !== undefined && own.enqueued === enqueued && own.body.equals(body)) genuine.add(sequenceNumber);
    }
  return genuine;
}
