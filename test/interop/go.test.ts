import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatVerifierKey } from '../../src/core/note/verifierKey.ts';
import { forgeChain } from '../support/forge.ts';
import { writeLogMirror } from '../support/logMirror.ts';
import { KEY, keyOf } from '../support/logs.ts';
import { ROOT } from '../support/program.ts';

/** Where Debian's golang-golang-x-mod-dev puts golang.org/x/mod. */
const GOPATH = '/usr/share/gocode';
const hasGo = existsSync(join(GOPATH, 'src/golang.org/x/mod/sumdb/tlog')) && spawnSync('go', ['version']).status === 0;
const VKEY = formatVerifierKey(KEY.verifierKey);

let folder = '';
let program = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'auditseal-test-'));
  program = join(folder, 'verifyLog');
  if (!hasGo) return;
  const source = join(ROOT, 'test', 'interop', 'verifyLog.go');
  const env = { ...process.env, GO111MODULE: 'off', GOPATH, GOFLAGS: '', GOCACHE: join(folder, 'cache') };
  const { status, stderr } = spawnSync('go', ['build', '-o', program, source], { env, encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
}, 120_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

const verify = (mirror: string, key = VKEY): { status: number | null; stdout: string; stderr: string } =>
  spawnSync(program, [mirror, key], { encoding: 'utf8' });

if (!hasGo) {
  // Where everything is checked, Go is there; elsewhere this says that it was not tried.
  test('Go and golang.org/x/mod are at hand where everything is checked', () => {
    process.stderr.write('test/interop: Go with golang.org/x/mod is not here, so nothing was compared with it\n');
    expect(process.env['CI'] ?? '').toBe('');
  });
} else {
  test("Go's notes and tiled logs accept our checkpoints, entries and tiles, whatever the size", async () => {
    for (const segments of [1, 7, 300]) {
      const mirror = join(folder, String(segments));
      await writeLogMirror(mirror, forgeChain(segments));
      const checkpoints = (await readdir(join(mirror, 'checkpoints'))).length;
      const [, size] = (await readFile(join(mirror, 'tlog', 'checkpoint'), 'utf8')).split('\n');
      const pairs = (checkpoints * (checkpoints - 1)) / 2;
      const { status, stdout, stderr } = verify(mirror);
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      expect(stdout).toBe(`${checkpoints} checkpoints, ${size} entries, ${pairs} pairs\n`);
    }
  }, 120_000);

  test('and refuse another key, and a changed tile', async () => {
    const mirror = join(folder, 'changed');
    await writeLogMirror(mirror, forgeChain(5));
    expect(verify(mirror, formatVerifierKey(keyOf(9).verifierKey)).status).toBe(1);
    const partials = join(mirror, 'tlog', 'tile', '0', '000.p');
    for (const width of await readdir(partials)) {
      const bytes = await readFile(join(partials, width));
      bytes[0] = (bytes[0] as number) ^ 1;
      await writeFile(join(partials, width), bytes);
    }
    expect(verify(mirror).status).toBe(1);
  });
}
