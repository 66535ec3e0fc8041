import { AuditsealError } from '../../src/core/errors.ts';
import { signNote } from '../../src/core/note/signerKey.ts';
import type { SessionRole } from '../../src/core/signed/certificate.ts';
import { Ingest } from '../../src/ingest/ingest.ts';
import { Watch } from '../../src/ingest/watch.ts';
import { Integrate } from '../../src/integrate/integrate.ts';
import { Sessions } from '../../src/ledger/session.ts';
import type { Logger, LogFields } from '../../src/ports/host.ts';
import type { Signer } from '../../src/ports/signing.ts';
import { LEDGER } from '../support/forge.ts';
import { KEY, certificatesOf, logDeps } from '../support/logs.ts';
import { MemoryStore } from '../support/memoryStore.ts';
import { MemoryTiles } from '../support/memoryTiles.ts';
import { Planter } from '../support/planter.ts';
import { Random } from '../support/random.ts';
import { ChainTruth } from './chainTruth.ts';
import type { Path } from './chainTruth.ts';
import { LogTruth } from './logTruth.ts';
import type { Plan } from './plan.ts';
import { Scheduler, Violation } from './scheduler.ts';
import type { Process } from './scheduler.ts';
import { SimHub } from './simHub.ts';
import { storeOf, tilesOf } from './simStore.ts';
import { Summaries } from '../support/summaries.ts';
import { Trigger } from './trigger.ts';
import type { DeliveryFault, SimDelivery } from './trigger.ts';

/** Past, as verify's clock sees it. */
export const START = Date.UTC(2025, 10, 24);
export const MINUTE_MS = 60_000;
export const IDLE_MS = 30 * MINUTE_MS;
const STUCK_MS = 10 * MINUTE_MS;
const AGAIN: readonly string[] = ['STORE_UNAVAILABLE', 'HUB_UNAVAILABLE', 'SIGNER_UNAVAILABLE', 'CHAIN_CONTENDED'];

/** Host is one process of the app and the parts of it that are at work. */
export interface Host {
  readonly process: Process;
  readonly ingest: Ingest;
  readonly watch: Watch;
  readonly integrate: Integrate;
}

/** World is a hub, a store and some hosts, and the truth about them. */
export class World {
  readonly scheduler: Scheduler;
  readonly hub: SimHub;
  readonly store = new MemoryStore();
  readonly tiles = new MemoryTiles();
  readonly summaries = new Summaries();
  readonly trigger: Trigger;
  readonly planter: Planter;
  readonly random: Random;
  readonly hosts: Host[] = [];
  /** whoever is no host: its operations never fail */
  readonly outside: Process = { host: -1, skewMs: 0, isDead: false, frozenUntil: 0 };
  readonly chains = new Map<string, ChainTruth>();
  readonly log = new LogTruth(LEDGER);
  /** what happens to the next delivery of a partition */
  readonly deliveryFaults = new Map<string, DeliveryFault>();
  /** what each partition was when it was watched last */
  readonly states = new Map<string, LogFields>();
  violation: unknown;
  readonly took: (path: Path) => void;
  readonly #plan: Plan;

  constructor(plan: Plan, took: (path: Path) => void) {
    this.#plan = plan;
    this.took = took;
    this.random = new Random(plan.seed + 1);
    this.scheduler = new Scheduler(plan.seed + 2, START);
    this.hub = new SimHub(this.scheduler, plan.partitions);
    this.planter = new Planter(this.store, new Random(plan.seed + 3));
    this.trigger = new Trigger({
      scheduler: this.scheduler,
      hub: this.hub,
      random: this.random,
      seal: (process, delivery) => this.#seal(process, delivery),
      faultOf: (partition) => {
        const fault = this.deliveryFaults.get(partition);
        this.deliveryFaults.delete(partition);
        return fault;
      },
    });
  }

  truthOf(partition: string): ChainTruth {
    const known = this.chains.get(partition);
    if (known !== undefined) return known;
    const truth = new ChainTruth(partition, this.hub, this.took);
    this.chains.set(partition, truth);
    return truth;
  }

