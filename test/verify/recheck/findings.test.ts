import { LEDGER, nameOf } from '../../support/forge.ts';
import { checkLedger, ledgerOf } from '../../support/loggedLedger.ts';
import { AUDITORS } from '../../support/reports.ts';
import type { Finding } from '../../../src/core/objects/report.ts';

test('what a slice found is said as it was there: events that a segment declares missing stay declared', async () => {
  const found: Finding = {
    code: 'sequence-gap',
    severity: 'error',
    object: nameOf(3),
    detail: 'events 3 to 4 are missing before it (declared: expired)',
    declared: true,
  };
  const recheck = { underway: { slices: 4, done: 1, findings: [found] } };
  const report = await checkLedger(await ledgerOf(), { auditors: AUDITORS, ledger: LEDGER, recheck });
  expect(report.findings).toEqual([found]);
});
