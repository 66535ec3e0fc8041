import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FolderStore } from '../../src/adapters/folderStore.ts';
import { AuditsealError } from '../../src/core/errors.ts';
import { mirrorLedger } from '../../src/ledger/mirror.ts';
import type { MirrorResult } from '../../src/ledger/mirror.ts';
import type { ObjectStore } from '../../src/ports/store.ts';
import { check } from '../support/checking.ts';
import { forgeChain, nameOf } from '../support/forge.ts';
import { MemoryStore } from '../support/memoryStore.ts';

let outer: string;
let folder: string;

beforeEach(async () => {
  outer = await mkdtemp(join(tmpdir(), 'auditseal-test-'));
  folder = join(outer, 'mirror');
  await mkdir(folder);
});
afterEach(() => rm(outer, { recursive: true }));

const source = (length = 20): MemoryStore => new MemoryStore(forgeChain(length));
const copy = (from: ObjectStore, to: ObjectStore = new FolderStore(folder)): Promise<MirrorResult> =>
  mirrorLedger(from, to, { concurrency: 4 });
const filesIn = async (path: string): Promise<string[]> => {
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
};

test('a copy holds the same bytes and verifies; a second one takes nothing, a third what is new', async () => {
  const from = source(5);
  from.objects.set('drill/2026/11/22/block', Buffer.from('canary'));
  expect(await copy(from)).toMatchObject({ copied: 6, present: 0, failed: [] });
  const to = new FolderStore(folder);
  for (const [name, bytes] of from.objects) expect(await to.read(name)).toEqual(bytes);
  expect(await check(to)).toMatchObject({ status: 'verified', checked: { segments: 5, otherObjects: 1 } });

  from.requests.read = 0;
  expect(await copy(from)).toMatchObject({ copied: 0, copiedBytes: 0, present: 6, failed: [] });
  expect(from.requests.read).toBe(0);

  for (const [name, bytes] of source(8).objects) from.objects.set(name, bytes);
  expect(await copy(from)).toMatchObject({ copied: 3, present: 6 });
  expect(from.requests.read).toBe(3);
  expect(await check(to)).toMatchObject({ status: 'verified', checked: { segments: 8 } });
});

test('a copy that was cut off goes on, whatever it left', async () => {
  const from = source();
  let reads = 0;
  from.beforeRead = () => {
    if (++reads > 7) throw new Error('killed');
  };
  await expect(copy(from)).rejects.toThrow('killed');
  const left = (await filesIn(folder)).length;
  expect(left).toBeGreaterThan(0);
  expect(left).toBeLessThan(20);
  await writeFile(join(folder, `${nameOf(19)}.${'a'.repeat(16)}.partial`), 'half');
  from.beforeRead = () => {};
  expect(await copy(from)).toMatchObject({ copied: 20 - left, present: left, failed: [] });
  expect(await check(new FolderStore(folder))).toMatchObject({ status: 'verified', checked: { segments: 20 } });
});

test('two copies at once leave one whole mirror', async () => {
  const [one, other] = await Promise.all([copy(source()), copy(source())]);
  expect([one.failed, other.failed]).toEqual([[], []]);
  expect(one.copied + other.copied).toBe(20);
  expect(await filesIn(folder)).toHaveLength(20);
});

test('a file of another size is reported and left alone', async () => {
  await copy(source(3));
  await writeFile(join(folder, nameOf(1)), 'changed');
  const result = await copy(source(3));
  expect(result).toMatchObject({ copied: 0, present: 2, failed: [{ object: nameOf(1) }] });
  expect(result.failed[0]?.why).toMatch(
    /^the mirror has 7 bytes under this name, and the ledger has \d+; the mirror.s were left as they are$/,
  );
  expect((await new FolderStore(folder).read(nameOf(1)))?.toString()).toBe('changed');
});

test('what can not be read is reported, and the rest is copied', async () => {
  const from = source(5);
  from.beforeRead = (name) => {
    if (name === nameOf(2)) throw new AuditsealError('STORE_UNAVAILABLE', 'away');
    if (name === nameOf(3)) from.objects.delete(name);
  };
  const { copied, failed } = await copy(from);
  expect(copied).toBe(3);
  expect(failed.map(({ object, why }) => `${object} ${why}`).sort()).toEqual([
    `${nameOf(2)} away`,
    `${nameOf(3)} it was listed, and is gone`,
  ]);
});

test('hostile names never leave the folder, and are reported', async () => {
  const hostile = [
    '../evil',
    '../../evil',
    'segments/../../evil',
    '/evil',
    '//evil',
    'C:\\evil',
    '..\\evil',
    'a\\..\\..\\evil',
    'ctrl\x01',
    'tab\t',
    'lf\n',
    'nul',
    'segments/0/com1.jsonl.zst',
    'x'.repeat(300),
    'é'.repeat(150),
    'ends.',
    'ends ',
    'folder/',
  ];
  const from = source(2);
  for (const name of hostile) from.objects.set(name, Buffer.from('evil'));
  const { copied, failed } = await copy(from);
  expect(copied).toBe(2);
  expect(failed.map(({ object }) => object).sort()).toEqual(hostile.toSorted());
  expect((await filesIn(outer)).sort()).toEqual([join(folder, nameOf(0)), join(folder, nameOf(1))]);
});

test('of a name that is a folder of another only one can be there, and the other is reported', async () => {
  const from = source(1);
  from.objects.set('x', Buffer.from('file')).set('x/y', Buffer.from('in the folder'));
  for (let again = 0; again < 2; again++) {
    const { failed } = await copy(from);
    expect(failed).toHaveLength(1);
    expect(['x', 'x/y']).toContain(failed[0]?.object);
  }
});

test('where the folder came first, the file is not taken for copied', async () => {
  await copy(new MemoryStore([['x/y', Buffer.from('in the folder')]]));
  expect(await copy(new MemoryStore([['x', Buffer.from('file')]]))).toMatchObject({
    copied: 0,
    failed: [{ object: 'x' }],
  });
});

test('names that differ in case alone are two files, or one is reported', async () => {
  const from = new MemoryStore([
    ['Name', Buffer.from('one')],
    ['name', Buffer.from('two')],
  ]);
  const { copied, failed } = await copy(from);
  expect(copied + failed.length).toBe(2);
});

test('progress is told for every object', async () => {
  const told: number[] = [];
  await mirrorLedger(source(6), new FolderStore(folder), {
    concurrency: 2,
    onProgress: ({ copied, present }) => void told.push(copied + present),
  });
  expect(told).toHaveLength(6);
  expect(told.at(-1)).toBe(6);
});
