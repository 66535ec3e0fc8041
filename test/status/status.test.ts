import { nameOf, timeOf } from '../support/forge.ts';
import { AuditsealError } from '../../src/core/errors.ts';
import { formatHash } from '../../src/core/hash.ts';
import { EMPTY_ROOT } from '../../src/core/merkle/tree.ts';
import { formatCheckpoint, parseCheckpointNote } from '../../src/core/note/checkpoint.ts';
import { NEWEST_CHECKPOINT, reportName } from '../../src/core/objects/names.ts';
import type { Report } from '../../src/core/objects/report.ts';
import type { StatusReport } from '../../src/core/objects/statusReport.ts';
import { askStatus } from '../../src/status/status.ts';
import type { StatusQuestion } from '../../src/status/status.ts';
import { FULL_REPORT } from '../support/fullReport.ts';
import { noteOf } from '../support/loggedLedger.ts';
import { KEY, keyOf } from '../support/logs.ts';
import { AUDITORS, filed } from '../support/reports.ts';
import { StatusScene, atHour } from '../support/statusScene.ts';

const LIVE = 25 * 60_000;
const PROMISE = { silentHours: 24, expected: new Map<string, number>() };

/** ask asks how a scene stands, at an hour of it and a quarter behind. */
const ask = (
  scene: StatusScene,
  hour: number,
  changes: Partial<StatusQuestion> = {},
  minutes = 15,
): Promise<StatusReport> =>
  askStatus(
    { store: scene.store, tiles: scene.tiles, now: () => atHour(hour, minutes) },
    { verifiers: [KEY.verifierKey], auditors: AUDITORS, promise: PROMISE, idleMs: LIVE, isCopy: false, ...changes },
  );

/** file files a report of a check at an hour, as the auditor or somebody else signs it. */
function file(scene: StatusScene, number: number, hour: number, changes: Partial<Report> = {}, seed?: number): void {
  const { log: _, ...report } = FULL_REPORT;
  const finished = new Date(atHour(hour)).toISOString();
  const own = {
    ...report,
    started: finished,
    finished,
    checked: { ...FULL_REPORT.checked, lastFull: finished },
    findings: [],
    findingsOmitted: 0,
    findingsAcknowledged: 0,
  };
  scene.store.objects.set(reportName(number), filed({ ...own, ...changes }, reportName(number), seed));
}

const codesOf = ({ findings }: StatusReport): string[] => findings.map(({ code }) => code);

async function healthy(): Promise<StatusScene> {
  const scene = new StatusScene();
  await scene.seal(1, [{ count: 5 }, { partition: '1', category: 'B', count: 2 }]);
  await scene.seal(2, [{ count: 3 }, { partition: '1', heartbeat: { behind: 0 } }]);
  file(scene, 0, 2);
  return scene;
}

describe('a ledger where all is well', () => {
  test('says so, with what it has and how old that is', async () => {
    const report = await ask(await healthy(), 2);
    expect(report).toMatchObject({ status: 'verified', todo: null, findings: [], unreadable: [], isCopy: false });
    expect(report.ledger).toBe(AUDITORS.ledger);
    expect(report.log).toMatchObject({
      signedBy: [`${KEY.verifierKey.keyName}+${KEY.verifierKey.keyId}`],
      time: timeOf(2 * 3600 + 60),
    });
    expect(report.lastCheck).toMatchObject({ report: reportName(0), status: 'verified' });
    const [zero, one] = report.partitions;
    expect(zero).toMatchObject({
      partition: '0',
      records: 8,
      lastEvent: 7,
      life: { kind: 'records', sealed: timeOf(2 * 3600 + 30) },
    });
    expect(one).toMatchObject({
      records: 2,
      lastEvent: 1,
      life: { kind: 'heartbeat', hub: { last: 1, behind: 0, asked: timeOf(2 * 3600 + 30) } },
    });
    // By when the last event came: five in the hour before the last one, and three in the last.
    expect(zero?.hours.slice(-2)).toEqual([5, 3]);
    expect(report.sources?.list.map(({ category, day }) => [category, day])).toEqual([
      ['A', 8],
      ['B', 2],
    ]);
  });

  test('is not known without a key, and without the auditor’s: anybody may have made it', async () => {
    const scene = await healthy();
    for (const changes of [{ verifiers: [] }, { auditors: undefined }]) {
      const report = await ask(scene, 2, changes);
      expect(report).toMatchObject({ status: 'unverified', todo: { section: 'status-is-not-known' } });
      expect(report.todo?.what).toContain('nobody vouches');
    }
    const other = await ask(scene, 2, { verifiers: [keyOf(9).verifierKey] });
    expect(other).toMatchObject({ status: 'unverified', log: null, sources: null });
    expect(other.unreadable).toEqual([{ object: 'the log', why: 'no given key signed the published checkpoint' }]);
  });

  test('is not known before a check is filed, and where tiles are missing', async () => {
    const scene = new StatusScene();
    await scene.seal(1, [{}]);
    expect((await ask(scene, 1)).todo?.what).toContain('no check is filed yet');
    const { store, tiles } = await healthy();
    for (const name of tiles.objects.keys()) if (name.startsWith('tile/')) tiles.objects.delete(name);
    const report = await askStatus(
      { store, tiles, now: () => atHour(2, 15) },
      { verifiers: [KEY.verifierKey], auditors: AUDITORS, promise: PROMISE, idleMs: LIVE, isCopy: false },
    );
    expect(report.status).toBe('unverified');
    expect(report.unreadable.map(({ object }) => object)).toContain('the log');
  });
});

