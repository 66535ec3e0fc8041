import { fuzz } from '../../support/fuzz.ts';

// 100,000 bodies in five parts, so that a failure names a small one.
test.each([1, 2, 3, 4, 5])('whatever arrives comes back byte for byte, and nothing else does: seed %d', (seed) => {
  const { wrong, forms, bodies } = fuzz(seed, 20_000);
  expect(wrong).toEqual([]);
  expect(bodies).toBe(20_000);
  // The run is worth something only if bodies of all kinds were in it.
  for (const count of Object.values(forms)) expect(count).toBeGreaterThan(100);
});
