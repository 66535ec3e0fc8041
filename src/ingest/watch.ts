import { askHub } from './askHub.ts';
import { findChainHead } from './chainHead.ts';
import { fill } from './fill.ts';
import type { FillDeps } from './fill.ts';
import { isNew, openChain } from './place.ts';
import type { Place } from './place.ts';
import { openIn, saysMore } from './settle.ts';
import { writeWithoutEvents } from './writeEvents.ts';
import type { WriterDeps } from './writeEvents.ts';
import { AuditsealError } from '../core/errors.ts';
import { CLOCK_SKEW_MS } from '../core/limits.ts';
import { segmentName } from '../core/objects/names.ts';
import type { HubWord } from '../core/segment/hubWord.ts';
import type { Certificates } from '../core/signed/certificate.ts';
import { HOUR_MS } from '../core/units.ts';
import { Semaphore } from '../ledger/concurrency.ts';
import type { Logger } from '../ports/host.ts';
import type { Hub, HubLife } from '../ports/hub.ts';
import type { TriggerPosition } from '../ports/trigger.ts';

export interface WatchDeps extends WriterDeps {
  readonly hub: Hub;
  /** whose segments count */
  readonly certificates: Certificates;
  /** a partition of which all is sealed gets a heartbeat when its newest segment is so old */
  readonly idleMs: number;
  /** events that waited so long in the hub while nothing was sealed are read by this timer */
  readonly stuckMs: number;
  /** how long the hub keeps events; left out where nobody said */
  readonly hubRetentionMs?: number;
  /** waits so many milliseconds */
  readonly wait: (milliseconds: number) => Promise<void>;
  /** so long one run reads what is missing in a partition; the next one goes on */
  readonly fillMs: number;
  /** where the trigger goes on; left out where that isn't known */
  readonly trigger?: TriggerPosition;
}

/**
 * State is what a partition is, by the hub's own word: all sealed, ingest at work, ingest that doesn't move, another hub, or
 * a chain that says more than the hub.
 */
type State = 'quiet' | 'behind' | 'stuck' | 'recreated' | 'contradicted';

interface Watched {
  readonly partition: string;
  readonly place: Place;
  readonly word: HubWord;
  readonly state: State;
}

/** reasonOf is what is logged of an error. What nobody foresaw may quote anything, and is not repeated. */
const reasonOf = (error: unknown): string =>
  error instanceof AuditsealError ? error.message : 'a fault that nobody foresaw; the function fails with it';

/** The share of the hub's retention that is left when events that wait are an alarm. */
const ALARM_SHARE = 0.25;
/** So many partitions are watched at one time: each may hold a few groups of events. */
const AT_ONE_TIME = 3;
/** Twice the longest time after which the trigger's retry policy tries a delivery again: functions/ingest.ts. */
const RETRY_MS = 2 * 60_000;

/**
 * Watch asks the hub what it has, compares that with the chains, and acts: it seals what nobody delivers, begins the
 * incarnation of a hub that was created again, and writes signs of life that are true. It keeps where the chains were; that
 * is no state, only a saved look-up.
 */
export class Watch {
  readonly #deps: WatchDeps;
  readonly #places = new Map<string, Place>();
  /** partitions that the last run didn't read to their ends */
  readonly #unfinished = new Set<string>();

  constructor(deps: WatchDeps) {
    this.#deps = deps;
  }

  /**
   * run watches every partition once, a few at one time. It throws the first fault at its end: those of one partition, and one that
   * takes long, keep no other from being watched.
   */
  async run(log: Logger): Promise<void> {
    const life = await this.#deps.hub.life();
    const places = new Semaphore(AT_ONE_TIME);
    const faults: unknown[] = [];
    await Promise.all(
      life.partitions.map((partition) =>
        places.run(async () => {
          try {
            const watched = await this.#watch(partition, life, log);
            if (watched.state === 'quiet') await this.#sealHeartbeat(watched, log);
          } catch (error) {
            faults.push(this.#failed(partition, error, log));
          }
        }),
      ),
    );
    if (faults.length > 0) throw faults[0];
  }

  #failed(partition: string, error: unknown, log: Logger): unknown {
    this.#places.delete(partition);
    log.error('a partition could not be watched', { partition, why: reasonOf(error) });
    return error;
  }

