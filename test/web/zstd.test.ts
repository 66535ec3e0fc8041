import { zstdDecompressSync } from 'node:zlib';
import { Fault } from '../../web/verify/fault.ts';
import { decompress } from '../../web/verify/zstd/decompress.ts';

/**
 * A frame of one block, whose literals are four Huffman streams of codes of one bit: `count` literals each, and `more` bytes
 * that no literal needs in front of stream `which`.
 */
function frameOf(count: number, which: number, more: number): Buffer {
  const streams = [0, 1, 2, 3].map((i) => {
    const bytes = Buffer.alloc(Math.floor(count / 8) + 1, 0x5a);
    // The highest bit that is set ends a stream.
    bytes[bytes.length - 1] = (1 << (count % 8)) | (0x5a & ((1 << (count % 8)) - 1));
    return i === which ? Buffer.concat([Buffer.alloc(more, 0xff), bytes]) : bytes;
  });
  const lengths = Buffer.alloc(6);
  for (const [i, { length }] of streams.slice(0, 3).entries()) lengths.writeUInt16LE(length, 2 * i);
  // One weight of 1, and the one that is missing to a power of two.
  const stored = Buffer.concat([Buffer.of(128, 0x10), lengths, ...streams]);
  const literals = Buffer.alloc(3);
  literals.writeUIntLE(2 | (1 << 2) | ((count * 4) << 4) | (stored.length << 14), 0, 3);
  const content = Buffer.concat([literals, stored, Buffer.of(0)]);
  const header = Buffer.alloc(3);
  header.writeUIntLE(1 | (2 << 1) | (content.length << 3), 0, 3);
  return Buffer.concat([Buffer.from('28b52ffd0038', 'hex'), header, content]);
}

const attempt = (act: () => Uint8Array): string => {
  try {
    return Buffer.from(act()).toString('hex');
  } catch (error) {
    if (error instanceof Fault || (error as NodeJS.ErrnoException).code?.startsWith('ZSTD_') === true) return 'refused';
    throw error;
  }
};

/** Streams of seven bytes, of seven that one more bit would make eight, of eight, and longer ones. */
describe.each([48, 55, 56, 57, 200])('four Huffman streams of %d literals each', (count) => {
  test('are read as libzstd does', () => {
    const expected = attempt(() => zstdDecompressSync(frameOf(count, 0, 0)));
    expect(expected).toHaveLength(8 * count);
    expect(attempt(() => decompress(frameOf(count, 0, 0)))).toBe(expected);
  });

  test.each([1, 2, 9])('with %d bytes left over are taken where libzstd takes them', (more) => {
    for (const which of [0, 1, 2, 3]) {
      const frame = frameOf(count, which, more);
      const expected = attempt(() => zstdDecompressSync(frame));
      expect(expected === 'refused').toBe(count < 56);
      expect(attempt(() => decompress(frame))).toBe(expected);
    }
  });
});
