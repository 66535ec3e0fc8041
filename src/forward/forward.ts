import { HandOver } from './handOver.ts';
import { Outbox } from './outbox.ts';
import type { HeldUp, Rejected } from './outbox.ts';
import { retryOwed } from './owed.ts';
import { contradicted } from './position.ts';
import type { Position } from './position.ts';
import { Progress } from './progress.ts';
import type { ProgressDeps, Reached } from './progress.ts';
import { beginRow, probeRow } from './rows.ts';
import type { PlacedSegment } from './rows.ts';
import { readSegment } from './segmentRows.ts';
import type { ReadSegment } from './segmentRows.ts';
import { start } from './start.ts';
import type { ForwardFrom, StartDeps } from './start.ts';
import { faultIn } from '../core/errors.ts';
import type { TreeHead } from '../core/merkle/tree.ts';
import type { VerifierKey } from '../core/note/verifierKey.ts';
import type { LogPosition } from '../core/objects/heads.ts';
import { mapInOrder } from '../ledger/concurrency.ts';
import { headsBefore, readBatchesOf } from '../ledger/logEntries.ts';
import { openPublished } from '../ledger/published.ts';
import type { RowSink } from '../ports/forward.ts';
import type { Logger } from '../ports/host.ts';
import type { ObjectStore } from '../ports/store.ts';

export interface ForwardDeps extends StartDeps, ProgressDeps {
  readonly store: Pick<ObjectStore, 'read'>;
  readonly sink: RowSink;
  /** keys that the log signs with, or did */
  readonly verifiers: readonly VerifierKey[];
  /** wait waits (ms). */
  readonly wait: (milliseconds: number) => Promise<void>;
  /** after that time (ms) a run posts once more what is collected, and ends */
  readonly budgetMs: number;
}

const beginsWith = (from: ForwardFrom): string => (typeof from === 'object' ? from.time : from);

/** How many segments are read ahead. */
const AHEAD = 3;

/** Segments that are owed get this part of a run, at its beginning: also while a backlog takes all the rest. */
const OWED_SHARE = 0.2;

/** Forward posts the records that the log covers, in its order. It runs in one process; another one at the same time makes duplicates. */
export class Forward {
  readonly #deps: ForwardDeps;
  #notBefore = 0;

  constructor(deps: ForwardDeps) {
    this.#deps = deps;
  }

  /** run goes on where the last run ended. What keeps it from that is logged, and the next run tries again. */
  async run(log: Logger): Promise<void> {
    if (this.#deps.now() < this.#notBefore) return;
    try {
      const run = new Run(this.#deps, log);
      const held = await run.go();
      this.#notBefore = held === undefined ? 0 : this.#deps.now() + held.afterMs;
      if (held !== undefined) log.warn('forwarding is held up', { why: held.why });
    } catch (error) {
      log.warn('forwarding is held up', { why: faultIn(error).message });
    }
  }
}

/** Run is one run: what it knows of the log, and what came of it. */
class Run {
  readonly #deps: ForwardDeps;
  readonly #log: Logger;
  readonly #began: number;
  readonly #outbox: Outbox<Reached>;
  #head!: TreeHead;
  #progress!: Progress;
  #handOver!: HandOver;
  /** records whose rows came without values, and why the first one did */
  #bare = { records: 0, why: '' };

  constructor(deps: ForwardDeps, log: Logger) {
    this.#deps = deps;
    this.#log = log;
    this.#began = deps.now();
    this.#outbox = new Outbox({
      sink: deps.sink,
      wait: (milliseconds) => this.#wait(milliseconds),
      probe: () => probeRow(deps.origin, new Date(deps.now()).toISOString()),
      settled: (reached, rejected) => this.#settled(reached, rejected),
    });
  }

