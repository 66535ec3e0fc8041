import { CategoryCount } from '../../../src/core/segment/categories.ts';

/** countOf counts lines that stand one behind the other, as they do in a segment behind its header. */
function countOf(...lines: readonly string[]): Record<string, number> {
  const bytes = Buffer.from(
    ['{"_segment":{"category":"header"}}', ...lines, '{"_end":{"category":"end"}}', ''].join('\n'),
  );
  const count = new CategoryCount();
  let start = bytes.indexOf('\n') + 1;
  for (const line of lines) {
    const end = start + Buffer.byteLength(line);
    count.add(bytes, start, end);
    start = end + 1;
  }
  return Object.fromEntries(count.counts);
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
    ['nothing behind the key', '{"category":  '],
    ['a key with an escaped quotation mark', '{"a":"\\"category\\":\\"x\\""}'],
  ])('does not count %s, and goes on behind it', (_what, line) => {
    expect(countOf(line, '{"category":"next"}')).toEqual({ next: 1 });
  });

  test('counts one of 64 characters, and no more than 100 different ones', () => {
    const long = 'x'.repeat(64);
    const others = Array.from({ length: 120 }, (_, i) => `{"category":"c${i}"}`);
    const counts = countOf(`{"category":"${long}"}`, ...others, ...others);
    expect(counts).toMatchObject({ [long]: 1, c0: 2, c98: 2 });
    expect(Object.keys(counts)).toHaveLength(100);
  });
});
