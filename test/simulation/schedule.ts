import { nameOf, timeOf } from '../support/forge.ts';
import type { Path } from './chainTruth.ts';
import { checkVerified } from './endCheck.ts';
import { ArmedFaults } from './faults.ts';
import type { Fault, FaultKind, Plan } from './plan.ts';
import { Violation } from './scheduler.ts';
import type { Process } from './scheduler.ts';
import type { DeliveryFault } from './trigger.ts';
import { IDLE_MS, MINUTE_MS, START, World } from './world.ts';
import type { Host } from './world.ts';

/** Outcome is what a schedule came to, and all that it went through. */
export interface Outcome {
  readonly violation: unknown;
  readonly paths: ReadonlyMap<Path, number>;
  readonly steps: number;
}

const DELIVERY: Partial<Record<FaultKind, DeliveryFault>> = {
  'delivery repeated': 'repeat',
  'delivery split': 'split',
  'deliveries overlap': 'overlap',
  'delivery delayed': 'delay',
};
/** A schedule that takes more steps than this never comes to its end. */
const MAX_STEPS = 100_000;
/** So many times everything runs once more at the end before all must be quiet. */
const MAX_ROUNDS = 40;
const MAX_SKEW_MS = 4 * MINUTE_MS;

/** What faults do that happen to no single operation. */
type Strikes = Partial<Record<FaultKind, () => unknown>>;
type Job = 'watch' | 'integrate';

/** Schedule runs one plan. */
export class Schedule {
  readonly world: World;
  readonly #plan: Plan;
  readonly #paths = new Map<Path, number>();
  readonly #armed: ArmedFaults;
  readonly #running = new Map<Job, Process>();
  #next: { doubled: boolean; slow: boolean } = { doubled: false, slow: false };
  #isOver = false;
  #isResting = false;

  constructor(plan: Plan) {
    this.#plan = plan;
    const took = (path: Path): void => void this.#paths.set(path, (this.#paths.get(path) ?? 0) + 1);
    this.world = new World(plan, took);
    const { scheduler } = this.world;
    this.#armed = new ArmedFaults(({ kind }) => took(`fault: ${kind}`));
    scheduler.faultOf = (op) => this.#armed.at(op, scheduler.time);
    scheduler.onKill = (process) => void this.#restart(process);
  }

  /** run lets everything happen, then lets everything come to rest, and says what was wrong. */
  async run(): Promise<Outcome> {
    let violation: unknown;
    try {
      await this.#tell();
      await this.#rest();
    } catch (error) {
      violation = error;
    }
    return { violation, paths: this.#paths, steps: this.world.scheduler.steps };
  }

  async #tell(): Promise<void> {
    const { world } = this;
    const { hub, random } = world;
    for (let count = this.#plan.expiredBefore; count > 0; count--) hub.accept('0', 'records', 1);
    hub.expire('0', this.#plan.expiredBefore);
    for (let host = 0; host < this.#plan.hosts; host++) world.start(host, this.#skew());
    for (const partition of hub.partitions) this.#own(random.below(this.#plan.hosts), partition);
    void this.#timer('watch', 9 * MINUTE_MS);
    void this.#timer('integrate', 16 * MINUTE_MS);
    const productions = this.#plan.productions.map((it) => ({
      at: it.at,
      act: () => void hub.accept(String(it.partition), it.kind, it.records),
    }));
    const faults = this.#plan.faults.map((fault) => ({ at: fault.at, act: () => this.#strike(fault) }));
    for (const { at, act } of [...productions, ...faults].toSorted((a, b) => a.at - b.at)) {
      await this.#until(START + at);
      act();
    }
  }

