import type { LastEnqueued, SentEvent, StoredEvent } from './eventMessage.ts';
import type { PartitionFile } from './partitionFile.ts';
import { decodeRecord, encodeRecord } from './partitionRecord.ts';
import type { LogStart } from './partitionRecord.ts';

/** Retention says how much of a partition is kept. */
export interface Retention {
  readonly milliseconds: number;
  readonly bytes: number;
}

const OLDEST_TIME = -62_135_596_800_000; // 0001-01-01, what the service answers when there is no time to tell

/**
 * PartitionLog is one partition: events in the order in which they came, under sequence numbers without gaps.
 *
 * Retention takes events away at the old end. It has no timer: it is applied when the log is appended to or asked.
 */
export class PartitionLog {
  readonly #retention: Retention;
  readonly #now: () => number;
  readonly #file: PartitionFile | undefined;
  readonly #listeners = new Set<() => void>();
  #events: (StoredEvent | undefined)[] = []; // the first #dropped places are empty
  #dropped = 0;
  #begin: number;
  #nextOffset: number;
  #lastOffset: number | undefined;
  #lastEnqueuedAt: number;
  #bytes = 0;

  constructor(options: {
    retention: Retention;
    now: () => number;
    start: LogStart;
    file?: PartitionFile | undefined;
    events?: readonly StoredEvent[];
  }) {
    this.#retention = options.retention;
    this.#now = options.now;
    this.#file = options.file;
    this.#begin = options.start.sequenceNumber;
    this.#nextOffset = options.start.offset;
    this.#lastEnqueuedAt = options.start.enqueuedAt;
    for (const event of options.events ?? []) this.#keep(event);
    this.#expire();
  }

  /** beginSequenceNumber is the oldest number still kept, or the next one when nothing is. */
  get beginSequenceNumber(): number {
    this.#expire();
    return this.#begin;
  }

  /** nextSequenceNumber is the number that the next event will get. */
  get nextSequenceNumber(): number {
    return this.#begin + this.#events.length - this.#dropped;
  }

  get isEmpty(): boolean {
    return this.beginSequenceNumber === this.nextSequenceNumber;
  }

  /** lastEnqueued describes the newest event, also when retention has taken it. */
  get lastEnqueued(): LastEnqueued {
    const isNew = this.nextSequenceNumber === 0;
    return {
      sequenceNumber: this.nextSequenceNumber - 1,
      offset: isNew ? '-1' : String(this.#lastOffset ?? Math.max(0, this.#nextOffset - 1)),
      enqueuedAt: isNew ? OLDEST_TIME : this.#lastEnqueuedAt,
      retrievedAt: this.#now(),
    };
  }

  /** end says where the numbers of this log go on, for a log that follows it. */
  get end(): LogStart {
    return {
      sequenceNumber: this.nextSequenceNumber,
      offset: this.#nextOffset,
      enqueuedAt: this.#lastEnqueuedAt,
    };
  }

  /**
   * append adds events under consecutive sequence numbers and returns the first of these. Time only goes back where a caller says
   * so, as a broker does whose clock is set.
   */
  append(events: readonly SentEvent[], enqueuedAt = Math.max(this.#now(), this.#lastEnqueuedAt)): number {
    const sequenceNumber = this.nextSequenceNumber;
    if (events.length === 0) return sequenceNumber;
    const record = encodeRecord({ sequenceNumber, offset: this.#nextOffset, enqueuedAt }, events);
    // Durable point, as far as the process goes: what the file has, a new start finds again. It comes before the
    // sender is told, so an event that was accepted is never lost to a killed process.
    this.#file?.append(record);
    for (const event of decodeRecord(record)) this.#keep(event);
    this.#expire();
    for (const listener of this.#listeners) listener();
    return sequenceNumber;
  }

  /** at returns the event with a sequence number that is kept. */
  at(sequenceNumber: number): StoredEvent {
    const event = this.#events[this.#dropped + sequenceNumber - this.#begin];
    if (event === undefined) throw new RangeError(`event ${sequenceNumber} isn't kept`);
    return event;
  }

  /** firstWhere returns the first kept number whose event satisfies a test that holds for all later events too. */
  firstWhere(test: (event: StoredEvent) => boolean): number {
    let low = this.beginSequenceNumber;
    let high = this.nextSequenceNumber;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (test(this.at(middle))) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** trimBefore takes away all events below a sequence number, as retention would. */
  trimBefore(sequenceNumber: number): void {
    const stop = Math.min(sequenceNumber, this.nextSequenceNumber);
    while (this.#begin < stop) this.#dropFirst();
    this.#rewriteFile();
  }

  /** onAppend calls a listener after each append, until the returned function is called. */
  onAppend(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** close lets go of the partition's file. */
  close(): void {
    this.#listeners.clear();
    this.#file?.close();
  }

  #keep(event: StoredEvent): void {
    this.#events.push(event);
    this.#bytes += sizeOf(event);
    this.#lastOffset = event.offset;
    this.#nextOffset = event.offset + sizeOf(event);
    this.#lastEnqueuedAt = event.enqueuedAt;
  }

  #expire(): void {
    const oldest = this.#now() - this.#retention.milliseconds;
    let isRewriteDue = false;
    for (;;) {
      const first = this.#events[this.#dropped];
      if (first === undefined || (first.enqueuedAt >= oldest && this.#bytes <= this.#retention.bytes)) break;
      this.#dropFirst();
      isRewriteDue = this.#file?.discard(sizeOf(first)) ?? false;
    }
    if (isRewriteDue) this.#rewriteFile();
  }

  #dropFirst(): void {
    const first = this.at(this.#begin);
    this.#events[this.#dropped] = undefined;
    this.#bytes -= sizeOf(first);
    this.#begin += 1;
    this.#dropped += 1;
    if (this.#dropped < 4096 || this.#dropped * 2 < this.#events.length) return;
    this.#events = this.#events.slice(this.#dropped);
    this.#dropped = 0;
  }

  #rewriteFile(): void {
    const kept = this.#events.slice(this.#dropped).filter((event) => event !== undefined);
    const first = kept[0];
    this.#file?.rewrite(
      { sequenceNumber: this.#begin, offset: first?.offset ?? this.#nextOffset, enqueuedAt: this.#lastEnqueuedAt },
      kept,
    );
  }
}

/** sizeOf is what an event adds to the offset of the next one, and to what retention counts. */
function sizeOf(event: StoredEvent): number {
  return event.annotations.length + event.tail.length;
}
