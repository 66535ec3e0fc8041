import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { forgeChain } from '../support/forge.ts';
import { writeLogMirror } from '../support/logMirror.ts';
import { ROOT, runNode } from '../support/program.ts';

// A file of find --out that is not whole has no manifest, and it is said.

let work: string;
let mirror: string;
beforeEach(async () => {
  work = await mkdtemp(join(tmpdir(), 'auditseal-cutoff-'));
  mirror = join(work, 'mirror');
  await writeLogMirror(mirror, [...forgeChain(20)]);
});
afterEach(() => rm(work, { recursive: true }));

const MAIN = join(ROOT, 'src', 'cli', 'main.ts');

/** limited runs find in a process whose files may be of so many blocks at most: writing more fails as on a disk that is full. */
async function limited(blocks: number, ...args: readonly string[]): Promise<{ code: number | null; stderr: string }> {
  const words = [process.execPath, MAIN, 'find', mirror, ...args].map((word) => `'${word}'`).join(' ');
  const program = `import { spawnSync } from 'node:child_process';
    process.exitCode = spawnSync('sh', ['-c', ${JSON.stringify(`ulimit -f ${blocks}; exec ${words}`)}], { stdio: 'inherit' }).status;`;
  return runNode(['--input-type=module', '-e', program]);
}

test('where there is no room left', async () => {
  const path = join(work, 'full.jsonl');
  const { code, stderr } = await limited(4, '--format', 'jsonl', '--out', path);
  expect(code).toBe(2);
  expect(stderr).toContain(`${path} has no manifest, so take it for cut off`);
  expect(stderr).toContain(`--out: ${path} can't be written: it would be larger than a file may be there (EFBIG)`);
  expect((await readdir(work)).filter((name) => name.startsWith('full'))).toEqual(['full.jsonl']);
});

test('where there is no room left for the manifest', async () => {
  const path = join(work, 'small.csv');
  const { code, stderr } = await limited(2, '--format', 'csv', '--limit', '1', '--out', path);
  expect(code).toBe(2);
  expect(stderr).toContain(`--out: ${path}.manifest.json can't be written`);
  expect((await readdir(work)).filter((name) => name.startsWith('small'))).toEqual(['small.csv']);
});

test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('where %s ends it', async (signal) => {
  const path = join(work, `${signal}.parquet`);
  const file = (name: string): string => JSON.stringify(join(ROOT, 'src', 'cli', name));
  const program = `
    import { sayingCutOff } from ${file('exportFile.ts')};
    import { openSink } from ${file('sink.ts')};
    const sink = await openSink(${JSON.stringify(path)});
    await sayingCutOff(${JSON.stringify(path)}, async () => {
      await sink.write('PAR1');
      console.log('begun');
      await new Promise((resolve) => setTimeout(resolve, 600_000));
    });`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  await once(child.stdout, 'data');
  child.kill(signal);
  const [code, endedBy] = (await once(child, 'close')) as [number | null, string | null];
  expect([code, endedBy]).toEqual([null, signal]);
  expect(stderr).toContain(`ended by ${signal}: ${path} has no manifest, so take it for cut off`);
  expect((await readdir(work)).filter((name) => name.startsWith(signal))).toEqual([`${signal}.parquet`]);
});
