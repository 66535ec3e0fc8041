import { formatUnsigned } from '../../../src/core/objects/reportFile.ts';
import { reportName } from '../../../src/core/objects/names.ts';
import type { Report } from '../../../src/core/objects/report.ts';
import { forgeAction } from '../../support/actions.ts';
import { check } from '../../support/checking.ts';
import { LEDGER, forgeChain, nameOf, timeOf } from '../../support/forge.ts';
import { batch, checkLedger, ledgerOf } from '../../support/loggedLedger.ts';
import { MemoryStore } from '../../support/memoryStore.ts';
import { AUDITORS } from '../../support/reports.ts';
import { signReport } from '../../support/sign.ts';

// No verdict depends in silence on the clock of who checks: what is dated ahead of it is named, with both times.

const said = ({ findings }: Report): string[] =>
  findings.map(({ code, severity, object, detail }) => `${severity} ${code} ${object}: ${detail}`);

/** The forged segments are sealed from second 1,000,000 on. */
const SEALED = 1_000_000;
const now = (second: number): string => `and by this checker's clock it is ${timeOf(second)}`;

test('segments of a time to come are one warning, and no more', async () => {
  const store = new MemoryStore([...forgeChain(3), ...forgeChain(2, '1')]);
  const [behind, at] = [SEALED - 3600, SEALED - 600];
  const report = await check(store, {}, behind);
  expect(report.status).toBe('verified');
  expect(said(report)).toEqual([
    `warning clock-ahead ${nameOf(0)}: it is dated ${timeOf(SEALED)}, ${now(behind)}; the same is so of 4 more`,
  ]);
  // Ten minutes are what two clocks may be apart.
  expect(said(await check(new MemoryStore(forgeChain(1)), {}, at))).toEqual([]);
  expect(said(await check(new MemoryStore(forgeChain(1)), {}, at - 1))).toHaveLength(1);
});

test('events that were enqueued after their segment was sealed are one, whenever it is checked', async () => {
  const late = SEALED + 601;
  const report = await check(new MemoryStore(forgeChain([{ second: SEALED + 600 }, { second: late + 1 }])));
  expect(report.status).toBe('verified');
  const detail = `one of its events was enqueued at ${timeOf(late + 1)}, and it was sealed at ${timeOf(SEALED + 1)}`;
  expect(said(report)).toEqual([`warning clock-ahead ${nameOf(1)}: ${detail}`]);
});

test('batches, reports and actions, each kind once', async () => {
  const ledger = await ledgerOf();
  const report = await checkLedger(ledger);
  const name = reportName(0);
  ledger.store.objects.set(name, signReport(formatUnsigned(report), name, LEDGER));
  ledger.store.objects.set(...forgeAction(0, { kind: 'hold-set', case: 'Case117' }, 'attempted', 2_000_050));
  const early = SEALED + 100;
  const later = await checkLedger(ledger, { auditors: AUDITORS }, early);
  expect(later.status).toBe('verified');
  expect(said(later).map((line) => line.split(': ')[0])).toEqual(
    [batch(0), name, 'actions/000000000000.json'].map((object) => `warning clock-ahead ${object}`),
  );
  expect(said(later)[0]).toContain(`${now(early)}; the same is so of 3 more`);
});

test('a check that goes on looks at the clock anew, and does not repeat what it said before', async () => {
  const store = new MemoryStore(forgeChain(3));
  const anchor = { name: 'kept.json', report: await check(store, {}, SEALED - 3600) };
  expect(said(anchor.report)).toHaveLength(1);
  expect(said(await check(store, { anchor, isIncremental: true }, SEALED + 3600))).toEqual([]);
  expect(said(await check(store, { anchor, isIncremental: true }, SEALED - 3000))).toHaveLength(1);
});
