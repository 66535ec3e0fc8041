import { closeSync, fstatSync, ftruncateSync, openSync, readSync, renameSync, writeSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import type { StoredEvent } from './eventMessage.ts';
import { decodeRecord, encodeRecord } from './partitionRecord.ts';
import type { LogStart } from './partitionRecord.ts';

const FRAME_BYTES = 12; // length of the record, the same inverted, CRC-32 of the record
const REWRITE_BYTES = 32 * 1024 * 1024;
const CHUNK_BYTES = 1024 * 1024;

/** LoadedPartition is what a partition's file held. */
export interface LoadedPartition {
  readonly file: PartitionFile;
  readonly start: LogStart;
  readonly events: readonly StoredEvent[];
  /** tornBytes counts the bytes of an unfinished last write, which were cut off. */
  readonly tornBytes: number;
}

/**
 * PartitionFile keeps one partition on disk: a record that says where the numbers begin, then a record for each append.
 *
 * Writes are handed to the operating system before append returns. They survive the process, not a power failure.
 */
export class PartitionFile {
  readonly #path: string;
  #descriptor: number;
  #bytes: number;
  #garbageBytes = 0;

  private constructor(path: string, descriptor: number, bytes: number) {
    this.#path = path;
    this.#descriptor = descriptor;
    this.#bytes = bytes;
  }

  /** create writes a new file, over an older one if there is one. */
  static create(path: string, start: LogStart): PartitionFile {
    const file = new PartitionFile(path, openSync(path, 'w'), 0);
    file.append(encodeRecord(start, []));
    return file;
  }

  /** load reads a file and cuts off an unfinished last write. Damage anywhere else is an error. */
  static load(path: string): LoadedPartition {
    const descriptor = openSync(path, 'r+');
    try {
      const size = fstatSync(descriptor).size;
      const { start, events, end } = readRecords(descriptor, size, path);
      if (end < size) ftruncateSync(descriptor, end);
      return { file: new PartitionFile(path, descriptor, end), start, events, tornBytes: size - end };
    } catch (error) {
      closeSync(descriptor);
      throw error;
    }
  }

  /** append adds one record at the end. */
  append(record: Buffer): void {
    const frame = Buffer.allocUnsafe(FRAME_BYTES + record.length);
    frame.writeUInt32BE(record.length, 0);
    frame.writeUInt32BE(0xffffffff - record.length, 4);
    frame.writeUInt32BE(crc32(record), 8);
    record.copy(frame, FRAME_BYTES);
    try {
      for (let written = 0; written < frame.length;) {
        written += writeSync(this.#descriptor, frame, written, frame.length - written, this.#bytes + written);
      }
    } catch (error) {
      if (this.#descriptor >= 0) ftruncateSync(this.#descriptor, this.#bytes); // half a record must not stay
      throw error;
    }
    this.#bytes += frame.length;
  }

  /** discard counts bytes of events that are no longer kept, and tells whether a rewrite would halve the file. */
  discard(bytes: number): boolean {
    this.#garbageBytes += bytes;
    return this.#garbageBytes > REWRITE_BYTES && this.#garbageBytes * 2 > this.#bytes;
  }

  /** rewrite replaces the file by one that holds only these events. A crash leaves the old file or the new one. */
  rewrite(start: LogStart, events: readonly StoredEvent[]): void {
    const next = PartitionFile.create(`${this.#path}.new`, start);
    for (let from = 0; from < events.length;) {
      const to = chunkEnd(events, from);
      next.append(encodeRecord(events[from]!, events.slice(from, to)));
      from = to;
    }
    renameSync(next.#path, this.#path);
    closeSync(this.#descriptor);
    this.#descriptor = next.#descriptor;
    this.#bytes = next.#bytes;
    this.#garbageBytes = 0;
  }

  /** close lets go of the file. Later use fails: the system may give the descriptor's number to another file. */
  close(): void {
    closeSync(this.#descriptor);
    this.#descriptor = -1;
  }
}

function readRecords(
  descriptor: number,
  size: number,
  path: string,
): { start: LogStart; events: StoredEvent[]; end: number } {
  const head = readRecord(descriptor, 0, size, path);
  if (head === undefined) throw new Error(`${path} has no first record; move it away to start with an empty partition`);
  const start = startOf(head);
  const events: StoredEvent[] = [];
  let end = FRAME_BYTES + head.length;
  for (;;) {
    const record = readRecord(descriptor, end, size, path);
    if (record === undefined) return { start, events, end };
    for (const event of decodeRecord(record)) {
      const expected = start.sequenceNumber + events.length;
      if (event.sequenceNumber !== expected) {
        throw new Error(`${path} has event ${event.sequenceNumber} in place of ${expected}; did two hubs write to it?`);
      }
      events.push(event);
    }
    end += FRAME_BYTES + record.length;
  }
}

/** readRecord returns the record at a place in a file, or undefined when the file ends there or in the middle of it. */
function readRecord(descriptor: number, at: number, size: number, path: string): Buffer | undefined {
  if (size - at < FRAME_BYTES) return undefined;
  const frame = Buffer.allocUnsafe(FRAME_BYTES);
  readSync(descriptor, frame, 0, FRAME_BYTES, at);
  const length = frame.readUInt32BE(0);
  const end = at + FRAME_BYTES + length;
  const isLengthWhole = frame.readUInt32BE(4) === 0xffffffff - length;
  if (isLengthWhole && end > size) return undefined;
  const record = Buffer.allocUnsafeSlow(isLengthWhole ? length : 0);
  readSync(descriptor, record, 0, record.length, at + FRAME_BYTES);
  if (isLengthWhole && crc32(record) === frame.readUInt32BE(8)) return record;
  throw new Error(`${path} is damaged at byte ${at}; move it away to start with an empty partition`);
}

/** startOf reads the first record of a file: one without events, which says where the numbers begin. */
function startOf(record: Buffer): LogStart {
  return {
    sequenceNumber: Number(record.readBigUInt64BE(0)),
    offset: Number(record.readBigUInt64BE(8)),
    enqueuedAt: Number(record.readBigInt64BE(16)),
  };
}

/** chunkEnd returns where a record that begins with an event must end: at 1 MiB, or where the enqueued time changes. */
function chunkEnd(events: readonly StoredEvent[], from: number): number {
  let bytes = 0;
  let to = from;
  while (to < events.length && bytes < CHUNK_BYTES && events[to]!.enqueuedAt === events[from]!.enqueuedAt) {
    bytes += events[to]!.tail.length + events[to]!.annotations.length;
    to += 1;
  }
  return to;
}
