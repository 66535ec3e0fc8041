import { askHub } from './askHub.ts';
import { findChainHead } from './chainHead.ts';
import { fill } from './fill.ts';
import type { FillDeps } from './fill.ts';
import { isNew, openChain } from './place.ts';
import type { Place } from './place.ts';
import { openIn, recreation } from './settle.ts';
import { writeWithoutEvents } from './writeEvents.ts';
import type { WriterDeps } from './writeEvents.ts';
import { AuditsealError, faultIn } from '../core/errors.ts';
import { segmentName } from '../core/objects/names.ts';
import type { HubWord } from '../core/segment/header.ts';
import type { Certificates } from '../core/signed/certificate.ts';
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
  /** so long one run reads what is missing in a partition; the next one goes on */
  readonly fillMs: number;
  /** where the trigger goes on; left out where that isn't known */
  readonly trigger?: TriggerPosition;
}

/** State is what a partition is, by the hub's own word: all sealed, ingest at work, ingest that doesn't move, another hub, or a chain that says more than the hub. */
type State = 'quiet' | 'behind' | 'stuck' | 'recreated' | 'contradicted';

/** The share of the hub's retention that is left when events that wait are an alarm. */
const ALARM_SHARE = 0.25;
const HOUR_MS = 3_600_000;

/**
 * Watch asks the hub what it has, compares that with the chains, and acts: it seals what nobody delivers, begins the incarnation of a hub that
 * was created again, and writes signs of life that are true. It keeps where the chains were; that is no state, only a saved look-up.
 */
export class Watch {
  readonly #deps: WatchDeps;
  readonly #places = new Map<string, Place>();

  constructor(deps: WatchDeps) {
    this.#deps = deps;
  }

  /** run watches every partition once. It throws the first fault at its end: those of one partition keep no other from being watched. */
  async run(log: Logger): Promise<void> {
    const { hub } = this.#deps;
    const life = await hub.life();
    const faults: AuditsealError[] = [];
    const quiet: { readonly partition: string; readonly place: Place; readonly word: HubWord }[] = [];
    for (const partition of life.partitions) {
      try {
        const { place, word, state } = await this.#watch(partition, life, log);
        if (state === 'quiet') quiet.push({ partition, place, word });
      } catch (error) {
        faults.push(this.#failed(partition, error, log));
      }
    }
    // Only now it is sure of which hub those words are.
    if ((await hub.life()).created !== life.created)
      throw new AuditsealError('HUB_UNAVAILABLE', 'the event hub was created again meanwhile; the next run asks anew');
    for (const { partition, place, word } of quiet) {
      try {
        await this.#sealHeartbeat(partition, place, word, log);
      } catch (error) {
        faults.push(this.#failed(partition, error, log));
      }
    }
    if (faults[0] !== undefined) throw faults[0];
  }

  #failed(partition: string, error: unknown, log: Logger): AuditsealError {
    this.#places.delete(partition);
    const fault = faultIn(error);
    log.error('a partition could not be watched', { partition, why: fault.message });
    return fault;
  }

  async #watch(
    partition: string,
    { created }: HubLife,
    log: Logger,
  ): Promise<{ readonly place: Place; readonly word: HubWord; readonly state: State }> {
    const { hub, now } = this.#deps;
    const asked = new Date(now()).toISOString();
    const word: HubWord = { created, asked, ...(await hub.state(partition)) };
    // The head is read behind the hub's word, so what it has of that is sealed.
    const head = await this.#head(partition, log);
    const place = isNew(head) && word.first > word.last ? openChain(head, word) : head;
    const state = await this.#stateOf(partition, place, word, log);
    const { lastEvent } = place;
    const behind =
      state === 'recreated' || isNew(place) ? word.last + 1 - word.first : Math.max(word.last - lastEvent, 0);
    log.info('watched', { partition, state, lastEvent, hubLast: word.last, behind });
    if (state === 'contradicted')
      log.error('the chain has events that the hub never had', { partition, lastEvent, hubLast: word.last });
    const isOver = state === 'stuck' || state === 'recreated';
    return { word, state, place: isOver ? await this.#takeOver(partition, place, log) : place };
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

  /** stateOf finds what a partition is. Only where nothing was sealed for long does it look at the event that waits first. */
  async #stateOf(partition: string, place: Place, word: HubWord, log: Logger): Promise<State> {
    const { now, stuckMs } = this.#deps;
    if (!isNew(place) && place.created !== word.created) return 'recreated';
    if (!isNew(place) && word.last < place.lastEvent) return this.#confirmContradiction(partition, place);
    if (!isNew(place) && word.last === place.lastEvent) return 'quiet';
    // What has expired to the last event, nobody delivers any more.
    if (word.first > word.last) return 'stuck';
    const oldest = await this.#oldestWaiting(partition, place, word);
    if (oldest === undefined) return 'behind';
    const waitedMs = now() - Date.parse(oldest);
    this.#countDown(partition, waitedMs, word.last - Math.max(place.lastEvent, word.first - 1), log);
    const isMoving = place.sealed !== '' && now() - Date.parse(place.sealed) < stuckMs;
    return isMoving || waitedMs < stuckMs ? 'behind' : 'stuck';
  }

  /** confirmContradiction asks again: the hub may have been created again between two answers. */
  async #confirmContradiction(partition: string, { created, lastEvent }: Place): Promise<State> {
    const { hub, now } = this.#deps;
    const word = await askHub(hub, partition, now);
    if (word.created !== created) return 'recreated';
    return word.last < lastEvent ? 'contradicted' : 'behind';
  }

