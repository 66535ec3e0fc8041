import { KEY, integrateOf, summarize } from '../../bench/ledger.ts';
import { BATCH_SEGMENTS, SyntheticLedger, batchTime } from '../../bench/syntheticLedger.ts';
import { SyntheticStore } from '../../bench/syntheticStore.ts';
import { batchName, checkpointName } from '../../src/core/objects/names.ts';
import type { Report } from '../../src/core/objects/report.ts';
import { verifyLedger } from '../../src/verify/verify.ts';
import { KeptLog } from '../support/keptLog.ts';

const BATCHES = 12;
const ledger = await SyntheticLedger.create(BATCHES);

const verify = async (store: SyntheticStore, batches: number, anchor?: Report): Promise<Report> =>
  verifyLedger(
    {
      store,
      tiles: store.tiles,
      now: () => batchTime(batches),
      summarize,
      concurrency: 3,
    },
    {
      verifiers: [KEY.verifierKey],
      ...(anchor && { isIncremental: true, anchor: { name: 'before', report: anchor } }),
    },
  );

test('a synthetic ledger is verified in full, tiles included', async () => {
  const report = await verify(new SyntheticStore(ledger, BATCHES), BATCHES);
  expect(report).toMatchObject({
    status: 'verified',
    findings: [],
    checked: { segments: BATCHES * BATCH_SEGMENTS },
    log: {
      batches: BATCHES,
      checkpoints: BATCHES,
      entriesCompared: BATCHES * BATCH_SEGMENTS,
      segmentsNotIntegrated: 0,
    },
  });
  // What a checkpoint of 1213 entries implies: bundles of level 0, four full and one partial, a tile over each, and one
  // tile of level 1. What stood at the edge of earlier checkpoints is ignored.
  expect(SyntheticLedger.treeSize(BATCHES)).toBe(4 * 256 + 189);
  expect(report.log?.tiles).toBe(5 + 5 + 1);
});

/** entriesOf gives the lines of a batch before the last one, which says which process made it. */
const entriesOf = (batch: unknown): string[] => String(batch).trimEnd().split('\n').slice(0, -1);

test('its reports are those of a check', async () => {
  const store = new SyntheticStore(ledger, BATCHES);
  const { partitions, log } = await verify(store, BATCHES);
  expect(ledger.reportBehind(BATCHES - 1)).toMatchObject({ partitions, log: { head: log?.head } });
  expect(await verify(store, BATCHES, ledger.reportBehind(BATCHES - 3))).toMatchObject({ status: 'verified' });
});

test.each([1, 5, BATCHES - 1])('integration goes on from %i batches as the formula does', async (batches) => {
  const store = new SyntheticStore(ledger, batches);
  store.expose(BATCH_SEGMENTS);
  const integrate = integrateOf(store, store.tiles, { now: () => batchTime(batches) });
  expect(await integrate.run(new KeptLog())).toMatchObject({ batches: 1, segments: BATCH_SEGMENTS });
  expect(entriesOf(await store.read(batchName(batches)))).toEqual(entriesOf(ledger.batch(batches)));
  expect(await store.read(checkpointName(batches))).toEqual(ledger.checkpoint(batches));
  expect(await verify(store, batches + 1)).toMatchObject({ status: 'verified', findings: [] });
});

test('what is asked of the store is counted, and what was written is forgotten when told', async () => {
  const store = new SyntheticStore(ledger, 2);
  expect(await store.exists(batchName(1))).toBe(true);
  expect(await store.create(batchName(2), Buffer.from('x'))).toBe('created');
  expect(await store.read(batchName(2))).toEqual(Buffer.from('x'));
  expect(store.take()).toEqual({ requests: { write: 1, read: 1, exists: 1, list: 0 }, total: 3, bytes: 1 });
  store.forget();
  expect(await store.read(batchName(2))).toBeUndefined();
  expect(store.take()).toMatchObject({ total: 1, bytes: 0 });
});