  /** start starts a process of a host. */
  start(host: number, skewMs: number): Host {
    const process: Process = { host, skewMs, isDead: false, frozenUntil: 0 };
    const { scheduler, random } = this;
    const { maxSegmentBytes, groupSize, fillMs } = this.#plan;
    const now = (): number => scheduler.time + process.skewMs;
    const store = storeOf(scheduler, this.store, process, (...created) => this.#created(...created));
    const tiles = tilesOf(scheduler, this.tiles, process);
    const hub = this.hub.portOf(process, now, groupSize);
    const signers: Signer[] = [
      {
        verifierKey: KEY.verifierKey,
        sign: (text) =>
          scheduler.do(process, 'key.sign', () => {
            this.log.checkSigned(text);
            return signNote(text, KEY);
          }),
      },
    ];
    const sessions = (role: SessionRole): Sessions =>
      new Sessions({ ledger: LEDGER, role, signers, random: () => random.below(100) / 100 });
    const shared = {
      store,
      now,
      ledger: LEDGER,
      sessions: sessions('segments'),
      certificates: certificatesOf(),
      maxSegmentBytes,
      // As the app does where there are two processors.
      overlap: 3,
    };
    const pause = (tries: number): Promise<void> =>
      scheduler.sleep(process, 'pause', random.below(Math.min(50 * 2 ** tries, 2000)));
    const started = {
      process,
      ingest: new Ingest({ ...shared, hub: async () => hub, pause }),
      watch: new Watch({
        ...shared,
        hub,
        idleMs: IDLE_MS,
        stuckMs: STUCK_MS,
        wait: (milliseconds) => scheduler.sleep(process, 'wait', milliseconds),
        hubRetentionMs: 4 * IDLE_MS,
        fillMs,
      }),
      integrate: new Integrate(
        logDeps(store, tiles, {
          now,
          signers,
          sessions: sessions('batches'),
          limits: { objects: 2 + random.below(30), storedBytes: 1e9 },
          summarize: this.summaries.summarize,
        }),
      ),
    };
    this.hosts[host] = started;
    return started;
  }

  /** run lets a process do a piece of work in its own time, and judges what it ends in. */
  async run(work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.judge(error);
    }
  }

  /** judge takes what is to be tried again for what it is, and everything else for a violation. */
  judge(error: unknown): void {
    if (error instanceof AuditsealError && AGAIN.includes(error.code)) this.took(`ended in ${error.code}`);
    else this.violation ??= error;
  }

  async #seal(process: Process, delivery: SimDelivery): Promise<void> {
    try {
      const host = this.hosts[process.host] as Host;
      await host.ingest.seal(delivery, this.logOf());
    } catch (error) {
      this.judge(error);
      throw error;
    }
    await this.run(async () => this.#checkDone(delivery));
  }

  /** Once a delivery is done with, its events are: the trigger never gives them again. */
  #checkDone({ partition, events }: SimDelivery): void {
    const truth = this.truthOf(partition);
    for (const event of events) {
      if (truth.isDone(event)) continue;
      if (truth.isHidden(event)) this.took('new hub hidden by a clock');
      else if (truth.isUntold(event)) this.took('expired before it could be compared');
      else if (truth.isGone(event)) this.took('gone with its hub');
      else throw new Violation(`event ${event.id} is neither sealed nor declared, and its delivery is done with`);
    }
  }

  /** logOf keeps of what is logged what a schedule goes by. */
  logOf(): Logger {
    const keep = (message: string, fields: LogFields): void => {
      this.took(`logged: ${message}`);
      if (message === 'watched') this.states.set(String(fields['partition']), fields);
    };
    return { info: keep, warn: keep, error: keep };
  }

  #created(process: Process, name: string, stored: Buffer): void {
    try {
      const partition = /^segments\/(\d+)\//.exec(name)?.[1];
      if (partition !== undefined) this.truthOf(partition).add(process, name, stored);
      else if (name.startsWith('batches/')) this.log.add(name, stored);
    } catch (error) {
      this.violation ??= error;
    }
  }
}
