import { fuzz } from '../../support/fuzz.ts';

// A longer run by hand: FUZZ_RUNS=1000000 FUZZ_SEED=7 npm test -- test/core/segment/fuzz.slow
const runs = Number(process.env['FUZZ_RUNS'] ?? 2000);
const seed = Number(process.env['FUZZ_SEED'] ?? 1_000_000);

test(
  `${runs} bodies come back, seed ${seed}`,
  () => {
    const { wrong, ...outcome } = fuzz(seed, runs);
    if (runs > 2000) process.stdout.write(`${JSON.stringify(outcome)}\n`);
    expect(wrong).toEqual([]);
  },
  24 * 3600 * 1000,
);
