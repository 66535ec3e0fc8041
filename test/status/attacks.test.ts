import { parseCheckpointNote } from '../../src/core/note/checkpoint.ts';
import { reportName } from '../../src/core/objects/names.ts';
import type { PostureReport, Report } from '../../src/core/objects/report.ts';
import type { StatusReport } from '../../src/core/objects/statusReport.ts';
import { readActivity } from '../../src/status/activity.ts';
import { Bundles } from '../../src/status/bundles.ts';
import { judgeSources } from '../../src/status/sources.ts';
import { askStatus } from '../../src/status/status.ts';
import type { StatusQuestion } from '../../src/status/status.ts';
import { runStatusJob } from '../../src/status/job.ts';
import { nameOf } from '../support/forge.ts';
import { FULL_REPORT } from '../support/fullReport.ts';
import { FULL_POSTURE } from '../support/fullStatus.ts';
import { KeptLog } from '../support/keptLog.ts';
import { KEY } from '../support/logs.ts';
import { AUDITORS, filed, filingIn } from '../support/reports.ts';
import { StatusScene, atHour } from '../support/statusScene.ts';

// What was tried to make a status say that all is well, or to keep it from saying what is wrong.

const question: StatusQuestion = {
  verifiers: [KEY.verifierKey],
  auditors: AUDITORS,
  promise: { silentHours: 24, expected: new Map() },
  idleMs: 25 * 60_000,
  isCopy: false,
};

const ask = (scene: StatusScene, hour: number, changes: Partial<StatusQuestion> = {}): Promise<StatusReport> =>
  askStatus({ store: scene.store, tiles: scene.tiles, now: () => atHour(hour, 15) }, { ...question, ...changes });

function check(scene: StatusScene, number: number, hour: number, changes: Partial<Report> = {}): void {
  const { log: _, ...report } = FULL_REPORT;
  const finished = new Date(atHour(hour)).toISOString();
  const checked = { ...FULL_REPORT.checked, lastFull: finished };
  const own = { ...report, started: finished, finished, checked, findings: [], findingsOmitted: 0 };
  scene.store.objects.set(
    reportName(number),
    filed({ ...own, findingsAcknowledged: 0, ...changes }, reportName(number)),
  );
}

function posture(scene: StatusScene, number: number, hour: number, changes: Partial<PostureReport> = {}): void {
  const report = { ...FULL_POSTURE, time: new Date(atHour(hour)).toISOString(), ...changes };
  scene.store.objects.set(reportName(number), filed(report, reportName(number)));
}

const plant = (scene: StatusScene, from: number, count: number): void => {
  for (let number = from; number < from + count; number++)
    scene.store.objects.set(reportName(number), Buffer.from('x'));
};

const codesOf = ({ findings }: StatusReport): string[] => [...new Set(findings.map(({ code }) => code))];

/** runJob has a status filed at an hour. */
async function runJob(scene: StatusScene, hour: number, log = new KeptLog()): Promise<KeptLog> {
  const { auditors: _, ...own } = question;
  await runStatusJob({
    store: scene.store,
    tiles: scene.tiles,
    now: () => atHour(hour, 15),
    log,
    auditors: AUDITORS,
    filing: filingIn(scene.store),
    question: own,
  });
  return log;
}

test('a posture that is violated isn’t forgotten, however many reports and planted names come behind it', async () => {
  const scene = new StatusScene();
  await scene.seal(1, [{ count: 3 }]);
  posture(scene, 0, 1, { status: 'violated' });
  check(scene, 1, 1);
  await runJob(scene, 1);
  plant(scene, 3, 250);
  await scene.seal(2, [{ count: 3 }]);
  check(scene, 253, 2);
  await runJob(scene, 2);
  expect(await ask(scene, 2)).toMatchObject({ status: 'violated', posture: { report: reportName(0) } });
});

test('a check that is violated isn’t hidden by names that are taken behind it; where too many are, nothing is known', async () => {
  const scene = new StatusScene();
  await scene.seal(1, [{ count: 3 }]);
  const finding = { code: 'segment-changed', severity: 'error', object: nameOf(0), detail: 'x' } as const;
  check(scene, 0, 1, { status: 'violated', findings: [finding] });
  plant(scene, 1, 300);
  expect(codesOf(await ask(scene, 1))).toContain('segment-changed');
  plant(scene, 301, 800);
  const report = await ask(scene, 1);
  expect(report).toMatchObject({ status: 'unverified', todo: { section: 'status-is-not-known' } });
  expect(report.unreadable.map(({ object }) => object)).toContain('reports/');
});

test('a report that the log has an entry of, and that is gone or changed in a copy, keeps it from being well', async () => {
  const scene = new StatusScene();
  await scene.seal(1, [{ count: 3 }]);
  check(scene, 0, 1);
  check(scene, 1, 1, { status: 'violated' });
  await scene.integrate(1);
  expect((await ask(scene, 1)).status).toBe('violated');
  const bytes = scene.store.objects.get(reportName(1)) as Buffer;
  for (const change of [
    () => scene.store.objects.delete(reportName(1)),
    () =>
      scene.store.objects.set(
        reportName(1),
        Buffer.concat([bytes.subarray(0, 50), Buffer.from('x'), bytes.subarray(51)]),
      ),
  ]) {
    change();
    expect(await ask(scene, 1, { isCopy: true })).toMatchObject({
      status: 'unverified',
      unreadable: [{ object: reportName(1) }],
    });
  }
});

