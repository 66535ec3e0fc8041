import { reportName } from '../../src/core/objects/names.ts';
import type { FiledReport } from '../../src/core/objects/filedReport.ts';
import type { Finding, PostureReport, Report } from '../../src/core/objects/report.ts';
import { knownFindings, logFindings } from '../../src/ledger/standing.ts';
import { check } from '../support/checking.ts';
import { forgeChain } from '../support/forge.ts';
import { KeptLog } from '../support/keptLog.ts';
import { MemoryStore } from '../support/memoryStore.ts';
import { AUDITORS, filed } from '../support/reports.ts';

let clean: Report;
beforeAll(async () => {
  clean = await check(new MemoryStore(forgeChain(2)));
});

const LOST: Finding = { code: 'segment-missing', severity: 'error', object: 'segments/0/1', detail: 'gone' };
const PLANTED: Finding = { code: 'foreign-object', severity: 'error', object: 'planted', detail: 'unknown' };
const by = (action: string): Pick<Finding, 'acknowledged'> => ({
  acknowledged: { action, who: 'w', why: 'y', time: '2026-11-22T10:00:07.250Z' },
});

type Changes = Partial<Pick<Report, 'findings' | 'findingsOmitted' | 'unreadable'>>;

/** of gives a report with findings. */
const of = (findings: readonly Finding[], changes: Changes = {}): Report => ({ ...clean, findings, ...changes });

const UNREAD: Changes = { unreadable: [{ object: 'segments/0/1', why: 'away' }] };

const postureOf = (findings: readonly Finding[], omitted = 0): PostureReport => ({
  version: 1,
  kind: 'posture',
  account: 'a',
  container: 'c',
  time: '2026-11-22T10:00:07.250Z',
  status: 'violated',
  retentionDays: 1,
  guard: null,
  settings: null,
  locks: null,
  roles: null,
  coverage: { scopes: [], subscriptions: [], hubs: [], promised: 'key', types: [], findingsOmitted: omitted },
  findings,
  notChecked: [],
  unreadable: [],
});

/** lines gives what a run logs that ends with the last report, where the others are filed and `entered` of them have entries. */
async function lines(
  reports: readonly FiledReport[],
  { entered = reports.length - 1, store = new MemoryStore() }: { entered?: number; store?: MemoryStore } = {},
): Promise<string[]> {
  const [now, ...before] = reports.toReversed() as [FiledReport, ...FiledReport[]];
  for (const [number, report] of before.toReversed().entries())
    if (!store.objects.has(reportName(number)))
      store.objects.set(reportName(number), filed(report, reportName(number)));
  const log = new KeptLog();
  const known = await knownFindings({ store, entered }, AUDITORS, now.kind);
  const counts = logFindings(log, now, known);
  const counted = (message: string): number => log.lines.filter((line) => line.message === message).length;
  expect(counts).toEqual({
    newFindings: counted('finding'),
    standingFindings: counted('standing finding'),
  });
  return log.lines.map(({ message, fields }) =>
    'code' in fields ? `${message}: ${String(fields['code'])}` : `${message}: ${String(fields['omitted'])}`,
  );
}

const NEW = 'finding: segment-missing';
const STANDS = 'standing finding: segment-missing';

test('what the report before lists stands; what it does not list is new', async () => {
  expect(await lines([of([LOST])])).toEqual([NEW]);
  expect(await lines([of([]), of([LOST])])).toEqual([NEW]);
  expect(await lines([of([LOST]), of([LOST])])).toEqual([STANDS]);
  expect(await lines([of([LOST]), of([LOST, PLANTED])])).toEqual([STANDS, 'finding: foreign-object']);
});

test('what went away and came back is new', async () => {
  expect(await lines([of([LOST]), of([]), of([LOST])])).toEqual([NEW]);
});

test('what a run lacks that could not read something did not go away', async () => {
  expect(await lines([of([LOST]), of([], UNREAD), of([LOST])])).toEqual([STANDS]);
  expect(await lines([of([LOST]), of([]), of([], UNREAD), of([LOST])])).toEqual([NEW]);
  // For ever nobody looks back.
  expect(await lines([of([LOST]), ...Array.from({ length: 3 }, () => of([], UNREAD)), of([LOST])])).toEqual([NEW]);
});

test('an acknowledged finding raises nothing, and one whose acknowledgement no longer counts is new', async () => {
  const known = { ...LOST, ...by('actions/1') };
  expect(await lines([of([LOST]), of([known])])).toEqual(['acknowledged finding: segment-missing']);
  expect(await lines([of([known]), of([LOST])])).toEqual([NEW]);
  expect(await lines([of([LOST]), of([known], UNREAD), of([LOST])])).toEqual([NEW]);
});

test('another object, another detail, or a higher severity is new; a lower one stands', async () => {
  const warned: Finding = { ...LOST, severity: 'warning' };
  expect(await lines([of([LOST]), of([{ ...LOST, object: 'segments/0/2' }])])).toEqual([NEW]);
  expect(await lines([of([LOST]), of([{ ...LOST, detail: 'gone, and its folder' }])])).toEqual([NEW]);
  expect(await lines([of([warned]), of([LOST])])).toEqual([NEW]);
  expect(await lines([of([warned, LOST]), of([LOST])])).toEqual([STANDS]);
  expect(await lines([of([LOST]), of([warned])])).toEqual([STANDS]);
});

