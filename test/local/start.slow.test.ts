/** How `npm start` ends: what is left behind. */
import { spawn } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../support/program.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'auditseal-test-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** startUntil runs `npm start` until it says something, does something to it then, and gives its exit code. */
async function startUntil(said: string, then: (child: ReturnType<typeof spawn>) => void): Promise<number | null> {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', 'local/start.ts', '--once'], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NODE_OPTIONS: '', TMPDIR: folder },
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', resolve);
  });
  let told = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const before = told;
    told += text;
    if (told.includes(said) && !before.includes(said)) then(child);
  });
  return ended;
}

test('a terminal that closes leaves nothing: the signal comes twice, and nobody reads any more', async () => {
  const code = await startUntil('Sending', (child) => {
    child.stdout?.destroy();
    child.stderr?.destroy();
    child.kill('SIGHUP');
    child.kill('SIGHUP');
  });
  expect(code).toBe(130);
  expect(await readdir(folder)).toEqual([]);
});

test('where nobody reads what it says, it ends and leaves nothing', async () => {
  expect(await startUntil('Ordering', (child) => void child.stdout?.destroy())).toBe(130);
  expect(await readdir(folder)).toEqual([]);
});
