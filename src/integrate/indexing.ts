import type { LogState } from './state.ts';
import { sweepIndex } from './sweepIndex.ts';
import { AuditsealError, faultIn } from '../core/errors.ts';
import type { Hash } from '../core/hash.ts';
import { RULES_VERSION } from '../core/fields/rules.ts';
import type { BuildUnit, SegmentPart } from '../core/index/build.ts';
import type { IndexManifest } from '../core/index/manifest.ts';
import type { IndexStoredSegment } from '../core/index/terms.ts';
import type { IndexStatement } from '../core/objects/heads.ts';
import { mapInOrder } from '../ledger/concurrency.ts';
import type { SegmentInLog } from '../ledger/entries.ts';
import { readManifest, unitFiles, writeManifest } from '../ledger/indexFiles.ts';
import { readIndexPart } from '../ledger/indexPart.ts';
import { IndexUnits } from '../ledger/indexUnits.ts';
import { headsBefore, readBatchesOf } from '../ledger/logEntries.ts';
import type { Clock, Logger } from '../ports/host.ts';
import type { ObjectStore, TileStore } from '../ports/store.ts';

export interface IndexingDeps {
  readonly store: Pick<ObjectStore, 'read'>;
  readonly tiles: TileStore;
  readonly now: Clock;
  /** gives the terms of a segment from its stored bytes, here or in another thread; it takes the bytes over */
  readonly indexSegment: IndexStoredSegment;
  /** makes units, here or in another thread */
  readonly buildUnit: BuildUnit;
  /** how many segments may be read at one time; memory is that many */
  readonly concurrency: number;
  /** after this time no further batch of the log is begun */
  readonly budgetMs: number;
}

/** What one run added to the index. */
export interface IndexingResult {
  readonly segments: number;
  readonly entries: number;
}

const NO_INDEX: IndexManifest = { entries: 0, rules: RULES_VERSION, units: [] };

/** How often what isn't needed any more is looked for. */
const SWEEP_EVERY_MS = 24 * 3_600_000;

/** So long nothing is tried where a segment couldn't be read. */
const STUCK_MS = 10 * 60_000;

/** MadeIndex is an index that was made, and what the log said of its index then. */
interface MadeIndex extends PendingIndex {
  readonly manifest: IndexManifest;
}

/** StoppedBefore is the batch that begins at an entry, of which something can't be read. */
interface StoppedBefore {
  readonly entries: number;
  readonly why: AuditsealError;
}

/** PendingIndex is what the next batch is to state of the index, if the log still states what it was made from. */
export interface PendingIndex {
  readonly statement: IndexStatement;
  /** SHA-256 of the manifest that the log stated; undefined if it stated none */
  readonly instead: Hash | undefined;
}

/**
 * Indexing makes the index of what the log has. It comes after signing, and what it makes the next batch states: so it never keeps a
 * segment from being signed. It writes nothing that others rely on before the log states it, so it may die at any line, and run in two
 * places.
 */
export class Indexing {
  readonly #deps: IndexingDeps;
  /** a saved look-up */
  #made: MadeIndex | undefined;
  /** until then nothing is tried: something couldn't be read */
  #stuckUntil: number | undefined;
  /** the tree of the log that was looked through to its end */
  #looked: Hash | undefined;
  /** when what isn't needed any more was looked for last */
  #swept: number | undefined;

  constructor(deps: IndexingDeps) {
    this.#deps = deps;
  }

  /**
   * advance takes what the log has behind its index, and gives what the log is to say of it then; undefined where it says that already.
   * Where the tiles or a segment aren't what the log says, the index stays behind, and the host's log says so. Once a day it also removes
   * what isn't needed any more.
   */
  async advance(state: Pick<LogState, 'heads' | 'tree'>, log: Logger): Promise<PendingIndex | undefined> {
    try {
      const pending = await this.#advance(state, log);
      await this.#sweep(state, pending, log);
      return pending;
    } catch (error) {
      // Whatever it is: without an index the ledger is whole.
      this.#stay(faultNameOf(error), log);
      return undefined;
    }
  }

  async #advance(state: Pick<LogState, 'heads' | 'tree'>, log: Logger): Promise<PendingIndex | undefined> {
    const stated = state.heads.index;
    const root = state.tree.head.rootHash;
    const isStuck = this.#stuckUntil !== undefined && this.#deps.now() < this.#stuckUntil;
    if (root === this.#looked || isStuck) return this.#pending(stated);
    try {
      await this.#extendFrom(state, await this.#stated(stated), log);
    } catch (error) {
      const { code, message } = faultIn(error);
      if (code !== 'INDEX_MALFORMED') this.#stay(message, log);
      else {
        log.error('the index is made anew', { why: message });
        await this.#extendAnew(state, log);
      }
    }
    return this.#pending(stated);
  }

