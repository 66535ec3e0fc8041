import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { command } from '../../src/cli/commands/status.ts';
import { formatVerifierKey } from '../../src/core/note/verifierKey.ts';
import { reportName } from '../../src/core/objects/names.ts';
import type { Report } from '../../src/core/objects/report.ts';
import type { StatusReport } from '../../src/core/objects/statusReport.ts';
import { FULL_REPORT } from '../support/fullReport.ts';
import { LEDGER } from '../support/forge.ts';
import { writeMirror } from '../support/logMirror.ts';
import { AUDITOR, KEY, keyOf } from '../support/logs.ts';
import { inProcess } from '../support/program.ts';
import { filed } from '../support/reports.ts';
import { StatusScene, atHour } from '../support/statusScene.ts';

const KEYS = ['--key', formatVerifierKey(KEY.verifierKey), '--auditor-key', formatVerifierKey(AUDITOR.verifierKey)];

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'auditseal-status-'));
});
afterEach(async () => rm(folder, { recursive: true }));

const run = (...args: readonly string[]): Promise<{ code: number; out: string }> =>
  inProcess(async () => command.run(args));

/** mirrorOf writes the mirror of a ledger whose check says that, and to which a category came no more after some hours. */
async function mirrorOf(name: string, changes: Partial<Report> = {}): Promise<string> {
  const scene = new StatusScene();
  await scene.seal(1, [
    { category: 'AuditLogs', count: 20 },
    { partition: '1', category: 'Steady' },
  ]);
  await scene.seal(40, [
    { partition: '1', category: 'Steady' },
    { partition: '0', heartbeat: { behind: 0 } },
  ]);
  const { log: _, ...report } = FULL_REPORT;
  const finished = new Date(atHour(40)).toISOString();
  const own = {
    ...report,
    started: finished,
    finished,
    checked: { ...FULL_REPORT.checked, lastFull: finished },
    findings: [],
    findingsOmitted: 0,
    findingsAcknowledged: 0,
  };
  scene.store.objects.set(reportName(0), filed({ ...own, ...changes }, reportName(0)));
  await writeMirror(join(folder, name), scene);
  return join(folder, name);
}

test('of a mirror: a silent source is a warning, and the one thing to do; a page is written whole', async () => {
  const mirror = await mirrorOf('mirror');
  const page = join(folder, 'status.html');
  const { code, out } = await run(mirror, ...KEYS, '--html', page);
  expect(code).toBe(0);
  expect(out).toMatch(
    new RegExp(
      `^attention: ${LEDGER}, a copy, as of 2025-11-23T16:01:00.000Z\n {2}source-silent: AuditLogs: none was logged for 39 h`,
    ),
  );
  expect(out).toContain('  what to do: docs/runbook.md, #source-silent\n');
  expect(out).toContain('source AuditLogs: SILENT, 0 in the last 24 h');
  expect(out).toContain('partition 0: 20 records, last event 19');
  expect(await readFile(page, 'utf8')).toContain('<h1 id="status">Attention</h1>');
  expect((await readdir(folder)).sort()).toEqual(['mirror', 'status.html']);
  // It is replaced by the next one.
  expect((await run(mirror, ...KEYS, '--html', page, '--expect', 'AuditLogs=0')).out).toMatch(/^all well: /);
  expect(await readFile(page, 'utf8')).toContain('<h1 id="status">All well</h1>');
});

test('ends with 1 for an error, with 2 without keys, and prints JSON that is the report', async () => {
  const finding = {
    code: 'chain-broken',
    severity: 'error',
    object: 'segments/0/000000000000.jsonl.zst',
    detail: 'x',
  } as const;
  const mirror = await mirrorOf('mirror', { status: 'violated', findings: [finding] });
  const { code, out } = await run(mirror, ...KEYS, '--json');
  expect(code).toBe(1);
  const report = JSON.parse(out) as StatusReport;
  expect(report).toMatchObject({ kind: 'status', status: 'violated', todo: { section: 'chain-broken' } });
  expect(report.findings[0]?.affected).toMatchObject({ records: 20, categories: { AuditLogs: 20 } });
  const unvouched = await run(mirror);
  expect(unvouched.code).toBe(1);
  const whole = await mirrorOf('whole');
  const without = await run(whole, '--expect', 'AuditLogs=0');
  expect(without.code).toBe(2);
  expect(without.out).toMatch(/^not known: .*\n {2}nobody vouches for this/);
});

test('of a list gives one verdict, one table and one page', async () => {
  const [good, bad] = [await mirrorOf('good'), await mirrorOf('bad', { status: 'violated', findingsOmitted: 3 })];
  const list = join(folder, 'estate.json');
  const trusted = { ledger: LEDGER, key: [KEYS[1]], 'auditor-key': [KEYS[3]], expect: ['AuditLogs=0'] };
  const other = { ...trusted, ledger: 'logs.example.com/other', target: bad };
  await writeFile(list, JSON.stringify({ ledgers: [{ ...trusted, target: good }, other] }));
  const page = join(folder, 'estate.html');
  const { code, out } = await run(list, '--html', page);
  expect(code).toBe(2);
  expect(out).toMatch(/^unverified: 2 ledgers: 1 verified, 0 violated, 1 unverified/);
  expect(out).toContain(`--auditor-key: the key is of ${LEDGER}, not of --ledger`);
  const html = await readFile(page, 'utf8');
  expect(html).toContain('2 ledgers: 1 well, 0 need attention, 1 not known.');
});

test.each<[string, readonly string[], string]>([
  ['an expectation that is none', ['--expect', 'AuditLogs'], '--expect must be a category, =, and hours'],
  ['a runbook that is no address', ['--runbook', 'javascript:x'], '--runbook must be a URL'],
  ['a pause that is too short', ['--watch', '1'], '--watch must be a whole number from 5'],
])('refuses %s', async (_what, args, why) => {
  const mirror = await mirrorOf('mirror');
  await expect(command.run([mirror, ...args])).rejects.toThrow(why);
});

test('a page that can’t be written is said, and leaves nothing behind', async () => {
  const mirror = await mirrorOf('mirror');
  await expect(run(mirror, ...KEYS, '--html', join(folder, 'no', 'status.html'))).rejects.toThrow(
    'there is no such folder',
  );
  expect(await readdir(folder)).toEqual(['mirror']);
});

test('a ledger of another name is refused', async () => {
  const mirror = await mirrorOf('mirror');
  const other = ['--ledger', 'logs.example.com/other'];
  await expect(command.run([mirror, ...KEYS, ...other])).rejects.toMatchObject({ code: 'USAGE' });
  await expect(command.run([mirror, ...KEYS.slice(0, 2), ...other])).rejects.toMatchObject({ code: 'TARGET_INVALID' });
});

test('--watch ends on a wrong usage, which no waiting mends', async () => {
  const mirror = await mirrorOf('mirror');
  await expect(command.run([mirror, '--watch', '5', '--key', 'nonsense'])).rejects.toMatchObject({ code: 'USAGE' });
});

test('another auditor’s key is told from a check that isn’t there', async () => {
  const mirror = await mirrorOf('mirror');
  const other = formatVerifierKey(keyOf(9, `${LEDGER}/auditor`).verifierKey);
  const { code, out } = await run(mirror, ...KEYS.slice(0, 2), '--auditor-key', other);
  expect(code).toBe(2);
  expect(out).toContain('reports are there, and no key that was given signed the newest 1: ');
});
