import { indexingOf } from '../backlog.ts';
import { keySigner } from '../../src/adapters/logKeys.ts';
import { indexStored } from '../../src/core/index/terms.ts';
import type { Ingest } from '../../src/ingest/ingest.ts';
import { enteredReports } from '../../src/integrate/enteredReports.ts';
import type { Integrate } from '../../src/integrate/integrate.ts';
import { runStatusJob } from '../../src/status/job.ts';
import { runVerifyJob } from '../../src/verify/job.ts';
import { MemoryStore } from '../../test/support/memoryStore.ts';
import { MemoryTiles } from '../../test/support/memoryTiles.ts';
import {
  AUDITOR,
  CONCURRENCY,
  KEY,
  LEDGER,
  NO_LOG,
  fail,
  ingestOf,
  integrateOf,
  sessionsOf,
  summarize,
} from '../ledger.ts';

const MINUTE = 60_000;
const SECOND = 1000;
const START = Date.UTC(2026, 10, 23);
const BODY = Buffer.from('{"records":[{"category":"AuditEvent"}]}');

/** Requests are what one action asks for, as the services charge it. */
export interface Requests {
  /** of the blob service; replaced tiles count too */
  readonly write: number;
  /** of the blob service, questions whether a name exists included */
  readonly read: number;
  readonly list: number;
  /** signatures, each an operation of the vault */
  readonly sign: number;
  /** bytes that stay stored beside the segments: batches, checkpoints, tiles, reports */
  readonly bytes: number;
}

/** CountedLedger is a ledger that grows from nothing by the real parts, and counts what each of them asks for. */
export class CountedLedger {
  readonly #store = new MemoryStore();
  readonly #tiles = new MemoryTiles();
  readonly #partitions: readonly string[];
  readonly #ingest: Ingest;
  readonly #integrate: Integrate;
  #time = START;
  #next = 0;
  #signatures = 0;

  constructor(partitions: number) {
    this.#partitions = Array.from({ length: partitions }, (_, i) => String(i));
    const store = this.#store;
    const now = (): number => this.#time;
    const signer = keySigner(KEY);
    const sign: typeof signer.sign = async (text) => {
      this.#signatures += 1;
      return signer.sign(text);
    };
    this.#ingest = ingestOf(store, { now });
    this.#integrate = integrateOf(store, this.#tiles, {
      now,
      indexing: indexingOf(store, this.#tiles),
      signers: [{ verifierKey: signer.verifierKey, sign }],
      // Certificates are counted by the day, not by the run.
      sessions: sessionsOf('batches'),
    });
  }

  /** seal adds as many segments to each partition. */
  async seal(count: number): Promise<Requests> {
    return this.#counted(async () => {
      for (let i = 0; i < count; i++) {
        const event = { body: BODY, sequenceNumber: this.#next++, enqueued: new Date(this.#time).toISOString() };
        for (const partition of this.#partitions) await this.#ingest.seal({ partition, events: [event] }, NO_LOG);
      }
    });
  }

  /** integrate runs the function of that name a minute later. */
  async integrate(): Promise<Requests> {
    this.#time += MINUTE;
    return this.#counted(async () => {
      await this.#integrate.run(NO_LOG);
    });
  }

  /** verify runs the function of that name. It begins at the first segments again after `fullVerifyHours`. */
  async verify(fullVerifyHours: number): Promise<Requests> {
    this.#time += SECOND;
    return this.#counted(async () => {
      const report = await runVerifyJob({
        ...(await this.#filed()),
        summarize,
        indexSegment: async (stored, segment) => indexStored(stored, segment),
        concurrency: CONCURRENCY,
        verifiers: [KEY.verifierKey],
        fullVerifyHours,
        previousRun: this.#time - SECOND,
        allowance: { delayMs: 10 * MINUTE, ageMs: 10 * MINUTE },
      });
      if (report?.status !== 'verified') fail(`the ledger is ${report?.status ?? 'not checked'}`);
    });
  }

  /** status files how the ledger stands, as the function does behind each check, which hands it what was opened for both. */
  async status(): Promise<Requests> {
    const filed = await this.#filed();
    return this.#counted(async () => {
      const question = {
        verifiers: [KEY.verifierKey],
        promise: { silentHours: 24, expected: new Map<string, number>() },
        idleMs: 10 * MINUTE,
        isCopy: false,
      };
      const { status } = await runStatusJob({ ...filed, question });
      if (status !== 'verified') fail(`the status of the ledger is ${status}`);
    });
  }

  async #filed() {
    const [store, tiles, verifiers] = [this.#store, this.#tiles, [KEY.verifierKey]];
    const entered = await enteredReports({ store, tiles, origin: LEDGER, verifiers, now: () => 0 });
    return {
      store,
      tiles,
      now: () => this.#time,
      log: NO_LOG,
      auditors: { ledger: LEDGER, verifiers: [AUDITOR.verifierKey] },
      filing: { store, ledger: LEDGER, signer: keySigner(AUDITOR), entered },
    };
  }

  async #counted(action: () => Promise<void>): Promise<Requests> {
    const before = this.#requests();
    await action();
    const behind = this.#requests();
    const since = (what: keyof Requests): number => behind[what] - before[what];
    return {
      write: since('write'),
      read: since('read'),
      list: since('list'),
      sign: since('sign'),
      bytes: since('bytes'),
    };
  }

  #requests(): Requests {
    const { create, read, readEnd, metadata, exists, list, children } = this.#store.requests;
    const tiles = this.#tiles.requests;
    return {
      write: create + tiles.write,
      read: read + readEnd + metadata + exists + tiles.read,
      list: list + children + tiles.list,
      sign: this.#signatures,
      bytes: this.#bytesBeside(),
    };
  }

  #bytesBeside(): number {
    let bytes = 0;
    for (const [name, object] of this.#store.objects) if (!name.startsWith('segments/')) bytes += object.length;
    for (const object of this.#tiles.objects.values()) bytes += object.length;
    return bytes;
  }
}