test('a copy is judged at its own time: a check that was old when it was made is', async () => {
  const scene = new StatusScene();
  await scene.seal(1, [{ count: 3 }]);
  check(scene, 0, 1);
  await scene.seal(40, [{ count: 3 }]);
  expect(codesOf(await ask(scene, 600, { isCopy: true }))).toEqual(['report-stale']);
});

test('a full check that nobody repeated for longer than a year is stale, though incremental ones come', async () => {
  const scene = new StatusScene();
  await scene.seal(1, [{ count: 3 }]);
  check(scene, 0, 1, {
    checked: { ...FULL_REPORT.checked, lastFull: new Date(atHour(1) - 375 * 86_400_000).toISOString() },
  });
  const report = await ask(scene, 1);
  expect(codesOf(report)).toEqual(['report-stale']);
  expect(report.findings[0]?.detail).toContain('of the last full check');
});

test('a hundred planted checkpoints leave room for what the status itself finds, in the report and in the log', async () => {
  const scene = new StatusScene();
  await scene.seal(1, [{ count: 20 }, { partition: '1', category: 'Steady' }]);
  const planted = Array.from({ length: 120 }, (_, i) => ({
    code: 'checkpoint-inconsistent' as const,
    severity: 'error' as const,
    object: `checkpoints/${String(900 + i).padStart(12, '0')}`,
    detail: 'x',
  }));
  check(scene, 0, 1, { status: 'violated', findings: planted });
  const log = await runJob(scene, 40);
  const report = await ask(scene, 40);
  expect(codesOf(report)).toEqual(
    expect.arrayContaining(['checkpoint-inconsistent', 'partition-silent', 'report-stale', 'source-silent']),
  );
  expect(report.findings.filter(({ code }) => code === 'checkpoint-inconsistent')).toHaveLength(20);
  expect(report.findingsOmitted).toBe(100);
  expect(log.errors).toContain('finding');
  expect(log.lines.map(({ message }) => message)).toContain('sources fell silent');
});

describe('categories that somebody makes up', () => {
  const flood = (from: number): { category: string; count: number }[] =>
    Array.from({ length: 100 }, (_, i) => ({ category: `Made${from + i}`, count: 60 }));

  test('can’t keep a source that falls silent from being told', async () => {
    const scene = new StatusScene();
    await scene.seal(1, [...flood(0), { category: 'AuditEvent', count: 20 }]);
    check(scene, 0, 1);
    await runJob(scene, 1);
    await scene.seal(20, [{ category: 'AuditEvent', count: 20 }]);
    await runJob(scene, 30);
    await scene.seal(70, [{ category: 'Steady' }]);
    const log = await runJob(scene, 70);
    expect(log.lines.find(({ message }) => message === 'sources fell silent')?.fields).toEqual({
      silent: 101,
      newlySilent: 1,
    });
  });

  test('that fill an entry leave none said to be silent that may be among the rest, and that is told', async () => {
    const scene = new StatusScene();
    await scene.seal(1, [{ category: 'AuditEvent', count: 20 }]);
    await scene.seal(40, [{ category: 'AuditEvent', count: 20, before: flood(0) }]);
    const report = await ask(scene, 40);
    const silent = report.findings.filter(({ code }) => code === 'source-silent');
    expect(silent.map(({ object }) => object)).toEqual(['categories that are not told apart']);
    expect(report.todo).not.toBeNull();
  });

  test('under the name of an object say nothing of that object', async () => {
    const scene = new StatusScene();
    await scene.seal(1, [{ category: nameOf(0), count: 20 }]);
    await scene.seal(40, [{ category: 'Steady', partition: '1' }]);
    const [finding] = (await ask(scene, 40)).findings.filter(({ code }) => code === 'source-silent');
    expect(finding).toMatchObject({ object: nameOf(0) });
    expect(finding).not.toHaveProperty('affected');
  });
});

test('an event that the hub’s clock dated ahead keeps no category from being silent', async () => {
  const scene = new StatusScene();
  await scene.seal(1, [
    { category: 'AuditEvent', count: 20, ahead: 400 * 24 },
    { category: 'Steady', partition: '1' },
  ]);
  await scene.seal(40, [{ category: 'Steady', partition: '1' }]);
  const report = await ask(scene, 40);
  expect(report.sources?.list.find(({ category }) => category === 'AuditEvent')).toMatchObject({
    isSilent: true,
    day: 0,
  });
});

test('where bundles are left out, a gap between them is no silence of a source', async () => {
  const scene = new StatusScene();
  const others = Array.from({ length: 80 }, (_, i) => ({ category: 'Steady', partition: `${i % 8}` }));
  for (let hour = 1; hour <= 100; hour += 2)
    await scene.seal(hour, [...(hour < 60 ? [{ category: 'Hourly', count: 2 }] : []), ...others]);
  const head = parseCheckpointNote(scene.tiles.objects.get('checkpoint') as Buffer);
  const activity = await readActivity(new Bundles(scene.tiles, head), atHour(100), new Set(), {
    mostOfDay: 4,
    mostBefore: 4,
  });
  expect(activity.sampled.read).toBeLessThan(activity.sampled.of);
  const { sources } = judgeSources(activity, { silentHours: 12, expected: new Map() }, atHour(100));
  expect(sources.list.find(({ category }) => category === 'Hourly')).toMatchObject({ isSilent: true });
});