  async #until(time: number): Promise<void> {
    const { scheduler } = this.world;
    while (scheduler.time < time && (await scheduler.step(time))) {
      if (this.world.violation !== undefined) throw this.world.violation;
      if (scheduler.steps > MAX_STEPS) throw new Violation('the schedule never comes to its end');
    }
  }

  #skew = (): number => this.world.random.below(MAX_SKEW_MS) - MAX_SKEW_MS / 2;

  #own(host: number, partition: string): void {
    const { process } = this.world.hosts[host] as Host;
    void this.world.run(() => this.world.trigger.own(process, partition));
  }

  /** restart starts a host again that has died; its partitions go to whoever is there. */
  async #restart(dead: Process): Promise<void> {
    const { scheduler, random, outside, hub, trigger } = this.world;
    for (const [job, process] of this.#running) if (process === dead) this.#running.delete(job);
    await scheduler.sleep(outside, 'restart', random.below(2 * MINUTE_MS));
    this.world.start(dead.host, this.#skew());
    for (const partition of hub.partitions)
      if (trigger.ownersOf(partition).length === 0) this.#own(random.below(this.#plan.hosts), partition);
  }

  get #alive(): Host[] {
    return this.world.hosts.filter(({ process }) => !process.isDead);
  }

  /** timer runs a job again and again, on one host or on two. */
  async #timer(job: Job, periodMs: number): Promise<void> {
    const { scheduler, random, outside, took } = this.world;
    while (!this.#isOver) {
      await scheduler.sleep(outside, 'timer', periodMs / 2 + random.below(periodMs));
      const { doubled, slow } = this.#next;
      this.#next = { doubled: false, slow: false };
      if (slow) await scheduler.sleep(outside, 'timer', 30 * MINUTE_MS);
      const alive = this.#alive;
      if (alive.length === 0 || (this.#running.has(job) && !doubled)) continue;
      const [first, second] = [random.pick(alive as [Host]), random.pick(alive as [Host])];
      void this.#job(job, first);
      if (doubled) {
        took('fault: timer doubled');
        void this.#job(job, second);
      }
    }
  }

  async #job(job: Job, host: Host): Promise<void> {
    this.#running.set(job, host.process);
    await this.world.run(() => host[job].run(this.world.logOf()));
    if (this.#running.get(job) === host.process) this.#running.delete(job);
  }

  /** strike lets a fault happen, or waits for the operation that it happens to. */
  #strike(fault: Fault): void {
    const { world } = this;
    if (this.#armed.arm(fault, world.scheduler.time)) return;
    const { kind, dice } = fault;
    if (kind !== 'timer doubled') world.took(`fault: ${kind}`);
    const partition = String(dice % world.hub.partitions.length);
    const delivery = DELIVERY[kind];
    if (delivery !== undefined) world.deliveryFaults.set(partition, delivery);
    this.#toHosts(fault, partition)[kind]?.();
    this.#toHub(fault, partition)[kind]?.();
  }

  #toHosts({ host, dice }: Fault, partition: string): Strikes {
    const { scheduler, trigger, planter, hub, hosts, outside } = this.world;
    const { process } = hosts[host] as Host;
    return {
      'host frozen': () => (process.frozenUntil = scheduler.time + 60 * MINUTE_MS),
      'clock of a host jumps': () => (process.skewMs = (dice % (2 * MAX_SKEW_MS)) - MAX_SKEW_MS),
      'second owner': () => this.#own(host, partition),
      'timer doubled': () => (this.#next.doubled = true),
      'timer slow': () => (this.#next.slow = true),
      'connection lost': () => trigger.cut(),
      'position set ahead': () => {
        trigger.positions.set(partition, hub.at(partition).events.length);
        trigger.cut();
      },
      'trigger moves on': () => {
        trigger.hasRetries = false;
        void scheduler.sleep(outside, 'retries', 30 * MINUTE_MS).then(() => (trigger.hasRetries = true));
      },
      'object planted': () => planter.plant((scheduler.time - Date.parse(timeOf(0))) / 1000),
    };
  }

  #toHub(fault: Fault, partition: string): Strikes {
    const { hub, trigger } = this.world;
    const { host, dice } = fault;
    return {
      'retention ends': () => hub.expire(partition, dice % (hub.at(partition).events.length + 1)),
      'retention ends in a reading': () => void this.#expireInReading(partition, fault),
      'broker clock goes back': () => (hub.brokerBehindMs = dice % (10 * MINUTE_MS)),
      'hub created again': () => hub.recreate(),
      'hub created again without positions': () => {
        hub.recreate();
        trigger.positions.clear();
      },
      'hub created again between two requests': () => void this.#recreateInRequests(fault),
      'partition added': () => {
        hub.grow();
        this.#own(host, hub.partitions.at(-1) as string);
      },
      'poison event': () => hub.accept(partition, 'poison', 1),
      'unreadable event': () => hub.accept(partition, 'unreadable', 1),
    };
  }

  /** Events expire at the first reading that comes, one after the other. */
  async #expireInReading(partition: string, { dice }: Fault): Promise<void> {
    const { hub, scheduler, outside } = this.world;
    const before = hub.readings;
    await scheduler.until(outside, 'reading', () => hub.readings > before);
    if (!this.#isResting) hub.expire(partition, hub.at(partition).first + 1 + (dice % 8));
  }

  /** The hub is another one behind one of the next requests. */
  async #recreateInRequests({ dice }: Fault): Promise<void> {
    const { hub, scheduler, outside } = this.world;
    const until = hub.requests + 1 + (dice % 12);
    await scheduler.until(outside, 'requests', () => hub.requests >= until);
    if (!this.#isResting) hub.recreate();
  }

  /** rest lets faults stop and everything run on, until all is sealed or declared and every partition is quiet. */
  async #rest(): Promise<void> {
    const { world } = this;
    const { scheduler, hub, trigger } = world;
    this.#isResting = true;
    this.#armed.clear();
    trigger.hasRetries = true;
    hub.brokerBehindMs = 0;
    world.deliveryFaults.clear();
    for (const { process } of world.hosts) process.frozenUntil = 0;
    for (let round = 1; !this.#isQuiet(); round++) {
      if (round > MAX_ROUNDS) throw new Violation(`it does not come to rest: ${this.#unrest()}`);
      // What nobody is ever given is gone at last.
      if (round === MAX_ROUNDS / 2)
        for (const partition of hub.partitions)
          if (hub.at(partition).events.at(-1)?.isUnreadable === true) hub.expire(partition, Infinity);
      await this.#until(scheduler.time + IDLE_MS / 3);
    }
    this.#isOver = true;
    await this.#integrateOnce();
    for (const [partition, truth] of world.chains) truth.checkEnd(partition);
    await checkVerified(world);
  }

  /** What was stored last is published by whoever runs next, whatever it knew before. */
  async #integrateOnce(): Promise<void> {
    const { scheduler, random } = this.world;
    while (this.#running.has('integrate')) await this.#until(scheduler.time + MINUTE_MS);
    void this.#job('integrate', random.pick(this.#alive as [Host]));
    while (this.#running.has('integrate')) await this.#until(scheduler.time + MINUTE_MS);
  }

  #isQuiet = (): boolean => this.#unrest() === '';

  /** unrest says what isn't sealed, declared or in the log. */
  #unrest(): string {
    const { world } = this;
    const waiting = world.hub.partitions.filter((partition) => {
      const { end } = world.truthOf(partition);
      const { events } = world.hub.at(partition);
      const isWhole = end.life === world.hub.now && end.last === events.length - 1;
      return !isWhole || world.states.get(partition)?.['state'] !== 'quiet';
    });
    if (waiting.length > 0)
      return waiting
        .map((it) => `partition ${it} is ${String(world.states.get(it)?.['state'])} at ${world.truthOf(it).end.last}`)
        .join(', ');
    for (const [partition, { end }] of world.chains)
      if (end.index >= 0 && !world.log.entered.has(nameOf(end.index, partition)))
        return `segment ${end.index} of partition ${partition} has no entry`;
    return '';
  }
}
