import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FolderStore } from '../../src/adapters/folderStore.ts';
import { check, saidOf } from '../support/checking.ts';
import { forgeChain, nameOf } from '../support/forge.ts';

let outer: string;
let folder: string;
let store: FolderStore;

beforeEach(async () => {
  outer = await mkdtemp(join(tmpdir(), 'auditseal-test-'));
  folder = join(outer, 'mirror');
  await mkdir(folder);
  store = new FolderStore(folder);
});
afterEach(() => rm(outer, { recursive: true }));

const HOSTILE = [
  '',
  '.',
  '..',
  '../evil',
  'a/../../evil',
  'a/..',
  '/etc/evil',
  '//evil',
  'a//b',
  'a/',
  '..\\evil',
  'C:\\evil',
  'C:evil',
  'a\\b',
  'a\0b',
  'a\nb',
  'a\x7fb',
  'a:stream',
  'what?',
  'a*',
  '"a"',
  '<a>',
  'a|b',
  'dot.',
  'space ',
  'con',
  'NUL.txt',
  'a/aux.json',
  'COM1',
  'lpt9.x.y',
  'a'.repeat(300),
  'é'.repeat(200),
];

test.each(HOSTILE)('a name such as %j is refused, and nothing is written anywhere', async (name) => {
  for (const attempt of [
    () => store.create(name, Buffer.from('x')),
    () => store.read(name),
    () => store.exists(name),
  ]) {
    await expect(attempt()).rejects.toMatchObject({ code: 'TARGET_INVALID' });
  }
  expect(await readdir(outer, { recursive: true })).toEqual(['mirror']);
});

test('listing can not be led out of the folder', async () => {
  await writeFile(join(outer, 'secret'), 'x');
  for (const prefix of ['../', 'a/../../', '..', '/', '//', './', 'a\0/']) {
    for await (const { name } of store.list(prefix)) throw new Error(name);
    for await (const { name } of store.children(prefix)) throw new Error(name);
  }
});

test('names that are no device, and deep ones, are fine', async () => {
  for (const name of ['console', 'nul-1', 'com10', 'a.con', '...a', '-rf', '~', '$HOME', '%2e%2e', 'a/b/c/d/e/f']) {
    expect(await store.create(name, Buffer.from(name))).toBe('created');
    expect((await store.read(name))?.toString()).toBe(name);
  }
});

test('a file where a name has a folder is a fault when writing', async () => {
  await store.create('a', Buffer.from('x'));
  await expect(store.create('a/b', Buffer.from('y'))).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
});

test('no partial file stays behind, and one that a killed copy left is no object', async () => {
  await store.create('a/b', Buffer.from('x'));
  await store.create('a/b', Buffer.from('y'));
  expect(await readdir(join(folder, 'a'))).toEqual(['b']);
  await mkdir(join(folder, 'batches'));
  await writeFile(join(folder, `batches/000000000000.jsonl.${'0'.repeat(16)}.partial`), 'ha');
  const names: string[] = [];
  for await (const { name } of store.list('')) names.push(name);
  expect(names).toEqual(['a/b']);
});

test.each([
  ['is missing', async () => {}],
  ['is a file', (path: string) => writeFile(path, 'x')],
])('a folder that %s is a fault, not an empty ledger', async (_what, make) => {
  await make(join(outer, 'other'));
  const listing = new FolderStore(join(outer, 'other')).children('');
  await expect(listing[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
});

describe('what else stands in a mirror is found by a check', () => {
  beforeEach(async () => {
    for (const [name, bytes] of forgeChain([{}, {}, {}])) await store.create(name, bytes);
  });

  test('nothing else: verified', async () => {
    expect(await check(store)).toMatchObject({ status: 'verified' });
  });

  test.each(['a:b', 'a\\b', 'nul', 'x.', 'new\nline', '\x1b[31m', 'what?', '..x', 'CON/x', 'a b/c'])(
    'a file called %j is named',
    async (name) => {
      for (const under of ['', 'segments/', 'segments/0/', 'reports/']) {
        const path = join(folder, under + name);
        await mkdir(join(path, '..'), { recursive: true });
        await writeFile(path, 'x');
        expect(saidOf(await check(store))).toEqual([`foreign-object ${under}${name}`]);
        await rm(path);
      }
    },
  );

  test('a name that is not UTF-8 is named as far as it can be', async () => {
    await writeFile(Buffer.concat([Buffer.from(`${folder}/segments/0/bad`), Buffer.from([0xff, 0xfe])]), 'x');
    expect(saidOf(await check(store))).toEqual(['foreign-object segments/0/bad\ufffd\ufffd']);
  });

  test('a link to nowhere in the place of a segment is unreadable, not a pass', async () => {
    await rm(join(folder, nameOf(2)));
    await symlink('nowhere', join(folder, nameOf(2)));
    expect(await check(store)).toMatchObject({ status: 'unverified', unreadable: [{ object: nameOf(2) }] });
  });

  test('a folder in the place of a segment is a missing segment', async () => {
    await rm(join(folder, nameOf(1)));
    await mkdir(join(folder, nameOf(1)));
    expect(saidOf(await check(store))).toEqual([`segment-missing ${nameOf(1)}`]);
  });

  test('a file in the place of the segments', async () => {
    await rm(join(folder, 'segments'), { recursive: true });
    await writeFile(join(folder, 'segments'), 'x');
    expect(await check(store)).toMatchObject({ status: 'violated', checked: { segments: 0 } });
  });
});

test('a folder of it that is a link elsewhere is never written through', async () => {
  const elsewhere = join(outer, 'elsewhere');
  await mkdir(elsewhere);
  await mkdir(join(folder, 'segments'));
  await symlink(elsewhere, join(folder, 'segments', '0'));
  await symlink(elsewhere, join(folder, 'reports'));
  for (const name of [nameOf(0), 'reports/000000000000.json'])
    await expect(store.create(name, Buffer.from('x'))).rejects.toMatchObject({
      code: 'TARGET_INVALID',
      message: expect.stringContaining('is a link, which may lead anywhere') as string,
    });
  expect(await readdir(elsewhere)).toEqual([]);
  // The folder itself may be one: whoever named it knows where it is.
  const other = join(outer, 'other');
  await symlink(folder, other);
  expect(await new FolderStore(other).create(nameOf(0, '1'), Buffer.from('x'))).toBe('created');
});
