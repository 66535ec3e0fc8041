import { formatVerifierKey } from '../../src/core/note/verifierKey.ts';
import type { SignerKey } from '../../src/core/note/signerKey.ts';
import { summarizeSegment } from '../../src/core/segment/summary.ts';
import type { SealableEvent } from '../../src/core/segment/seal.ts';
import type { Ingest } from '../../src/ingest/ingest.ts';
import { Watch } from '../../src/ingest/watch.ts';
import type { Integrate } from '../../src/integrate/integrate.ts';
import { Sessions } from '../../src/ledger/session.ts';
import type { SessionRole } from '../../src/core/signed/certificate.ts';
import type { Signer } from '../../src/ports/signing.ts';
import { runVerifyJob } from '../../src/verify/job.ts';
import { forgeAction } from './actions.ts';
import { deriveLog } from './deriveLog.ts';
import type { DerivedLog } from './deriveLog.ts';
import { LEDGER, timeOf } from './forge.ts';
import { eventAt, ingestOf } from './hub.ts';
import { KeptLog } from './keptLog.ts';
import { AUDITOR, certificatesOf, integrateOf, keyOf, signerOf } from './logs.ts';
import { MemoryHub } from './memoryHub.ts';
import { MemoryStore, ProcessDied } from './memoryStore.ts';
import type { CreateFault } from './memoryStore.ts';
import { MemoryTiles } from './memoryTiles.ts';
import { Planter } from './planter.ts';
import type { Random } from './random.ts';
import { referenceRoot } from './referenceLedger.ts';
import { AUDITORS, filingBehind } from './reports.ts';

export const PARTITIONS = ['0', '1'] as const;
export const KEYS: readonly [SignerKey, SignerKey] = [keyOf(1), keyOf(2)];
const START = 2_000_000;
const FAULTS: readonly [CreateFault, ...CreateFault[]] = ['dieBefore', 'dieAfter', 'loseResponse', 'fail', 'failAfter'];
const AGAIN = ['STORE_UNAVAILABLE', 'CHAIN_CONTENDED'];

/** Host is one process of the app: what it has in memory ends with it. */
interface Host {
  ingest: Ingest;
  integrate: Integrate;
  watch: Watch;
}

/** PlantedStory is honest work of several hosts, and an attacker with create rights and no key between all its steps. */
export class PlantedStory {
  readonly store = new MemoryStore();
  readonly tiles = new MemoryTiles();
  readonly planter: Planter;
  readonly hub = new MemoryHub(PARTITIONS.length);
  /** what each partition of the hub was given */
  readonly events: readonly SealableEvent[][] = PARTITIONS.map(() => []);
  /** all that the log's keys were asked to sign */
  readonly signed = new Set<string>();
  readonly #random: Random;
  readonly #hosts: Host[] = [];
  readonly #positions = PARTITIONS.map(() => 0);
  /** seconds since the start by the true clock */
  #second = START;
  /** how far the change of keys has come: 0 the first key, 1 both are announced, 2 the second alone */
  #stage = 0;
  #faults = 0;
  #isPlanting = false;

