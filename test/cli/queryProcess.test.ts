import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { sealIntoMirror } from '../support/indexedMirror.ts';
import { CLI, ROOT } from '../support/program.ts';

// `auditseal query` as a process of its own: what it reads, and how it ends.

const RECORDS = [{ operationName: 'SecretGet' }, { operationName: 'SecretList' }, 'a line that is no JSON'];

let folder: string;
let ledger: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'auditseal-query-test-'));
  ledger = join(folder, 'ledger');
  await mkdir(ledger);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const start = (
  args: readonly string[],
): {
  readonly child: ReturnType<typeof spawn>;
  readonly ended: Promise<{ code: number | null; signal: string | null; out: string; err: string }>;
} => {
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', join(ROOT, CLI), 'query', ledger, ...args],
    {
      env: { ...process.env, NODE_OPTIONS: '', TMPDIR: folder },
    },
  );
  let [out, err] = ['', ''];
  child.stdout.on('data', (text: Buffer) => (out += text.toString()));
  child.stderr.on('data', (text: Buffer) => (err += text.toString()));
  const ended = new Promise<{ code: number | null; signal: string | null; out: string; err: string }>((resolve) => {
    child.on('close', (code, signal) => resolve({ code, signal, out, err }));
  });
  return { child, ended };
};

test('a statement comes from standard input', async () => {
  await sealIntoMirror(ledger, RECORDS);
  const { child, ended } = start(['-', '--format', 'csv']);
  child.stdin?.end('-- how many\nselect count(*) as n\nfrom records;\n');
  expect(await ended).toMatchObject({
    code: 0,
    out: '"n"\r\n"3"\r\n',
    err: expect.stringContaining('found 3 of 3 records') as string,
  });
});

test.each([
  ['that works', 'select count(*) from range(1000000000000) t(i) where hash(i) % 7 = 3', 'SIGINT'],
  ['that writes', 'from range(1000000000000)', 'SIGTERM'],
  ['whose terminal is closed', 'from range(1000000000000)', 'SIGHUP'],
] as const)('a statement %s ends with the signal, and leaves nothing behind', async (_what, sql, signal) => {
  await sealIntoMirror(ledger, RECORDS);
  const out = join(folder, 'answer');
  const { child, ended } = start([sql, '--out', out]);
  // The engine has its folder from the beginning: a little later the statement runs, and whenever the signal comes, the end is the same.
  while ((await readdir(folder)).every((name) => !name.startsWith('auditseal-query-'))) await sleep(20);
  await sleep(1000);
  child.kill(signal);
  expect(await ended).toMatchObject({
    code: null,
    signal,
    err: expect.stringContaining('interrupted: there is no whole answer') as string,
  });
  expect(await readdir(folder)).toEqual(['ledger']);
});

test('a reader that has seen enough ends it', async () => {
  await sealIntoMirror(ledger, RECORDS);
  const { child, ended } = start(['from range(1000000000000)', '--format', 'csv']);
  child.stdout?.once('data', () => child.stdout?.destroy());
  expect(await ended).toMatchObject({
    code: 0,
    err: expect.stringMatching(/[0-9,]+ rows until its reader went away/) as string,
  });
  expect(await readdir(folder)).toEqual(['ledger']);
});
