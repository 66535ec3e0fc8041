import { timeOf } from '../../support/forge.ts';
import { KeptLog } from '../../support/keptLog.ts';
import { SECOND, ledgerOf, live } from '../../support/loggedLedger.ts';
import type { Ledger } from '../../support/loggedLedger.ts';
import { KEY, integrateOf } from '../../support/logs.ts';
import { RecheckScene } from '../../support/recheckScene.ts';
import { AUDITORS, filingBehind } from '../../support/reports.ts';
import { AuditsealError } from '../../../src/core/errors.ts';
import type { Report } from '../../../src/core/objects/report.ts';
import { summarizeSegment } from '../../../src/core/segment/summary.ts';
import { runVerifyJob } from '../../../src/verify/job.ts';
import type { Recheck } from '../../../src/verify/recheck/recheck.ts';

const HOUR = 3600;
/** A period of 24 hours, counted from 1970, begins there. */
const MIDNIGHT = Math.ceil((Date.parse(timeOf(SECOND)) / 1000 + 600) / (24 * HOUR)) * 24 * HOUR;

let ledger: Ledger;
let scene: RecheckScene;
let previous: number;
beforeEach(async () => {
  ledger = await ledgerOf(4, 12);
  scene = new RecheckScene(ledger, 0);
  scene.now = () => 1000 * (MIDNIGHT + scene.second);
  previous = -60;
});

/** run runs the job so many seconds behind midnight, after the sealer took in what is new. */
async function run(
  second: number,
  openRecheck: () => Promise<Pick<Recheck, 'turn' | 'end'>> = async () => scene.recheck(),
): Promise<Report | undefined> {
  scene.second = second;
  const { now } = scene;
  await integrateOf(ledger.store, ledger.tiles, { now }).run(new KeptLog());
  const report = await runVerifyJob({
    ...ledger,
    auditors: AUDITORS,
    filing: await filingBehind(ledger),
    log: scene.log,
    concurrency: 2,
    fullVerifyHours: 24,
    previousRun: 1000 * (MIDNIGHT + previous),
    allowance: live.allowance,
    verifiers: [KEY.verifierKey],
    now,
    summarize: async (stored, question) => summarizeSegment(stored, question),
    openRecheck,
  });
  previous = second;
  return report;
}

const overdue = (report: Report | undefined): string[] =>
  (report?.findings ?? []).flatMap(({ code, severity }) => (code === 'recheck-overdue' ? [severity] : []));

test('the first recheck files nothing before it is joined; later ones leave the hours between to what is new', async () => {
  expect(await run(60)).toBeUndefined();
  await scene.workAll();
  expect(await run(HOUR)).toMatchObject({ checked: { mode: 'full', rehashed: { slices: 4, segments: 24 } } });
  const next = await run(2 * HOUR);
  expect(next?.checked).toMatchObject({ mode: 'incremental', rehashed: { slices: 4, segments: 24 } });
  expect(scene.queue.messages).toEqual([]);
  // A day later another one is due, and under way while what is new is checked.
  expect((await run(24 * HOUR + 60))?.checked.mode).toBe('incremental');
  expect(scene.queue.messages.length).toBeGreaterThan(3);
  await scene.workAll();
  expect((await run(25 * HOUR))?.checked).toMatchObject({ mode: 'full', rehashed: { first: timeAt(24 * HOUR + 60) } });
});

const timeAt = (second: number): string => new Date(1000 * (MIDNIGHT + second)).toISOString();

test('a recheck that comes to no end is overdue, whoever keeps it from that', async () => {
  await run(60);
  await scene.workAll();
  await run(HOUR);
  const found: string[][] = [];
  for (const hours of [25, 49, 53, 55, 79, 103]) {
    found.push(overdue(await run(hours * HOUR)));
    // Somebody takes the messages away, and what there is of the pass.
    scene.queue.messages = [];
    scene.files.objects.clear();
  }
  expect(found).toEqual([[], [], [], ['warning'], ['warning'], ['warning']]);
  expect(
    scene.log.lines.filter(({ message, fields }) => message === 'finding' && fields['code'] === 'recheck-overdue'),
  ).toHaveLength(1);
});

test('a queue that cannot be reached keeps nobody from checking what is new', async () => {
  await run(60);
  await scene.workAll();
  await run(HOUR);
  const away = (): never => {
    throw new AuditsealError('STORE_REFUSED', 'no right');
  };
  expect((await run(25 * HOUR, async () => away()))?.checked.mode).toBe('incremental');
  expect(scene.log.lines).toContainEqual(
    expect.objectContaining({ level: 'error', message: 'recheck not possible', fields: { why: 'no right' } }),
  );
  // Nor what is left of a recheck from filing the report of its end.
  const ends = async (): Promise<Pick<Recheck, 'turn' | 'end'>> => ({
    turn: async () => 'whole',
    end: async () => away(),
  });
  expect((await run(26 * HOUR, ends))?.checked.mode).toBe('full');
});
