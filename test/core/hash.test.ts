import { createHash } from 'node:crypto';
import { ZERO_HASH, formatHash, leafHash, leafHashInPlace, nodeHash, parseHash, sha256 } from '../../src/core/hash.ts';
import type { Hash } from '../../src/core/hash.ts';

const hex = (...parts: (string | Uint8Array)[]): string => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
};

describe('hashes', () => {
  test('leaves and nodes are told apart by their first byte', () => {
    const leaf = Buffer.from('entry');
    expect(formatHash(sha256(leaf))).toBe(hex(leaf));
    expect(formatHash(leafHash(leaf))).toBe(hex('\0', leaf));
    const [left, right] = [sha256(Buffer.of(1)), sha256(Buffer.of(2))];
    expect(formatHash(nodeHash(left, right))).toBe(hex('\x01', Buffer.from(left + right, 'latin1')));
    expect(formatHash(nodeHash(right, left))).not.toBe(formatHash(nodeHash(left, right)));
  });

  test('leafHashInPlace hashes as leafHash does, and leaves the bytes as they were', () => {
    for (let length = 0; length < 200; length++) {
      const bytes = Buffer.from(Array.from({ length: length + 3 }, (_, i) => (i * 37 + 200) % 256));
      const before = Buffer.from(bytes);
      expect(leafHashInPlace(bytes, 2, 2 + length)).toBe(leafHash(bytes.subarray(2, 2 + length)));
      expect(bytes).toEqual(before);
    }
  });

  test('ZERO_HASH is 64 zeros', () => {
    expect(formatHash(ZERO_HASH)).toBe('0'.repeat(64));
  });

  test('parseHash is the inverse of formatHash', () => {
    for (let i = 0; i < 50; i++) {
      const hash = sha256(Buffer.of(i));
      expect(parseHash(formatHash(hash))).toBe(hash);
    }
  });

  test.each([
    undefined,
    null,
    0,
    ['0'.repeat(64)],
    '',
    '0'.repeat(63),
    '0'.repeat(65),
    'A'.repeat(64),
    'g'.repeat(64),
    `${'0'.repeat(64)}\n`,
    ` ${'0'.repeat(63)}`,
  ])('parseHash refuses %j', (text) => {
    expect(parseHash(text)).toBeUndefined();
  });

  test('a hash has 32 characters of one byte each', () => {
    const hash: Hash = sha256(Buffer.from('x'));
    expect(Buffer.from(hash, 'latin1')).toHaveLength(32);
    expect(hash).toHaveLength(32);
  });
});
