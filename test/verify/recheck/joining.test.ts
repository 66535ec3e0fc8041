import { LEDGER, forgeChain, timeOf } from '../../support/forge.ts';
import { KeptLog } from '../../support/keptLog.ts';
import { SECOND, checkDeps } from '../../support/loggedLedger.ts';
import { KEY, integrateOf } from '../../support/logs.ts';
import { MemoryStore } from '../../support/memoryStore.ts';
import { MemoryTiles } from '../../support/memoryTiles.ts';
import { RecheckScene } from '../../support/recheckScene.ts';
import { AUDITORS } from '../../support/reports.ts';
import type { RehashedSegments } from '../../../src/verify/context.ts';
import type { RecheckSoFar } from '../../../src/verify/options.ts';
import type { Joining } from '../../../src/verify/recheck/recheck.ts';
import { verifyInParts } from '../../../src/verify/verify.ts';

const DUE = { isDue: true, canGoOn: true, lastFull: NaN, entries: 0 };

test('a partition in which nothing comes any more is gone through once, in however many runs slices are joined', async () => {
  const [busy, idle] = [[...forgeChain(12)], [...forgeChain(3, '1')]];
  const [store, tiles] = [new MemoryStore(), new MemoryTiles()];
  for (let step = 0; step < 4; step++) {
    for (const [name, bytes] of [...busy.splice(0, 3), ...idle.splice(0)]) store.objects.set(name, bytes);
    await integrateOf(store, tiles, { now: () => Date.parse(timeOf(SECOND + step)) }).run(new KeptLog());
  }
  const scene = new RecheckScene({ store, tiles }, SECOND + 100);
  await scene.recheck().turn(DUE);
  await scene.workAll();
  for (let parts = 1; ; parts++) {
    const soFar = (await scene.recheck({ joinMs: -1 }).turn(DUE)) as RecheckSoFar & { readonly joining: Joining };
    const { rehashed } = soFar as { readonly rehashed: RehashedSegments };
    const asked = new Set<string>();
    const asking =
      <R>(find: (partition: string, index: number) => Promise<R>) =>
      async (partition: string, index: number): Promise<R> => {
        asked.add(`${partition} ${index}`);
        return find(partition, index);
      };
    const { first, slices } = rehashed;
    const find = asking((...of) => rehashed.find(...of));
    const findAhead = asking((...of) => rehashed.findAhead(...of));
    const { report, isPaused } = await verifyInParts(checkDeps({ store, tiles }, scene.second), {
      verifiers: [KEY.verifierKey],
      auditors: AUDITORS,
      ledger: LEDGER,
      recheck: { rehashed: { first, slices, find, findAhead } },
      pausing: soFar.joining,
    });
    expect(report.partitions.map(({ partition, index }) => [partition, index])).toEqual([
      ['0', 3 * parts - 1],
      ['1', 2],
    ]);
    if (parts > 1) expect([...asked].filter((it) => it.startsWith('1 '))).toEqual(isPaused ? [] : ['1 2']);
    if (!isPaused) break;
    await soFar.joining.keep(report);
  }
});
