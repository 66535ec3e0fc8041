import { release } from '../bytes.ts';
import { leafHashInPlace, formatHash } from '../hash.ts';
import type { Hash } from '../hash.ts';
import { TreeRoot } from '../merkle/tree.ts';
import { LineBuffer, MAX_EMPTY_EVENT_BYTES, emptyEventOf, sealEvent, sizeOf } from './seal.ts';
import type { SealableEvent } from './seal.ts';
import { formatHeader } from './header.ts';
import type { EmptyEvent, SegmentHeader } from './header.ts';
import { compress, compressAside } from './zstd.ts';

/** SegmentStart is what a header says before its records and events are known. */
export type SegmentStart = Omit<SegmentHeader, 'records' | 'events' | 'empty'> & { readonly firstRecord: number };

/** SealedSegment is a segment ready to be stored, once its frames are there. */
export interface SealedSegment<Frames = Buffer> {
  readonly header: SegmentHeader;
  /** Zstandard frames: what is stored is these and a signature frame */
  readonly frames: Frames;
  readonly root: Hash;
  /** bytes of the lines before compression */
  readonly size: number;
  /** the latest time at which one of its events was enqueued, '' if it has none */
  readonly latest: string;
  /** how many of the events it holds: the first ones */
  readonly taken: number;
}

type Sealable = readonly [SealableEvent, ...SealableEvent[]];

/** Pack makes the frames of a segment's lines, a part of `memory`, and gives that back as soon as it can. */
export type Pack<Frames> = (lines: Buffer, memory: Buffer) => Frames;

/** packHere compresses on this thread. */
export const packHere: Pack<Buffer> = (lines, memory) => {
  const frames = compress(lines);
  release(memory);
  return frames;
};

/** Fewer bytes are compressed in less time than it takes to give them to another thread. */
const LEAST_ASIDE_BYTES = 64 * 1024;

/** packAside compresses on another thread, while this one goes on with the next segment. The frames are those of packHere. */
export const packAside: Pack<Promise<Buffer>> = async (lines, memory) => {
  if (lines.length < LEAST_ASIDE_BYTES) return packHere(lines, memory);
  try {
    return await compressAside(lines);
  } finally {
    release(memory);
  }
};

/** A segment whose lines reach this takes no further event; with one event's most, it stays below MAX_SEGMENT_BYTES. */
const FULL_LINES_BYTES = 48 * 1024 * 1024;

/**
 * sealSegment makes one segment of the first of `events`: as many as have at most `maxRawBytes` of bodies together, and at
 * least one. The events must be those of one incarnation, with consecutive sequence numbers.
 */
export function sealSegment<Frames>(
  start: SegmentStart,
  events: Sealable,
  maxRawBytes: number,
  pack: Pack<Frames>,
): SealedSegment<Frames>;
export function sealSegment(start: SegmentStart, events: Sealable, maxRawBytes: number): SealedSegment;
export function sealSegment(
  start: SegmentStart,
  events: Sealable,
  maxRawBytes: number,
  pack: Pack<unknown> = packHere,
): SealedSegment<unknown> {
  let taken = 0;
  let rawBytes = 0;
  for (const { body } of events) {
    if (taken > 0 && rawBytes + body.length > maxRawBytes) break;
    rawBytes += body.length;
    taken++;
  }

  const lines = new LineBuffer(headerRoom(start), Math.ceil(rawBytes * 1.2) + 64 * 1024);
  const empty: EmptyEvent[] = [];
  let emptyBytes = 0;
  let sealed = 0;
  let latest = '';
  do {
    const event = events[sealed] as SealableEvent;
    if (event.enqueued > latest) latest = event.enqueued;
    if (sealEvent(lines, event, start.firstRecord + lines.leaves.length) === 0) {
      const it = emptyEventOf(event);
      empty.push(it);
      emptyBytes += sizeOf(it);
    }
    sealed++;
  } while (sealed < taken && lines.length - lines.start < FULL_LINES_BYTES && emptyBytes < MAX_EMPTY_EVENT_BYTES);

  const { firstRecord, ...rest } = start;
  const first = events[0];
  const last = events[sealed - 1] as SealableEvent;
  const header: SegmentHeader = {
    ...rest,
    records: { first: firstRecord, count: lines.leaves.length },
    events: {
      first: first.sequenceNumber,
      last: last.sequenceNumber,
      count: sealed,
      enqueuedFirst: first.enqueued,
      enqueuedLast: last.enqueued,
    },
    ...(empty.length > 0 && { empty }),
  };
  return { ...finishSegment(header, lines, pack), latest, taken: sealed };
}

/**
 * headerRoom is how many bytes to leave for a header: its text with the longest numbers, the LF, and one byte before. Where
 * events are without records it needs more, and the lines have to be moved.
 */
const headerRoom = ({ firstRecord, ...rest }: SegmentStart): number =>
  Buffer.byteLength(
    formatHeader({
      ...rest,
      records: { first: firstRecord, count: Number.MAX_SAFE_INTEGER },
      events: {
        first: Number.MAX_SAFE_INTEGER,
        last: Number.MAX_SAFE_INTEGER,
        count: Number.MAX_SAFE_INTEGER,
        enqueuedFirst: rest.sealed,
        enqueuedLast: rest.sealed,
      },
    }),
  ) + 2;

/** finishSegment puts the header in front of record lines and the end line behind them, and has them compressed. It takes the lines over. */
export function finishSegment<Frames>(
  header: SegmentHeader,
  lines: LineBuffer,
  pack: Pack<Frames>,
): Omit<SealedSegment<Frames>, 'latest' | 'taken'> {
  const text = `${formatHeader(header)}\n`;
  lines.reserve(Buffer.byteLength(text) + 1);
  const start = lines.start - Buffer.byteLength(text);
  lines.bytes.write(text, start);
  const tree = new TreeRoot();
  tree.add(leafHashInPlace(lines.bytes, start, lines.start - 1));
  for (const leaf of lines.leaves) tree.add(leaf);
  const root = tree.root();
  lines.text(formatEnd(header.records.count, root));
  const content = lines.bytes.subarray(start, lines.length);
  const size = content.length;
  return { header, frames: pack(content, lines.bytes), root, size };
}

/** formatEnd prints the end line of a segment, with its LF. */
export const formatEnd = (records: number, root: Hash): string =>
  `{"_end":{"records":${records},"root":"${formatHash(root)}"}}\n`;
