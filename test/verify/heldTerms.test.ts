// What segments add to the index is held until the log comes to them. Whoever sends to the hub decides how much that is.
import { LEDGER, forgeChain, timeOf } from '../support/forge.ts';
import { indexedLog } from '../support/indexScene.ts';
import { KeptLog } from '../support/keptLog.ts';
import { KEY } from '../support/logs.ts';
import { SECOND } from '../support/loggedLedger.ts';
import { MemoryStore } from '../support/memoryStore.ts';
import { MemoryTiles } from '../support/memoryTiles.ts';
import { indexStored } from '../../src/core/index/terms.ts';
import { summarizeSegment } from '../../src/core/segment/summary.ts';
import { Walks } from '../../src/verify/chain/walks.ts';
import { verifyLedger } from '../../src/verify/verify.ts';

const MIB = 1024 * 1024;
const [PARTITIONS, LENGTH] = [4, 100];
/** Many keys in few stored bytes. */
const TERMS = Buffer.alloc(1.4 * MIB);

test('a check that goes ahead in many partitions holds no more of it than a limit', async () => {
  const [store, tiles] = [new MemoryStore(), new MemoryTiles()];
  for (let partition = 0; partition < PARTITIONS; partition++)
    for (const [name, bytes] of forgeChain(LENGTH, String(partition))) store.objects.set(name, bytes);
  await indexedLog(store, tiles, { now: () => Date.parse(timeOf(SECOND)) }).run(new KeptLog());

  let [held, most] = [0, 0];
  const pass = Object.getOwnPropertyDescriptor(Walks.prototype, 'pass') as PropertyDescriptor;
  const watched = async function (this: Walks, ...[leaf, entry, object]: Parameters<Walks['pass']>): Promise<void> {
    if (object?.summary?.ok === true) held -= object.summary.terms?.length ?? 0;
    // No index is made of these.
    await (pass.value as Walks['pass']).call(this, leaf, entry, undefined);
  };
  Object.defineProperty(Walks.prototype, 'pass', { ...pass, value: watched });
  const report = await verifyLedger(
    {
      store,
      tiles,
      now: () => Date.parse(timeOf(SECOND + 60)),
      summarize: async (stored, question) => {
        const summary = summarizeSegment(stored, question);
        if (!summary.ok || question.wantsTerms !== true) return summary;
        held += TERMS.length;
        most = Math.max(most, held);
        return { ...summary, terms: TERMS };
      },
      indexSegment: async (stored, segment) => indexStored(stored, segment),
      concurrency: 3,
      requests: 128,
    },
    { verifiers: [KEY.verifierKey], ledger: LEDGER },
  ).finally(() => {
    Object.defineProperty(Walks.prototype, 'pass', pass);
  });
  const { units, rederived } = report.log?.index ?? {};
  expect([report.status, report.findings, rederived]).toEqual(['verified', [], units]);
  expect(most).toBeGreaterThan(20 * MIB);
  expect(most).toBeLessThan(128 * MIB);
});
