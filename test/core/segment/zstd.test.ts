import { constants, zstdCompressSync } from 'node:zlib';
import { generateBodies } from '../../../bench/data.ts';
import { AuditsealError } from '../../../src/core/errors.ts';
import {
  MAX_BLOCKS,
  MAX_FRAMES,
  MAX_SEGMENT_BYTES,
  MAX_WINDOW_BYTES,
  compress,
  compressAside,
  decompress,
} from '../../../src/core/segment/zstd.ts';
import { Fault } from '../../../web/verify/fault.ts';
import { decompress as pageDecompress } from '../../../web/verify/zstd/decompress.ts';
import { referenceLines } from '../../support/referenceLedger.ts';
import { Random } from '../../support/random.ts';
import { picks } from '../../support/sample.ts';

describe('what another thread compresses', () => {
  const random = new Random(7);
  const lines = Buffer.concat([...generateBodies({ seed: 7, totalBytes: 3e6 })]);
  const noise = Buffer.from(Array.from({ length: 300_000 }, () => random.below(256)));
  const block = 128 * 1024;
  const edges = [1, 2, 3, 8].flatMap((blocks) => [-1, 0, 1].map((more) => blocks * block + more));
  const sizes = [
    0,
    1,
    255,
    256,
    65_791,
    65_792,
    ...edges,
    ...Array.from({ length: 60 }, () => random.below(2 ** random.below(22))),
  ];

  test('is the frame of this thread, byte for byte, whatever the size', async () => {
    for (const size of sizes)
      for (const source of [lines, noise]) {
        const bytes = source.subarray(0, size);
        expect((await compressAside(bytes)).equals(compress(bytes))).toBe(true);
      }
  });

  test('is so for many at one time', async () => {
    const all = sizes.map((size, i) => lines.subarray(i, i + size));
    const frames = await Promise.all(all.map((bytes) => compressAside(bytes)));
    expect(frames.map((frame, i) => frame.equals(compress(all[i]!)))).toEqual(all.map(() => true));
  });
});

const TEXT = Buffer.from('{"a":"hello hello hello"}\n'.repeat(20));
/** What `act` throws for bytes that are not of the format: SEGMENT_MALFORMED, in these words. */
function refusal(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof AuditsealError && error.code === 'SEGMENT_MALFORMED') return error.message;
    throw error;
  }
  return 'no refusal';
}
/** What the page's decoder says of such bytes. */
function pageRefusal(stored: Buffer): string {
  try {
    pageDecompress(stored);
  } catch (error) {
    if (error instanceof Fault) return error.message;
    throw error;
  }
  return 'no refusal';
}
const frameOf = (bytes: Uint8Array, params: Record<number, number> = {}): Buffer => zstdCompressSync(bytes, { params });

/** A frame built by hand from a frame header descriptor, the rest of its header, and blocks. */
const frame = (descriptor: number, header: readonly number[], ...blocks: Buffer[]): Buffer =>
  Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd, descriptor, ...header]), ...blocks]);
/** A block of type 0 (raw), 1 (one repeated byte) or 3 (reserved). */
function block(type: 0 | 1 | 3, size: number, content: Buffer, isLast: boolean): Buffer {
  const header = Buffer.alloc(3);
  header.writeUIntLE((isLast ? 1 : 0) + type * 2 + size * 8, 0, 3);
  return Buffer.concat([header, content]);
}
const raw = (text: string, isLast = true): Buffer => block(0, text.length, Buffer.from(text), isLast);
const repeated = (size: number, isLast: boolean): Buffer => block(1, size, Buffer.from('a'), isLast);
const size64 = (size: bigint): number[] => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(size);
  return [...bytes];
};
const BLOCK_MAX = 128 * 1024;
/** A frame of `size` bytes of one character, in a few bytes for each 128 KiB; 0x38 is a window of 128 KiB. */
const bomb = (size: number): Buffer =>
  frame(
    0x00,
    [0x38],
    ...Array.from({ length: Math.floor(size / BLOCK_MAX) }, () => repeated(BLOCK_MAX, false)),
    repeated(size % BLOCK_MAX, true),
  );