describe('a published checkpoint that is not the ledger’s', () => {
  const published = (scene: StatusScene) => parseCheckpointNote(scene.tiles.objects.get(NEWEST_CHECKPOINT) as Buffer);

  test('of another log whose key is trusted too, it is not gone by', async () => {
    const scene = await healthy();
    const other = keyOf(9, 'logs.example.com/other');
    const text = formatCheckpoint({ ...published(scene), origin: other.verifierKey.keyName });
    scene.tiles.objects.set(NEWEST_CHECKPOINT, noteOf(text, other));
    const report = await ask(scene, 2, { verifiers: [KEY.verifierKey, other.verifierKey] });
    expect(report).toMatchObject({ status: 'unverified', log: null });
    expect(report.unreadable[0]?.why).toContain('of the log "logs.example.com/other"');
  });

  test('of a log without entries, nothing is said of what came', async () => {
    const scene = await healthy();
    const text = formatCheckpoint({ ...published(scene), size: 0, rootHash: EMPTY_ROOT });
    scene.tiles.objects.set(NEWEST_CHECKPOINT, noteOf(text));
    for (const changes of [{}, { verifiers: [], auditors: undefined }]) {
      const report = await ask(scene, 2, changes);
      expect(report).toMatchObject({ status: 'unverified', log: null, sources: null });
      expect(report.unreadable[0]?.why).toContain('without entries');
    }
  });
});