  async #watch(partition: string, { created }: HubLife, log: Logger): Promise<Watched> {
    const { hub, now } = this.#deps;
    const asked = new Date(now()).toISOString();
    const word: HubWord = { created, asked, ...(await hub.state(partition)) };
    // The head is read behind the hub's word, so what it has of that is sealed.
    const head = await this.#head(partition, log);
    const place = isNew(head) && word.first > word.last ? openChain(head, word) : head;
    const { state, oldest } = await this.#judge(partition, place, word, log);
    const watched: Watched = { partition, place, word, state };
    await this.#say(watched, oldest, log);
    const isOver = state !== 'quiet' && state !== 'behind';
    return isOver ? { ...watched, place: await this.#takeOver(partition, place, log) } : watched;
  }

  /** say logs what a partition is. `oldest` is since when its oldest event waits, at the earliest. */
  async #say({ partition, place, word, state }: Watched, oldest: string | undefined, log: Logger): Promise<void> {
    const { hubRetentionMs = NaN } = this.#deps;
    const { lastEvent, latest } = place;
    const sealed = isNew(place) || state === 'recreated' ? word.first - 1 : lastEvent;
    const behind = Math.max(word.last - sealed, 0);
    let leftMs = behind > 0 && oldest !== undefined ? this.#leftOf(oldest) : NaN;
    // A partition that was quiet for long has only now something that waits: the event itself knows since when.
    if (leftMs < hubRetentionMs * ALARM_SHARE)
      leftMs = this.#leftOf((await this.#enqueuedAt(partition, sealed + 1)) ?? oldest);
    const hoursLeft = Number.isNaN(leftMs) ? -1 : Math.floor(leftMs / HOUR_MS);
    log.info('watched', { partition, state, lastEvent, enqueued: latest, hubLast: word.last, behind, hoursLeft });
    if (leftMs < hubRetentionMs * ALARM_SHARE)
      log.error('unsealed events will expire', { partition, behind, hoursLeft });
  }

  /** leftOf is how long the hub still holds what was enqueued at a time, in milliseconds; NaN where nobody knows. */
  #leftOf(enqueued: string | undefined): number {
    const { now, hubRetentionMs = NaN } = this.#deps;
    return enqueued === undefined ? NaN : Math.max(hubRetentionMs - (now() - Date.parse(enqueued)), 0);
  }

  async #head(partition: string, log: Logger): Promise<Place> {
    const { store, now, certificates } = this.#deps;
    const known = this.#places.get(partition);
    // Where the next name is free, nobody has written since.
    if (known !== undefined && !(await store.exists(segmentName(partition, known.index)))) return known;
    const place = await findChainHead({ store, now, log, certificates }, partition, known?.index);
    this.#places.set(partition, place);
    return place;
  }

  /**
   * judge finds what a partition is, and since when its oldest event waits: no later than that. Only where nothing was sealed
   * for long does it look at that event.
   */
  async #judge(
    partition: string,
    place: Place,
    word: HubWord,
    log: Logger,
  ): Promise<{ readonly state: State; readonly oldest?: string | undefined }> {
    const { created, lastEvent, sealed, latest } = place;
    if (!isNew(place) && created !== word.created) return { state: 'recreated', oldest: word.created };
    if (!isNew(place) && word.last < lastEvent)
      // What was sealed since the hub was asked, it need not have had then.
      return { state: this.#isRecent(sealed) ? 'behind' : await this.#confirm(partition, place) };
    if (!isNew(place) && word.last === lastEvent) return { state: 'quiet' };
    const first = isNew(place) ? word.first : lastEvent + 1;
    const bound = { oldest: latest || created };
    // What a run began, the next one goes on with.
    if (this.#unfinished.has(partition)) return { state: 'stuck', ...bound };
    // What waits was enqueued behind what is sealed.
    if (this.#isRecent(sealed)) return { state: 'behind', ...bound };
    if (word.first > first)
      return { state: (await this.#isMoving(partition, place, log)) ? 'behind' : 'stuck', ...bound };
    const oldest = await this.#enqueuedAt(partition, first);
    const isWaiting = oldest !== undefined && this.#isRecent(oldest);
    return { state: isWaiting ? 'behind' : 'stuck', oldest: oldest ?? bound.oldest };
  }

  /** isRecent tells whether a time was lately. One that is still to come is no sign that ingest is at work. */
  #isRecent(time: string): boolean {
    const age = this.#deps.now() - Date.parse(time);
    return age < this.#deps.stuckMs && age >= -CLOCK_SKEW_MS;
  }

  /**
   * isMoving waits, before events are declared that the hub holds no more: a delivery that is tried again may have them in hand, and
   * gets the time of two tries.
   */
  async #isMoving(partition: string, { index }: Place, log: Logger): Promise<boolean> {
    await this.#deps.wait(Math.min(RETRY_MS, this.#deps.stuckMs));
    return (await this.#head(partition, log)).index !== index;
  }

  /** confirm asks again whether a chain says more than its hub: that may have been created again between two answers. */
  async #confirm(partition: string, place: Place): Promise<State> {
    const { hub, now } = this.#deps;
    const word = await askHub(hub, partition, now);
    if (word.created !== place.created) return 'recreated';
    return (await saysMore(hub, partition, place, word)) ? 'contradicted' : 'behind';
  }

  /** enqueuedAt gives when the first event from a number on was enqueued, of those that the hub gives out. */
  async #enqueuedAt(partition: string, number: number): Promise<string | undefined> {
    for await (const [event] of this.#deps.hub.read(partition, number, number)) return event?.enqueued;
    return undefined;
  }

  /**
   * takeOver seals what the hub has and nobody delivered, and begins the incarnation of another hub. Another writer that is
   * at work meanwhile is good.
   */
  async #takeOver(partition: string, place: Place, log: Logger): Promise<Place> {
    const { hub, now, fillMs } = this.#deps;
    const word = await askHub(hub, partition, now);
    const open = openIn({ log }, partition, place, word, await saysMore(hub, partition, place, word));
    const deps: FillDeps = { ...this.#deps, log, deadline: now() + fillMs };
    const { place: filled, end } = await fill(deps, partition, open, word.last);
    if (end === 'late') this.#unfinished.add(partition);
    else this.#unfinished.delete(partition);
    // A new hub without events: the chain says so at once, and with it that the one before is gone. Where there was none, it is a
    // sign of life: what waited has expired since.
    const isSaid = filled.opening === undefined || end !== 'done';
    const kind = isNew(place) ? 'heartbeat' : 'repair';
    const next = isSaid ? filled : await writeWithoutEvents(this.#deps, partition, filled, { kind });
    this.#places.set(partition, next ?? filled);
    await this.#passOn(partition, next ?? filled, word, log);
    return next ?? filled;
  }

  /** passOn sets the trigger's position behind what is sealed: what it couldn't deliver before that, nobody needs of it. */
  async #passOn(partition: string, { lastEvent, created }: Place, { last }: HubWord, log: Logger): Promise<void> {
    const { hub, trigger } = this.#deps;
    if (trigger === undefined || lastEvent < 0) return;
    try {
      for await (const [event] of hub.read(partition, lastEvent, lastEvent)) {
        // A number that isn't its own lies behind it, or in another hub.
        if (event?.offset === undefined || event.sequenceNumber !== lastEvent) return;
        const { sequenceNumber, offset } = event;
        const outcome = await trigger.pass(partition, { sequenceNumber, offset, created, last });
        if (outcome === 'moved') log.info('the trigger was passed on', { partition, sequenceNumber });
        return;
      }
    } catch (error) {
      log.warn('the trigger was not passed on', { partition, why: reasonOf(error) });
    }
  }

  /** sealHeartbeat writes that the hub said that all it has is sealed, if the partition has been idle for so long. */
  async #sealHeartbeat({ partition, place, word }: Watched, log: Logger): Promise<void> {
    const { hub, now, idleMs } = this.#deps;
    if (place.sealed !== '' && now() - Date.parse(place.sealed) < idleMs) return;
    // Only now it is sure of which hub that word is.
    if ((await hub.life()).created !== word.created)
      throw new AuditsealError('HUB_UNAVAILABLE', 'the event hub was created again meanwhile; the next run asks anew');
    const { index, lastEvent } = place;
    // A name that is taken meanwhile is good: then the partition isn't idle.
    if ((await writeWithoutEvents(this.#deps, partition, place, { kind: 'heartbeat', hub: word })) === undefined)
      return;
    log.info('sealed a heartbeat', { partition, index, lastEvent });
  }
}