  constructor(random: Random) {
    this.#random = random;
    this.planter = new Planter(this.store, random);
    this.store.faultOf = () => this.#fault(FAULTS);
    this.tiles.faultOf = () => this.#fault(['dieBefore', 'dieAfter'] as const);
    this.store.turn = this.tiles.turn = async () => {
      if (this.#isPlanting && random.below(12) === 0) this.planter.plant(this.#second);
      for (let turns = random.below(4); turns > 0; turns--) await Promise.resolve();
    };
    for (let host = 0; host < 3; host++) this.#hosts.push(this.#start());
  }

  /** tell lets hosts and attacker work, until there are as many plants. */
  async tell(plants: number): Promise<void> {
    for (let step = 0; this.planter.planted.size < plants; step++) {
      this.#second += this.#random.below(120);
      if (this.#random.below(12) === 0) await this.#changeKeys();
      this.#produce();
      this.#faults = this.#random.below(4);
      this.#isPlanting = true;
      await Promise.all(this.#hosts.map((_, host) => this.#work(host)));
      this.#isPlanting = false;
      if (step % 5 === 4) this.#lookAtLog();
      for (let more = this.#random.below(2 * Math.ceil(plants / 30)); more > 0; more--)
        this.planter.plant(this.#second);
    }
  }

  /** finish lets the attacker be quiet: each host tries no more than a few times. */
  async finish(): Promise<void> {
    this.#faults = 0;
    for (const [at, partition] of PARTITIONS.entries())
      await this.#start().ingest.seal(
        { partition, events: this.#from(at, this.#positions[at] as number) },
        new KeptLog(),
      );
    for (let run = 0; run < 3; run++) await this.#start().integrate.run(new KeptLog());
  }

  get log(): DerivedLog {
    return deriveLog(this.store.objects, KEYS[0].verifierKey, AUDITOR.verifierKey);
  }

  #fault<T>(list: readonly [T, ...T[]]): T | undefined {
    if (this.#faults === 0 || this.#random.below(6) > 0) return undefined;
    this.#faults -= 1;
    return this.#random.pick(list);
  }

  #signer(key: SignerKey): Signer {
    const signer = signerOf(key);
    return { verifierKey: key.verifierKey, sign: (text) => (this.signed.add(text), signer.sign(text)) };
  }

  /** A process that has just started: its clock is off by minutes, and goes back at times. */
  #start(): Host {
    const { store, tiles } = this;
    const random = this.#random;
    const skew = random.below(400) - 200;
    const now = (): number => Date.parse(timeOf(this.#second + skew - random.below(30)));
    const signers = [KEYS.slice(0, 1), KEYS, KEYS.slice(1)][this.#stage]?.map((key) => this.#signer(key)) ?? [];
    const trusted = this.#stage === 0 && random.below(2) === 0 ? KEYS.slice(0, 1) : KEYS;
    const sessions = (role: SessionRole): Sessions =>
      new Sessions({ ledger: LEDGER, role, signers, random: () => random.below(100) / 100 });
    const [certificates, sealing] = [certificatesOf(trusted), sessions('segments')];
    const sealer = { store, now, certificates, sessions: sealing, maxSegmentBytes: 20 + random.below(300) };
    const ingest = ingestOf(store, { ...sealer, hub: () => Promise.resolve(this.hub) });
    const integrate = integrateOf(store, tiles, {
      now,
      signers,
      sessions: sessions('batches'),
      verifiers: trusted.map(({ verifierKey }) => verifierKey),
      limits: { objects: 5 + random.below(60), storedBytes: 1e9 },
    });
    const watch = new Watch({
      ...sealer,
      ledger: LEDGER,
      hub: this.hub,
      idleMs: 60_000,
      stuckMs: 600_000,
      fillMs: 60_000,
      wait: async () => {},
    });
    return { ingest, integrate, watch };
  }

  /** Every host trusts the second key before it signs alone. */
  async #changeKeys(): Promise<void> {
    if (this.#stage === 2) return;
    this.#stage += 1;
    this.#faults = 0;
    this.#hosts.forEach((_, host) => (this.#hosts[host] = this.#start()));
    await this.#hosts[0]?.integrate.run(new KeptLog());
  }

  #produce(): void {
    for (const [at, partition] of PARTITIONS.entries()) {
      const events = this.#from(at, 0);
      const made = Array.from({ length: this.#random.below(4) }, (_, i) =>
        eventAt(events.length + i, this.#second - this.#random.below(100)),
      );
      this.events[at]?.push(...made);
      this.hub.add(made, partition);
    }
  }

  #from = (partition: number, from: number, to = Infinity): SealableEvent[] =>
    (this.events[partition] as SealableEvent[]).slice(from, to);

  async #work(host: number): Promise<void> {
    const random = this.#random;
    try {
      await this.#act(this.#hosts[host] as Host, random.below(12));
    } catch (error) {
      if (error instanceof ProcessDied) this.#hosts[host] = this.#start();
      else if (!AGAIN.includes((error as { code?: string }).code ?? '')) throw error;
    }
  }

  async #act({ ingest, integrate, watch }: Host, what: number): Promise<void> {
    const random = this.#random;
    if (what < 6) {
      const at = random.below(PARTITIONS.length);
      const position = this.#positions[at] as number;
      const from = random.below(3) === 0 ? random.below(position + 1) : position;
      const events = this.#from(at, from, position + random.below(12));
      await ingest.seal({ partition: PARTITIONS[at] as string, events }, new KeptLog());
      this.#positions[at] = Math.max(this.#positions[at] as number, from + events.length);
    } else if (what < 9) await integrate.run(new KeptLog());
    else if (what === 9) await watch.run(new KeptLog());
    else if (what === 10) await this.#fileAction();
    else if (random.below(4) === 0) await this.#report();
  }

  async #fileAction(): Promise<void> {
    for (let number = 0; ; number++) {
      const [name, bytes] = forgeAction(number, { kind: 'lock', days: 365 }, 'attempted', this.#second);
      if (!this.store.objects.has(name) && (await this.store.create(name, bytes)) === 'created') return;
    }
  }

  async #report(): Promise<void> {
    const { store, tiles } = this;
    await runVerifyJob({
      store,
      tiles,
      auditors: AUDITORS,
      filing: await filingBehind(this, KEYS[this.#stage === 2 ? 1 : 0]),
      log: { info: () => {}, warn: () => {}, error: () => {} },
      concurrency: 2,
      fullVerifyHours: 24,
      previousRun: Date.parse(timeOf(this.#second)) - 1000,
      verifiers: KEYS.map(({ verifierKey }) => verifierKey),
      now: () => Date.parse(timeOf(this.#second)),
      summarize: async (stored, question) => summarizeSegment(stored, question),
    });
  }

  /** The attacker reads the log too. */
  #lookAtLog(): void {
    const { entries, batches } = this.log;
    const heads = entries.at(-1)?.toString();
    if (heads === undefined) return;
    const lines = [`{"type":"foreign","name":"segments/7/000000000000.jsonl.zst"}`, heads];
    this.planter.logEnd = { previous: batches.at(-1) ?? -1, size: entries.length, root: referenceRoot(entries), lines };
  }
}

/** TRUSTED is both keys, as signed-note prints them. */
export const TRUSTED = { ledger: LEDGER, keys: KEYS.map(({ verifierKey }) => formatVerifierKey(verifierKey)) };
