import { SECOND, ledgerOf } from '../support/loggedLedger.ts';
import { timeOf } from '../support/forge.ts';
import { summarizeSegment } from '../../src/core/segment/summary.ts';
import { verifyLedger } from '../../src/verify/verify.ts';

const MIB = 1024 * 1024;

/** mostHeld gives how many segments at most were summarized at one time, and not yet taken by their chain. */
async function mostHeld(termBytes: number): Promise<number> {
  const { store } = await ledgerOf(4, 300);
  let [summarized, taken, most] = [0, 0, 0];
  const report = await verifyLedger({
    store,
    now: () => Date.parse(timeOf(SECOND + 60)),
    summarize: async (stored, question) => {
      const summary = summarizeSegment(stored, question);
      summarized += 1;
      most = Math.max(most, summarized - taken);
      return summary.ok ? { ...summary, terms: Buffer.alloc(termBytes) } : summary;
    },
    onProgress: ({ segments }) => (taken = segments),
    concurrency: 3,
    requests: 128,
  });
  expect(report).toMatchObject({ status: 'verified', checked: { segments: 600 } });
  return most;
}

test('of segments that add little to the index, many are looked at ahead in each partition', async () => {
  expect(await mostHeld(100)).toBeGreaterThan(200);
});

test('what is looked at ahead is bounded by what it adds to the index: a log of many values takes no more memory', async () => {
  expect(await mostHeld(MIB)).toBeLessThan(150);
});
