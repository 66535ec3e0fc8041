import { BackwardBits, damaged } from './bits.ts';
import { MAX_BLOCK_BYTES } from './frames.ts';
import { readCodes } from './tables.ts';
import type { CodeTable } from './tables.ts';

/** In four streams that are all so long, libzstd takes no notice of bits that are left over. docs/format.md, section 3. */
const LONG_STREAM_BYTES = 8;

const space = new Uint8Array(MAX_BLOCK_BYTES);

/**
 * readLiterals reads the literals at the start of a compressed block in bytes[at, end), and gives where they end. They are
 * valid until the next call. It throws SEGMENT_MALFORMED. RFC 8878 section 3.1.1.3.1.
 */
export function readLiterals(
  bytes: Uint8Array,
  at: number,
  end: number,
  most: number,
  before: CodeTable | undefined,
): { literals: Uint8Array; codes: CodeTable | undefined; end: number } {
  const first = bytes[at] as number;
  const byte = (i: number): number => bytes[at + i] as number;
  const type = first & 3;
  const form = (first >> 2) & 3;
  const checked = (size: number, header: number, stored: number): number => {
    if (size > most || at + header + stored > end) throw damaged('the literals of a Zstandard block are cut off');
    return at + header;
  };
  if (type < 2) {
    const header = [1, 2, 1, 3][form] as number;
    const size = header === 1 ? first >> 3 : (first >> 4) | (byte(1) << 4) | (header === 3 ? byte(2) << 12 : 0);
    const start = checked(size, header, type === 0 ? size : 1);
    if (type === 0) return { literals: bytes.subarray(start, start + size), codes: before, end: start + size };
    return { literals: space.subarray(0, size).fill(bytes[start] as number), codes: before, end: start + 1 };
  }
  const bits = [10, 10, 14, 18][form] as number;
  const header = [3, 3, 4, 5][form] as number;
  const all =
    first +
    byte(1) * 2 ** 8 +
    byte(2) * 2 ** 16 +
    (header > 3 ? byte(3) * 2 ** 24 : 0) +
    (header > 4 ? byte(4) * 2 ** 32 : 0);
  const size = Math.floor(all / 16) % 2 ** bits;
  const stored = Math.floor(all / 2 ** (4 + bits));
  let start = checked(size, header, stored);
  const ended = start + stored;
  let codes = before;
  if (type === 2) ({ table: codes, end: start } = readCodes(bytes, start, ended));
  if (codes === undefined) throw damaged('a Zstandard block repeats a table that there is not');
  const literals = space.subarray(0, size);
  if (form === 0) decode(bytes, start, ended, codes, literals);
  else decodeFour(bytes, start, ended, codes, literals);
  return { literals, codes, end: ended };
}

function decodeFour(bytes: Uint8Array, start: number, end: number, codes: CodeTable, out: Uint8Array): void {
  // Fewer than six literals can't be told apart in four streams.
  if (start + 6 > end || out.length < 6) throw damaged('the literals of a Zstandard block are cut off');
  const part = Math.ceil(out.length / 4);
  if (3 * part > out.length) throw damaged('the literals of a Zstandard block are cut off');
  const ends: number[] = [];
  for (let i = 0, from = start + 6; i < 4; i++) {
    from = i === 3 ? end : from + (bytes[start + 2 * i] as number) + (bytes[start + 2 * i + 1] as number) * 256;
    if (from > end) throw damaged('the literals of a Zstandard block are cut off');
    ends.push(from);
  }
  const starts = [start + 6, ...ends.slice(0, 3)];
  const mayLeaveBits = starts.every((from, i) => (ends[i] as number) - from >= LONG_STREAM_BYTES);
  for (const [i, from] of starts.entries()) {
    const literals = out.subarray(i * part, i === 3 ? out.length : (i + 1) * part);
    decode(bytes, from, ends[i] as number, codes, literals, mayLeaveBits);
  }
}

function decode(
  bytes: Uint8Array,
  start: number,
  end: number,
  { width, codes }: CodeTable,
  out: Uint8Array,
  mayLeaveBits = false,
): void {
  const stream = new BackwardBits(bytes, start, end);
  const mask = (1 << width) - 1;
  let left = stream.left;
  let done = 0;
  for (; done < out.length && left >= width; done++) {
    const at = left - width;
    const byte = start + (at >> 3);
    const word = (bytes[byte] as number) | ((bytes[byte + 1] as number) << 8) | ((bytes[byte + 2] as number) << 16);
    const code = codes[(word >> (at & 7)) & mask] as number;
    out[done] = code;
    left -= code >> 8;
  }
  for (; done < out.length && left >= 0; done++) {
    const there = (bytes[start] as number) | ((bytes[start + 1] as number) << 8);
    const code = codes[((there & ((1 << left) - 1)) << (width - left)) & mask] as number;
    out[done] = code;
    left -= code >> 8;
  }
  if (left < 0 || (left > 0 && !mayLeaveBits) || done !== out.length)
    throw damaged('the literals of a Zstandard block are damaged');
}
