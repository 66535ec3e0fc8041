import { isUtf8 } from 'node:buffer';
import { JsonScanner, minify } from '../../../src/core/segment/jsonScanner.ts';

/** Where the scanner says that the text ends in an offence, or undefined if it is JSON. */
function offence(text: Buffer): number | undefined {
  const scanner = new JsonScanner(text);
  const end = scanner.skipValue(scanner.skipSpace(0));
  if (end < 0) return -1 - end;
  const behind = scanner.skipSpace(end);
  return behind === text.length ? undefined : behind;
}

function isJson(text: Buffer): boolean {
  try {
    JSON.parse(text.toString());
    return true;
  } catch {
    return false;
  }
}

const VALID = [
  'null',
  'true',
  'false',
  '0',
  '-0',
  '12',
  '-1.5e+10',
  '0.00E-7',
  '1E400',
  '123456789012345678901234567890.5',
  '""',
  '"a"',
  '"\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\uD800"',
  '"é漢😀\u2028\u007f"',
  '[]',
  '{}',
  '[ ]',
  ' \t\r\n{ \t\r\n} \t\r\n',
  '[1,2 , 3]',
  '[[],[[]],{}]',
  '{"a":1}',
  '{ "a" : [ 1 , { "b" : null } ] , "" : "x" }',
  '{"a":1,"a":2,"\\u0061":3}',
  '[true,false,null,-0.5e-5,"\\u0000"]',
  '{"a":{"b":{"c":[{"d":[[[]]]}]}}}',
];
const INVALID = [
  ['', 0],
  [' ', 1],
  ['01', 1],
  ['-', 1],
  ['-a', 1],
  ['+1', 0],
  ['.5', 0],
  ['1.', 2],
  ['1.e5', 2],
  ['1e', 2],
  ['1e+', 3],
  ['0x10', 1],
  ['NaN', 0],
  ['Infinity', 0],
  ['nul', 3],
  ['nulL', 3],
  ['True', 0],
  ["'a'", 0],
  ['"a', 2],
  ['"\\', 2],
  ['"\\x"', 2],
  ['"\\u12g4"', 5],
  ['"\\u12', 5],
  ['"\\u12\u0014"', 5],
  ['"a\tb"', 2],
  ['"a\nb"', 2],
  ['"\u0000"', 1],
  ['\u0000', 0],
  ['[', 1],
  ['[1', 2],
  ['[1,', 3],
  ['[1,]', 3],
  ['[,1]', 1],
  ['[1 2]', 3],
  ['[1}', 2],
  ['{', 1],
  ['{"a"', 4],
  ['{"a" ', 5],
  ['{"a":', 5],
  ['{"a":1', 6],
  ['{"a":1,', 7],
  ['{"a":1,}', 7],
  ['{"a" 1}', 5],
  ['{"a"1}', 4],
  ['{"a",1}', 4],
  ['{a:1}', 1],
  ['{1:1}', 1],
  ['{"a":1]', 6],
  ['{]', 1],
  [']', 0],
  ['}', 0],
  ['1,', 1],
  ['{}{}', 2],
  ['\ufeff1', 0],
  ['[1]\u00a0', 3],
  ['[1,\f2]', 3],
  ['// 1', 0],
] as const;

