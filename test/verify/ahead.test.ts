import { SECOND, ledgerOf } from '../support/loggedLedger.ts';
import { timeOf } from '../support/forge.ts';
import { summarizeSegment } from '../../src/core/segment/summary.ts';
import { verifyLedger } from '../../src/verify/verify.ts';

/** mostHeld gives how many segments at most were summarized at one time, and not yet taken by their chain. */
async function mostHeld(): Promise<number> {
  const { store } = await ledgerOf(4, 300);
  let [summarized, taken, most] = [0, 0, 0];
  const report = await verifyLedger({
    store,
    now: () => Date.parse(timeOf(SECOND + 60)),
    summarize: async (stored, question) => {
      summarized += 1;
      most = Math.max(most, summarized - taken);
      return summarizeSegment(stored, question);
    },
    onProgress: ({ segments }) => (taken = segments),
    concurrency: 3,
    requests: 128,
  });
  expect(report).toMatchObject({ status: 'verified', checked: { segments: 600 } });
  return most;
}

test('of a store that is far away, many segments are looked at ahead in each partition', async () => {
  expect(await mostHeld()).toBeGreaterThan(200);
});
