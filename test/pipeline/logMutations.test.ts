import { formatReport } from '../../src/pipeline/report.ts';
import { reportName } from '../../src/core/names.ts';
import { timeOf } from '../support/forge.ts';
import { KeptLog } from '../support/keptLog.ts';
import { SECOND, checkLedger, ledgerOf } from '../support/loggedLedger.ts';
import { integrateOf } from '../support/logs.ts';

test('one changed bit of any batch, checkpoint, report or tile is found, and what was changed is named', async () => {
  const ledger = await ledgerOf(2, 2);
  const { store, tiles } = ledger;
  const report = await checkLedger(ledger);
  const name = reportName(Date.parse(report.finished), 'integrity', 'json');
  store.objects.set(name, formatReport(report));
  await integrateOf(store, tiles, { now: () => Date.parse(timeOf(SECOND + 100)) }).run(new KeptLog());
  expect((await checkLedger(ledger)).findings).toEqual([]);
  let changed = 0;
  for (const [objects, prefix] of [[store.objects, ''] as const, [tiles.objects, 'tlog/'] as const]) {
    for (const [object, good] of objects) {
      if (object.startsWith('segments/')) continue;
      // Every byte, and every bit in turn.
      for (let at = 0; at < good.length; at += good.length > 2000 ? 3 : 1) {
        const bad = Buffer.from(good);
        bad.writeUInt8(bad.readUInt8(at) ^ (1 << (at % 8)), at);
        objects.set(object, bad);
        const { status, findings } = await checkLedger(ledger);
        const named = findings.some((finding) => finding.object === `${prefix}${object}`);
        if (status !== 'violated' || !named)
          throw new Error(`byte ${at} of ${object}: ${status} ${JSON.stringify(findings)}`);
        changed += 1;
      }
      objects.set(object, good);
    }
  }
  expect(changed).toBeGreaterThan(3000);
});
