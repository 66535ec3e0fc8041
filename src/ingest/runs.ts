import { CLOCK_SKEW_MS } from '../core/limits.ts';
import type { ChainHead } from '../core/segment/chain.ts';
import type { Gap } from '../core/segment/header.ts';
import type { SealableEvent } from '../core/segment/seal.ts';

/** Run is consecutive events that may share segments: one incarnation, no number left out. */
export interface Run {
  readonly incarnation: number;
  /** what is missing before its first event */
  readonly gaps: readonly Gap[];
  readonly events: [SealableEvent, ...SealableEvent[]];
}

/** Runs is what of a delivery is new, and how many of its events are not. */
export interface Runs {
  readonly runs: readonly Run[];
  /** events that are sealed already */
  readonly duplicates: number;
}

/** latestFor is the latest time at which an event of a segment was enqueued that was sealed then. docs/format.md, section 7. */
const latestFor = (sealed: string): string =>
  sealed === '' ? '' : new Date(Date.parse(sealed) + CLOCK_SKEW_MS).toISOString();

/**
 * planRuns decides what of a delivery is new, event by event, because a redelivery has other bounds than the first try.
 *
 * An event is a duplicate if its number is not above the last sealed one and it was not enqueued after all that are sealed: the
 * hub's clock may go back, so the last one's time won't do. A number that is not above but was enqueued later means that the hub
 * was re-created: the next incarnation. A number further on means a gap.
 */
export function planRuns(head: ChainHead, events: readonly SealableEvent[]): Runs {
  const runs: Run[] = [];
  let duplicates = 0;
  let { incarnation, lastEvent } = head;
  // What was signed may lie: a time that no honest segment could have must not hide what comes after it.
  let latest = [head.latest, latestFor(head.sealed)].toSorted()[0] ?? '';
  for (const event of events) {
    const { sequenceNumber, enqueued } = event;
    const isRestart = sequenceNumber <= lastEvent && enqueued > latest;
    if (sequenceNumber <= lastEvent && !isRestart) {
      duplicates++;
      continue;
    }
    if (isRestart) incarnation++;
    const isGap = !isRestart && lastEvent >= 0 && sequenceNumber > lastEvent + 1;
    const run = runs.at(-1);
    if (run === undefined || isRestart || isGap) {
      const gaps: Gap[] = isGap ? [{ first: lastEvent + 1, last: sequenceNumber - 1, reason: 'unknown' }] : [];
      runs.push({ incarnation, gaps, events: [event] });
    } else run.events.push(event);
    lastEvent = sequenceNumber;
    if (enqueued > latest) latest = enqueued;
  }
  return { runs, duplicates };
}