  /** oldestWaiting gives when the first event that isn't sealed was enqueued, of those that the hub still has. */
  async #oldestWaiting(partition: string, place: Place, word: HubWord): Promise<string | undefined> {
    const { hub, now, stuckMs } = this.#deps;
    // What was enqueued last has waited least: where not even a segment is old, ingest is at work.
    if (place.sealed !== '' && now() - Date.parse(place.sealed) < stuckMs) return undefined;
    const first = Math.max(isNew(place) ? 0 : place.lastEvent + 1, word.first);
    for await (const [event] of hub.read(partition, first, first)) return event?.enqueued;
    return undefined;
  }

  #countDown(partition: string, waitedMs: number, behind: number, log: Logger): void {
    const { hubRetentionMs } = this.#deps;
    if (hubRetentionMs === undefined) return;
    const leftMs = hubRetentionMs - waitedMs;
    if (leftMs > hubRetentionMs * ALARM_SHARE) return;
    const hoursLeft = Math.max(Math.floor(leftMs / HOUR_MS), 0);
    log.error('unsealed events will expire', { partition, behind, hoursLeft });
  }

  /** takeOver seals what the hub has and nobody delivered, and begins the incarnation of another hub. Another writer that is at work meanwhile is good. */
  async #takeOver(partition: string, place: Place, log: Logger): Promise<Place> {
    const { hub, now, fillMs } = this.#deps;
    const word = await askHub(hub, partition, now);
    const open = openIn(place, word);
    if (open.incarnation !== place.incarnation)
      log.error('event hub was re-created', recreation(partition, place, word));
    const deps: FillDeps = { ...this.#deps, log, deadline: now() + fillMs };
    const { place: filled } = await fill(deps, partition, open, word.last);
    // A new hub without events: the chain says so at once, and with it that the one before is gone.
    const isSaid = filled.opening === undefined;
    const next = isSaid ? filled : await writeWithoutEvents(this.#deps, partition, filled, { kind: 'repair' });
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
      log.warn('the trigger was not passed on', { partition, why: faultIn(error).message });
    }
  }

  /** sealHeartbeat writes that the hub said that all it has is sealed, if the partition has been idle for so long. */
  async #sealHeartbeat(partition: string, place: Place, hub: HubWord, log: Logger): Promise<void> {
    const { now, idleMs } = this.#deps;
    if (place.sealed !== '' && now() - Date.parse(place.sealed) < idleMs) return;
    const { index, lastEvent } = place;
    // A name that is taken meanwhile is good: then the partition isn't idle.
    if ((await writeWithoutEvents(this.#deps, partition, place, { kind: 'heartbeat', hub })) === undefined) return;
    log.info('sealed a heartbeat', { partition, index, lastEvent });
  }
}
