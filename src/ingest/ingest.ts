import { findChainHead } from './chainHead.ts';
import { interruptionOf } from './interruption.ts';
import type { Place } from './place.ts';
import { planDelivery } from './plan.ts';
import type { HubAnswer } from './plan.ts';
import { settle } from './settle.ts';
import { writeEvents } from './writeEvents.ts';
import type { WriterDeps, Written } from './writeEvents.ts';
import { AuditsealError } from '../core/errors.ts';
import { CLOCK_SKEW_MS } from '../core/limits.ts';
import type { SealableEvent } from '../core/segment/seal.ts';
import type { Certificates } from '../core/signed/certificate.ts';
import type { Delivery, Logger } from '../ports/host.ts';
import type { Hub } from '../ports/hub.ts';

export interface IngestDeps extends WriterDeps {
  /** whose segments count */
  readonly certificates: Certificates;
  /** asked only where a delivery doesn't simply go on from what is sealed; opened at first use */
  readonly hub: () => Promise<Hub>;
  /** pause waits before another try; it gets the number of tries so far */
  readonly pause: (tries: number) => Promise<void>;
}

/** What one delivery added to the ledger, repairs not counted. */
export interface IngestResult {
  segments: number;
  events: number;
  records: number;
  duplicates: number;
  rawBytes: number;
  storedBytes: number;
}

/**
 * How many times a delivery that meets other writers, or is interrupted, is planned again before the host has to deliver it
 * anew.
 */
const MAX_TRIES = 8;
/** So often the hub is asked about one delivery: a gap or a new hub takes one or two. */
const MAX_QUESTIONS = 50;
/**
 * So long one delivery reads what is missing before it, and tries again what fails; then the host delivers again, and it goes
 * on.
 */
const TRY_MS = 3 * 60_000;

const late = (partition: string, { lastEvent }: Place): string =>
  `more is missing in partition ${partition} than one invocation reads again; the next one goes on behind event ${lastEvent}`;

/** Ingest seals deliveries. It keeps the heads of the chains it wrote last; they are no state, only a saved look-up. */
export class Ingest {
  readonly #deps: IngestDeps;
  readonly #places = new Map<string, Place>();

  constructor(deps: IngestDeps) {
    this.#deps = deps;
  }

  /**
   * seal resolves when every event of the delivery is in the ledger, once and in order, and all before it that the hub has; it
   * throws otherwise. Only then may the hub's position move. It is safe to repeat, and to run for one partition in two places at
   * once.
   */
  async seal(delivery: Delivery, log: Logger): Promise<IngestResult> {
    const { partition } = delivery;
    const result: IngestResult = { segments: 0, events: 0, records: 0, duplicates: 0, rawBytes: 0, storedBytes: 0 };
    const deadline = this.#deps.now() + TRY_MS;
    for (let tries = 1; ; tries++) {
      try {
        const nextIndex = await this.#sealOnce(delivery, result, deadline, log);
        log.info('sealed', { partition, nextIndex, ...result });
        return result;
      } catch (error) {
        // Whether the last write went through isn't known.
        this.#places.delete(partition);
        const kind = interruptionOf(error);
        const code = error instanceof AuditsealError ? error.code : 'UNKNOWN';
        if (kind !== 'passing' || tries >= MAX_TRIES || this.#deps.now() >= deadline) {
          if (kind === 'lasting') log.error('a partition is held', { partition, code });
          throw error;
        }
        log.warn('sealing was interrupted', { partition, code, tries });
        await this.#deps.pause(tries);
      }
    }
  }

  /** sealOnce seals a delivery, and gives the index of the next segment. */
  async #sealOnce(
    { partition, events }: Delivery,
    result: IngestResult,
    deadline: number,
    log: Logger,
  ): Promise<number> {
    let rest = events;
    let answer: HubAnswer | undefined;
    let [tries, questions] = [0, 0];
    for (;;) {
      const place = this.#places.get(partition) ?? (await findChainHead({ ...this.#deps, log }, partition));
      const plan = planDelivery(place, rest, answer);
      const { duplicates, strangers, displaced } = plan;
      const written = await writeEvents(this.#deps, partition, place, plan.events, { kind: 'ingest', duplicates });
      this.#places.set(partition, written.place);
      add(result, written);
      if (written.isTaken) {
        const last = plan.events[written.events - 1];
        rest = rest.slice(last === undefined ? 0 : rest.indexOf(last) + 1);
        tries = await this.#meet(partition, written.place, tries, log);
        continue;
      }
      result.duplicates += duplicates;
      if (displaced > 0) log.error('another event is sealed under this number', { partition, events: displaced });
      if (strangers > 0) log.error('events of a hub that is gone came too late', { partition, events: strangers });
      rest = rest.slice(plan.seen);
      const [odd, ...others] = rest;
      if (odd === undefined) {
        // What the hub said is of this delivery, where nothing was written behind it.
        if (written.place.opening !== undefined) this.#places.delete(partition);
        if (plan.events.length === 0) announceFuture(log, partition, place, events, this.#deps.now());
        return written.place.index;
      }
      if (++questions > MAX_QUESTIONS)
        throw new AuditsealError(
          'HUB_UNAVAILABLE',
          `the event hub was asked ${MAX_QUESTIONS} times about one delivery of partition ${partition}, and it still does not follow what is sealed`,
        );
      const deps = { ...this.#deps, hub: await this.#deps.hub(), log, deadline };
      const settled = await settle(deps, partition, written.place, [odd, ...others]);
      ({ answer } = settled);
      this.#places.set(partition, settled.place);
      if (settled.end === 'late') throw new AuditsealError('HUB_UNAVAILABLE', late(partition, settled.place));
      if (settled.end === 'taken') tries = await this.#meet(partition, settled.place, tries, log);
    }
  }

  /** meet finds where the chain goes on when another writer has the name, or it was our own write whose response was lost. */
  async #meet(partition: string, { index }: Place, before: number, log: Logger): Promise<number> {
    const tries = before + 1;
    if (tries > MAX_TRIES)
      throw new AuditsealError(
        'CHAIN_CONTENDED',
        `other writers took every name that was tried in partition ${partition}`,
      );
    log.warn('name of the next segment is taken', { partition, index, tries });
    this.#places.set(partition, await findChainHead({ ...this.#deps, log }, partition, index));
    if (tries > 1) await this.#deps.pause(tries);
    return tries;
  }
}

/**
 * announceFuture logs a delivery that was dropped as sealed before, where the newest segment is from the future: that clock is
 * ahead, or a stolen session says that events were sealed that the hub has only now. Up to its time nobody here can tell.
 */
function announceFuture(
  log: Logger,
  partition: string,
  { sealed }: Place,
  events: readonly SealableEvent[],
  now: number,
): void {
  const [first, last] = [events[0]?.sequenceNumber, events.at(-1)?.sequenceNumber];
  if (first === undefined || last === undefined || sealed === '' || Date.parse(sealed) <= now + CLOCK_SKEW_MS) return;
  const fields = { partition, first, last, sealed, now: new Date(now).toISOString() };
  log.error('events are taken for sealed by a segment from the future', fields);
}

function add(result: IngestResult, written: Written): void {
  result.segments += written.segments;
  result.events += written.events;
  result.records += written.records;
  result.rawBytes += written.rawBytes;
  result.storedBytes += written.storedBytes;
}
