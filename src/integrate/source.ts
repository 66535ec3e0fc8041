import { documentLine } from './documents.ts';
import { NO_POSITION, formatHeads } from '../core/objects/heads.ts';
import type { DocumentCounts, LogPosition, Position } from '../core/objects/heads.ts';
import { judgeObject } from '../core/objects/judge.ts';
import type { StoredObject } from '../core/objects/judge.ts';
import { DOCUMENT_TYPES, documentName, segmentName } from '../core/objects/names.ts';
import type { DocumentType } from '../core/objects/names.ts';
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
  #documents: DocumentCounts;

  private constructor(deps: SourceDeps, heads: LogPosition) {
    this.#deps = deps;
    this.#semaphore = new Semaphore(deps.concurrency);
    this.#documents = heads.documents;
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
    for (const type of DOCUMENT_TYPES) {
      if (isFull()) break;
      for await (const line of this.#newDocuments(type)) {
        entries.push(line);
        counts[`${type}s`] += 1;
        if (isFull()) break;
      }
    }
    if (entries.length === 0) return undefined;
    const positions = this.#queues.filter(({ position }) => position.next > 0);
    const heads: LogPosition = {
      time: new Date(this.#deps.now()).toISOString(),
      documents: this.#documents,
      positions: new Map(positions.map(({ partition, position }) => [partition, position])),
    };
    return { entries: [...entries, ...formatHeads(heads)], heads, ...counts };
  }

  /** Numbers are dense, so a run without a new document costs one look; what stands behind a hole has to wait. */
  async *#newDocuments(type: DocumentType): AsyncIterable<Buffer> {
    const { store, log } = this.#deps;
    const next = (): string => documentName(type, this.#documents[type]);
    if (!(await store.exists(next()))) return;
    for await (const { name, size } of store.list(`${type}s/`, next())) {
      if (name < next()) continue; // a page
      if (name !== next()) return;
      const document = await documentLine(store, { type, number: this.#documents[type] }, size);
      if (document === undefined) return;
      if (document.isForeign) sayForeign(log, type, name);
      this.#documents = { ...this.#documents, [type]: this.#documents[type] + 1 };
      yield document.line;
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#queues.map((queue) => queue.close()));
  }
}

function sayForeign(log: Logger, type: DocumentType, object: string): void {
  if (type === 'report') log.error('foreign object in the place of a report', { object });
  else log.error('foreign object in the place of an action', { object });
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
