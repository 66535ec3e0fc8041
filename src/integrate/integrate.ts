import { checkBatch } from './batchCheck.ts';
import type { SignedCheckpoint } from './cosigning.ts';
import { publishLog } from './publish.ts';
import { LogSource } from './source.ts';
import type { BatchLimits, SourceDeps } from './source.ts';
import { fork, loadLog } from './state.ts';
import type { LogDeps, LogState } from './state.ts';
import { formatCheckpoint, openCheckpoint } from '../core/note/checkpoint.ts';
import { formatNote, parseNote } from '../core/note/note.ts';
import { formatBatch } from '../core/objects/batch.ts';
import type { LogPosition } from '../core/objects/heads.ts';
import { batchName, checkpointName } from '../core/objects/names.ts';
import type { Logger } from '../ports/host.ts';
import type { Signer } from '../ports/signing.ts';
import { TOO_LARGE } from '../ports/store.ts';

export interface IntegrateDeps extends LogDeps, Omit<SourceDeps, 'log'> {
  /** every checkpoint carries a signature of each */
  readonly signers: readonly Signer[];
  readonly limits: BatchLimits;
  /** after this time no further batch is begun */
  readonly budgetMs: number;
}

/** What one run added to the log. */
export interface IntegrateResult {
  batches: number;
  segments: number;
  foreign: number;
  reports: number;
  actions: number;
  storedBytes: number;
}

/** How many times a run that meets other integrations begins again before it leaves the work to them. */
const MAX_TRIES = 8;

/** Integrate orders what is new in the ledger into its log. The state that it keeps is only a saved look-up. */
export class Integrate {
  readonly #deps: IntegrateDeps;
  #state: LogState | undefined;

  constructor(deps: IntegrateDeps) {
    this.#deps = deps;
  }

  /** heads is how far the log had come at the end of the last run, undefined if that failed. */
  get heads(): LogPosition | undefined {
    return this.#state?.heads;
  }

  /** newest is the newest checkpoint at the end of the last run, stored and published; undefined if there is none. */
  get newest(): SignedCheckpoint | undefined {
    const { count = 0, newest } = this.#state ?? {};
    return newest && { number: count - 1, note: newest.note };
  }

  /**
   * run gives every segment, report and action that has no entry yet an entry, signs and publishes. It is safe to repeat, to run in
   * two places at once, and to die at any line: the next run finishes what is there.
   */
  async run(log: Logger): Promise<IntegrateResult> {
    const { now, budgetMs } = this.#deps;
    const deadline = now() + budgetMs;
    const result: IntegrateResult = { batches: 0, segments: 0, foreign: 0, reports: 0, actions: 0, storedBytes: 0 };
    try {
      for (let tries = 1; tries <= MAX_TRIES; tries++) {
        this.#state = await this.#current(log);
        if (await this.#addBatches(deadline, result, log)) break;
        log.warn('another integration took the next batch', { tries });
      }
    } catch (error) {
      // Whether the last write went through isn't known.
      this.#state = undefined;
      throw error;
    }
    log.info('integrated', { ...result });
    return result;
  }

  /** current gives the log as it is now, every batch of it signed and published. */
  async #current(log: Logger): Promise<LogState> {
    const { store } = this.#deps;
    const known = this.#state;
    if (known !== undefined && !(await store.exists(batchName(known.count)))) return known;
    const { pending, ...state } = await loadLog(this.#deps, log, known?.count);
    if (state.newest !== undefined) await publishLog(this.#deps, state.newest);
    if (pending === undefined) return state;
    const heads = await checkBatch({ ...this.#deps, log }, pending, state.heads);
    return this.#sign(state, pending.entries, heads);
  }

  /** addBatches returns false if another integration takes the number of a batch. */
  async #addBatches(deadline: number, result: IntegrateResult, log: Logger): Promise<boolean> {
    let state = this.#state as LogState;
    const source = await LogSource.open({ ...this.#deps, log }, state.heads);
    try {
      do {
        const batch = await source.take(this.#deps.limits);
        if (batch === undefined) return true;
        const { entries, heads, ...counts } = batch;
        // Durable point. Once this says 'created' the order is final, and nothing was signed before. If we die before the
        // checkpoint is there, the next run, anywhere, makes the same one of this batch.
        const outcome = await this.#deps.store.create(batchName(state.count), formatBatch(entries));
        if (outcome === 'exists') return false;
        state = await this.#sign(state, entries, heads);
        this.#state = state;
        result.batches += 1;
        for (const [name, count] of Object.entries(counts)) result[name as keyof typeof counts] += count;
      } while (this.#deps.now() < deadline);
      return true;
    } finally {
      await source.close();
    }
  }

  /** sign makes the checkpoint over a batch that is stored, and publishes it. */
  async #sign(state: LogState, entries: readonly Buffer[], heads: LogPosition): Promise<LogState> {
    const { store, origin, signers, verifiers } = this.#deps;
    const { count, tree } = state;
    tree.append(entries);
    const text = formatCheckpoint({ origin, ...tree.head });
    const signed = formatNote({ text, signatures: await Promise.all(signers.map((signer) => signer.sign(text))) });
    // A checkpoint that nobody can open would stay for ever.
    openCheckpoint(signed, origin, verifiers);
    const name = checkpointName(count);
    // Durable point. If we die after it, the checkpoint is not yet to be seen among the tiles; the next run publishes it.
    const outcome = await store.create(name, signed);
    const note = outcome === 'created' ? signed : await store.read(name);
    if (note === undefined) throw fork(`${name} was there, and is gone`);
    if (note === 'too-large') throw fork(`${name}: ${TOO_LARGE}`);
    if (parseNote(note).text !== text) throw fork(`${name} is of another tree than the batches up to it`);
    openCheckpoint(note, origin, verifiers);
    const newest = { note, files: tree.takeFiles() };
    await publishLog(this.#deps, newest);
    return { count: count + 1, tree, heads, newest };
  }
}
