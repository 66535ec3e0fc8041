import { createHash } from 'node:crypto';
import { AuditsealError } from '../../src/core/errors.ts';
import { batchName, pageName, reportName } from '../../src/core/objects/names.ts';
import type { Report } from '../../src/core/objects/report.ts';
import { formatReport, openReport } from '../../src/core/objects/reportFile.ts';
import { enteredReports } from '../../src/integrate/enteredReports.ts';
import { saidOf } from '../support/checking.ts';
import { LEDGER, forgeChain, nameOf, timeOf } from '../support/forge.ts';
import { KeptLog } from '../support/keptLog.ts';
import { SECOND, checkLedger, runJob } from '../support/loggedLedger.ts';
import type { Ledger } from '../support/loggedLedger.ts';
import { KEY, integrateOf } from '../support/logs.ts';
import { MemoryStore, ProcessDied } from '../support/memoryStore.ts';
import { MemoryTiles } from '../support/memoryTiles.ts';
import { AUDITORS, filed } from '../support/reports.ts';

const HOUR = 3600;

const newLedger = (length = 4): Ledger => ({ store: new MemoryStore(forgeChain(length)), tiles: new MemoryTiles() });

/** enter takes into the log what is new, as the sealer does all the time. */
const enter = ({ store, tiles }: Ledger, second: number): Promise<unknown> =>
  integrateOf(store, tiles, { now: () => Date.parse(timeOf(SECOND + second)) }).run(new KeptLog());

/** start runs the job at a time, behind a run of the sealer. */
async function start(second: number, ledger: Ledger, log = new KeptLog()): Promise<Report> {
  await enter(ledger, second);
  return runJob(ledger, SECOND + second, { log });
}

/** startAfter does so where the host knows when it ran before, or knows nothing (NaN). */
async function startAfter(previous: number, second: number, ledger: Ledger): Promise<Report> {
  await enter(ledger, second);
  return runJob(ledger, SECOND + second, { previousRun: Date.parse(timeOf(SECOND)) + 1000 * previous });
}

const reportsIn = ({ store }: Ledger): string[] =>
  [...store.objects.keys()].filter((name) => name.startsWith('reports/'));
const readReport = ({ store }: Ledger, number: number): Report =>
  openReport(store.objects.get(reportName(number)) as Buffer, reportName(number), AUDITORS) as Report;

test('writes the signed report and its page, goes on from it, and begins anew after the set hours', async () => {
  const ledger = newLedger();
  const modes: string[] = [];
  for (const [number, hours] of [0, 1, 23, 24.5].entries()) {
    const { checked, status, findings } = await start(hours * HOUR, ledger);
    modes.push(checked.mode);
    expect([status, findings]).toEqual(['verified', []]);
    expect(checked.anchor).toBe(number === 0 ? null : reportName(number - 1));
    expect(ledger.store.objects.has(pageName(number))).toBe(true);
    expect(readReport(ledger, number).checked.mode).toBe(checked.mode);
  }
  expect(modes).toEqual(['full', 'incremental', 'incremental', 'full']);
});

