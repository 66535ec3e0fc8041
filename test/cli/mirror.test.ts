import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MirrorStore } from '../../src/adapters/mirrorStore.ts';
import { command } from '../../src/cli/commands/mirror.ts';
import { eventAt, ingestOf, sealAll } from '../support/hub.ts';
import { integrateOf } from '../support/logs.ts';
import { KeptLog } from '../support/keptLog.ts';
import { MemoryTiles } from '../support/memoryTiles.ts';
import { inProcess } from '../support/program.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'auditseal-test-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** ledger makes one in a folder, with a log or without, of two events whose bodies say whose it is. */
async function ledger(name: string, { partition = '0', hasLog = true } = {}): Promise<string> {
  const path = join(folder, name);
  await mkdir(path);
  const store = new MirrorStore(path);
  const events = [0, 1].map((i) => ({ ...eventAt(i), body: Buffer.from(`{"ledger":"${name}"}`) }));
  await sealAll(ingestOf(store), events, partition);
  if (hasLog) await integrateOf(store, new MemoryTiles()).run(new KeptLog());
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
