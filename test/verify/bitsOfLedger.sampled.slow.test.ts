import { allFound, flipBits, flipNames } from '../support/bitFlips.ts';
import { bitsOf, checkMirror, smallMirror, withoutOldTiles, withoutPages } from '../support/smallMirror.ts';

// The tiles and the page of the same mirror are in bitsOfTiles.sampled.slow.test.ts, so that two processors share the work.

const MINUTES = 60_000;

test('as it is, the mirror verifies, and has an object of every kind', async () => {
  const mirror = await smallMirror();
  expect(await checkMirror(mirror, true)).toMatchObject({
    status: 'verified',
    findings: [],
    checked: { segments: 3, otherObjects: 0 },
    log: { batches: 2, checkpoints: 2, entriesCompared: 6, tiles: 2 },
  });
  expect([...withoutPages(mirror).keys()]).toHaveLength(mirror.size - 1);
});

test.each([
  ['segments/', 'nobody', false],
  ['reports/', 'nobody', false],
  ['actions/', 'nobody', false],
  ['batches/', 'nobody', false],
  ['batches/', 'the log’s', true],
  ['checkpoints/', 'nobody', false],
  ['checkpoints/', 'the log’s', true],
])(
  'every one-bit change of every object in %s is found and named, with the key of %s',
  async (start, _whose, isKeyKnown) => {
    const mirror = withoutPages(await smallMirror());
    const bits = bitsOf(mirror, start);
    expect(bits).toBeGreaterThan(2400);
    expect(await flipBits(mirror, start, isKeyKnown)).toEqual(allFound(bits));
  },
  15 * MINUTES,
);

test(
  'every one-bit change of every name is found, and the old name or the new one is named',
  async () => {
    const mirror = withoutOldTiles(await smallMirror());
    const letters = [...mirror.keys()].map((name) => name.replace(/^tlog\//, '')).join('').length;
    expect(letters * 7).toBeGreaterThan(2000);
    expect(await flipNames(mirror)).toEqual(allFound(letters * 7));
  },
  15 * MINUTES,
);
