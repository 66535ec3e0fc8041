import { CategoryCount } from '../../../src/core/segment/categories.ts';
import { LineCursor } from '../../../src/core/segment/lineCursor.ts';
import { byReference } from '../../support/bothPaths.ts';

/** countOf counts lines that stand one behind the other, as they do in a segment behind its header, by the kernel and without it. */
function countOf(...lines: readonly string[]): Record<string, number> {
  const bytes = Buffer.from(
    ['{"_segment":{"category":"header"}}', ...lines, '{"_end":{"category":"end"}}', ''].join('\n'),
  );
  const count = (): Record<string, number> => {
    const categories = new CategoryCount();
    const cursor = new LineCursor(bytes, bytes.indexOf('\n') + 1, categories);
    while (cursor.next() && cursor.end + 1 < bytes.length) cursor.countCategory();
    return Object.fromEntries(categories.counts);
  };
  const counts = count();
  expect(byReference(count)).toEqual(counts);
  return counts;
}

describe('CategoryCount', () => {
  test('counts each line by its first category, wherever that is', () => {
    const lines = ['{"category":"A"}', '{"b":{"category":  "B"},"category":"A"}', '{"category":"A","category":"C"}'];
    expect(countOf(...lines)).toEqual({ A: 2, B: 1 });
  });

  test('takes no category of a line behind, however many have none between', () => {
    expect(countOf('{}', '{"category":"A"}', '{}', '', '{"x":1}', '{"category":"A"}', '{}')).toEqual({ A: 2 });
    expect(countOf('{}', '{}')).toEqual({});
  });

  test('is not led astray by keys that end likewise', () => {
    const decoys = '{"gory":"G","allegory":"L","subcategory":"S","ategory":"T"';
    expect(countOf(`${decoys},"category":"A"}`, `${decoys}}`, `${decoys}}`, `${decoys},"category":"B"}`)).toEqual({
      A: 1,
      B: 1,
    });
  });

  test.each([
    ['a number', '{"category":7}'],
    ['an empty one', '{"category":""}'],
    ['one with an escape', '{"category":"a\\u0041"}'],
    ['one that is not ASCII', '{"category":"é"}'],
    ['one of 65 characters', `{"category":"${'x'.repeat(65)}"}`],
    ['one without an end', '{"category":"x'],
    ['one of 64 characters without an end', `{"category":"${'x'.repeat(64)}`],
    ['one with a control character', '{"category":"a\tb"}'],
    ['one with DEL', '{"category":"a\u007fb"}'],
    ['a value that is none', '{"category":x"y"}'],
    ['nothing behind the colon', '{"category":'],
    ['nothing behind the key', '{"category":  '],
    ['a key with an escaped quotation mark', '{"a":"\\"category\\":\\"x\\""}'],
  ])('does not count %s, and goes on behind it', (_what, line) => {
    expect(countOf(line, '{"category":"next"}')).toEqual({ next: 1 });
  });

  test('finds the key wherever it stands in a line, and in lines of any length', () => {
    const lines = Array.from(
      { length: 70 },
      (_, i) => `{"${'p'.repeat(i)}":1,"category": "C${i % 5}","x":"${'y'.repeat(i % 17)}"}`,
    );
    expect(countOf(...lines)).toEqual({ C0: 14, C1: 14, C2: 14, C3: 14, C4: 14 });
    const long = `{"category":"far","x":"${'y'.repeat(400_000)}"}`;
    expect(countOf('{"category":"near"}', long, '{"category":"near"}', long)).toEqual({ near: 2, far: 2 });
    expect(countOf(`{"x":"${'y'.repeat(400_000)}","category":"far"}`, '{"category":"near"}')).toEqual({
      far: 1,
      near: 1,
    });
  });

  test('counts printable ASCII, each character of it', () => {
    const printable = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i)).filter(
      (it) => !'"\\'.includes(it),
    );
    expect(Object.keys(countOf(...printable.map((it) => `{"category":"a${it}"}`)))).toHaveLength(93);
  });

  test('counts one of 64 characters, and no more than 100 different ones', () => {
    const long = 'x'.repeat(64);
    const others = Array.from({ length: 120 }, (_, i) => `{"category":"c${i}"}`);
    const counts = countOf(`{"category":"${long}"}`, ...others, ...others);
    expect(counts).toMatchObject({ [long]: 1, c0: 2, c98: 2 });
    expect(Object.keys(counts)).toHaveLength(100);
  });
});
