import { Outbox } from './outbox.ts';
import type { HeldUp } from './outbox.ts';
import { MAX_OWED, formatPosition } from './position.ts';
import type { Position } from './position.ts';
import { missingRow } from './rows.ts';
import type { PlacedSegment } from './rows.ts';
import { openRows, readSegment } from './segmentRows.ts';
import type { OpenedSegment, ReadSegment } from './segmentRows.ts';
import { start, wrong } from './start.ts';
import type { StartDeps } from './start.ts';
import { AuditsealError, attempt, faultIn } from '../core/errors.ts';
import type { TreeHead } from '../core/merkle/tree.ts';
import type { VerifierKey } from '../core/note/verifierKey.ts';
import { parseEntry } from '../core/objects/entry.ts';
import type { LogPosition } from '../core/objects/heads.ts';
import { segmentName } from '../core/objects/names.ts';
import { mapInOrder } from '../ledger/concurrency.ts';
import { headsBefore, readBatchesOf, readEntries } from '../ledger/logEntries.ts';
import { openPublished } from '../ledger/published.ts';
import type { Row, RowSink } from '../ports/forward.ts';
import type { Logger } from '../ports/host.ts';
import type { Signer } from '../ports/signing.ts';
import type { ObjectStore, TileStore } from '../ports/store.ts';

export interface ForwardDeps extends StartDeps {
  readonly store: Pick<ObjectStore, 'read'>;
  readonly sink: RowSink;
  /** keys that the log signs with, or did */
  readonly verifiers: readonly VerifierKey[];
  readonly signer: Signer;
  /** wait waits (ms). */
  readonly wait: (milliseconds: number) => Promise<void>;
  /** a run begins no segment after that time (ms) */
  readonly budgetMs: number;
}

/** How many segments are read ahead. */
const AHEAD = 3;

/** The position is stored at the end of a run, and after a request when it is that old (ms). What is posted since comes twice after a crash. */
const SAVE_MS = 5000;

/** So many segments that could not be read are tried again in a run. */
const OWED_A_RUN = 50;

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

/** Reached is where the position is once all rows that were added are taken. */
interface Reached extends Pick<Position, 'batch' | 'next' | 'owed' | 'omitted'> {
  /** until when, by the log's time, everything is forwarded or owed; '' for none of it */
  readonly upTo: string;
}

/** Run is one run: what it knows of the log, and how far it has come. */
class Run {
  readonly #deps: ForwardDeps;
  readonly #log: Logger;
  readonly #ends: number;
  readonly #outbox: Outbox;
  #head!: TreeHead;
  #position: Position | undefined;
  #reached!: Reached;
  #upTo = '';
  #segments = 0;
  /** what is stored, its version, and since when (ms) */
  #stored: { readonly text: string; readonly version?: string; readonly at: number } = { text: '', at: 0 };

  constructor(deps: ForwardDeps, log: Logger) {
    this.#deps = deps;
    this.#log = log;
    this.#ends = deps.now() + deps.budgetMs;
    this.#outbox = new Outbox({ sink: deps.sink, wait: (milliseconds) => this.#wait(milliseconds) });
  }

  async go(): Promise<HeldUp | undefined> {
    const { tiles, verifiers, origin } = this.#deps;
    const published = await openPublished(tiles, verifiers);
    if (typeof published === 'string') return { why: published, afterMs: 0 };
    const { checkpoint } = published;
    if (checkpoint.origin !== origin)
      return { why: `the published checkpoint is of ${checkpoint.origin}, not of ${origin}`, afterMs: 0 };
    this.#head = checkpoint;
    const started = await start(this.#deps, checkpoint, this.#outbox, this.#log);
    if (!('position' in started)) return started;
    const { position, kept, version } = started;
    this.#position = position;
    const text = kept === undefined ? '' : JSON.stringify(kept);
    this.#stored = { text, ...(version !== undefined && { version }), at: this.#deps.now() };
    return this.#forwardFrom(position);
  }

  async #forwardFrom(position: Position): Promise<HeldUp | undefined> {
    const { batch } = position;
    const before = await headsBefore(this.#deps.tiles, this.#head, batch);
    if (before === undefined) throw wrong(`has ${batch} entries, where no batch ends`);
    this.#reached = { ...position, upTo: before.time };
    this.#upTo = before.time;
    try {
      return (await this.#forward(position, before)) ?? (await this.#retry());
    } finally {
      await this.#save();
      const { next, owed, omitted } = this.#position as Position;
      this.#log.info('forwarded', {
        rows: this.#outbox.taken,
        segments: this.#segments,
        entries: next,
        behind: this.#head.size - next,
        upTo: this.#upTo,
        owed: owed.length + omitted,
      });
    }
  }