describe('a full check goes by the clock', () => {
  /** The next day begins there. */
  const MIDNIGHT = 24 * HOUR - (SECOND % (24 * HOUR));

  test('in the first run of each period, whatever is filed', async () => {
    const ledger = newLedger();
    await start(MIDNIGHT - 2 * HOUR, ledger);
    const modes: string[] = [];
    for (const [previous, second] of [
      [MIDNIGHT - 2 * HOUR, MIDNIGHT - 1],
      [MIDNIGHT - 1, MIDNIGHT],
      [MIDNIGHT, MIDNIGHT + HOUR],
      [MIDNIGHT + HOUR, MIDNIGHT + 23 * HOUR],
      [MIDNIGHT + 23 * HOUR, MIDNIGHT + 24 * HOUR],
    ] as const)
      modes.push((await startAfter(previous, second, ledger)).checked.mode);
    expect(modes).toEqual(['incremental', 'full', 'incremental', 'incremental', 'full']);
  });

  test('also if an auditor signed that the last one is still to come', async () => {
    const ledger = newLedger();
    const clean = await start(MIDNIGHT - 2 * HOUR, ledger);
    const lastFull = timeOf(SECOND + 400 * 24 * HOUR);
    const stolen = filed({ ...clean, checked: { ...clean.checked, lastFull } }, reportName(1));
    ledger.store.objects.set(reportName(1), stolen);
    const report = await startAfter(MIDNIGHT - HOUR, MIDNIGHT + 60, ledger);
    expect(report.checked).toMatchObject({ anchor: reportName(1), mode: 'full' });
  });

  test('and comes sooner if the first run of the period did not come to its end', async () => {
    const ledger = newLedger();
    await startAfter(MIDNIGHT - 24 * HOUR, MIDNIGHT - 23 * HOUR, ledger);
    const report = await startAfter(MIDNIGHT + HOUR, MIDNIGHT + 2 * HOUR, ledger);
    expect(report.checked).toMatchObject({ anchor: reportName(0), mode: 'full' });
  });

  test.each([
    ['does not know when it ran before', NaN],
    ['says that the run before is still to come', 24 * HOUR],
  ])('and where the host %s, all is looked at', async (_what, previous) => {
    const ledger = newLedger();
    await start(0, ledger);
    expect((await startAfter(previous, HOUR, ledger)).checked.mode).toBe('full');
  });

  test('what was found is repeated until one does not find it', async () => {
    const ledger = newLedger();
    await start(MIDNIGHT - 3 * HOUR, ledger);
    const segment = ledger.store.objects.get(nameOf(1)) as Buffer;
    ledger.store.objects.delete(nameOf(1));
    const found = await startAfter(NaN, MIDNIGHT - 2 * HOUR, ledger);
    expect(found).toMatchObject({ status: 'violated', checked: { mode: 'full' } });
    ledger.store.objects.set(nameOf(1), segment);
    const repeated = await start(MIDNIGHT - HOUR, ledger);
    expect(repeated).toMatchObject({ status: 'violated', checked: { mode: 'incremental' } });
    expect(saidOf(repeated)).toEqual(saidOf(found));
    expect(await startAfter(MIDNIGHT - HOUR, MIDNIGHT, ledger)).toMatchObject({
      findings: [],
      checked: { mode: 'full' },
    });
    const next = await start(MIDNIGHT + HOUR, ledger);
    expect(next).toMatchObject({ findings: [], checked: { mode: 'incremental', findingsRepeated: 0 } });
  });
});

test('does not go on from a report that the log has no entry of yet', async () => {
  const ledger = newLedger();
  await start(0, ledger);
  expect((await runJob(ledger, SECOND + 60)).checked).toMatchObject({ mode: 'full', anchor: null });
  expect((await start(120, ledger)).checked).toMatchObject({ mode: 'incremental', anchor: reportName(1) });
});

test('what has taken the name stays, and the report gets the next one, which its page says', async () => {
  const ledger = newLedger();
  const { store } = ledger;
  await start(0, ledger);
  // Somebody is quicker, after the listing.
  store.faultOf = (name) => {
    if (name === reportName(1) && !store.objects.has(name)) store.objects.set(name, Buffer.from('quicker'));
    return undefined;
  };
  await start(60, ledger);
  expect(reportsIn(ledger)).toEqual([reportName(0), pageName(0), reportName(1), reportName(2), pageName(2)]);
  expect(store.objects.get(pageName(2))?.toString()).toContain(reportName(2));
  const digest = createHash('sha256').update(store.objects.get(pageName(2)) as Buffer);
  expect(readReport(ledger, 2).page).toBe(digest.digest('hex'));
});

test('two checks that end at once file both, and both get entries', async () => {
  const ledger = newLedger();
  await enter(ledger, 0);
  await Promise.all([runJob(ledger, SECOND), runJob(ledger, SECOND + 1)]);
  expect(reportsIn(ledger)).toEqual([reportName(0), pageName(0), reportName(1), pageName(1)]);
  await enter(ledger, 2);
  expect(saidOf(await checkLedger(ledger, { auditors: AUDITORS }))).toEqual([]);
  expect(await enteredReports({ ...ledger, origin: LEDGER, verifiers: [KEY.verifierKey], now: Date.now })).toBe(2);
});