describe('JsonScanner', () => {
  test.each(VALID)('takes %j', (text) => {
    expect(isJson(Buffer.from(text))).toBe(true);
    expect(offence(Buffer.from(text))).toBeUndefined();
  });

  test.each(INVALID)('refuses %j, at byte %d', (text, at) => {
    expect(isJson(Buffer.from(text))).toBe(false);
    expect(offence(Buffer.from(text))).toBe(at);
  });

  test('judges every truncation as JSON.parse does', () => {
    for (const text of VALID.map((it) => Buffer.from(it))) {
      for (let length = 0; length < text.length; length++) {
        const cut = text.subarray(0, length);
        if (isUtf8(cut)) expect([cut.toString(), offence(cut) === undefined]).toEqual([cut.toString(), isJson(cut)]);
      }
    }
  });

  test('judges every change of one byte as JSON.parse does', () => {
    const wrong: string[] = [];
    let judged = 0;
    for (const text of [...VALID, ...INVALID.map(([it]) => it)].map((it) => Buffer.from(it))) {
      for (let at = 0; at < text.length; at++) {
        const changed = Buffer.from(text);
        for (let byte = 0; byte < 256; byte++) {
          changed[at] = byte;
          if (!isUtf8(changed)) continue;
          judged++;
          if ((offence(changed) === undefined) !== isJson(changed)) wrong.push(changed.toString());
        }
      }
    }
    expect(wrong).toEqual([]);
    expect(judged).toBeGreaterThan(50_000);
  });

  test('judges every inserted and every removed byte as JSON.parse does', () => {
    const wrong: string[] = [];
    for (const text of VALID.map((it) => Buffer.from(it))) {
      for (let at = 0; at <= text.length; at++) {
        const variants = [...Buffer.from(' \n,:"\\[]{}-+.0eEtu\u0000')].map((byte) =>
          Buffer.concat([text.subarray(0, at), Buffer.of(byte), text.subarray(at)]),
        );
        variants.push(Buffer.concat([text.subarray(0, at), text.subarray(at + 1)]));
        for (const it of variants)
          if (isUtf8(it) && (offence(it) === undefined) !== isJson(it)) wrong.push(it.toString());
      }
    }
    expect(wrong).toEqual([]);
  });

  test('finds what ends a string at every place and alignment', () => {
    // Strings are read four bytes at a time, so each special byte is put at each place behind each kind of neighbour.
    const wrong: string[] = [];
    const check = (text: Buffer, at: number | undefined): void => {
      if (offence(text) !== at) wrong.push(`${JSON.stringify(text.toString())} at ${at}`);
    };
    for (const filler of ['a', '\u007f', 'é', '漢', '😀', '!', '#', '[', ']'].map((it) => Buffer.from(it))) {
      for (let before = 0; before < 9; before++) {
        for (let length = 0; length < 24; length++) {
          const inner = Buffer.alloc(Math.floor(length / filler.length) * filler.length, filler);
          const open = Buffer.concat([Buffer.alloc(before, ' '), Buffer.from('"'), inner]);
          const ended = (...parts: Uint8Array[]): Buffer => Buffer.concat([open, ...parts, Buffer.from('"')]);
          check(ended(), undefined);
          check(ended(Buffer.from('"')), open.length + 1);
          check(open, open.length);
          for (const bad of [0x00, 0x01, 0x09, 0x0a, 0x1f]) check(ended(Buffer.of(bad), filler), open.length);
          for (const escape of ['\\"', '\\\\', '\\u0022']) check(ended(Buffer.from(escape)), undefined);
        }
      }
    }
    expect(wrong).toEqual([]);
  });

  test('takes every character in a string, in each of four places', () => {
    const wrong: string[] = [];
    for (let code = 0x20; code < 0x3000; code++) {
      const character = String.fromCodePoint(code);
      if (character === '"' || character === '\\') continue;
      for (let before = 0; before < 4; before++)
        if (offence(Buffer.from(`"${'x'.repeat(before)}${character}yz"`)) !== undefined) wrong.push(character);
    }
    expect(wrong).toEqual([]);
  });

  test('takes strings and numbers of millions of bytes', () => {
    expect(offence(Buffer.from(`"${'a'.repeat(4_000_001)}"`))).toBeUndefined();
    expect(offence(Buffer.from(`"${'\\n'.repeat(2_000_001)}"`))).toBeUndefined();
    expect(offence(Buffer.from(`-${'9'.repeat(4_000_001)}.${'0'.repeat(9)}e${'9'.repeat(99)}`))).toBeUndefined();
  });

  test('goes a million levels deep, and back to shallow texts', () => {
    const depth = 1_000_000;
    expect(offence(Buffer.from('['.repeat(depth) + ']'.repeat(depth)))).toBeUndefined();
    expect(offence(Buffer.from(`${'{"a":['.repeat(depth / 2)}${']}'.repeat(depth / 2)}`))).toBeUndefined();
    expect(offence(Buffer.from('['.repeat(depth)))).toBe(depth);
    expect(offence(Buffer.from(`${'['.repeat(depth)}${']'.repeat(depth - 1)}}`))).toBe(2 * depth - 1);
    expect(offence(Buffer.from('[[1],{"a":[]}]'))).toBeUndefined();
  });

  test('reads a view that does not begin at the start of its buffer', () => {
    const view = Buffer.from('xx{"a":"b"}').subarray(2);
    expect(offence(view)).toBeUndefined();
    expect(offence(view.subarray(0, -1))).toBe(8);
  });

  test.each([
    ['"a":1', 4],
    ['"a" \n: \t1', 8],
    ['"a"', -1 - 3],
    ['"a" 1', -1 - 4],
    ['"a', -1 - 2],
    ['a:1', -1],
    ['', -1],
  ])('skips the key of %j', (text, end) => {
    expect(new JsonScanner(Buffer.from(text)).skipKey(0)).toBe(end);
  });
});

describe('minify', () => {
  test.each([
    ['{ }', '{}'],
    [' [ 1 ,\r\n\t2 ] ', '[1,2]'],
    ['{ "a b\\n\\" " : "  ",\n "c" : -1.50e+3 }', '{"a b\\n\\" ":"  ","c":-1.50e+3}'],
    ['"  "', '"  "'],
    ['{"é 漢":\n"😀 "}', '{"é 漢":"😀 "}'],
  ])('of %j is %j', (text, short) => {
    expect(minify(Buffer.from(text)).toString()).toBe(short);
  });
});
