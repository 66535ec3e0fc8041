import { Random } from '../support/random.ts';
import { unescaped } from '../../src/find/unescaped.ts';

const read = (text: string): string => unescaped(Buffer.from(text)).toString('utf8');

test('a string of JSON is read as JSON.parse reads it', () => {
  const random = new Random(41);
  const PIECES = [...'abu0\\"/\b\f\n\r\t\0\u001b\u007f\u00e4\u20ac\ufffd'.split(''), '😀', '\\u0041'];
  for (let round = 0; round < 500; round++) {
    const text = Array.from({ length: random.below(12) }, () => PIECES[random.below(PIECES.length)]).join('');
    const plain = JSON.stringify(text).slice(1, -1);
    const escaped = text
      .split('')
      .map((unit) => unit.charCodeAt(0).toString(16).padStart(4, '0'))
      .map((hex) => `\\u${random.below(2) === 0 ? hex : hex.toUpperCase()}`)
      .join('');
    expect([read(plain), read(escaped)]).toEqual([text, text]);
  }
});

test.each([
  ['C:\\data\\x', 'C:\\data\\x'],
  ['end\\', 'end\\'],
  ['\\u12', '\\u12'],
  ['\\u12g4', '\\u12g4'],
  ['\\ud800', '\ufffd'],
  ['\\ud800\\u0041\\udc00', '\ufffdA\ufffd'],
  ['\\ud800\\ud83d\\ude00', '\ufffd😀'],
  ['\\\\u0041', '\\u0041'],
])('%s is %s', (text, plain) => {
  expect(read(text)).toBe(plain);
});

test('a text of nothing but escapes takes a fraction of its bytes', () => {
  expect(unescaped(Buffer.alloc(2_000_000, '\\n')).equals(Buffer.alloc(1_000_000, '\n'))).toBe(true);
  expect(unescaped(Buffer.alloc(1_200_000, '\\u00e4')).equals(Buffer.alloc(400_000, 'ä'))).toBe(true);
});