test.each<[Finding['code'], Partial<Finding>, Partial<Finding>, Partial<Finding>]>([
  [
    'clock-ahead',
    { object: 'segments/0/1', detail: 'and by this clock it is 10:00' },
    { object: 'segments/0/9', detail: 'and by this clock it is 11:00; the same is so of 7 more' },
    { object: 'segments/1/1' },
  ],
  [
    'not-integrated',
    { object: 'segments/0/1', detail: 'nor have the 3 after it' },
    { object: 'segments/0/1', detail: 'nor have the 9 after it' },
    { object: 'segments/0/5' },
  ],
  [
    'checkpoint-uncosigned',
    { object: 'checkpoints/7', detail: 'the last that has is checkpoints/3' },
    { object: 'checkpoints/9', detail: 'the last that has is checkpoints/3' },
    { detail: 'the last that has is checkpoints/8' },
  ],
  [
    'drill-failed',
    { object: 'drill/2026-11-22-a', detail: 'to delete it' },
    { object: 'drill/2026-11-23-a', detail: 'to delete it' },
    { detail: 'to append to it' },
  ],
  [
    'checkpoint-stale',
    { object: 'checkpoint', detail: 'its batch was made at 2026-11-22T10:00:07.250Z: 2 hours ago' },
    { object: 'checkpoint', detail: 'its batch was made at 2026-11-22T10:00:07.250Z: 3 hours ago' },
    { detail: 'its batch was made at 2026-11-22T11:00:07.250Z: 2 hours ago' },
  ],
  [
    'report-stale',
    {
      object: 'reports/000000000001.json',
      detail: 'it is of the last check, at 2026-11-22T10:00:07.250Z: 7 hours ago',
    },
    {
      object: 'reports/000000000002.json',
      detail: 'it is of the last check, at 2026-11-22T11:00:07.250Z: 7 hours ago',
    },
    { detail: 'it is of the last look at what guards the ledger, at 2026-11-22T10:00:07.250Z: 2 days ago' },
  ],
])('%s: what each run states anew of what stands is no news', async (code, first, later, other) => {
  const base: Finding = { ...LOST, code };
  const before = of([{ ...base, ...first }]);
  expect(await lines([before, of([{ ...base, ...later }])])).toEqual([`standing finding: ${code}`]);
  expect(await lines([before, of([{ ...base, ...later, ...other }])])).toEqual([`finding: ${code}`]);
});

test('findings that are only counted are news as soon as there are more of them', async () => {
  const full = (findingsOmitted: number): Report => of([LOST], { findingsOmitted });
  expect(await lines([full(0), full(5)])).toEqual([STANDS, 'more findings than a report lists: 5']);
  expect(await lines([full(5), full(5)])).toEqual([STANDS]);
  expect(await lines([full(5), full(3)])).toEqual([STANDS]);
});

test('a report counts before the log has its entry: while nothing is integrated, none would', async () => {
  expect(await lines([of([LOST]), of([LOST])], { entered: 0 })).toEqual([STANDS]);
  expect(await lines([of([LOST]), of([]), of([LOST])], { entered: 1 })).toEqual([NEW]);
});

test('what no auditor signed says nothing of what is known, however much of it there is', async () => {
  const store = new MemoryStore();
  store.objects.set(reportName(0), filed(of([LOST]), reportName(0), 101));
  expect(await lines([of([]), of([LOST])], { store, entered: 0 })).toEqual([NEW]);
  for (let number = 0; number < 1200; number++) store.objects.set(reportName(number + 1), Buffer.from('junk'));
  store.objects.set(reportName(0), filed(of([LOST]), reportName(0)));
  expect(await lines([of([LOST])], { store, entered: 1201 })).toEqual([NEW]);
});

describe('of a posture', () => {
  const routed: Finding = { code: 'not-routed', severity: 'error', object: '/x', detail: 'y' };

  test('the report before of its own kind counts', async () => {
    const open: Finding = { ...LOST, code: 'policy-unlocked' };
    expect(await lines([postureOf([open]), of([]), postureOf([open])])).toEqual(['standing finding: policy-unlocked']);
    expect(await lines([of([open]), postureOf([open])])).toEqual(['finding: policy-unlocked']);
  });

  test('warnings raise nothing, until they are errors', async () => {
    const warned: Finding = { ...routed, severity: 'warning' };
    expect(await lines([postureOf([warned])])).toEqual([]);
    expect(await lines([postureOf([warned]), postureOf([routed])])).toEqual(['finding: not-routed']);
  });

  test('what is only counted may be an error only where no warning is listed', async () => {
    const warned: Finding = { ...routed, severity: 'warning', object: '/z' };
    expect(await lines([postureOf([routed], 1), postureOf([routed], 4)])).toEqual([
      'standing finding: not-routed',
      'more findings than a report lists: 4',
    ]);
    expect(await lines([postureOf([routed, warned], 1), postureOf([routed, warned], 4)])).toEqual([
      'standing finding: not-routed',
    ]);
  });
});
