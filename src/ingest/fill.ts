import { askHub } from './askHub.ts';
import type { Place } from './place.ts';
import { writeEvents, writeWithoutEvents } from './writeEvents.ts';
import type { WriterDeps } from './writeEvents.ts';
import { AuditsealError } from '../core/errors.ts';
import type { Gap, GapReason } from '../core/segment/header.ts';
import type { HubWord } from '../core/segment/hubWord.ts';
import type { SealableEvent } from '../core/segment/seal.ts';
import type { Logger } from '../ports/host.ts';
import type { Hub } from '../ports/hub.ts';

export interface FillDeps extends WriterDeps {
  readonly hub: Hub;
  readonly log: Logger;
  /** after this time (ms since the Unix epoch) no further group of events is begun */
  readonly deadline: number;
}

/** Filled is how far filling came: to the end, to the deadline, or to a name that another writer took. */
export interface Filled {
  readonly place: Place;
  readonly end: 'done' | 'late' | 'taken';
}

/**
 * fill reads what the hub has behind a place, up to number `to`, and seals it as `repair`. What the hub holds no more, or doesn't
 * give out, is declared. It goes on where it was: each group is sealed before the next one is read, so memory is bounded.
 *
 * It throws HUB_UNAVAILABLE where the hub neither gives an event out nor says that it is gone: nothing is skipped for that.
 */
export async function fill(deps: FillDeps, partition: string, start: Place, to: number): Promise<Filled> {
  let filled: Filled = { place: start, end: 'done' };
  while (filled.end === 'done' && filled.place.lastEvent < to) {
    const { place } = filled;
    filled = await readOn(deps, partition, place, to);
    if (filled.place.lastEvent === place.lastEvent && filled.end === 'done')
      filled = await declareGone(deps, partition, filled.place, to);
  }
  return filled;
}

/** readOn seals what one reading of the hub gives. */
async function readOn(deps: FillDeps, partition: string, start: Place, to: number): Promise<Filled> {
  const { hub, now, log, deadline } = deps;
  let place = start;
  for await (const group of hub.read(partition, place.lastEvent + 1, to)) {
    const word = await askAgain(deps, partition, place);
    for (const run of consecutive(group, place.lastEvent, to)) {
      const gaps = gapsBefore(run[0].sequenceNumber, place.lastEvent, word);
      const written = await writeEvents(deps, partition, place, run, { kind: 'repair', gaps, hub: word });
      if (written.segments > 0) sayFilled(log, partition, place, gaps, written.events);
      ({ place } = written);
      if (written.isTaken) return { place, end: 'taken' };
    }
    if ((group.at(-1)?.sequenceNumber ?? -1) > to && place.lastEvent < to)
      return declare(deps, partition, place, gapsBefore(to + 1, place.lastEvent, word), word);
    if (now() >= deadline && place.lastEvent < to) return { place, end: 'late' };
  }
  return { place, end: 'done' };
}

/** declareGone declares what the hub says that it holds no more, where it gave nothing out. */
async function declareGone(deps: FillDeps, partition: string, place: Place, to: number): Promise<Filled> {
  const word = await askAgain(deps, partition, place);
  const last = Math.min(word.first - 1, to);
  if (last <= place.lastEvent)
    throw new AuditsealError(
      'HUB_UNAVAILABLE',
      `the event hub gives out none of the events ${place.lastEvent + 1} to ${to} of partition ${partition}, and does not say that they are gone; it is read again later`,
    );
  return declare(deps, partition, place, gapsBefore(last + 1, place.lastEvent, word), word);
}

/** declare seals a segment that has nothing but gaps. */
async function declare(
  deps: FillDeps,
  partition: string,
  place: Place,
  gaps: readonly Gap[],
  hub: HubWord,
): Promise<Filled> {
  const next = await writeWithoutEvents(deps, partition, place, { kind: 'repair', gaps, hub });
  if (next === undefined) return { place, end: 'taken' };
  sayFilled(deps.log, partition, place, gaps, 0);
  return { place: next, end: 'done' };
}

/** askAgain asks for the hub's word behind what was read: if it is another hub by now, nobody knows of which that is. */
async function askAgain({ hub, now }: FillDeps, partition: string, { created }: Place): Promise<HubWord> {
  const word = await askHub(hub, partition, now);
  if (word.created === created) return word;
  throw new AuditsealError(
    'HUB_UNAVAILABLE',
    'the event hub was created again while it was read; it is asked again later',
  );
}

/** consecutive splits what was read into runs without holes, of events behind `last` and up to `to`. */
function consecutive(group: readonly SealableEvent[], last: number, to: number): [SealableEvent, ...SealableEvent[]][] {
  const runs: [SealableEvent, ...SealableEvent[]][] = [];
  let next = last + 1;
  for (const event of group) {
    if (event.sequenceNumber < next || event.sequenceNumber > to) continue;
    const run = runs.at(-1);
    if (run === undefined || event.sequenceNumber > next) runs.push([event]);
    else run.push(event);
    next = event.sequenceNumber + 1;
  }
  return runs;
}

/**
 * gapsBefore is what is missing between the last event and a number, where the hub was asked for all and gave out what is
 * behind them, or holds them no more.
 */
function gapsBefore(sequenceNumber: number, last: number, word: HubWord): Gap[] {
  const gap = (first: number, end: number, reason: GapReason): Gap[] =>
    first > end ? [] : [{ first, last: end, reason }];
  const expired = Math.min(sequenceNumber, word.first) - 1;
  return [...gap(last + 1, expired, 'expired'), ...gap(Math.max(last, expired) + 1, sequenceNumber - 1, 'unreadable')];
}

/** sayFilled logs loudly what must not happen unseen. */
function sayFilled(log: Logger, partition: string, { lastEvent }: Place, gaps: readonly Gap[], events: number): void {
  for (const { first, last, reason } of gaps) log.error('events are missing', { partition, first, last, reason });
  const first = (gaps.at(-1)?.last ?? lastEvent) + 1;
  if (events > 0)
    log.warn('events were read from the hub again', { partition, first, last: first + events - 1, events });
}
