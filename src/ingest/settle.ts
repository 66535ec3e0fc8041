import { askHub } from './askHub.ts';
import { fill } from './fill.ts';
import type { FillDeps, Filled } from './fill.ts';
import { isNew, openChain, openIncarnation } from './place.ts';
import type { Place } from './place.ts';
import type { HubAnswer } from './plan.ts';
import { writeWithoutEvents } from './writeEvents.ts';
import { AuditsealError } from '../core/errors.ts';
import type { Gap } from '../core/segment/header.ts';
import type { HubWord } from '../core/segment/hubWord.ts';
import type { SealableEvent } from '../core/segment/seal.ts';
import type { Hub } from '../ports/hub.ts';

/** Settled is where a chain goes on once the hub was asked, and what it said. */
export interface Settled extends Filled {
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
  const answer: HubAnswer = { word, genuine: await genuineOf(deps, partition, word, events) };
  const isOwn = (event: SealableEvent): boolean =>
    event.enqueued >= word.created || answer.genuine.has(event.sequenceNumber);
  const isOlder = !isOwn(events[0]);
  if (!isNew(place) && place.created !== word.created && isOlder)
    return enqueued < place.created
      ? { place, end: 'done', answer }
      : settleOlder(deps, partition, place, answer, sequenceNumber);
  // A number comes again, later than all that is sealed, of a hub that has had fewer: then what is sealed says more than is true.
  const isContradicted = sequenceNumber <= place.lastEvent && (await saysMore(deps.hub, partition, place, word));
  const open = isNew(place)
    ? openChain(place, word, events.find(isOwn)?.sequenceNumber)
    : openIn(deps, partition, place, word, isContradicted);
  if (isOlder) return { place: open, end: 'done', answer };
  const filled = await fill(deps, partition, open, sequenceNumber - 1);
  return { ...filled, answer };
}

/**
 * saysMore tells whether a chain has events that its hub never had: who signed that isn't one of us. What a hub says may be older than
 * what it gives out, so it is asked for the event too.
 */
export async function saysMore(
  hub: Hub,
  partition: string,
  place: Place,
  { created, last }: HubWord,
): Promise<boolean> {
  const { lastEvent } = place;
  if (isNew(place) || place.created !== created || last >= lastEvent) return false;
  for await (const group of hub.read(partition, lastEvent, lastEvent))
    if (group.some(({ sequenceNumber }) => sequenceNumber >= lastEvent)) return false;
  return true;
}

/**
 * openIn is where a chain goes on in the hub that there is now: in another incarnation if that isn't the one whose events are
 * sealed, whichever was created later, or if what is sealed says more than it had.
 */
export function openIn(
  { log }: Pick<FillDeps, 'log'>,
  partition: string,
  place: Place,
  word: HubWord,
  isContradicted: boolean,
): Place {
  if (isNew(place)) return openChain(place, word);
  if (place.created === word.created && !isContradicted) return place;
  const { lastEvent, incarnation } = place;
  const { created, last: hubLast } = word;
  const announce = isContradicted
    ? () => log.error('the chain has events that the hub never had', { partition, lastEvent, hubLast })
    : () => log.error('event hub was re-created', { partition, incarnation: incarnation + 1, lastEvent, created });
  return { ...openIncarnation(place, word), announce };
}

/** settleOlder declares what is missing before an event of a hub that has been deleted since: nobody can read it any more. */
async function settleOlder(
  deps: FillDeps,
  partition: string,
  place: Place,
  answer: HubAnswer,
  sequenceNumber: number,
): Promise<Settled> {
  const [first, last] = [place.lastEvent + 1, sequenceNumber - 1];
  if (first > last) return { place, end: 'done', answer };
  const gaps: readonly Gap[] = [{ first, last, reason: 'recreated' }];
  const next = await writeWithoutEvents(deps, partition, place, { kind: 'repair', gaps });
  if (next === undefined) return { place, end: 'taken', answer };
  deps.log.error('events are missing', { partition, first, last, reason: 'recreated' });
  return { place: next, end: 'done', answer };
}

/**
 * genuineOf finds which of the events that look older than the hub are its own all the same: a broker's clock may be behind
 * the one by which the hub was created. They are compared with what the hub gives out. It throws HUB_UNAVAILABLE where the
 * hub says that it has such a number, and gives out neither it nor what is behind it: then nobody knows.
 */
async function genuineOf(
  { hub }: FillDeps,
  partition: string,
  { created, first, last }: HubWord,
  events: readonly SealableEvent[],
): Promise<ReadonlySet<number>> {
  const old = new Map(
    events.filter(({ enqueued }) => enqueued < created).map((event) => [event.sequenceNumber, event] as const),
  );
  const genuine = new Set<number>();
  if (old.size === 0) return genuine;
  const from = Math.min(...old.keys());
  const to = Math.max(...old.keys());
  let given = Math.max(from, first) - 1;
  for await (const group of hub.read(partition, from, to))
    for (const { sequenceNumber, enqueued, body } of group) {
      given = sequenceNumber;
      const own = old.get(sequenceNumber);
      if (own !== undefined && own.enqueued === enqueued && own.body.equals(body)) genuine.add(sequenceNumber);
    }
  if (given >= Math.min(to, last)) return genuine;
  throw new AuditsealError(
    'HUB_UNAVAILABLE',
    `the event hub says that it has events of partition ${partition} up to ${last}, and gives out none from ${given + 1} on; it is read again later`,
  );
}
