import { AuditsealError } from '../../src/core/errors.ts';
import { reportName } from '../../src/core/objects/names.ts';
import type { Report } from '../../src/core/objects/report.ts';
import { formatReport } from '../../src/core/objects/reportFile.ts';
import { summarizeSegment } from '../../src/core/segment/summary.ts';
import { runVerifyJob } from '../../src/verify/job.ts';
import { saidOf } from '../support/checking.ts';
import { LEDGER, nameOf, timeOf } from '../support/forge.ts';
import { KeptLog } from '../support/keptLog.ts';
import { checkLedger, ledgerOf, read } from '../support/loggedLedger.ts';
import type { Ledger } from '../support/loggedLedger.ts';
import { integrateOf } from '../support/logs.ts';

// What the scheduled check makes of reports that somebody files beside its own.

const HOUR = 3600;
const DAY = 24 * HOUR;
/** In the period of a day; the log was made before. */
const START = 24 * DAY + HOUR;
const LOST = nameOf(3);

/** job runs the scheduled check at a second of the story, an hour after it ran before unless another second is given. */
const job = (ledger: Ledger, second: number, previous: number | undefined = second - HOUR): Promise<Report> =>
  runVerifyJob({
    ...ledger,
    ledger: LEDGER,
    log: new KeptLog(),
    concurrency: 2,
    fullVerifyHours: 24,
    ...(!Number.isNaN(previous) && { previousRun: Date.parse(timeOf(previous)) }),
    now: () => Date.parse(timeOf(second)),
    summarize: async (stored) => summarizeSegment(stored),
  });

/** A ledger whose loss of a segment the job has found, and reports that know nothing of it. */
async function damaged(): Promise<{ ledger: Ledger; clean: Report; segment: Buffer }> {
  const ledger = await ledgerOf();
  const clean = await checkLedger(ledger, { verifiers: [] }, START);
  const segment = read(ledger.store, LOST);
  ledger.store.objects.delete(LOST);
  const found = await job(ledger, START, START - 2 * HOUR);
  expect([found.status, found.checked.mode]).toEqual(['violated', 'full']);
  return { ledger, clean, segment };
}

/** plant files a report as whoever may create objects, and is dated and says of full checks what suits him. */
function plant({ store }: Ledger, report: Report, number: number, second: number, lastFull = second): void {
  const times = { started: timeOf(second), finished: timeOf(second) };
  const checked = { ...report.checked, lastFull: timeOf(lastFull) };
  store.objects.set(reportName(number), formatReport({ ...report, ...times, checked }));
}

/** integrate takes the reports into the log. */
async function integrate({ store, tiles }: Ledger, second: number): Promise<void> {
  await integrateOf(store, tiles, { now: () => Date.parse(timeOf(second)) }).run(new KeptLog());
}

describe('a clean report that somebody plants', () => {
  test.each<[string, (ledger: Ledger, clean: Report) => void]>([
    ['one', (ledger, clean) => plant(ledger, clean, 1, START + 10)],
    ['one of old', (ledger, clean) => plant(ledger, clean, 1, START - DAY, START + 10 - DAY)],
    [
      'many',
      (ledger, clean) => {
        for (let number = 1; number < 50; number++) plant(ledger, clean, number, START + number);
      },
    ],
  ])('%s: takes no finding away', async (_what, make) => {
    const { ledger, clean } = await damaged();
    make(ledger, clean);
    for (const hours of [1, 2, 20]) {
      const report = await job(ledger, START + hours * HOUR);
      expect(report.status).toBe('violated');
      expect(saidOf(report).join()).toContain(LOST);
    }
  });

  test('does not put off the full check that the clock says is due', async () => {
    const ledger = await ledgerOf();
    const first = await job(ledger, START);
    for (const [number, day] of [1, 2, 3].entries()) {
      const second = START + day * DAY;
      plant(ledger, first, 2 * number + 1, second - HOUR - 10);
      expect(await job(ledger, second - HOUR, second - 2 * HOUR)).toMatchObject({ checked: { mode: 'full' } });
    }
  });

  test('is no reason to begin at the first segments more often than the clock says', async () => {
    const ledger = await ledgerOf();
    const first = await job(ledger, START, START - 2 * HOUR);
    plant(ledger, first, 1, START + 10);
    expect(await job(ledger, START + HOUR)).toMatchObject({ status: 'verified', checked: { mode: 'incremental' } });
  });

  test('is looked at no more where there are more than anybody reads: all is looked at instead', async () => {
    const { ledger, clean } = await damaged();
    for (let number = 1; number < 1100; number++) plant(ledger, clean, number, START + 10);
    const report = await job(ledger, START + HOUR);
    expect(report.checked.mode).toBe('full');
    expect(saidOf(report).join()).toContain(LOST);
  });
});

test('what was found goes with the full check of the next period that does not find it', async () => {
  const { ledger, segment } = await damaged();
  ledger.store.objects.set(LOST, segment);
  expect(await job(ledger, START + HOUR)).toMatchObject({ status: 'violated', checked: { mode: 'incremental' } });
  await integrate(ledger, START + HOUR + 60);
  const next = START - HOUR + DAY;
  expect(await job(ledger, next + 10, next - 10)).toMatchObject({ findings: [], checked: { mode: 'full' } });
  await integrate(ledger, next + 60);
  expect(await job(ledger, next + HOUR)).toMatchObject({
    findings: [],
    checked: { mode: 'incremental', findingsRepeated: 0 },
  });
});

test.each([
  ['the host does not know when it ran before', NaN],
  ['it says that this is still to come', START + DAY],
])('where %s, all is looked at', async (_what, previous) => {
  const ledger = await ledgerOf();
  await job(ledger, START);
  expect(await job(ledger, START + HOUR, previous)).toMatchObject({ checked: { mode: 'full' } });
});

test('a report between that can not be read: all is looked at', async () => {
  const { ledger, clean } = await damaged();
  plant(ledger, clean, 1, START + 10);
  ledger.store.beforeRead = (name) => {
    if (name === reportName(0)) throw new AuditsealError('STORE_UNAVAILABLE', 'away');
  };
  expect(await job(ledger, START + HOUR)).toMatchObject({ checked: { mode: 'full' } });
});

test('of the reports before, only those of the last hours are read: the log says which they are', async () => {
  const ledger = await ledgerOf();
  const { store } = ledger;
  for (let hour = 0; hour < 20; hour++) {
    await job(ledger, START + hour * HOUR);
    await integrate(ledger, START + hour * HOUR + 60);
  }
  const seen = new Set<string>();
  store.beforeRead = (name) => void (name.startsWith('reports/') && seen.add(name));
  expect(await job(ledger, START + 20 * HOUR)).toMatchObject({ checked: { mode: 'incremental' } });
  expect([...seen].sort()[0]).toBe(reportName(14));
  expect(seen.size).toBe(6);
});