  async #forward({ batch, next, from }: Position, before: LogPosition): Promise<HeldUp | undefined> {
    const { tiles, store } = this.#deps;
    const isDue = ({ entry, leaf }: PlacedSegment): boolean =>
      leaf >= next && entry.records.count > 0 && entry.time.last >= from;
    for await (const { segments, heads, size } of readBatchesOf(tiles, this.#head, batch, before)) {
      for await (const segment of mapInOrder(segments.filter(isDue), AHEAD, (it) => readSegment(store, it))) {
        const held = await this.#take(segment, openRows(this.#deps.origin, segment));
        if (held !== undefined) return held;
        this.#reached = { ...this.#reached, next: segment.leaf + 1 };
        if (this.#isOver()) return this.#settle();
      }
      this.#reached = { ...this.#reached, batch: size, next: size, upTo: heads.time };
      if (this.#isOver()) return this.#settle();
    }
    return this.#settle();
  }

  /** retry tries segments again that could not be read: one in the archive tier, or that somebody took away, may be back. */
  async #retry(): Promise<HeldUp | undefined> {
    const { store, tiles, origin } = this.#deps;
    for (const leaf of this.#reached.owed.slice(0, OWED_A_RUN)) {
      if (this.#isOver()) return undefined;
      const segment = await readSegment(store, await segmentAt(tiles, this.#head, leaf));
      const opened = openRows(origin, segment);
      const owed = this.#reached.owed.filter((other) => other !== leaf);
      if (typeof opened === 'object') {
        const held = await this.#take(segment, opened);
        if (held !== undefined) return held;
      } else owed.push(leaf);
      this.#reached = { ...this.#reached, owed };
    }
    return this.#settle();
  }

  /** take adds the rows of a segment, or one that says that they are missing. */
  async #take(segment: ReadSegment, opened: OpenedSegment | string): Promise<HeldUp | undefined> {
    if (typeof opened === 'string') {
      const held = await this.#add(missingRow(this.#deps.origin, segment, opened));
      if (held === undefined) this.#owe(segment, opened);
      return held;
    }
    try {
      for (const row of opened.rows) {
        const held = await this.#add(row);
        if (held !== undefined) return held;
      }
    } finally {
      opened.close();
    }
    this.#segments += 1;
    return undefined;
  }

  /** add adds a row. Where that posted the rows before it, those of all segments before this row's are taken. */
  async #add(row: Row): Promise<HeldUp | undefined> {
    const { taken } = this.#outbox;
    const held = await this.#outbox.add(row);
    if (held !== undefined || this.#outbox.taken === taken) return held;
    this.#advance();
    if (this.#deps.now() - this.#stored.at >= SAVE_MS) await this.#save();
    return undefined;
  }

  #owe({ entry, leaf }: PlacedSegment, why: string): void {
    const { owed, omitted } = this.#reached;
    const isFull = owed.length >= MAX_OWED;
    const more = isFull ? { omitted: omitted + 1 } : { owed: [...owed, leaf] };
    this.#reached = { ...this.#reached, ...more };
    const { partition, index, records } = entry;
    const object = segmentName(partition, index);
    this.#log.error('records could not be forwarded', { object, records: records.count, why });
  }

  /** settle posts what was added, which is whole segments then. */
  async #settle(): Promise<HeldUp | undefined> {
    const held = await this.#outbox.flush();
    if (held === undefined) this.#advance();
    return held;
  }

  #advance(): void {
    const { upTo, ...reached } = this.#reached;
    this.#position = { ...(this.#position as Position), ...reached };
    this.#upTo = upTo;
  }

  async #save(): Promise<void> {
    const { position: store, origin, signer, now } = this.#deps;
    const position = this.#position as Position;
    const text = JSON.stringify(position);
    if (text === this.#stored.text) return;
    const version = await store.replace(this.#stored.version, await formatPosition(origin, position, signer));
    // Who was first forwards the same records: this run ends, and moves nothing back.
    if (version === undefined)
      throw new AuditsealError('CHAIN_CONTENDED', 'another process has moved the position of forwarding');
    this.#stored = { text, version, at: now() };
  }

  #isOver = (): boolean => this.#deps.now() >= this.#ends;

  async #wait(milliseconds: number): Promise<boolean> {
    if (this.#deps.now() + milliseconds >= this.#ends) return false;
    await this.#deps.wait(milliseconds);
    return true;
  }
}

/** segmentAt gives the segment whose entry has a number. A number that was owed is one's. */
async function segmentAt(tiles: Pick<TileStore, 'read'>, head: TreeHead, leaf: number): Promise<PlacedSegment> {
  for await (const { lines } of readEntries(tiles, head, leaf, leaf + 1)) {
    const entry = attempt(() => parseEntry(lines[0] as Buffer), 'malformed');
    if (entry?.type === 'segment') return { entry, leaf };
  }
  throw wrong(`owes entry ${leaf}, which is no segment's`);
}