describe('what needs attention', () => {
  test('a partition that gives no sign of life comes before a checkpoint and a check that are old', async () => {
    const scene = await healthy();
    const report = await ask(scene, 30);
    expect(codesOf(report)).toEqual(['partition-silent', 'partition-silent', 'checkpoint-stale', 'report-stale']);
    expect(report).toMatchObject({ status: 'violated', todo: { section: 'partition-silent' } });
    expect(report.todo?.what).toContain('(and 1 more)');
    // Of a copy nothing has to be new, and its time is that of its newest batch.
    const copy = await askStatus(
      { store: scene.store, tiles: scene.tiles, now: () => atHour(30) },
      { verifiers: [KEY.verifierKey], auditors: AUDITORS, promise: PROMISE, idleMs: LIVE, isCopy: true },
    );
    expect(copy).toMatchObject({ status: 'verified', isCopy: true, time: timeOf(2 * 3600 + 60) });
  });

  test('what the newest check found, with what it is about; what somebody else filed counts for nothing', async () => {
    const scene = await healthy();
    const object = nameOf(0, '0');
    const finding = { code: 'sequence-gap', severity: 'error', object, detail: 'events 1 to 4 are missing' } as const;
    file(scene, 1, 2, { status: 'violated', findings: [finding] });
    const report = await ask(scene, 2);
    expect(report).toMatchObject({ status: 'violated', todo: { section: 'sequence-gap' } });
    expect(report.findings).toEqual([
      {
        ...finding,
        report: reportName(1),
        affected: { records: 5, from: timeOf(3600), to: timeOf(3604), categories: { A: 5 } },
      },
    ]);
    expect(report.partitions[0]?.gaps).toEqual({ open: 1, acknowledged: 0 });
    file(scene, 1, 2, {}, 77);
    expect(await ask(scene, 2)).toMatchObject({ status: 'verified', lastCheck: { report: reportName(0) } });
  });

  test('each finding of a report, also where another one is about the same object', async () => {
    const scene = await healthy();
    const finding = { code: 'account-weak', severity: 'warning', object: 'a', detail: 'x' } as const;
    file(scene, 1, 2, { findings: [finding, { ...finding, detail: 'y' }] });
    expect((await ask(scene, 2)).findings.map(({ detail }) => detail)).toEqual(['x', 'y']);
  });

  test('an acknowledged finding is listed, and is nothing to do', async () => {
    const scene = await healthy();
    const acknowledged = { action: 'actions/000000000000.json', who: 'ann', why: 'known', time: timeOf(5000) };
    const finding = { code: 'hub-recreated', severity: 'error', object: nameOf(0), detail: 'x', acknowledged } as const;
    file(scene, 1, 2, { findings: [finding], findingsAcknowledged: 1 });
    const report = await ask(scene, 2);
    expect(report).toMatchObject({ status: 'verified', todo: null });
    expect(report.findings).toHaveLength(1);
  });

  test('a report that says violated and only counts its findings', async () => {
    const scene = await healthy();
    file(scene, 1, 2, { status: 'violated', findingsOmitted: 4 });
    expect(await ask(scene, 2)).toMatchObject({
      status: 'violated',
      findingsOmitted: 4,
      todo: { section: 'status-is-not-known' },
    });
  });

  test('a published log that is shorter than the newest check found it, or another one', async () => {
    const scene = await healthy();
    const { size } = (await ask(scene, 2)).log ?? { size: 0 };
    const head = { number: 1, size: size + 1, root: 'ab'.repeat(32), time: timeOf(7000) };
    const log = { ...(FULL_REPORT.log as NonNullable<Report['log']>), head };
    file(scene, 1, 2, { log });
    expect(codesOf(await ask(scene, 2))).toEqual(['checkpoint-stale']);
    file(scene, 1, 2, { log: { ...log, head: { ...head, size } } });
    expect(codesOf(await ask(scene, 2))).toEqual(['checkpoint-inconsistent']);
  });

  test('a published log that is longer than the newest check found it has to continue that', async () => {
    const scene = await healthy();
    const { size, rootHash } = parseCheckpointNote(scene.tiles.objects.get(NEWEST_CHECKPOINT) as Buffer);
    const head = { number: 1, size, root: formatHash(rootHash), time: timeOf(7000) };
    const log = { ...(FULL_REPORT.log as NonNullable<Report['log']>), head };
    await scene.seal(2, [{}]);
    file(scene, 1, 2, { log });
    expect(codesOf(await ask(scene, 2))).toEqual([]);
    file(scene, 1, 2, { log: { ...log, head: { ...head, root: 'ab'.repeat(32) } } });
    expect(codesOf(await ask(scene, 2))).toEqual(['checkpoint-inconsistent']);
  });

  test('a report that is dated ahead: a clock is wrong', async () => {
    const scene = await healthy();
    file(scene, 1, 9);
    const report = await ask(scene, 2);
    expect(codesOf(report)).toEqual(['report-stale']);
    expect(report.findings[0]?.detail).toContain('still to come');
  });

  test('a heartbeat before whose end the hub had more', async () => {
    const scene = await healthy();
    await scene.seal(3, [{ count: 1 }, { partition: '1', heartbeat: { behind: 7 } }]);
    const report = await ask(scene, 3);
    expect(report.partitions[1]?.life).toMatchObject({ hub: { behind: 7 } });
  });

  test('a heartbeat that is gone, or is not what the log says, is told', async () => {
    const scene = await healthy();
    const name = nameOf(1, '1');
    scene.store.objects.set(name, scene.store.objects.get(nameOf(0, '1')) as Buffer);
    expect((await ask(scene, 2)).unreadable).toEqual([
      { object: name, why: expect.stringContaining('entry') as string },
    ]);
    scene.store.objects.delete(name);
    const report = await ask(scene, 2);
    expect(report).toMatchObject({ status: 'unverified', unreadable: [{ object: name }] });
  });

  test('the newest segment of a partition that was silent for longer than is read is a heartbeat, if it is one', async () => {
    const scene = await healthy();
    for (const hour of [3, 800])
      await scene.seal(
        hour,
        Array.from({ length: 260 }, () => ({})),
      );
    const [, one] = (await ask(scene, 800)).partitions;
    expect(one).toMatchObject({ records: 2, life: { kind: 'heartbeat', hub: { behind: 0 } } });
  });

  test('a heartbeat that can’t be read now keeps nothing else from being told', async () => {
    const scene = await healthy();
    const name = nameOf(1, '1');
    scene.store.beforeRead = (read) => {
      if (read === name) throw new AuditsealError('STORE_UNAVAILABLE', 'away');
    };
    const report = await ask(scene, 2);
    expect(report).toMatchObject({ status: 'unverified', unreadable: [{ object: name, why: 'away' }] });
    expect(report.partitions[1]?.life).toEqual({ kind: 'heartbeat', sealed: timeOf(2 * 3600 + 30) });
  });
});