describe.each<[string, (report: Report) => Buffer]>([
  ['nothing of the kind', () => Buffer.from('{"report":{}}\n')],
  ['an unsigned report', (report) => formatReport(report)],
  ['a report that somebody signed who may not', (report) => filed(report, reportName(1), 101)],
  ['a genuine report of another number', (report) => filed(report, reportName(0))],
])('where somebody plants %s', (_what, plant) => {
  test('it gets no entry, anchors nothing, and is one finding', async () => {
    const ledger = newLedger();
    const clean = await start(0, ledger);
    // It would say that a full check was just made, and that all is well.
    const lastFull = timeOf(SECOND + 100);
    ledger.store.objects.set(reportName(1), plant({ ...clean, checked: { ...clean.checked, lastFull } }));
    ledger.store.objects.set(reportName(7), plant(clean));
    const report = await start(120, ledger);
    expect(report).toMatchObject({ status: 'violated', checked: { anchor: reportName(0) } });
    expect(saidOf(report)).toEqual([reportName(1), reportName(7)].map((name) => `foreign-object ${name}`));
    expect(readReport(ledger, 2)).toMatchObject({ status: 'violated' });
    const next = await start(180, ledger);
    expect(next.checked).toMatchObject({ anchor: reportName(2), mode: 'incremental' });
    const batches = [...ledger.store.objects].filter(([name]) => name.startsWith('batches/'));
    const entered = batches.flatMap(([, bytes]) => bytes.toString().match(/\{"type":"report","name":"[^"]+"/g) ?? []);
    expect(entered.map((entry) => entry.slice(25, -1))).toEqual([reportName(0), reportName(2)]);
  });

  test('however often, a full check comes when the clock says so', async () => {
    const ledger = newLedger();
    const clean = await start(0, ledger);
    const modes: string[] = [];
    for (let hour = 4; hour <= 26; hour += 11) {
      const number = reportsIn(ledger).filter((name) => name.endsWith('.json')).length;
      const finished = timeOf(SECOND + hour * HOUR - 60);
      const checked = { ...clean.checked, lastFull: finished };
      ledger.store.objects.set(reportName(number), plant({ ...clean, finished, checked }));
      modes.push((await start(hour * HOUR, ledger)).checked.mode);
    }
    expect(modes).toEqual(['incremental', 'incremental', 'full']);
  });
});

test('what it finds is logged by code and object', async () => {
  const ledger = newLedger();
  await enter(ledger, 0);
  ledger.store.objects.delete(nameOf(1));
  const log = new KeptLog();
  await runJob(ledger, SECOND, { log });
  expect(log.lines).toContainEqual({
    level: 'error',
    message: 'finding',
    fields: { code: 'segment-missing', object: nameOf(1) },
  });
  expect(log.errors).toContain('not verified');
});

describe('a finding alerts when it is new', () => {
  /** linesOf gives what a run logs of findings, and the counts that its verdict has. */
  async function linesOf(second: number, ledger: Ledger): Promise<[string[], unknown]> {
    const log = new KeptLog();
    await start(second, ledger, log);
    const said = log.lines.filter(({ fields }) => 'code' in fields).map(({ message }) => message);
    const { newFindings, standingFindings, acknowledged } = log.lines.at(-1)?.fields ?? {};
    return [said, { newFindings, standingFindings, acknowledged }];
  }

  test('once, and again after it was gone', async () => {
    const ledger = newLedger();
    await start(0, ledger);
    const planted = Buffer.from('planted');
    ledger.store.objects.set('planted', planted);
    expect(await linesOf(60, ledger)).toEqual([['finding'], { newFindings: 1, standingFindings: 0, acknowledged: 0 }]);
    for (const second of [120, 180])
      expect(await linesOf(second, ledger)).toEqual([
        ['standing finding'],
        { newFindings: 0, standingFindings: 1, acknowledged: 0 },
      ]);
    ledger.store.objects.delete('planted');
    // The first run of a day looks at all anew.
    expect(await linesOf(25 * HOUR, ledger)).toEqual([[], { newFindings: 0, standingFindings: 0, acknowledged: 0 }]);
    ledger.store.objects.set('planted', planted);
    expect((await linesOf(25 * HOUR + 60, ledger))[0]).toEqual(['finding']);
  });

  test('also while nothing is taken into the log', async () => {
    const ledger = newLedger();
    await start(0, ledger);
    ledger.store.objects.set('planted', Buffer.from('planted'));
    const said: string[] = [];
    for (const second of [60, 120, 180]) {
      const log = new KeptLog();
      await runJob(ledger, SECOND + second, { log });
      said.push(...log.errors);
    }
    expect(said).toEqual(['finding', 'not verified', 'not verified', 'not verified']);
  });

  test('and once more by a run whose report was not filed', async () => {
    const ledger = newLedger();
    await start(0, ledger);
    await enter(ledger, 60);
    ledger.store.objects.set('planted', Buffer.from('planted'));
    ledger.store.faultOf = () => 'dieBefore';
    const log = new KeptLog();
    await expect(runJob(ledger, SECOND + 60, { log })).rejects.toThrow(ProcessDied);
    expect(log.errors).toEqual(['finding']);
    ledger.store.faultOf = () => undefined;
    expect((await linesOf(120, ledger))[0]).toEqual(['finding']);
    expect((await linesOf(180, ledger))[0]).toEqual(['standing finding']);
  });

  test('whoever has the auditor’s key can have it taken for known, and not have it unsaid', async () => {
    const ledger = newLedger();
    const clean = await start(0, ledger);
    const finding = {
      code: 'foreign-object',
      severity: 'error',
      object: 'planted',
      detail: 'the format knows no object of this name',
    } as const;
    const stolen = filed({ ...clean, status: 'violated', findings: [finding] }, reportName(1));
    ledger.store.objects.set(reportName(1), stolen);
    ledger.store.objects.set('planted', Buffer.from('planted'));
    const log = new KeptLog();
    await start(60, ledger, log);
    expect(log.lines).toMatchObject([
      { level: 'warn', message: 'standing finding', fields: { code: 'foreign-object', object: 'planted' } },
      { level: 'error', message: 'not verified', fields: { newFindings: 0, standingFindings: 1 } },
    ]);
  });
});

test('nothing at all is no pass, and no alarm before the first event', async () => {
  const log = new KeptLog();
  const ledger = newLedger(0);
  expect((await start(0, ledger, log)).status).toBe('unverified');
  expect(log.errors).toEqual([]);
  ledger.store.objects.set(nameOf(0), forgeChain(1).get(nameOf(0)) as Buffer);
  expect(await start(60, ledger, log)).toMatchObject({ status: 'verified', checked: { mode: 'full' } });
});

test('after a check that could not read something, the next one begins at the first segments', async () => {
  const ledger = newLedger();
  await enter(ledger, 0);
  ledger.store.beforeRead = (name) => {
    if (name === nameOf(1)) throw new AuditsealError('STORE_UNAVAILABLE', 'away');
  };
  expect((await runJob(ledger, SECOND)).status).toBe('unverified');
  ledger.store.beforeRead = () => {};
  expect(await start(60, ledger)).toMatchObject({ status: 'verified', checked: { mode: 'full' } });
});

test('a log that contradicts itself gives no anchor, and the check says what is wrong', async () => {
  const ledger = newLedger();
  await start(0, ledger);
  await enter(ledger, 1);
  const { store } = ledger;
  store.objects.set('batches/000000000001.jsonl', Buffer.from('junk\n'));
  const report = await runJob(ledger, SECOND + 60);
  expect(report).toMatchObject({ status: 'violated', checked: { mode: 'full', anchor: null } });
});

test.each(['archived', 'away'])(
  'a log whose newest batch is %s gives no anchor, and the check still says what is wrong',
  async (how) => {
    const ledger = newLedger();
    await start(0, ledger);
    await enter(ledger, 1);
    const { store } = ledger;
    store.objects.delete(nameOf(2));
    store.beforeRead = (name) => {
      if (name !== batchName(1)) return undefined;
      if (how === 'away') throw new AuditsealError('STORE_UNAVAILABLE', 'away');
      return 'archived';
    };
    const report = await runJob(ledger, SECOND + 60);
    expect(report).toMatchObject({ status: 'violated', checked: { mode: 'full', anchor: null } });
    expect(saidOf(report)).toContain(`segment-missing ${nameOf(2)}`);
    expect(report.unreadable.map(({ object }) => object)).toContain(batchName(1));
  },
);
