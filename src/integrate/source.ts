import { actionLine, reportLine } from './documents.ts';
import { CLOCK_SKEW_MS } from '../core/limits.ts';
import { NO_POSITION, formatHeads } from '../core/objects/heads.ts';
import type { LogPosition, Position } from '../core/objects/heads.ts';
import { judgeObject } from '../core/objects/judge.ts';
import type { StoredObject } from '../core/objects/judge.ts';
import { actionName, isReportName, reportName, segmentName } from '../core/objects/names.ts';
import type { SummarizeSegment } from '../core/segment/summary.ts';
import { isPartition } from '../core/text.ts';
import { Semaphore } from '../ledger/concurrency.ts';
import { readObject } from '../ledger/objects.ts';
import type { Clock, Logger } from '../ports/host.ts';
import type { ObjectStore } from '../ports/store.ts';

export interface SourceDeps {
  readonly store: ObjectStore;
  readonly now: Clock;
  readonly log: Logger;
  readonly origin: string;
  readonly summarize: SummarizeSegment;
  /** how many objects may be read or hashed at one time; memory is that many segments */
  readonly concurrency: number;
}

/** What one batch takes at most; a batch takes one object in any case. */
export interface BatchLimits {
  readonly objects: number;
  readonly storedBytes: number;
}

/** TakenBatch is the entries of what was new. */
export interface TakenBatch {
  readonly entries: readonly Buffer[];
  readonly heads: LogPosition;
  readonly segments: number;
  readonly foreign: number;
  readonly reports: number;
  readonly actions: number;
  readonly storedBytes: number;
}

/**
 * LogSource gives what has no entry yet, batch by batch, from a log's heads on. It reads ahead, so it serves one run, and is
 * closed at the end.
 */
export class LogSource {
  readonly #deps: SourceDeps;
  readonly #semaphore: Semaphore;
  readonly #queues: PartitionQueue[] = [];
  #report: string;
  #actions: number;

  private constructor(deps: SourceDeps, heads: LogPosition) {
    this.#deps = deps;
    this.#semaphore = new Semaphore(deps.concurrency);
    this.#report = heads.report;
    this.#actions = heads.actions;
  }

  static async open(deps: SourceDeps, heads: LogPosition): Promise<LogSource> {
    const source = new LogSource(deps, heads);
    const partitions = new Set(heads.positions.keys());
    for await (const { name, isFolder } of deps.store.children('segments/')) {
      const partition = name.slice('segments/'.length, -1);
      if (isFolder && isPartition(partition)) partitions.add(partition);
    }
    for (const partition of [...partitions].sort((a, b) => Number(a) - Number(b))) {
      source.#queues.push(
        new PartitionQueue(deps, source.#semaphore, partition, heads.positions.get(partition) ?? NO_POSITION),
      );
    }
    return source;
  }

