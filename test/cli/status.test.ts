import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { command as status } from '../../src/cli/commands/status.ts';
import { formatVerifierKey } from '../../src/core/note/verifierKey.ts';
import { writeMirror } from '../support/logMirror.ts';
import { AUDITOR, KEY } from '../support/logs.ts';
import { inProcess } from '../support/program.ts';
import { StatusScene } from '../support/statusScene.ts';

const LOG_KEY = ['--key', formatVerifierKey(KEY.verifierKey)];
const KEYS = [...LOG_KEY, '--auditor-key', formatVerifierKey(AUDITOR.verifierKey)];

let work = '';
let mirror = '';
beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), 'auditseal-status-'));
  mirror = join(work, 'mirror');
  const scene = new StatusScene();
  await scene.seal(1, [{ count: 3 }]);
  await writeMirror(mirror, scene);
});
afterAll(() => rm(work, { recursive: true }));

const run = (...args: readonly string[]): ReturnType<typeof inProcess> =>
  inProcess(() => status.run([...args, '--', mirror]));

test('of a mirror without a report of a check nothing is known, and the page is written anew each time', async () => {
  const html = join(work, 'status.html');
  await writeFile(html, 'old');
  const { code, out } = await run(...KEYS, '--html', html);
  expect(code).toBe(2);
  expect(out).toMatch(/^not known: .*, a copy, as of /);
  expect(await readFile(html, 'utf8')).toContain('<h1 id="status">Not known</h1>');
});

test('a ledger of another name is refused', async () => {
  const other = ['--ledger', 'logs.example.com/other'];
  await expect(run(...KEYS, ...other)).rejects.toMatchObject({ code: 'USAGE' });
  await expect(run(...LOG_KEY, ...other)).rejects.toMatchObject({ code: 'TARGET_INVALID' });
});

test('--watch ends on a wrong usage, which no waiting mends', async () => {
  await expect(run('--watch', '5', '--key', 'nonsense')).rejects.toMatchObject({ code: 'USAGE' });
});
