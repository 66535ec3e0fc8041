import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { MirrorStore } from '../../src/adapters/mirrorStore.ts';
import { command } from '../../src/cli/commands/mirror.ts';
import { eventAt, ingestOf, sealAll } from '../support/hub.ts';
import { certificatesOf, integrateOf, keyOf, sessionsOf, signerOf } from '../support/logs.ts';
import { KeptLog } from '../support/keptLog.ts';
import { FolderTileStore } from '../../src/adapters/folderTileStore.ts';
import { CLI, ROOT, inProcess } from '../support/program.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'auditseal-test-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** ledger makes one in a folder, with a log or without, of two events whose bodies say whose it is. */
async function ledger(name: string, { partition = '0', hasLog = true, seed = 1 } = {}): Promise<string> {
  const path = join(folder, name);
  await mkdir(path);
  const store = new MirrorStore(path);
  const events = [0, 1].map((i) => ({ ...eventAt(i), body: Buffer.from(`{"ledger":"${name}"}`) }));
  const key = keyOf(seed);
  const keys = { signers: [signerOf(key)], verifiers: [key.verifierKey] };
  await sealAll(
    ingestOf(store, { sessions: sessionsOf('segments', [key]), certificates: certificatesOf([key]) }),
    events,
    partition,
  );
  if (hasLog) await integrateOf(store, new FolderTileStore(path), keys).run(new KeptLog());
  return path;
}

const mirror = (from: string, to: string): Promise<{ code: number; out: string }> =>
  inProcess(() => command.run([from, to]));
const filesIn = async (path: string): Promise<string[]> =>
  (await readdir(path, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();

test.each([
  ['its log', { partition: '1' }],
  ['its chains, where it has no log yet', { hasLog: false }],
])('a mirror knows its ledger by %s, and takes nothing of another one', async (_, other) => {
  const [one, two, copy] = [await ledger('one'), await ledger('two', other), join(folder, 'copy')];
  expect(await mirror(one, copy)).toMatchObject({ code: 0 });
  const before = await filesIn(copy);
  expect(await mirror(two, copy)).toMatchObject({
    code: 2,
    out: expect.stringContaining('it is the mirror of another ledger, or one of both was changed') as string,
  });
  expect(await filesIn(copy)).toEqual(before);
  // Its own goes on.
  expect(await mirror(one, copy)).toMatchObject({
    code: 0,
    out: expect.stringContaining('0 objects copied') as string,
  });
});

test.each([[''], ['copy'], ['segments/copy']])('a folder within the source (%j) is refused', async (where) => {
  const one = await ledger('one');
  const before = await filesIn(one);
  await expect(mirror(one, join(one, where))).rejects.toThrow('or within it');
  expect(await filesIn(one)).toEqual(before);
});

test.each([
  ['the folder of the tiles', ''],
  ['a folder below it', 'x/copy'],
])('%s as the destination is refused', async (_what, where) => {
  const one = await ledger('one');
  const tiles = join(folder, 'tiles');
  await mkdir(tiles);
  await expect(command.run([one, join(tiles, where), '--tlog', tiles])).rejects.toThrow('or within it');
  expect(await filesIn(tiles)).toEqual([]);
});

test('a link into the source is no way around that', async () => {
  const one = await ledger('one');
  await symlink(one, join(folder, 'link'));
  await expect(mirror(one, join(folder, 'link/copy'))).rejects.toThrow('or within it');
  await expect(mirror(join(folder, 'link'), join(one, 'copy'))).rejects.toThrow('or within it');
});

test('a mirror of a ledger takes no tiles of one that another key signs, though it has none yet', async () => {
  const [one, copy] = [await ledger('one'), join(folder, 'copy')];
  await mirror(one, copy);
  await mkdir(join(copy, 'tlog'));
  const two = await ledger('two', { seed: 9 });
  const result = await inProcess(() => command.run([two, copy, '--tlog', join(two, 'tlog')]));
  expect(result).toMatchObject({ code: 2, out: expect.stringContaining('nothing was copied') as string });
  expect(await filesIn(join(copy, 'tlog'))).toEqual([]);
});

test('a copy that is killed goes on', async () => {
  const from = join(folder, 'large');
  await mkdir(join(from, 'batches'), { recursive: true });
  for (let i = 0; i < 400; i++)
    await writeFile(join(from, `batches/${String(i).padStart(12, '0')}.jsonl`), Buffer.alloc(100_000, i + 1));
  const copy = join(folder, 'copy');
  const child = spawn(process.execPath, [CLI, 'mirror', from, copy], { cwd: ROOT, stdio: 'ignore' });
  const ended = once(child, 'exit');
  while ((await filesIn(copy).catch(() => [])).length < 20) await setTimeout(5);
  child.kill('SIGKILL');
  await ended;
  const left = (await filesIn(copy)).length;
  expect(left).toBeLessThan(410);
  expect(await mirror(from, copy)).toMatchObject({ code: 0 });
  for (const path of await filesIn(from))
    expect((await readFile(join(copy, relative(from, path)))).equals(await readFile(path))).toBe(true);
});