  /** stay leaves the index where it is for a while: what is wrong may stay wrong, and costs the reading of all before it each time. */
  #stay(why: string, log: Logger): void {
    this.#stuckUntil = this.#deps.now() + STUCK_MS;
    log.error('the index stays behind', { why });
  }

  async #sweep(
    { heads, tree }: Pick<LogState, 'heads' | 'tree'>,
    pending: PendingIndex | undefined,
    log: Logger,
  ): Promise<void> {
    const { store, tiles, now, budgetMs } = this.#deps;
    const start = now();
    if (heads.index === undefined || (this.#swept !== undefined && start < this.#swept + SWEEP_EVERY_MS)) return;
    try {
      const deps = { store, tiles, isOver: () => now() >= start + budgetMs };
      const { removed, isWhole } = await sweepIndex(deps, tree.head, pending?.statement);
      if (isWhole) this.#swept = start;
      if (removed > 0) log.info('the index was swept', { removed });
    } catch (error) {
      this.#swept = start;
      log.warn('the index was not swept', { why: faultIn(error).message });
    }
  }

  #pending(stated: IndexStatement | undefined): PendingIndex | undefined {
    return this.#made?.instead === stated?.manifest ? this.#made : undefined;
  }

  async #extendAnew(state: Pick<LogState, 'heads' | 'tree'>, log: Logger): Promise<void> {
    try {
      await this.#extendFrom(state, NO_INDEX, log);
    } catch (error) {
      this.#stay(faultIn(error).message, log);
    }
  }

  /** Under other rules the index begins anew. */
  async #stated(statement: IndexStatement | undefined): Promise<IndexManifest> {
    const made = this.#made;
    if (made !== undefined && [made.instead, made.statement.manifest].includes(statement?.manifest))
      return made.manifest;
    if (statement === undefined || statement.rules !== RULES_VERSION) return NO_INDEX;
    return readManifest(this.#deps.tiles, statement);
  }

  /** extendFrom goes on from an index, up to before a batch of which a segment can't be read: then it throws why. */
  async #extendFrom(state: Pick<LogState, 'heads' | 'tree'>, from: IndexManifest, log: Logger): Promise<void> {
    const stopped = await this.#extend(state, from, log);
    if (stopped === undefined) return;
    // Units were begun with segments of that batch. What is before it is done once more, without.
    if (stopped.entries > from.entries) await this.#extend(state, from, log, stopped.entries);
    throw stopped.why;
  }

  /**
   * extend goes on from an index, as far as there is time, at most to the entry `end`: the log states the ends of batches. It tells which
   * batch it can't read; then it has made nothing.
   */
  async #extend(
    { heads, tree }: Pick<LogState, 'heads' | 'tree'>,
    from: IndexManifest,
    log: Logger,
    end = Infinity,
  ): Promise<StoppedBefore | undefined> {
    const { tiles, now, budgetMs, concurrency, buildUnit } = this.#deps;
    const deadline = now() + budgetMs;
    const { head } = tree;
    const start = await headsBefore(tiles, head, from.entries);
    if (start === undefined) throw new AuditsealError('INDEX_MALFORMED', 'the index does not end where a batch does');
    const units = new IndexUnits(unitFiles(tiles), from.units, undefined, buildUnit);
    let [segments, entries, isWhole] = [0, from.entries, true];
    for await (const batch of readBatchesOf(tiles, head, from.entries, start)) {
      isWhole = batch.size <= end && now() < deadline;
      if (!isWhole && entries > from.entries) break;
      try {
        for await (const part of mapInOrder(batch.segments, concurrency, this.#read)) await units.add(part);
      } catch (error) {
        const why = faultIn(error);
        if (why.code === 'INDEX_MALFORMED') throw why;
        return { entries, why };
      }
      segments += batch.segments.length;
      entries = batch.size;
    }
    if (segments > 0) {
      const manifest = { entries, rules: RULES_VERSION, units: await units.finish(entries) };
      const statement = await writeManifest(tiles, manifest);
      this.#made = { manifest, statement, instead: heads.index?.manifest };
      log.info('indexed', { segments, entries, behind: head.size - entries });
    }
    this.#looked = isWhole ? head.rootHash : undefined;
    return undefined;
  }

  #read = (segment: Pick<SegmentInLog, 'entry' | 'leaf'>): Promise<SegmentPart> =>
    readIndexPart(this.#deps.store, segment, this.#deps.indexSegment);
}

/** faultNameOf names a fault that nobody foresaw. What it says may hold what was logged. */
function faultNameOf(error: unknown): string {
  const name = error instanceof Error ? ((error as NodeJS.ErrnoException).code ?? error.name) : typeof error;
  return `an internal fault: ${name}`;
}