describe('compress and decompress', () => {
  const random = new Random(1);
  test.each([0, 1, 2, 255, 256, 257, 65_535, 65_536, 65_791, 65_792, 300_000])('give %d bytes back', (length) => {
    for (const fill of [(): number => random.below(256), (i: number): number => (i * i) >> 7]) {
      const bytes = Buffer.alloc(length);
      for (let i = 0; i < length; i++) bytes[i] = fill(i);
      expect(decompress(compress(bytes)).equals(bytes)).toBe(true);
    }
  });

  test('state the size of the content in the frame', () => {
    // The descriptor's top bits say how long the field is; a single-segment frame always has it.
    for (const length of [0, 300, 70_000, 5_000_000]) {
      const descriptor = compress(Buffer.alloc(length, 'ab'))[4] as number;
      expect(descriptor & 0xe0).not.toBe(0);
    }
  });

  test('a large content needs no large window', () => {
    const bytes = Buffer.alloc(60_000_000, 'some log line\n');
    expect(decompress(compress(bytes)).equals(bytes)).toBe(true);
  });

  test('the result belongs to the caller', () => {
    const stored = compress(TEXT);
    decompress(stored).fill(0);
    expect(decompress(stored).equals(TEXT)).toBe(true);
  });
});

describe('decompress', () => {
  test('joins frames of all kinds', () => {
    const frames = [
      compress(TEXT),
      frameOf(Buffer.alloc(0)),
      frameOf(TEXT, { [constants.ZSTD_c_checksumFlag]: 1 }),
      frameOf(TEXT, { [constants.ZSTD_c_contentSizeFlag]: 0 }),
      frameOf(TEXT, { [constants.ZSTD_c_compressionLevel]: 19 }),
      frame(0x20, [3], raw('abc')),
      frame(0x00, [0x00], raw('', false), raw('de', false), repeated(5, true)),
      frame(0x40, [0x00, 44, 0], repeated(300, true)),
      frame(0x80, [0x00, 3, 0, 0, 0], raw('xyz')),
      frame(0xc0, [0x00, ...size64(3n)], raw('xyz')),
    ];
    expect(decompress(Buffer.concat(frames)).toString()).toBe(
      [TEXT, TEXT, TEXT, TEXT, 'abcdeaaaaa', 'a'.repeat(300), 'xyzxyz'].join(''),
    );
  });

  test.each([
    ['one frame', compress(TEXT)],
    ['a frame with a checksum', frameOf(TEXT, { [constants.ZSTD_c_checksumFlag]: 1 })],
    ['a frame without a size', frameOf(TEXT, { [constants.ZSTD_c_contentSizeFlag]: 0 })],
    ['a long field for the size', frame(0xc0, [0x00, ...size64(3n)], raw('xyz'))],
  ])('refuses %s that is cut at any byte', (_name, stored) => {
    const whole = Buffer.concat([stored, stored]);
    for (let length = 0; length < whole.length; length++) {
      if (length === stored.length) continue;
      expect(refusal(() => decompress(whole.subarray(0, length)))).toMatch(/ends within|no Zstandard frame|damaged/);
    }
  });

  const good = compress(TEXT);
  test.each<[string, Buffer, RegExp]>([
    ['nothing', Buffer.alloc(0), /ends within the frame at byte 0/],
    ['gzip', Buffer.from('1f8b08000000000000030300000000000000000000', 'hex'), /no Zstandard frame at byte 0/],
    ['plain text', TEXT, /no Zstandard frame at byte 0/],
    ['a byte behind', Buffer.concat([good, Buffer.of(0)]), /ends within/],
    ['text behind', Buffer.concat([good, TEXT]), new RegExp(`no Zstandard frame at byte ${good.length}`)],
    ['a skippable frame', Buffer.concat([Buffer.from('502a4d180300000061', 'hex'), good]), /no Zstandard frame/],
    ['a skippable frame behind', Buffer.concat([good, Buffer.from('502a4d180100000061', 'hex')]), /no Zstandard/],
    ['a dictionary', frame(0x21, [7, 3], raw('abc')), /asks for a dictionary/],
    ['the reserved bit', frame(0x28, [3], raw('abc')), /reserved bit/],
    ['a reserved block', frame(0x20, [3], block(3, 3, Buffer.from('abc'), true)), /reserved block type/],
    ['a window of 9 MiB', frame(0x00, [0x69], raw('abc')), /window of 9437184 bytes is more than 8 MiB/],
    ['a window of 3.75 TiB', frame(0x00, [0xff], raw('abc')), /window/],
    ['a single segment above the window', frame(0xa0, [0, 0, 0, 1], raw('abc')), /window of 16777216/],
    ['a content size that is too small', frame(0x20, [2], raw('abc')), /damaged/],
    ['a content size that is too large', frame(0x20, [4], raw('abc')), /damaged/],
    ['a content size of zero', frame(0x20, [0], raw('abc')), /damaged/],
    ['a content size of 208 MiB', frame(0x80, [0x00, 0, 0, 0, 13], raw('abc')), /more than 192 MiB/],
    ['a content size of 2^64 - 1', frame(0xc0, [0x00, ...size64(2n ** 64n - 1n)], raw('abc')), /more than 192 MiB/],
    ['a wrong checksum', frame(0x24, [3], raw('abc'), Buffer.from('wxyz')), /damaged/],
    ['a block above the largest', frame(0x00, [0x38], repeated(BLOCK_MAX + 1, true)), /damaged/],
  ])('refuses %s', (_name, stored, message) => {
    expect(refusal(() => decompress(stored))).toMatch(message);
  });

  test('takes a window of exactly 8 MiB', () => {
    expect(decompress(frame(0x00, [0x68], raw('abc'))).toString()).toBe('abc');
    expect(2 ** (10 + (0x68 >> 3))).toBe(MAX_WINDOW_BYTES);
  });

  test('takes exactly 192 MiB, in one frame or in several, and not a byte more', () => {
    expect(decompress(bomb(MAX_SEGMENT_BYTES))).toHaveLength(MAX_SEGMENT_BYTES);
    expect(refusal(() => decompress(bomb(MAX_SEGMENT_BYTES + 1)))).toMatch(/more than 192 MiB/);
    const half = bomb(MAX_SEGMENT_BYTES / 2);
    expect(decompress(Buffer.concat([half, half]))).toHaveLength(MAX_SEGMENT_BYTES);
    expect(refusal(() => decompress(Buffer.concat([half, half, frame(0x20, [1], raw('a'))])))).toMatch(/192 MiB/);
    expect(refusal(() => decompress(Buffer.concat([half, half, bomb(1)])))).toMatch(/192 MiB/);
  });

  test('refuses a stream of very many frames', () => {
    const many = (count: number): Buffer => Buffer.concat(Array.from({ length: count }, () => bomb(1)));
    expect(decompress(many(4096))).toHaveLength(4096);
    expect(refusal(() => decompress(many(4097)))).toMatch(/more than 4096 Zstandard frames/);
  });

  const empties = (count: number): Buffer =>
    frame(0x00, [0x38], ...Array.from({ length: count - 1 }, () => raw('', false)), raw(''));

  test('refuses a stream of very many blocks, in one frame or in several', () => {
    expect(decompress(empties(MAX_BLOCKS))).toHaveLength(0);
    expect(refusal(() => decompress(empties(MAX_BLOCKS + 1)))).toMatch(/more than 32768 Zstandard blocks/);
    const line = compress(Buffer.from('a\n'));
    expect(referenceLines(Buffer.concat([line, empties(MAX_BLOCKS - 1)]))).toHaveLength(1);
    expect(() => referenceLines(Buffer.concat([line, empties(MAX_BLOCKS)]))).toThrow('too many frames or blocks');
    const half = empties(MAX_BLOCKS / 2);
    expect(decompress(Buffer.concat([half, half]))).toHaveLength(0);
    expect(refusal(() => decompress(Buffer.concat([half, half, empties(1)])))).toMatch(/32768 Zstandard blocks/);
  });

  test.each<[string, Buffer, RegExp]>([
    ['frames', Buffer.concat(Array.from({ length: MAX_FRAMES }, () => empties(1))), /4096 Zstandard frames/],
    ['blocks', empties(MAX_BLOCKS), /32768 Zstandard blocks/],
    ['content', frame(0x80, [0x00, 0, 0, 0, 12], raw('abc')), /192 MiB/],
  ])('sees too many %s by the headers: nothing is decompressed before', (_what, rest, message) => {
    const wrongChecksum = frame(0x24, [3], raw('abc'), Buffer.from('wxyz'));
    const stored = Buffer.concat([wrongChecksum, rest, empties(1)]);
    expect(refusal(() => decompress(wrongChecksum))).toMatch(/damaged/);
    expect(refusal(() => decompress(stored))).toMatch(message);
    expect(pageRefusal(stored)).toMatch(message);
  });

  test('keeps no more memory than the content needs, for a frame that does not say its size', () => {
    // A stream may have thousands of frames, and each is decompressed into a chunk of 1 MiB.
    expect(decompress(bomb(1000)).buffer.byteLength).toBeLessThanOrEqual(64 * 1024);
    expect(decompress(bomb(3_000_000)).buffer.byteLength).toBe(3_000_000);
  });

  test('every flipped bit gives the same content, other content, or a refusal that says so', () => {
    for (const bit of picks(good.length * 8, 200, Math.ceil(good.length / 8))) {
      const flipped = Buffer.from(good);
      flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(refusal(() => decompress(flipped))).not.toBe('');
    }
  });
});
