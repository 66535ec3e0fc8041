import { Random } from './random.ts';

/** The one switch: jest.config.mjs sets it for `npm test`, with TRY_ALL=1 or without, and jest.fast.config.mjs for `npm run test:fast`. */
const { SAMPLES } = globalThis as unknown as {
  readonly SAMPLES: { readonly scale: 'fast' | 'usual' | 'whole'; readonly seed: number };
};

/** isFast tells whether this is the fast run. */
export const isFast = SAMPLES.scale === 'fast';

/** sampleOf picks one of each of `size` equal parts of `count` things: another one for each seed, and none left out for good. */
export function sampleOf(count: number, size: number, seed: number): number[] {
  const random = new Random(seed);
  const parts = Math.min(count, size);
  const start = (part: number): number => Math.floor((part * count) / parts);
  return Array.from({ length: parts }, (_, part) => start(part) + random.below(start(part + 1) - start(part)));
}

/** triedOf is how many of `count` things a test that only repeats tries: `fast` in the fast run, `usual` in `npm test`, all with TRY_ALL=1. */
export const triedOf = (count: number, fast: number, usual = count): number =>
  Math.min(count, { fast, usual, whole: count }[SAMPLES.scale]);

/** picks says which ones. */
export const picks = (count: number, fast: number, usual = count): number[] =>
  sampleOf(count, triedOf(count, fast, usual), SAMPLES.seed);

/** picked gives the things themselves. */
export const picked = <T>(things: readonly T[], fast: number, usual = things.length): T[] =>
  picks(things.length, fast, usual).map((at) => things[at] as T);

/** freshSeed gives the fast run a seed for what is made at random. */
export function freshSeed(): number {
  if (!isFast) throw new Error('only the fast run has other seeds each time');
  return SAMPLES.seed;
}
