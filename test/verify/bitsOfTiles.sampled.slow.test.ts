import { allFound, flipBits } from '../support/bitFlips.ts';
import { bitsOf, checkMirror, smallMirror, withoutOldTiles, withoutPages } from '../support/smallMirror.ts';

// The other objects of the same mirror are in bitsOfLedger.sampled.slow.test.ts.

const MINUTES = 60_000;

test(
  'every one-bit change of every tile and entry bundle that the checkpoint implies is found and named, without a key',
  async () => {
    const mirror = withoutOldTiles(withoutPages(await smallMirror()));
    const bits = bitsOf(mirror, 'tlog/tile/');
    // One tile and one bundle, over the nine entries.
    expect([...mirror.keys()].filter((name) => name.startsWith('tlog/tile/')).sort()).toEqual([
      'tlog/tile/0/000.p/9',
      'tlog/tile/entries/000.p/9',
    ]);
    expect(bits).toBeGreaterThan(20_000);
    expect(await flipBits(mirror, 'tlog/tile/', false)).toEqual(allFound(bits));
  },
  15 * MINUTES,
);

test('every one-bit change of the published checkpoint is found and named by who has the key', async () => {
  const mirror = withoutPages(await smallMirror());
  const bits = bitsOf(mirror, 'tlog/checkpoint');
  expect(bits).toBeGreaterThan(1000);
  expect(await flipBits(mirror, 'tlog/checkpoint', true)).toEqual(allFound(bits));
});

test(
  'every one-bit change of a report’s page is found and named',
  async () => {
    // What shows it is the report beside it, which the log covers: the rest of the mirror isn't asked.
    const isAsked = (name: string): boolean => name.startsWith('reports/') || name.startsWith('segments/1/');
    const mirror = new Map([...(await smallMirror())].filter(([name]) => isAsked(name)));
    expect(await checkMirror(mirror, false)).toMatchObject({ status: 'verified', findings: [] });
    const [page = ''] = [...mirror.keys()].filter((name) => name.endsWith('.html'));
    expect(await flipBits(mirror, page, false)).toEqual(allFound((mirror.get(page)?.length ?? 0) * 8));
  },
  15 * MINUTES,
);
