import { flipBits } from '../support/bitFlips.ts';
import { checkMirror, smallMirror, withoutOldTiles, withoutPages } from '../support/smallMirror.ts';

// The other objects of the same mirror are in bitsOfLedger.test.ts.

const MINUTES = 60_000;

test(
  'every one-bit change of every tile and entry bundle that the checkpoint implies is found and named, without a key',
  async () => {
    const mirror = withoutOldTiles(withoutPages(await smallMirror()));
    const { tried, missed } = await flipBits(mirror, 'tlog/tile/', false);
    expect(missed).toEqual([]);
    expect(tried).toBeGreaterThan(24_000);
  },
  5 * MINUTES,
);

test('every one-bit change of the published checkpoint is found and named by who has the key', async () => {
  const { tried, missed } = await flipBits(withoutPages(await smallMirror()), 'tlog/checkpoint', true);
  expect(missed).toEqual([]);
  expect(tried).toBeGreaterThan(1000);
});

test(
  'every one-bit change of a report’s page is found and named',
  async () => {
    // What shows it is the report beside it, which the log covers: the rest of the mirror isn't asked.
    const isAsked = (name: string): boolean => name.startsWith('reports/') || name.startsWith('segments/1/');
    const mirror = new Map([...(await smallMirror())].filter(([name]) => isAsked(name)));
    expect(await checkMirror(mirror, false)).toMatchObject({ status: 'verified', findings: [] });
    const [page = ''] = [...mirror.keys()].filter((name) => name.endsWith('.html'));
    const { tried, missed } = await flipBits(mirror, page, false);
    expect(missed).toEqual([]);
    expect(tried).toBe((mirror.get(page)?.length ?? 0) * 8);
  },
  5 * MINUTES,
);
