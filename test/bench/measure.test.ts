import { exponentOf, race, ratiosOf, spreadOf } from '../../bench/measure.ts';
import { figure, formatFigure, formatTable } from '../../bench/subject.ts';

describe('spreadOf', () => {
  test('gives the middle value of an odd number of values, whatever their order', () => {
    expect(spreadOf([5, 1, 100])).toEqual({ median: 5, min: 1, max: 100 });
    expect(spreadOf([7])).toEqual({ median: 7, min: 7, max: 7 });
  });

  test('gives the mean of the two middle values of an even number', () => {
    expect(spreadOf([4, 1, 2, 100])).toEqual({ median: 3, min: 1, max: 100 });
  });

  test('orders numbers as numbers', () => {
    expect(spreadOf([10, 9, 2]).median).toBe(9);
  });

  test('refuses to make something of nothing', () => {
    expect(() => spreadOf([])).toThrow(RangeError);
  });

  test('leaves its input as it was', () => {
    const values = [3, 1, 2];
    spreadOf(values);
    expect(values).toEqual([3, 1, 2]);
  });
});

test('ratiosOf divides round by round', () => {
  expect(ratiosOf([10, 9], [5, 3])).toEqual([2, 3]);
});

test('exponentOf finds the power that values grow with', () => {
  const sizes = [100, 1000, 10_000];
  expect(exponentOf(sizes, [7, 7, 7])).toBeCloseTo(0);
  expect(exponentOf(sizes, [1, 10, 100])).toBeCloseTo(1);
  expect(exponentOf(sizes, [30, 300 ** 0.5 * 30 ** 0.5, 300])).toBeCloseTo(0.5);
});

describe('race', () => {
  test('runs contenders in turn, after one unmeasured round, and tells them the round', async () => {
    const calls: string[] = [];
    const contender = (name: string) => ({
      name,
      run: async (round: number) => {
        calls.push(`${name}${round}`);
        return 1000;
      },
    });
    const result = await race([contender('a'), contender('b')], 3);
    expect(calls).toEqual(['a0', 'b0', 'a0', 'b0', 'a1', 'b1', 'a2', 'b2']);
    expect(result.rates('a')).toHaveLength(3);
    expect(result.rates('b').every((rate) => rate > 0 && rate < Infinity)).toBe(true);
  });

  test('compares rates, so that contenders may do different amounts of work', async () => {
    const until = (ms: number): void => {
      for (const start = performance.now(); performance.now() - start < ms;);
    };
    const result = await race(
      [
        { name: 'all', run: () => (until(5), 1e9) },
        { name: 'little', run: () => (until(5), 1) },
      ],
      3,
    );
    expect(result.ratio('all', 'little').min).toBeGreaterThan(1e3);
    expect(result.rate('all').median).toBeCloseTo(spreadOf(result.rates('all')).median / 1e6);
  });

  const until = (ms: number): void => {
    for (const start = process.cpuUsage(); process.cpuUsage(start).user < ms * 1000;);
  };

  test('compares by processor time too, where waiting counts for nothing', async () => {
    const result = await race(
      [
        { name: 'works', run: () => (until(200), 1e6) },
        { name: 'waits', run: async () => new Promise((resolve) => setTimeout(resolve, 200, 1e6)) },
      ],
      2,
    );
    expect(result.workRatio('waits', 'works').min).toBeGreaterThan(2);
  });

  test('says how much more processor time each object took', async () => {
    const result = await race(
      [
        { name: 'slow', run: () => (until(40), 10) },
        { name: 'fast', run: () => (until(20), 10) },
      ],
      2,
    );
    expect(result.workMs('slow').min).toBeGreaterThanOrEqual(4);
    expect(result.addedMs('slow', 'fast').median).toBeCloseTo(
      result.workMs('slow').median - result.workMs('fast').median,
    );
  });

  test('takes the median of the ratios, not the ratio of the medians', async () => {
    const result = await race(
      [
        { name: 'a', run: (round) => [1, 1, 1000][round] as number },
        { name: 'b', run: () => 1 },
      ],
      3,
    );
    const ratios = ratiosOf(result.rates('a'), result.rates('b'));
    expect(result.ratio('a', 'b')).toEqual(spreadOf(ratios));
  });
});

describe('figure', () => {
  test('holds the median to its bar', () => {
    const spread = { median: 0.45, min: 0.2, max: 0.9 };
    expect(figure('x', 'times', spread, { is: 'at least', value: 0.45 }).isMet).toBe(true);
    expect(figure('x', 'times', spread, { is: 'at least', value: 0.46 }).isMet).toBe(false);
    expect(figure('x', 'times', spread, { is: 'at most', value: 0.45 }).isMet).toBe(true);
    expect(figure('x', 'times', spread, { is: 'at most', value: 0.44 }).isMet).toBe(false);
    expect(figure('x', 'times', spread, { is: 'below', value: 0.45 }).isMet).toBe(false);
    expect(figure('x', 'times', spread, { is: 'below', value: 0.46 }).isMet).toBe(true);
    expect(figure('x', 'times', spread)).not.toHaveProperty('isMet');
  });

  test('is printed with its spread and whether the bar was met', () => {
    const bar = { is: 'at least', value: 0.45 } as const;
    const spread = { median: 0.474, min: 0.441, max: 0.49 };
    expect(formatFigure(figure('seal', 'times', spread, bar), 6)).toBe(
      '  seal    bar at least 0.45, measured 0.47 (0.44–0.49) times: met',
    );
    expect(formatFigure(figure('seal', 'times', 0.4, bar), 4)).toBe(
      '  seal  bar at least 0.45, measured 0.40 times: NOT MET',
    );
    expect(formatFigure(figure('requests', '', 1234567), 8)).toBe('  requests  1,234,567');
  });
});

test('formatTable sets names to the left and values to the right', () => {
  const rows = [
    ['requests', 9, 1234],
    ['ms', 0.5, 12.34],
  ] as const;
  expect(formatTable({ columns: ['', '100', '1,000'], rows })).toEqual([
    '             100  1,000',
    '  requests     9  1,234',
    '  ms        0.50   12.3',
  ]);
});
