import type { Delivery } from '../../src/ports/host.ts';
import { Random } from '../support/random.ts';
import type { Process, Scheduler } from './scheduler.ts';
import type { SimEvent, SimHub } from './simHub.ts';

export interface SimDelivery extends Delivery {
  readonly events: readonly SimEvent[];
}

/** What a trigger does with a delivery otherwise than it should. */
export type DeliveryFault = 'repeat' | 'split' | 'overlap' | 'delay';

export interface TriggerDeps {
  readonly scheduler: Scheduler;
  readonly hub: SimHub;
  readonly random: Random;
  /** seals a delivery in a process: it throws where that process would */
  readonly seal: (process: Process, delivery: SimDelivery) => Promise<void>;
  /** what happens to the next delivery of a partition */
  readonly faultOf: (partition: string) => DeliveryFault | undefined;
}

const RETRY_MS = 20_000;
const DELAY_MS = 1_200_000;
const MOST = 12;

/**
 * Trigger is the host's Event Hubs trigger: it has a position for each partition, which outlives hosts and hubs, and each
 * owner of a partition delivers from there on, in whatever way the simulation wants.
 */
export class Trigger {
  /** number of the next event to deliver, by partition */
  readonly positions = new Map<string, number>();
  /** whether it moves on after a delivery that failed */
  hasRetries = true;
  readonly #deps: TriggerDeps;
  readonly #owners = new Map<string, Set<Process>>();
  #links = 0;

  constructor(deps: TriggerDeps) {
    this.#deps = deps;
  }

  ownersOf(partition: string): Process[] {
    return [...(this.#owners.get(partition) ?? [])].filter(({ isDead }) => !isDead);
  }

  /** cut ends all connections to the hub: whoever owns a partition begins again at its stored position. */
  cut(): void {
    this.#links++;
  }

  /** own lets a process deliver a partition until it dies. */
  async own(process: Process, partition: string): Promise<void> {
    const owners = this.#owners.get(partition) ?? new Set();
    this.#owners.set(partition, owners);
    if (owners.has(process)) return;
    owners.add(process);
    for (;;) await this.#attach(process, partition);
  }

  /** attach receives from the stored position on, as long as the hub is the same one. */
  async #attach(process: Process, partition: string): Promise<void> {
    const { scheduler, hub } = this.#deps;
    const life = hub.now;
    const links = this.#links;
    const isCut = (): boolean => life !== hub.now || links !== this.#links;
    const stored = await scheduler.do(process, 'trigger.attach', () => this.positions.get(partition) ?? 0);
    if (isCut() || stored > hub.at(partition, life).events.length) {
      // The position is behind the end of a hub that was created again.
      await scheduler.sleep(process, 'trigger.refused', RETRY_MS);
      return;
    }
    for (let next = stored; ;) {
      await scheduler.until(process, 'trigger.wait', () => {
        const [first] = isCut() ? [] : hub.received(partition, next, 1);
        return isCut() || (first !== undefined && !first.isPoison);
      });
      if (isCut()) return;
      const events = await scheduler.do(process, 'trigger.receive', () =>
        isCut() ? [] : this.#receivable(partition, next),
      );
      const last = events.at(-1)?.sequenceNumber;
      if (last === undefined) continue;
      await this.#deliver(process, { partition, events });
      await scheduler.do(process, 'trigger.move', () => this.positions.set(partition, last + 1));
      next = last + 1;
    }
  }

  #receivable(partition: string, next: number): SimEvent[] {
    const { hub, random } = this.#deps;
    const events = hub.received(partition, next, 1 + random.below(MOST));
    const poison = events.findIndex(({ isPoison }) => isPoison);
    return poison < 0 ? events : events.slice(0, poison);
  }

  async #deliver(process: Process, delivery: SimDelivery): Promise<void> {
    const { faultOf, scheduler } = this.#deps;
    const { partition, events } = delivery;
    const fault = faultOf(partition);
    if (fault === 'delay') await scheduler.sleep(process, 'trigger.delay', DELAY_MS);
    if (fault === 'repeat') await this.#seal(process, { partition, events: this.#repeated(delivery) });
    if (fault === 'split') for (const event of events) await this.#seal(process, { partition, events: [event] });
    else if (fault === 'overlap')
      await Promise.all([
        this.#seal(process, delivery),
        this.#seal(process, { partition, events: this.#repeated(delivery) }),
      ]);
    await this.#seal(process, delivery);
  }

  /** repeated begins before a delivery and ends within it, as after a position that was lost. */
  #repeated({ partition, events }: SimDelivery): SimEvent[] {
    const { hub, random } = this.#deps;
    const [first] = events;
    if (first === undefined) return [];
    const from = Math.max(first.sequenceNumber - random.below(10), 0);
    const before = hub
      .at(partition, first.life)
      .events.slice(from, first.sequenceNumber)
      .filter(({ isUnreadable, isPoison }) => !isUnreadable && !isPoison);
    return [...before, ...events.slice(0, 1 + random.below(events.length))];
  }

  /** seal hands a delivery over until it is sealed, or once, where nobody tries again. */
  async #seal(process: Process, delivery: SimDelivery): Promise<void> {
    const { seal, scheduler } = this.#deps;
    for (let tries = 1; ; tries++) {
      try {
        return await seal(process, delivery);
      } catch {
        if (!this.hasRetries) return;
        await scheduler.sleep(process, 'trigger.retry', Math.min(1000 * 2 ** tries, 60_000));
      }
    }
  }
}
