import { LEDGER } from '../../support/forge.ts';
import { SECOND, ledgerOf } from '../../support/loggedLedger.ts';
import { RecheckScene } from '../../support/recheckScene.ts';
import type { RecheckPlan } from '../../../src/core/objects/recheck.ts';
import { RecheckFiles } from '../../../src/verify/recheck/files.ts';

test('what nobody would read, because it is too large, is a fault and is not written', async () => {
  const scene = new RecheckScene(await ledgerOf(), SECOND + 100);
  const files = new RecheckFiles(scene.workDeps());
  const ranges = Array.from({ length: 700_000 }, () => ({ partition: '12', first: 1_234_567, next: 2_345_678 }));
  const plan: RecheckPlan = {
    version: 1,
    kind: 'plan',
    ledger: LEDGER,
    pass: '20261127T000000000Z-0000000000000000',
    begun: '2026-11-27T00:00:00.000Z',
    log: { size: 1, root: '0'.repeat(64) },
    slices: [{ from: 0, to: 1, segments: 1, bytes: 1, ranges }],
  };
  await expect(files.writePlan(plan)).rejects.toMatchObject({ code: 'REPORT_MALFORMED' });
  expect(scene.files.objects.size).toBe(0);
});
