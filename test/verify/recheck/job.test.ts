import { LEDGER, timeOf } from '../../support/forge.ts';
import { KeptLog } from '../../support/keptLog.ts';
import { SECOND, ledgerOf, live } from '../../support/loggedLedger.ts';
import type { Ledger } from '../../support/loggedLedger.ts';
import { KEY, integrateOf } from '../../support/logs.ts';
import { RecheckScene } from '../../support/recheckScene.ts';
import { AUDITORS, filingBehind } from '../../support/reports.ts';
import { AuditsealError } from '../../../src/core/errors.ts';
import { openJoined } from '../../../src/core/objects/recheck.ts';
import type { LogReport, Report, VerifiedCheckpoint } from '../../../src/core/objects/report.ts';
import { summarizeSegment } from '../../../src/core/segment/summary.ts';
import type { RehashedSegments } from '../../../src/verify/context.ts';
import { runVerifyJob } from '../../../src/verify/job.ts';
import { verifyInParts } from '../../../src/verify/verify.ts';
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

/** slowly joins slices in runs that each come through two batches, where an hour has one more. */
async function slowly(): Promise<Pick<Recheck, 'turn' | 'end'>> {
  const recheck = scene.recheck();
  return {
    end: recheck.end,
    turn: async (since) => {
      const turn = await recheck.turn(since);
      if (turn === undefined || turn === 'whole' || turn.joining === undefined) return turn;
      let asked = 0;
      return { ...turn, joining: { ...turn.joining, isDue: () => (asked += 1) > 1 } };
    },
  };
}

test('slices that are joined in several runs leave each hour its check of what is new, and end in one report of all', async () => {
  await run(60);
  await scene.workAll();
  await run(HOUR);
  const modes: (string | undefined)[] = [];
  let hour = 24;
  expect((await run(hour * HOUR + 60, slowly))?.checked.mode).toBe('incremental');
  await scene.workAll();
  let report: Report | undefined;
  do {
    hour += 1;
    report = await run(hour * HOUR, slowly);
    // Before the first report the log stood still, which is said until all was looked at anew.
    const isFull = report?.checked.mode === 'full';
    expect(report?.findings.map(({ code }) => code)).toEqual(isFull ? [] : ['checkpoint-stale']);
    modes.push(report?.checked.mode);
  } while (report?.checked.mode !== 'full' && hour < 60);
  expect(modes.length).toBeGreaterThan(4);
  expect(new Set(modes.slice(0, -1))).toEqual(new Set(['incremental']));
  const { partitions, checked, log, started } = report as Report;
  const whole = await run((hour + 24) * HOUR, async () => ({ turn: async () => 'whole', end: async () => {} }));
  expect(checked).toMatchObject({ segments: whole?.checked.segments, records: whole?.checked.records });
  expect(checked.rehashed).toMatchObject({ first: timeAt(24 * HOUR + 60), last: report?.finished });
  expect(partitions).toEqual(whole?.partitions);
  expect(log?.head?.number).toBeLessThan(whole?.log?.head?.number as number);
  // It began when the first of them did.
  expect(started).toBe(timeAt(25 * HOUR));
  expect([...scene.files.objects.keys()]).toEqual([]);
});

test('what was joined counts for its own pass, and by an auditor’s signature', async () => {
  await run(60, slowly);
  await scene.workAll();
  expect(await run(HOUR, slowly)).toBeUndefined();
  const [name = ''] = [...scene.files.objects.keys()].filter((it) => it.endsWith('/joined.json'));
  const joined = scene.files.objects.get(name) as Buffer;
  const partsLeft = async (): Promise<number> => {
    const kept = new Map(scene.files.objects);
    for (let parts = 1; ; parts++) {
      const turn = await scene.recheck({ joinMs: -1 }).turn({ isDue: true, canGoOn: false, lastFull: NaN, entries: 0 });
      if (turn === undefined || turn === 'whole' || turn.joining === undefined) throw new Error('nothing to join');
      const { joining, ...recheck } = turn;
      const { report, isPaused } = await verifyInParts(
        { ...ledger, now: scene.now, summarize: async (...it) => summarizeSegment(...it), concurrency: 2 },
        { verifiers: [KEY.verifierKey], auditors: AUDITORS, ledger: LEDGER, recheck, pausing: joining },
      );
      expect([report.status, report.checked.segments > 0]).toEqual(['verified', true]);
      if (isPaused) await joining.keep(report);
      else {
        scene.files.objects.clear();
        for (const [name, bytes] of kept) scene.files.objects.set(name, bytes);
        return parts;
      }
    }
  };
  const left = await partsLeft();
  scene.files.objects.delete(name);
  const all = await partsLeft();
  expect(all).toBeGreaterThan(left);
  const changed = Buffer.from(joined.toString().replace('"status":"verified"', '"status":"violated"'));
  expect(changed.equals(joined)).toBe(false);
  scene.files.objects.set(name, changed);
  expect(await partsLeft()).toBe(all);
  // Of another pass, under the name of this one.
  scene.files.objects.set(name, joined);
  const [pass = ''] = name.split('/');
  const other = `${pass.slice(0, -1)}${pass.endsWith('0') ? '1' : '0'}`;
  for (const [it, bytes] of new Map(scene.files.objects))
    if (it === name) scene.files.objects.set(it.replace(pass, other), bytes);
  expect(await partsLeft()).toBe(left);
  expect(openJoined(joined, pass, AUDITORS).pass).toBe(pass);
  expect(() => openJoined(joined, other, AUDITORS)).toThrow('no trusted auditor');
});

test('where the log no longer has what was joined, joining begins anew', async () => {
  await run(60, slowly);
  await scene.workAll();
  expect(await run(HOUR, slowly)).toBeUndefined();
  const turn = await scene.recheck({ joinMs: -1 }).turn({ isDue: true, canGoOn: false, lastFull: NaN, entries: 0 });
  if (turn === undefined || turn === 'whole' || turn.joining?.before === undefined)
    throw new Error('nothing was joined');
  const { before } = turn.joining;
  const head = { ...(before.log?.head as VerifiedCheckpoint), root: 'ab'.repeat(32) };
  const stranger = { ...before, log: { ...(before.log as LogReport), head } };
  const { report } = await verifyInParts(
    { ...ledger, now: scene.now, summarize: async (...it) => summarizeSegment(...it), concurrency: 2 },
    {
      verifiers: [KEY.verifierKey],
      auditors: AUDITORS,
      ledger: LEDGER,
      recheck: { rehashed: turn.rehashed as RehashedSegments },
      pausing: { before: stranger, isDue: () => false },
    },
  );
  expect(report).toMatchObject({ status: 'verified', checked: { mode: 'full', segments: 24 } });
});
