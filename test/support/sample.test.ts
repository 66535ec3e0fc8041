import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ROOT } from './program.ts';
import { picked, sampleOf } from './sample.ts';

interface Samples {
  readonly scale: 'fast' | 'usual' | 'whole';
  readonly seed: number;
}
interface Config {
  readonly globals?: { readonly SAMPLES: Samples };
  readonly testPathIgnorePatterns?: readonly string[];
}
const configOf = async (name: string): Promise<Config> =>
  ((await import(join(ROOT, name))) as { readonly default: Config }).default;

test('a sample has one of each part, in order', () => {
  for (const seed of [0, 1, 7, 2 ** 31, 2 ** 32 - 1]) {
    const picks = sampleOf(1000, 10, seed);
    expect(picks.map((at) => Math.floor(at / 100))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  }
  expect(sampleOf(7, 10, 3)).toEqual([0, 1, 2, 3, 4, 5, 6]);
  expect(sampleOf(0, 10, 3)).toEqual([]);
});

test('the same seed takes the same sample, and many seeds together take everything', () => {
  expect(sampleOf(1000, 10, 5)).toEqual(sampleOf(1000, 10, 5));
  const taken = new Set(Array.from({ length: 3000 }, (_, seed) => sampleOf(1000, 10, seed)).flat());
  expect(taken.size).toBe(1000);
});

test('each run takes its share: all but where a usual run has less, and the fast run a sample', () => {
  const { SAMPLES } = globalThis as unknown as { SAMPLES: Samples };
  const things = Array.from({ length: 100 }, (_, i) => `thing ${i}`);
  const sample = (size: number): unknown[] => sampleOf(100, size, SAMPLES.seed).map((at) => things[at]);
  const shares = { fast: [sample(5), sample(5)], usual: [things, sample(20)], whole: [things, things] };
  expect([picked(things, 5), picked(things, 5, 20)]).toEqual(shares[SAMPLES.scale]);
});

test('only the fast run leaves tests out', async () => {
  const usual = await configOf('jest.config.mjs');
  expect(usual).not.toHaveProperty('testPathIgnorePatterns');
  expect(usual.globals?.SAMPLES.scale).toBe(process.env['TRY_ALL'] === '1' ? 'whole' : 'usual');
  expect((await configOf('jest.fast.config.mjs')).globals?.SAMPLES.scale).toBe('fast');
});

/** imports gives the modules of test/ that a file has, itself included, by way of others. */
function imports(path: string, seen = new Set<string>()): Set<string> {
  if (seen.has(path)) return seen;
  seen.add(path);
  for (const [, module = ''] of readFileSync(path, 'utf8').matchAll(/ from '(\.[^']+\.ts)'/g)) {
    const target = join(dirname(path), module);
    if (target.startsWith(join(ROOT, 'test'))) imports(target, seen);
  }
  return seen;
}

test('the fast run leaves out what is named slow, unless it takes samples, which is in the name', async () => {
  const tests = readdirSync(join(ROOT, 'test'), { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.test.ts'),
  );
  const { testPathIgnorePatterns = [] } = await configOf('jest.fast.config.mjs');
  const leftOut = testPathIgnorePatterns.map((pattern) => new RegExp(pattern));
  const slow = tests.filter((name) => name.endsWith('.slow.test.ts'));
  const sampled = tests.filter((name) => name.endsWith('.sampled.slow.test.ts'));
  expect(sampled.length).toBeGreaterThan(3);
  expect(slow.length).toBeGreaterThan(sampled.length);
  expect(tests.filter((name) => leftOut.some((pattern) => pattern.test(name))).sort()).toEqual(
    slow.filter((name) => !sampled.includes(name)).sort(),
  );
  const sample = join(ROOT, 'test/support/sample.ts');
  const sampling = slow.filter((name) => imports(join(ROOT, 'test', name)).has(sample));
  expect(sampling.sort()).toEqual(sampled.sort());
});
