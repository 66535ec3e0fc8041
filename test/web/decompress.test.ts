import { randomBytes } from 'node:crypto';
import { constants, zstdCompressSync } from 'node:zlib';
import { decompress as coreDecompress } from '../../src/core/segment/zstd.ts';
import { Fault } from '../../web/verify/fault.ts';
import { decompress } from '../../web/verify/zstd/decompress.ts';
import { picks } from '../support/sample.ts';

/** How many of many flipped bits the fast run tries. */
const SAMPLE = 400;

describe('the page decompresses', () => {
  const texts = [
    Buffer.alloc(0),
    Buffer.from('a'),
    Buffer.alloc(300_000, 'ab'),
    randomBytes(200_000),
    Buffer.from(
      Array.from({ length: 9000 }, (_, i) => `{"n":${i},"user":"u${(i * 31) % 977}","ip":"10.0.${i % 7}.1"}`).join(
        '\n',
      ),
    ),
  ];
  test.each([1, 3, 9, 19])('what level %d makes, with and without a checksum', (level) => {
    for (const text of texts) {
      for (const checksum of [0, 1]) {
        const params = {
          [constants.ZSTD_c_compressionLevel]: level,
          [constants.ZSTD_c_checksumFlag]: checksum,
          [constants.ZSTD_c_windowLog]: 20,
        };
        const frame = zstdCompressSync(text, { params });
        expect(Buffer.compare(decompress(Buffer.concat([frame, frame])), Buffer.concat([text, text]))).toBe(0);
        if (checksum === 0) continue;
        frame.writeUInt8(frame.readUInt8(frame.length - 1) ^ 1, frame.length - 1);
        expect(() => decompress(frame)).toThrow(Fault);
      }
    }
  });

  test('nothing else than node:zlib does, and refuses what that refuses', () => {
    const text = (texts.at(-1) as Buffer).subarray(0, 4000);
    for (const level of [1, 19]) {
      const frame = zstdCompressSync(text, { params: { [constants.ZSTD_c_compressionLevel]: level } });
      for (const bit of picks(frame.length * 8, SAMPLE, 2000)) {
        const bad = Buffer.from(frame);
        bad.writeUInt8(bad.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
        const page = attempt(() => decompress(bad));
        if (page !== undefined) expect(page.equals(attempt(() => coreDecompress(bad)) as Buffer)).toBe(true);
      }
    }
  });

  test('no bomb', () => {
    const repeat = (count: number): Buffer =>
      Buffer.concat(Array.from({ length: count }, (_, i) => Buffer.of(i === count - 1 ? 3 : 2, 0, 16, 0)));
    const start = Buffer.from('28b52ffd0068', 'hex');
    expect(() => decompress(Buffer.concat([start, repeat(1537)]))).toThrow('more than 192 MiB');
    expect(() => decompress(Buffer.concat([Buffer.from('28b52ffda000000020', 'hex'), repeat(1)]))).toThrow(
      'window above 8 MiB',
    );
    expect(() => decompress(Buffer.concat(Array.from({ length: 4097 }, () => zstdCompressSync(''))))).toThrow('4096');
    expect(decompress(Buffer.concat([start, repeat(3)]))).toHaveLength(3 * 131_072);
  });
});

function attempt(run: () => Uint8Array): Buffer | undefined {
  try {
    return Buffer.from(run());
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError) throw error;
    return undefined;
  }
}
