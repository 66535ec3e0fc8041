import { pageName, reportName } from '../../src/core/objects/names.ts';
import type { Report } from '../../src/core/objects/report.ts';
import { formatReport, openReport } from '../../src/core/objects/reportFile.ts';
import { fileReport, judgeReport, newestReport } from '../../src/ledger/reports.ts';
import { check } from '../support/checking.ts';
import { forgeChain } from '../support/forge.ts';
import { AUDITOR, signerOf } from '../support/logs.ts';
import { MemoryStore } from '../support/memoryStore.ts';
import { AUDITORS, filed, filingIn } from '../support/reports.ts';

let report: Report;
beforeAll(async () => {
  report = await check(new MemoryStore(forgeChain(2)));
});

/** of gives a report that can be told from others. */
const of = (number: number): Report => ({ ...report, checked: { ...report.checked, duplicates: number } });

/** storeOf is a store with a filed report under each number. */
const storeOf = (...numbers: readonly number[]): MemoryStore =>
  new MemoryStore(numbers.map((number) => [reportName(number), filed(of(number), reportName(number))]));

describe('the newest report', () => {
  test('is the last one that the log has an entry of: one read', async () => {
    const store = storeOf(0, 1, 2, 3);
    expect(await newestReport(store, AUDITORS, 3)).toEqual({ name: reportName(2), report: of(2) });
    expect(store.requests).toMatchObject({ read: 1, exists: 0, list: 0 });
    expect(await newestReport(store, AUDITORS, 0)).toBeUndefined();
  });

  test.each<[string, (genuine: Buffer) => Buffer]>([
    ['an unsigned report', () => formatReport(of(9))],
    ['a report that another key signed', () => filed(of(9), reportName(2), 101)],
    ['a genuine report, once more under another number', () => filed(of(1), reportName(1))],
    ['a damaged report', (genuine) => Buffer.from(genuine.toString().replace('verified', 'violated'))],
    ['nothing of the kind', () => Buffer.from('{"report":{}}\n')],
    ['a posture', () => filed({ ...POSTURE }, reportName(2))],
  ])('passes over %s', async (_what, plant) => {
    const store = storeOf(0, 1, 2);
    store.objects.set(reportName(2), plant(store.objects.get(reportName(2)) as Buffer));
    expect((await newestReport(store, AUDITORS, 3))?.name).toBe(reportName(1));
  });

  test.each(['too-large', 'archived', 'encrypted'] as const)('passes over what is %s', async (answer) => {
    const store = storeOf(0, 1);
    const read = store.read.bind(store);
    store.read = async (name) => (name === reportName(1) ? answer : read(name));
    expect((await newestReport(store, AUDITORS, 2))?.name).toBe(reportName(0));
  });

  test('is found behind reports that are gone, in one listing however many there were', async () => {
    const store = storeOf(0, 3);
    expect((await newestReport(store, AUDITORS, 10 ** 9))?.name).toBe(reportName(3));
    expect(store.requests).toMatchObject({ read: 2, list: 1 });
  });
});

const POSTURE = {
  version: 1,
  kind: 'posture',
  account: 'a',
  container: 'c',
  time: '2026-11-22T10:00:07.250Z',
  status: 'verified',
  retentionDays: 1,
  guard: null,
  settings: null,
  locks: null,
  roles: null,
  findings: [],
  notChecked: [],
  unreadable: [],
} as const;

test('what is no report is said', () => {
  const name = reportName(0);
  expect(judgeReport(filed(report, name), name, AUDITORS)).toEqual(report);
  expect(judgeReport(formatReport(report), name, AUDITORS)).toBe('it does not end with an auditor’s signature');
  expect(judgeReport(filed(report, name, 101), name, AUDITORS)).toContain('no trusted auditor’s key signed it');
  expect(judgeReport('too-large', name, AUDITORS)).toContain('it is too large');
});

describe('filing', () => {
  /** countedIn files in a store, and counts what is signed. */
  const countedIn = (store: MemoryStore, entered = 0) => {
    const signed: string[] = [];
    const own = signerOf(AUDITOR);
    const signer = { ...own, sign: async (text: string) => (signed.push(text), own.sign(text)) };
    const filing = { ...filingIn(store, entered), signer };
    return { signed, file: () => fileReport(filing, (name) => ({ report, page: Buffer.from(`page of ${name}`) })) };
  };

  test('takes the first free number, and signs under its name; the page says that name', async () => {
    const store = storeOf(0, 1);
    expect(await countedIn(store).file()).toBe(reportName(2));
    expect(openReport(store.objects.get(reportName(2)) as Buffer, reportName(2), AUDITORS)).toEqual(report);
    expect(store.objects.get(pageName(2))?.toString()).toBe(`page of ${reportName(2)}`);
  });

  test('leaves a hole before the reports that have entries: one in it would get none', async () => {
    expect(await countedIn(storeOf(0, 2, 3), 3).file()).toBe(reportName(4));
    expect(await countedIn(storeOf(0, 2, 3), 0).file()).toBe(reportName(1));
  });

  test('numbers that somebody took ahead cost nothing and stop nothing', async () => {
    const store = new MemoryStore();
    for (const number of [0, 1, 2, 3, 5, 999_999_999_999]) store.objects.set(reportName(number), Buffer.from('mine'));
    const { file, signed } = countedIn(store);
    expect(await file()).toBe(reportName(4));
    expect(signed).toHaveLength(1);
    expect(await file()).toBe(reportName(6));
  });

  test('a name that is taken meanwhile costs one more signature', async () => {
    const store = new MemoryStore();
    store.faultOf = (name) => {
      // Somebody is quicker, and takes those behind it too.
      if (name === reportName(0))
        for (const number of [0, 1, 2]) store.objects.set(reportName(number), Buffer.from('quicker'));
      return undefined;
    };
    const { file, signed } = countedIn(store);
    expect(await file()).toBe(reportName(3));
    expect(signed.map((text) => text.split('\n')[2])).toEqual([reportName(0), reportName(3)]);
    expect([...store.objects.keys()].filter((name) => name.endsWith('.html'))).toEqual([pageName(3)]);
  });

  test('a response that was lost is no reason for a second number', async () => {
    const store = new MemoryStore();
    store.faultOf = (name) => (name.endsWith('.json') ? 'loseResponse' : undefined);
    expect(await countedIn(store).file()).toBe(reportName(0));
    expect([...store.objects.keys()]).toEqual([reportName(0), pageName(0)]);
  });

  test('two at once get a number each', async () => {
    const store = new MemoryStore();
    const names = await Promise.all([1, 2].map((n) => fileReport(filingIn(store), () => ({ report: of(n) }))));
    expect(names.toSorted()).toEqual([reportName(0), reportName(1)]);
  });
});
