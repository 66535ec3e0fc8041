import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { SESSION, captureSession, shapeOf } from '../../tools/pages/captureSession.ts';
import { ROOT, readBlock } from '../../tools/pages/markedBlock.ts';

/** A machine need not have these programs; what the session asks of them is a line of Node. */
const PROGRAMS = {
  zstd: "process.stdout.write(require('zlib').zstdDecompressSync(require('fs').readFileSync(process.argv[2])))",
  sha256sum:
    "console.log(require('crypto').createHash('sha256').update(require('fs').readFileSync(0)).digest('hex') + '  -')",
};

let copy = '';
beforeEach(async () => {
  copy = await mkdtemp(join(tmpdir(), 'auditseal-readme-'));
});
afterEach(() => rm(copy, { recursive: true, force: true }));

test("the README's terminal session is what the commands print today", async () => {
  // A checkout of its own: the session builds the app, and other tests use the bundles that are here.
  for (const part of ['src', 'functions', 'local', 'web', 'tools', 'package.json', 'package-lock.json', 'host.json'])
    await cp(join(ROOT, part), join(copy, part), { recursive: true });
  await symlink(join(ROOT, 'node_modules'), join(copy, 'node_modules'), 'dir');
  const shown = (await readBlock('README.md', 'session')).trim();
  expect(shapeOf(shown).filter((line) => line.startsWith('$ '))).toEqual(SESSION.map((line) => `$ ${line}`));
  const programs = join(copy, 'programs');
  await mkdir(programs);
  for (const [name, code] of Object.entries(PROGRAMS))
    await writeFile(join(programs, name), `#!/bin/sh\nexec node -e "${code}" -- "$@"\n`, { mode: 0o755 });
  const path = `${programs}${delimiter}${process.env['PATH'] ?? ''}`;
  expect(shapeOf(await captureSession(copy, path))).toEqual(shapeOf(shown));
});

test('a session has one shape, whatever it counts and hashes, and another when a refusal has another code', () => {
  const line = '  ok  delete                refused: 409 BlobImmutableDueToPolicy';
  expect(shapeOf(`  ok  78 events sealed: 166 records in 4 segments, 37.9 kB\n${line}`)).toEqual(
    shapeOf(`  ok  9 events sealed: 1,020 records in 12 segments, 1.20 MB\n${line}`),
  );
  expect(shapeOf(line)).not.toEqual(shapeOf(line.replace('409', '403')));
  const finding = '      chain-broken: segments/2/000000000000.jsonl.zst: why';
  expect(shapeOf(`${finding}\n${finding}\n      and 2 more\nStopping`)).toEqual(shapeOf(`${finding}\nStopping`));
  const key = (point: string): string => `$ check --key logs.example.com/prod+22e6b51e+AeMP${point.repeat(10)}`;
  expect(shapeOf(key('a+/1'))).toEqual(shapeOf(key('Z9b+')));
  expect(shapeOf(`it has root ${'Ab+/'.repeat(10)}abc=`)).toEqual(['it has root HASH']);
});
