import { AUDITOR, KEY, signerOf } from './logs.ts';
import { KeptLog } from './keptLog.ts';
import { timeOf } from './forge.ts';
import { MemoryTiles } from './memoryTiles.ts';
import { AUDITORS } from './reports.ts';
import { indexStored } from '../../src/core/index/terms.ts';
import { summarizeSegment } from '../../src/core/segment/summary.ts';
import type { RecheckQueue } from '../../src/ports/recheck.ts';
import type { ObjectStore } from '../../src/ports/store.ts';
import { Recheck } from '../../src/verify/recheck/recheck.ts';
import type { RecheckDeps } from '../../src/verify/recheck/recheck.ts';
import { workOnSlice } from '../../src/verify/recheck/work.ts';
import type { WorkDeps } from '../../src/verify/recheck/work.ts';

/** MemoryQueue is a queue whose messages a test hands out as it likes. */
class MemoryQueue implements RecheckQueue {
  messages: string[] = [];
  /** messages that somebody holds back */
  held = 0;
  given = 0;

  async send(messages: readonly string[]): Promise<void> {
    this.messages.push(...messages);
  }
  waiting = async (): Promise<number> => this.messages.length + this.held;
  poisoned = async (): Promise<number> => this.given;
}

interface Stores {
  readonly store: ObjectStore;
  readonly tiles: MemoryTiles;
}

/** RecheckScene is a ledger, and what a recheck of it in slices works with. Every slice is of a batch, and none is done in one run. */
export class RecheckScene {
  readonly files = new MemoryTiles();
  readonly queue = new MemoryQueue();
  readonly log = new KeptLog();
  readonly stores: Stores;
  /** in seconds of the story */
  second: number;

  constructor(stores: Stores, second: number) {
    this.stores = stores;
    this.second = second;
  }

  now = (): number => Date.parse(timeOf(this.second));

  recheck = (changes: Partial<RecheckDeps> = {}): Recheck =>
    new Recheck({
      files: this.files,
      auditors: AUDITORS,
      signer: signerOf(AUDITOR),
      now: this.now,
      tiles: this.stores.tiles,
      verifiers: [KEY.verifierKey],
      queue: this.queue,
      log: this.log,
      wholeBytes: 0,
      sliceBytes: 1,
      spreadMs: 0,
      planBytes: 1_000_000,
      joinMs: Infinity,
      mostMs: 48 * 3_600_000,
      ...changes,
    });

  workDeps = (changes: Partial<WorkDeps> = {}): WorkDeps => ({
    ...this.stores,
    files: this.files,
    auditors: AUDITORS,
    signer: signerOf(AUDITOR),
    verifiers: [KEY.verifierKey],
    now: this.now,
    log: this.log,
    summarize: async (stored, question) => summarizeSegment(stored, question),
    indexSegment: async (stored, segment) => indexStored(stored, segment),
    concurrency: 3,
    mostMs: 48 * 3_600_000,
    ...changes,
  });

  work = (message: string, changes: Partial<WorkDeps> = {}): Promise<void> =>
    workOnSlice(this.workDeps(changes), message);

  /** workAll does what the messages say that there are. */
  async workAll(): Promise<void> {
    for (const message of this.queue.messages.splice(0)) await this.work(message);
  }
}
