import { isUtf8 } from 'node:buffer';
import { hasBreak } from './body.ts';
import { putTexts } from './kernelTexts.ts';
import { kernel } from '../wasm/kernel.ts';
import type { Kernel } from '../wasm/kernel.ts';

/** StampedLines is the record lines of one event. They are in the kernel's memory, and gone with its next call. */
export interface StampedLines {
  readonly count: number;
  /** the lines are bytes[start, end) */
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
  /** where each line ends, before its LF, counted from `start` */
  readonly ends: Uint32Array;
}

/** StampText is what the seals of an event say besides the numbers of records. */
export interface StampText {
  /** the event's number, with what stands before and behind it */
  readonly event: string;
  /** its time, with what stands before and behind it */
  readonly enqueued: string;
  /** further members of its first record's seal, each with a comma before it */
  readonly first: string;
}

/**
 * stampBody cuts a body into records and writes their lines, numbered from `record` on, as sealEvent does. It gives
 * undefined where that has to: the body is not JSON, holds no record, or is too large, too deep or of too many records.
 */
export function stampBody(body: Buffer, record: number, text: StampText): StampedLines | undefined {
  const it = kernel();
  if (it === undefined) return undefined;
  const count = sliceInto(it, body);
  if (count <= 0 || !putTexts(it, text.event, text.enqueued)) return undefined;
  const firstBytes = text.first === '' ? 0 : Buffer.byteLength(text.first);
  if (firstBytes > it.mostFirst) return undefined;
  it.bytes.write(text.first, it.first);
  const length = it.stamp(count, record, firstBytes, hasBreak(body));
  if (length < 0) return undefined;
  const ends = it.words.subarray(it.ends / 4, it.ends / 4 + count);
  return { count, bytes: it.bytes, start: it.output, end: it.output + length, ends };
}

/** sliceInto copies a body into the kernel and finds its records there: how many, or a negative number where the reference has to look. */
export function sliceInto(it: Kernel, body: Buffer): number {
  if (body.length > it.mostInput || !isUtf8(body)) return -1;
  it.bytes.set(body, it.input);
  return it.slice(body.length);
}
