import { documentLine } from './documents.ts';
import { PartitionQueue } from './partitionQueue.ts';
import type { QueueDeps } from './partitionQueue.ts';
import type { VerifierKey } from '../core/note/verifierKey.ts';
import { formatEntry } from '../core/objects/entry.ts';
import type { LogEntry } from '../core/objects/entry.ts';
import { NO_POSITION, formatHeads } from '../core/objects/heads.ts';
import type { DocumentCounts, IndexStatement, LogPosition } from '../core/objects/heads.ts';
import { DOCUMENT_TYPES, documentName } from '../core/objects/names.ts';
import type { DocumentType } from '../core/objects/names.ts';
import { operatorsAfter } from '../core/objects/operators.ts';
import type { Operator } from '../core/objects/operators.ts';
import type { SummarizeSegment } from '../core/segment/summary.ts';
import type { OperatorNotice } from '../core/signed/operatorNotice.ts';
import { Semaphore } from '../ledger/concurrency.ts';
import { partitionsOf } from '../ledger/partitions.ts';
import type { Clock, Logger } from '../ports/host.ts';
import type { ObjectStore } from '../ports/store.ts';

export interface SourceDeps {
  readonly store: ObjectStore;
  readonly now: Clock;
  readonly log: Logger;
  readonly origin: string;
  /** keys that the ledger's auditor signs reports with, or did */
  readonly auditors: readonly VerifierKey[];
  readonly summarize: SummarizeSegment;
  /** how many objects may be read or hashed at one time; memory is that many segments */
  readonly concurrency: number;
}

/** What one batch takes at most; a batch takes one object in any case. */
export interface BatchLimits {
  readonly objects: number;
  readonly storedBytes: number;
}

/** Passed is how far was looked without that an entry came of it: for each type of document a number, for partitions an index. */
export interface Passed extends Record<DocumentType, number> {
  /** the next index of each partition in which nobody signed a segment yet, by these keys of the log */
  readonly strangers: Map<string, number>;
  keys: string;
}

/** Announcements is what the log is to say of keys, each with its note. */
export interface Announcements {
  /** keys that the log is to sign with, as formatVerifierKey prints them */
  readonly keys: readonly { readonly key: string; readonly note: string }[];
  /** operators' keys that it is to register or to revoke */
  readonly operators: readonly { readonly notice: OperatorNotice; readonly note: string }[];
}

/** Due says whether a batch is wanted though there may be nothing new. */
export interface Due {
  readonly isDue: boolean;
  /** what the batch is to say of the index; left out, what the log says */
  readonly index?: IndexStatement;
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
  readonly #queues: PartitionQueue[] = [];
  /** keys of the log, with those that it will announce next, and these alone */
  readonly #keys: readonly string[];
  readonly #operators: readonly Operator[];
  /** the entries of what is to be announced, until they are taken */
  #announced: readonly LogEntry[];
  #documents: DocumentCounts;
  #index: IndexStatement | undefined;
  readonly #passed: Passed;
  #time: string;

  private constructor(deps: SourceDeps, heads: LogPosition, announced: Announcements, passed: Passed) {
    this.#passed = passed;
    this.#deps = deps;
    const { keys, operators } = announced;
    this.#keys = [...heads.keys, ...keys.map(({ key }) => key)];
    const notices = operators.map(({ notice }) => notice);
    this.#operators = operatorsAfter(heads.operators, notices, heads.documents.action);
    this.#announced = [
      ...keys.map(({ note }) => ({ type: 'key', note }) as const),
      ...operators.map(({ note }) => ({ type: 'operator', note }) as const),
    ];
    this.#documents = heads.documents;
    this.#index = heads.index;
    this.#time = heads.time;
  }

  /** open begins behind a log's heads. */
  static async open(
    deps: SourceDeps,
    heads: LogPosition,
    announced: Announcements,
    passed: Passed,
  ): Promise<LogSource> {
    const source = new LogSource(deps, heads, announced, passed);
    const keys = source.#keys.join();
    if (keys !== passed.keys) passed.strangers.clear();
    passed.keys = keys;
    const queueDeps: QueueDeps = {
      ...deps,
      trust: { ledger: deps.origin, keys: source.#keys },
      semaphore: new Semaphore(deps.concurrency),
      strangers: passed.strangers,
    };
    const partitions = new Set(heads.positions.keys());
    for await (const partition of partitionsOf(deps.store)) partitions.add(partition);
    for (const partition of [...partitions].sort((a, b) => Number(a) - Number(b))) {
      const position = heads.positions.get(partition) ?? NO_POSITION;
      source.#queues.push(new PartitionQueue(queueDeps, partition, position));
    }
    return source;
  }

  /** take gives the next batch, one object of each partition in turn, or undefined if there is nothing new and none is due. */
  async take(limits: BatchLimits, { isDue, index = this.#index }: Due): Promise<TakenBatch | undefined> {
    const entries = this.#announced.map(formatEntry);
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
    if (entries.length === 0 && !isDue) return undefined;
    this.#announced = [];
    this.#index = index;
    const time = new Date(this.#deps.now()).toISOString();
    if (time > this.#time) this.#time = time;
    const positions = this.#queues.filter(({ position }) => position.next > 0);
    const heads: LogPosition = {
      time: this.#time,
      keys: this.#keys,
      operators: this.#operators,
      documents: this.#documents,
      ...(index && { index }),
      positions: new Map(positions.map(({ partition, position }) => [partition, position])),
    };
    return { entries: [...entries, ...formatHeads(heads)], heads, ...counts };
  }

  /**
   * newDocuments gives entries of what is behind the last one. Numbers are dense, so a run without a new document costs one
   * look, and what stands behind a hole has to wait. A report that no auditor signed is passed over.
   */
  async *#newDocuments(type: DocumentType): AsyncIterable<Buffer> {
    const { store, log } = this.#deps;
    let number = Math.max(this.#documents[type], this.#passed[type]);
    let hasEntries = false;
    if (!(await store.exists(documentName(type, number)))) return;
    for await (const { name } of store.list(`${type}s/`, documentName(type, number))) {
      if (name < documentName(type, number)) continue; // a page
      if (name !== documentName(type, number)) return;
      const document = await documentLine(this.#deps, { type, number });
      if (document === undefined) return;
      if (document.isForeign) sayForeign(log, type, name);
      number += 1;
      if (document.line === undefined) {
        // Behind an entry nothing is passed yet: its batch may never be stored.
        if (!hasEntries) this.#passed[type] = number;
        continue;
      }
      hasEntries = true;
      this.#documents = { ...this.#documents, [type]: number };
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