  async go(): Promise<HeldUp | undefined> {
    const { tiles, verifiers, origin } = this.#deps;
    const published = await openPublished(tiles, verifiers);
    if (typeof published === 'string') return { why: published, afterMs: 0 };
    const { checkpoint } = published;
    if (checkpoint.origin !== origin)
      return { why: `the published checkpoint is of ${checkpoint.origin}, not of ${origin}`, afterMs: 0 };
    this.#head = checkpoint;
    const started = await start(this.#deps, checkpoint);
    const { position } = started;
    const before = await headsBefore(tiles, checkpoint, position.batch);
    if (before === undefined) throw contradicted(`has ${position.batch} entries, where no batch ends`);
    const [outbox, log] = [this.#outbox, this.#log];
    const progress = (this.#progress = new Progress(this.#deps, started, before.time));
    const { batch, next, record, owed, owedRecord, omitted } = position;
    const reached = { batch, next, record, owed, owedRecord, omitted, upTo: before.time };
    this.#handOver = new HandOver({ origin, outbox, progress, log }, reached);
    return (position.begun ? undefined : await this.#begin(position, started.why)) ?? this.#handOn(position, before);
  }

  /**
   * begin says in the table and in the log from where on records are handed on: whoever removes the position, or sets another rule, makes
   * that happen again. The position is stored before, so that `now` stays the first run's, however long the service takes nothing.
   */
  async #begin(
    { next, from }: Position,
    why = 'the row that says so was not taken before',
  ): Promise<HeldUp | undefined> {
    const { origin, now } = this.#deps;
    await this.#progress.save();
    const row = beginRow(origin, from === '' ? next : { time: from }, new Date(now()).toISOString());
    const held = await this.#outbox.postAlone(row);
    if (held !== undefined) return held;
    this.#progress.begin();
    this.#log.warn('forwarding begins', { entry: next, from: beginsWith(this.#deps.from), why });
    return undefined;
  }

  async #handOn(position: Position, before: LogPosition): Promise<HeldUp | undefined> {
    const isShareOver = (): boolean => this.#isOver(OWED_SHARE);
    let held: HeldUp | undefined;
    try {
      held = await retryOwed(this.#deps, this.#head, this.#handOver, isShareOver);
      held ??= await this.#forward(position, before);
    } catch (error) {
      // What made it end is said, and not that the position could not be stored then: the next run goes on from the one before.
      await this.#progress.save().catch(() => {});
      this.#report();
      throw error;
    }
    await this.#progress.save();
    this.#report();
    return held;
  }

  async #forward({ batch, next, from }: Position, before: LogPosition): Promise<HeldUp | undefined> {
    const { tiles, store } = this.#deps;
    const isDue = ({ entry, leaf }: PlacedSegment): boolean =>
      leaf >= next && entry.records.count > 0 && entry.time.last >= from;
    const handOver = this.#handOver;
    for await (const { segments, heads, size } of readBatchesOf(tiles, this.#head, batch, before)) {
      for await (const segment of mapInOrder(segments.filter(isDue), AHEAD, (it) => readSegment(store, it))) {
        const held = await this.#take(segment);
        if (held !== undefined) return held;
        if (this.#isOver()) return handOver.settle();
      }
      handOver.reached = { ...handOver.reached, batch: size, next: size, record: 0, upTo: heads.time };
      if (this.#isOver()) return handOver.settle();
    }
    return handOver.settle();
  }

  /** take adds the rows of a segment, or one that says that they are missing. */
  async #take(segment: ReadSegment): Promise<HeldUp | undefined> {
    const { reached } = this.#handOver;
    const { leaf } = segment;
    const after = (record: number, isLast: boolean): Reached =>
      isLast ? { ...reached, next: leaf + 1, record: 0 } : { ...reached, next: leaf, record };
    const skip = leaf === reached.next ? reached.record : 0;
    const taken = await this.#handOver.take(segment, skip, after, () => this.#isOver());
    if (typeof taken === 'string') return undefined;
    return 'unread' in taken ? this.#handOver.owe(segment, taken.unread, after(0, true)) : taken;
  }

  #settled(reached: Reached, rejected?: Rejected): void {
    this.#progress.advance(reached);
    if (rejected === undefined) return;
    const { row, isLost, why } = rejected;
    if (isLost) {
      this.#progress.refuse();
      const [object, record] = [String(row['Segment']), Number(row['Record'])];
      this.#log.error('a record could not be forwarded', { object, record, why });
    } else this.#bare = { records: this.#bare.records + 1, why: this.#bare.why || why };
  }

  #report(): void {
    const { upTo, position } = this.#progress;
    const { next, owed, omitted, refused } = position;
    if (this.#bare.records > 0) this.#log.warn('records are forwarded without their values', this.#bare);
    this.#log.info('forwarded', {
      rows: this.#outbox.taken,
      segments: this.#handOver.segments,
      entries: next,
      behind: this.#head.size - next,
      upTo,
      owed: owed.length + omitted,
      bare: this.#bare.records,
      refused,
    });
  }

  /** Whether a run is over, or a part of it. */
  #isOver = (part = 1): boolean => this.#deps.now() >= this.#began + part * this.#deps.budgetMs;

  async #wait(milliseconds: number): Promise<boolean> {
    if (this.#deps.now() + milliseconds >= this.#began + this.#deps.budgetMs) return false;
    await this.#deps.wait(milliseconds);
    return true;
  }
}
