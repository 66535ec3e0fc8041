import { PADDING, damaged } from './bits.ts';
import { checksum } from './checksum.ts';
import { MAX_BLOCK_BYTES, MAX_CONTENT_BYTES, blocksOf, readFrames } from './frames.ts';
import type { Frame } from './frames.ts';
import { readLiterals } from './literals.ts';
import { runSequences } from './sequences.ts';
import type { Content, SequenceTables } from './sequences.ts';
import type { CodeTable } from './tables.ts';

const TOO_LARGE = 'it decompresses to more than 192 MiB';
const FIRST_SPACE = 1024 * 1024;

/**
 * decompress gives the content of the Zstandard frames that fill `stored`. RFC 8878, with the limits of docs/format.md.
 *
 * It throws SEGMENT_MALFORMED for anything else. Memory is the content's, at most 192 MiB, and a copy of what is stored.
 */
export function decompress(stored: Uint8Array): Uint8Array<ArrayBuffer> {
  const frames = readFrames(stored);
  const bytes = new Uint8Array(stored.length + PADDING);
  bytes.set(stored);
  const stated = frames.reduce((sum, { contentSize = 0 }) => sum + contentSize, 0);
  let out = new Uint8Array(stated);
  let length = 0;
  for (const frame of frames) ({ out, length } = decodeFrame(bytes, frame, out, length));
  return out.subarray(0, length);
}

function decodeFrame(
  bytes: Uint8Array,
  frame: Frame,
  out: Uint8Array<ArrayBuffer>,
  start: number,
): { out: Uint8Array<ArrayBuffer>; length: number } {
  const { contentSize, windowSize } = frame;
  const mostOfBlock = Math.min(windowSize, MAX_BLOCK_BYTES);
  const limit = contentSize === undefined ? MAX_CONTENT_BYTES : start + contentSize;
  if (limit > MAX_CONTENT_BYTES) throw damaged(TOO_LARGE);
  let codes: CodeTable | undefined;
  const tables: SequenceTables = { literals: undefined, offsets: undefined, matches: undefined };
  const offsets: Content['offsets'] = [1, 4, 8];
  let length = start;
  for (const { type, start: from, end, size } of blocksOf(bytes, frame)) {
    if (size > mostOfBlock) throw damaged(`the Zstandard frame at byte ${frame.start} has a block that is too large`);
    const most = Math.min(mostOfBlock, limit - length);
    if (type !== 'compressed' && size > most) throw damaged(sizeFault(contentSize));
    if (length + most > out.length) out = grow(out, length, length + most);
    if (type === 'raw') out.set(bytes.subarray(from, end), length);
    else if (type === 'repeat') out.fill(bytes[from] as number, length, length + size);
    if (type !== 'compressed') {
      length += size;
      continue;
    }
    if (size < 2) throw damaged('a compressed Zstandard block is empty');
    const read = readLiterals(bytes, from, end, mostOfBlock, codes);
    codes = read.codes;
    const content: Content = { bytes: out, start, length, windowSize, offsets };
    runSequences(bytes, read.end, end, read.literals, tables, content, most);
    length = content.length;
  }
  if (contentSize !== undefined && length !== limit) throw damaged(sizeFault(contentSize));
  const stated = new DataView(bytes.buffer).getUint32(frame.end - 4, true);
  if (frame.hasChecksum && checksum(out.subarray(start, length)) !== stated) {
    throw damaged(`the checksum of the Zstandard frame at byte ${frame.start} is wrong`);
  }
  return { out, length };
}

const sizeFault = (contentSize: number | undefined): string =>
  contentSize === undefined ? TOO_LARGE : `a Zstandard frame does not hold the ${contentSize} bytes that it states`;

function grow(out: Uint8Array<ArrayBuffer>, length: number, least: number): Uint8Array<ArrayBuffer> {
  const grown = new Uint8Array(Math.min(Math.max(2 * out.length, least, FIRST_SPACE), MAX_CONTENT_BYTES));
  grown.set(out.subarray(0, length));
  return grown;
}