  /** take gives the next batch, one object of each partition in turn, or undefined if there is nothing new. */
  async take(limits: BatchLimits): Promise<TakenBatch | undefined> {
    const entries: Buffer[] = [];
    const counts = { segments: 0, foreign: 0, reports: 0, actions: 0, storedBytes: 0 };
    const isFull = (): boolean => entries.length >= limits.objects || counts.storedBytes >= limits.storedBytes;
    let active = this.#queues;
    while (active.length > 0 && !isFull()) {
      const more: PartitionQueue[] = [];
      for (const queue of active) {
        if (isFull()) break;
        const object = await queue.take();
        if (object === undefined) continue;
        entries.push(object.line);
        counts.storedBytes += object.size;
        if (object.isForeign) counts.foreign += 1;
        else counts.segments += 1;
        more.push(queue);
      }
      active = more;
    }
    if (!isFull()) {
      for await (const line of this.#newReports()) {
        entries.push(line);
        counts.reports += 1;
        if (isFull()) break;
      }
    }
    if (!isFull()) {
      for await (const line of this.#newActions()) {
        entries.push(line);
        counts.actions += 1;
        if (isFull()) break;
      }
    }
    if (entries.length === 0) return undefined;
    const positions = this.#queues.filter(({ position }) => position.next > 0);
    const heads: LogPosition = {
      time: new Date(this.#deps.now()).toISOString(),
      report: this.#report,
      actions: this.#actions,
      positions: new Map(positions.map(({ partition, position }) => [partition, position])),
    };
    return { entries: [...entries, ...formatHeads(heads)], heads, ...counts };
  }

  /** Names of reports sort by time. One that says it is of a time to come has to wait, or it would hide the others. */
  async *#newReports(): AsyncIterable<Buffer> {
    const { store, now, log } = this.#deps;
    const end = reportName(now() + CLOCK_SKEW_MS, 'integrity', 'json');
    for await (const { name, size } of store.list('reports/', this.#report)) {
      if (name > end) return;
      if (!isReportName(name) || name <= this.#report) continue;
      const line = await reportLine(store, name, size);
      if (line === undefined) continue;
      if (line.isForeign) log.error('foreign object in the place of a report', { object: name });
      this.#report = name;
      yield line.line;
    }
  }

  /** Numbers of actions are dense, so a run without a new one costs one look. */
  async *#newActions(): AsyncIterable<Buffer> {
    const { store, log } = this.#deps;
    if (!(await store.exists(actionName(this.#actions)))) return;
    for await (const { name, size } of store.list('actions/', actionName(this.#actions))) {
      if (name !== actionName(this.#actions)) return;
      const line = await actionLine(store, name, size);
      if (line === undefined) return;
      if (line.isForeign) log.error('foreign object in the place of an action', { object: name });
      this.#actions += 1;
      yield line.line;
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#queues.map((queue) => queue.close()));
  }
}

/** PartitionQueue gives the entries of one partition's objects in order of index, as long as names are taken. */
class PartitionQueue {
  readonly partition: string;
  position: Position;
  readonly #deps: SourceDeps;
  readonly #semaphore: Semaphore;
  readonly #ahead: Promise<StoredObject | undefined>[] = [];
  #isEnded = false;

  constructor(deps: SourceDeps, semaphore: Semaphore, partition: string, position: Position) {
    this.#deps = deps;
    this.#semaphore = semaphore;
    this.partition = partition;
    this.position = position;
    this.#readAhead(1);
  }

  #readAhead(count: number): void {
    while (this.#ahead.length < count) {
      const index = this.position.next + this.#ahead.length;
      const object = this.#semaphore.run(() => readObject(this.#deps, this.partition, index));
      object.catch(() => {}); // it is awaited in its turn, which may be later than it fails
      this.#ahead.push(object);
    }
  }

  async take(): Promise<{ line: Buffer; size: number; isForeign: boolean } | undefined> {
    if (this.#isEnded) return undefined;
    const object = await (this.#ahead.shift() as Promise<StoredObject | undefined>);
    if (object === undefined || this.#isOfNewer(object)) {
      this.#isEnded = true;
      return undefined;
    }
    const { line, position, foreign } = judgeObject(object, this.position, this.#deps.origin);
    if (foreign !== undefined) {
      const name = segmentName(this.partition, object.index);
      this.#deps.log.error('foreign object in the place of a segment', { object: name, why: foreign });
    }
    this.position = position;
    // Where one was, more may be.
    this.#readAhead(this.#deps.concurrency);
    return { line, size: object.size, isForeign: foreign !== undefined };
  }

  #isOfNewer({ index, summary }: StoredObject): boolean {
    if (summary.ok || !summary.versionUnknown) return false;
    this.#deps.log.error('a newer release writes this partition', {
      object: segmentName(this.partition, index),
      why: summary.why,
    });
    return true;
  }

  async close(): Promise<void> {
    this.#isEnded = true;
    await Promise.allSettled(this.#ahead);
  }
}
