import { Random } from './random.ts';

/** The one switch: jest.fast.config.mjs sets it for `npm run test:fast`, and nothing else does. */
const { SAMPLE_SEED } = globalThis as { readonly SAMPLE_SEED?: number };

/** isWhole tells whether tests that only repeat try everything, as they do but in the fast run. */
export const isWhole = SAMPLE_SEED === undefined;

/** sampleOf picks one of each of `size` equal parts of `count` things: another one for each seed, and none left out for good. */
export function sampleOf(count: number, size: number, seed: number): number[] {
  const random = new Random(seed);
  const parts = Math.min(count, size);
  const start = (part: number): number => Math.floor((part * count) / parts);
  return Array.from({ length: parts }, (_, part) => start(part) + random.below(start(part + 1) - start(part)));
}

/** picks says which of `count` things a test that only repeats tries: all of them, or in the fast run a sample of `size`. */
export const picks = (count: number, size: number): number[] =>
  SAMPLE_SEED === undefined ? Array.from({ length: count }, (_, i) => i) : sampleOf(count, size, SAMPLE_SEED);

/** picked gives the things themselves. */
export const picked = <T>(things: readonly T[], size: number): T[] =>
  picks(things.length, size).map((at) => things[at] as T);

/** triedOf is how many of `count` things a test must have tried in the end: in a whole run, all. */
export const triedOf = (count: number, size: number): number => (isWhole ? count : Math.min(count, size));

/** freshSeed gives the fast run a seed for what is made at random. */
export function freshSeed(): number {
  if (SAMPLE_SEED === undefined) throw new Error('a whole run has seeds that are fixed');
  return SAMPLE_SEED;
}
