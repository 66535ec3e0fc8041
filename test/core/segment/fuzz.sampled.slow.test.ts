import { fuzz } from '../../support/fuzz.ts';
import { freshSeed, isFast, picked, triedOf } from '../../support/sample.ts';

// 100,000 bodies in five parts, so that a failure names a small one; the usual run has half of one of them. The fast run has other
// bodies each time, and fewer.
const PARTS = isFast
  ? [[freshSeed(), 3000] as const]
  : picked([1, 2, 3, 4, 5], 1, 1).map((seed) => [seed, triedOf(20_000, 3000, 10_000)] as const);

test.each(PARTS)('whatever arrives comes back byte for byte, and nothing else does: seed %d', (seed, runs) => {
  const { wrong, forms, bodies } = fuzz(seed, runs);
  expect(wrong).toEqual([]);
  expect(bodies).toBe(runs);
  // The run is worth something only if bodies of all kinds were in it.
  for (const count of Object.values(forms)) expect(count).toBeGreaterThan(runs / 200);
});
