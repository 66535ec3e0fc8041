import { formatHash, sha256 } from '../../src/core/hash.ts';
import {
  decodeText,
  formatBase64Hash,
  isText,
  isTime,
  parseBase64,
  parseBase64Hash,
  parseDecimal,
} from '../../src/core/text.ts';

describe('parseDecimal', () => {
  test.each([0, 1, 9, 10, 255, 2 ** 31, 2 ** 32 + 5, Number.MAX_SAFE_INTEGER])('reads %d', (number) => {
    expect(parseDecimal(String(number))).toBe(number);
  });

  test.each([
    ['', ' ', '00', '01', '+1', '-1', '-0', '1.0', '1e3', '0x10', ' 7', '7 ', '7\n', '\u0667', 'NaN', 'Infinity'],
    ['9007199254740992', '9007199254740993', '99999999999999999', '1'.repeat(400)],
  ])('refuses %j', (...texts) => {
    for (const text of texts) expect(parseDecimal(text)).toBeUndefined();
  });
});

describe('parseBase64', () => {
  test.each(['', 'AA==', 'AAA=', 'AAAA', '+/+/'])('reads %j', (text) => {
    expect(parseBase64(text)?.toString('base64')).toBe(text);
  });

  test.each(['A', 'AA', 'AA=', 'AAA', 'AB==', 'AAB=', '-_-_', 'AAAA\n', ' AAAA', 'AA AA', 'AAAA=', '====', 'é'])(
    'refuses %j',
    (text) => {
      expect(parseBase64(text)).toBeUndefined();
    },
  );

  test('hashes are 32 bytes', () => {
    const hash = sha256(Buffer.from('x'));
    expect(formatBase64Hash(hash)).toBe(Buffer.from(formatHash(hash), 'hex').toString('base64'));
    expect(parseBase64Hash(formatBase64Hash(hash))).toBe(hash);
    for (const bytes of [0, 31, 33]) expect(parseBase64Hash(Buffer.alloc(bytes).toString('base64'))).toBeUndefined();
    expect(parseBase64Hash('A'.repeat(44))).toBeUndefined();
    expect(parseBase64Hash(`${'A'.repeat(42)}==`)).toBeUndefined();
  });
});

describe('decodeText', () => {
  test.each(['', 'a\nb\n', '\ufeffa', 'é 漢 🪵', '\x7f\u0085'])('gives %j back', (text) => {
    expect(decodeText(Buffer.from(text))).toBe(text);
    expect(decodeText(new Uint8Array(Buffer.from(`x${text}`)).subarray(1))).toBe(text);
    expect(isText(text)).toBe(true);
  });

  test.each(['\0', '\t', '\v', '\f', '\r', '\x1f'])('refuses %j', (text) => {
    expect(decodeText(Buffer.from(`a${text}`))).toBeUndefined();
    expect(isText(text)).toBe(false);
  });

  test('refuses what is not UTF-8, and text that UTF-8 has no bytes for', () => {
    expect(decodeText(Buffer.of(0xff))).toBeUndefined();
    expect(decodeText(Buffer.of(0xed, 0xa0, 0x80))).toBeUndefined();
    expect(isText('\ud800')).toBe(false);
  });
});

test('isTime takes what Date prints, and nothing else', () => {
  const two = (number: number): string => String(number).padStart(2, '0');
  const seen = { true: 0, false: 0 };
  for (const year of ['0000', '0004', '1899', '1900', '1970', '2000', '2023', '2024', '2100', '9999'])
    for (let month = 0; month < 14; month++)
      for (let day = 0; day < 34; day++)
        for (const [hour, minute] of [
          [0, 0],
          [23, 59],
          [24, 0],
          [25, 1],
          [9, 60],
        ] as const) {
          const text = `${year}-${two(month)}-${two(day)}T${two(hour)}:${two(minute)}:${two(minute)}.000Z`;
          const time = Date.parse(text);
          const isPrinted = !Number.isNaN(time) && new Date(time).toISOString() === text;
          expect(`${text} ${isTime(text)}`).toBe(`${text} ${isPrinted}`);
          seen[`${isPrinted}`] += 1;
        }
  expect(seen.true).toBeGreaterThan(7000);
  expect(seen.false).toBeGreaterThan(7000);
  for (const text of [
    '',
    '2025-11-22',
    '2025-11-22T00:00:00Z',
    '2025-11-22T00:00:00.000+00:00',
    '2025-11-22t00:00:00.000Z',
    ' 2025-11-22T00:00:00.000Z',
    '2025-11-22T00:00:00.000Z\n',
    '+002025-11-22T00:00:00.000Z',
  ])
    expect(isTime(text)).toBe(false);
});
