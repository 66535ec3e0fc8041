import { AuditsealError } from '../../src/core/errors.ts';
import { pageName, reportName } from '../../src/core/objects/names.ts';
import { parseReport } from '../../src/core/objects/reportFile.ts';
import { summarizeSegment } from '../../src/core/segment/summary.ts';
import { runVerifyJob } from '../../src/verify/job.ts';
import { check, saidOf } from '../support/checking.ts';
import { forgeChain, timeOf } from '../support/forge.ts';
import { KeptLog } from '../support/keptLog.ts';
import { SECOND, checkLedger, ledgerOf, runJob } from '../support/loggedLedger.ts';
import { MemoryStore } from '../support/memoryStore.ts';
import { AUDITORS, filed as filedAs, filingIn } from '../support/reports.ts';
import { grow } from '../support/stolen.ts';
import { AUDITOR_KEY, MIRROR_KEY, pageOutcome } from '../web/mirrors.ts';

const REPORT = reportName(0);
const PAGE = pageName(0);

/** filed gives a ledger with a report and its page, as the job files them. */
async function filed(): Promise<MemoryStore> {
  const store = new MemoryStore(forgeChain(3));
  await runVerifyJob({
    store,
    auditors: AUDITORS,
    filing: filingIn(store),
    log: new KeptLog(),
    concurrency: 2,
    fullVerifyHours: 24,
    now: () => Date.parse(timeOf(2_000_010)),
    summarize: async (stored, question) => summarizeSegment(stored, question),
  });
  expect([...store.objects.keys()].filter((name) => name.startsWith('reports/'))).toEqual([REPORT, PAGE]);
  return store;
}

test('a page is the one that its report states', async () => {
  const store = await filed();
  expect(await check(store)).toMatchObject({ status: 'verified', findings: [], checked: { otherObjects: 0 } });
});

test.each<[string, (objects: Map<string, Buffer>) => unknown]>([
  ['is changed', (objects) => objects.set(PAGE, Buffer.concat([objects.get(PAGE) as Buffer, Buffer.from(' ')]))],
  ['is another one', (objects) => objects.set(PAGE, Buffer.from('<h1>Verified</h1>'))],
  ['is of no report', (objects) => objects.delete(REPORT)],
])('a page that %s is named', async (_what, change) => {
  const store = await filed();
  change(store.objects);
  const report = await check(store);
  expect(saidOf(report)).toEqual([`foreign-object ${PAGE}`]);
  expect(report.status).toBe('violated');
});

test('a page too large to be read is not the stated one, one that can not be read is said to be unreadable', async () => {
  const store = await filed();
  store.beforeRead = (name) => (name === PAGE ? 'too-large' : undefined);
  expect(saidOf(await check(store))).toEqual([`foreign-object ${PAGE}`]);
  store.beforeRead = (name) => {
    if (name === PAGE) throw new AuditsealError('STORE_UNAVAILABLE', 'injected');
  };
  expect(await check(store)).toMatchObject({ status: 'unverified', unreadable: [{ object: PAGE, why: 'injected' }] });
  store.beforeRead = (name) => (name === PAGE ? 'archived' : undefined);
  expect(await check(store)).toMatchObject({ status: 'unverified', findings: [], unreadable: [{ object: PAGE }] });
});

test('a page whose report states none is named, and one that an incremental check meets is said not to be looked into', async () => {
  const store = await filed();
  const { page, ...report } = parseReport(store.objects.get(REPORT) as Buffer);
  expect(page).toMatch(/^[0-9a-f]{64}$/);
  store.objects.set(REPORT, filedAs(report, REPORT));
  expect(saidOf(await check(store))).toEqual([`foreign-object ${PAGE}`]);
  store.objects.set(pageName(1), Buffer.from('other'));
  const incremental = await check(store, { anchor: { name: REPORT, report }, isIncremental: true });
  expect(incremental).toMatchObject({ status: 'verified', checked: { otherObjects: 2 } });
  expect(incremental.notChecked.join()).toContain('2 objects outside segments/ were checked by name alone');
  // It lists from the anchor's name on; a page is before its report.
  const later = { anchor: { name: reportName(1), report }, isIncremental: true };
  expect(await check(store, later)).toMatchObject({ status: 'verified', checked: { otherObjects: 0 } });
});

test('a signed report that the log passed without an entry is no finding, and is said', async () => {
  const ledger = await ledgerOf();
  const { store, tiles } = ledger;
  for (const second of [60, 120]) await runJob(ledger, SECOND + second);
  const first = store.objects.get(REPORT) as Buffer;
  store.objects.set(REPORT, Buffer.from('what the log could not read'));
  await grow(ledger, 14, 130);
  store.objects.set(REPORT, first);
  const report = await checkLedger(ledger, { auditors: AUDITORS }, SECOND + 300);
  expect(saidOf(report)).toEqual([]);
  expect(report.notChecked.join('\n')).toContain(`${REPORT} is the first`);
  const mirror = new Map([
    ...store.objects,
    ...[...tiles.objects].map(([name, bytes]) => [`tlog/${name}`, bytes] as const),
  ]);
  const page = await pageOutcome(mirror, `${MIRROR_KEY}\n${AUDITOR_KEY}`);
  expect(page.findings).toEqual([]);
  expect(page.notChecked.join('\n')).toContain(`${REPORT} is the first`);
});
