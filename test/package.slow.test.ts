import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { makePackage, writePackage } from '../tools/appPackage.ts';
import { APP_ENTRIES } from '../tools/bundle.ts';
import { ROOT } from '../tools/pages/markedBlock.ts';

const BESIDE = ['.npmrc', 'LICENSE', 'THIRD-PARTY-NOTICES.txt', 'host.json', 'package.json'];

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'auditseal-package-'));
  await writePackage(folder);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function filesOf(): Promise<Map<string, Buffer>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const read = paths.map(async (path) => [relative(folder, path).replaceAll('\\', '/'), await readFile(path)] as const);
  return new Map((await Promise.all(read)).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

test('it holds the functions, the workers, what they share, host.json, package.json and licences, and nothing else', async () => {
  const names = [...(await filesOf()).keys()];
  const entries = Object.keys(APP_ENTRIES).map((name) => `dist/${name}.mjs`);
  expect(names).toEqual(expect.arrayContaining([...entries, ...BESIDE]));
  const others = names.filter((name) => !entries.includes(name) && !BESIDE.includes(name));
  expect(others.filter((name) => !/^dist\/chunks\/[\w-]+\.mjs$/.test(name))).toEqual([]);
});

test('every file of functions/ and the programs of the threads are in it', async () => {
  const sources = [
    ...(await readdir(join(ROOT, 'functions'))).map((name) => `functions/${name}`),
    'src/threads/evidenceWorker.ts',
    'src/threads/worker.ts',
  ];
  expect(Object.values(APP_ENTRIES).toSorted()).toEqual(sources.toSorted());
});

test('zipped, it is below 5 MB', async () => {
  let bytes = 0;
  for (const [name, content] of await filesOf()) {
    // A file costs its compressed bytes, its name twice, and two records of 30 and 46 bytes.
    bytes += deflateRawSync(content).length + 2 * name.length + 76;
  }
  expect(bytes).toBeGreaterThan(100_000);
  expect(bytes).toBeLessThan(5_000_000);
});

test('its package.json tells the host what to load, and names no dependency and no script', async () => {
  const manifest = JSON.parse(String((await filesOf()).get('package.json'))) as Record<string, unknown>;
  expect(Object.keys(manifest)).toEqual(['name', 'version', 'license', 'private', 'type', 'main']);
  expect(manifest).toMatchObject({ type: 'module', main: 'dist/functions/*.mjs' });
});

test('two builds of the same sources are the same, byte for byte', async () => {
  const before = await filesOf();
  await rm(folder, { recursive: true });
  await writePackage(folder);
  expect(await filesOf()).toEqual(before);
});

test('npm install, which azd runs in it, leaves it as it is', async () => {
  const before = await filesOf();
  const npm = ['install', '--no-audit', '--no-fund', '--prefer-offline'];
  const [program, args] = process.platform === 'win32' ? ['cmd', ['/c', 'npm', ...npm]] : ['npm', npm];
  const { status, stderr } = spawnSync(program, args, { cwd: folder, encoding: 'utf8' });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(await filesOf()).toEqual(before);
});

test('one that is as it would be made is left alone; any other is replaced whole', async () => {
  const target = join(folder, 'package');
  const inode = async (): Promise<number> => (await stat(target)).ino;
  expect(await makePackage(target)).toBe('made');
  const first = await inode();
  expect(await makePackage(target)).toBe('unchanged');
  expect(await inode()).toBe(first);
  await writeFile(join(target, 'host.json'), '{}');
  expect(await makePackage(target)).toBe('made');
  await writeFile(join(target, 'left over'), '');
  expect(await makePackage(target)).toBe('made');
  expect((await readdir(target)).toSorted()).toEqual([...BESIDE, 'dist'].toSorted());
  expect(await readdir(folder)).toContain('package');
  expect((await readdir(folder)).filter((name) => name.endsWith('.partial'))).toEqual([]);
});
