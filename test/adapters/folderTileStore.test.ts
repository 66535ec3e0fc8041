import { mkdir, mkdtemp, readdir, rm, symlink, truncate, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FolderStore } from '../../src/adapters/folderStore.ts';
import { FolderTileStore } from '../../src/adapters/folderTileStore.ts';
import { MAX_OBJECT_BYTES } from '../../src/core/objects/sizes.ts';
import { rebuildTiles } from '../../src/integrate/rebuildTiles.ts';
import type { TileInfo } from '../../src/ports/store.ts';
import { coded } from '../support/logVectors.ts';
import { ledgerOf } from '../support/loggedLedger.ts';
import { logDeps } from '../support/logs.ts';

let mirror = '';
beforeEach(async () => {
  mirror = await mkdtemp(join(tmpdir(), 'auditseal-test-'));
});
afterEach(() => rm(mirror, { recursive: true, force: true }));

test('tiles stand in the folder tlog of a mirror, are replaced whole, and are no objects of the ledger', async () => {
  const tiles = new FolderTileStore(mirror);
  for (const text of ['one', 'two']) {
    await tiles.write('checkpoint', Buffer.from(text));
    expect(await tiles.read('checkpoint')).toEqual(Buffer.from(text));
  }
  await tiles.write('tile/0/x001/234.p/5', Buffer.from('t'));
  expect(await tiles.read('tile/0/000')).toBeUndefined();
  const names: string[] = [];
  for await (const { name } of tiles.list('')) names.push(name);
  expect(names).toEqual(['checkpoint', 'tile/0/x001/234.p/5']);
  expect((await readdir(join(mirror, 'tlog'))).sort()).toEqual(['checkpoint', 'tile']);
  for await (const { name } of new FolderStore(mirror).list('')) throw new Error(name);
  for (const name of ['../x', 'tile/../../x', '/etc/x', 'tile/0/000.p/256']) {
    await expect(tiles.write(name, Buffer.from('x'))).rejects.toEqual(coded('TARGET_INVALID'));
  }
});

test('a part of a file that has more bytes than any file of its name may is not read', async () => {
  const tiles = new FolderTileStore(mirror);
  const name = `index/units/${'0'.repeat(64)}`;
  await tiles.write(name, Buffer.from('unit'));
  await truncate(join(mirror, 'tlog', name), 2 ** 33);
  expect(await tiles.readPart(name, 2, 3)).toEqual(Buffer.from('it\0'));
  for (const length of [MAX_OBJECT_BYTES + 1, 2 ** 31, 2 ** 32 + 5])
    expect(await tiles.readPart(name, 16, length)).toBe('too-large');
  expect(await tiles.readPart(name, 2 ** 33 - 2, 2 ** 32)).toEqual(Buffer.from('\0\0'));
});

test('a file is removed unless it has been written since it was listed', async () => {
  const tiles = new FolderTileStore(mirror);
  const listed = async (): Promise<TileInfo[]> => {
    const files: TileInfo[] = [];
    for await (const file of tiles.list('')) files.push(file);
    return files;
  };
  await tiles.write('checkpoint', Buffer.from('one'));
  const [file] = await listed();
  await utimes(join(mirror, 'tlog/checkpoint'), 1, 1);
  await tiles.remove(file as TileInfo);
  expect(await tiles.read('checkpoint')).toEqual(Buffer.from('one'));
  const [again] = await listed();
  await tiles.remove(again as TileInfo);
  await tiles.remove(again as TileInfo);
  expect(await listed()).toEqual([]);
  await expect(tiles.remove({ name: '../x', written: 0 })).rejects.toEqual(coded('TARGET_INVALID'));
});

test('the tiles of a mirror can be made again from it', async () => {
  const { store, tiles } = await ledgerOf();
  const folder = new FolderStore(mirror);
  for (const [name, bytes] of store.objects) await folder.create(name, bytes);
  const target = new FolderTileStore(mirror);
  await rebuildTiles(logDeps(folder, target));
  for (const [name, bytes] of tiles.objects) expect(await target.read(name)).toEqual(bytes);
});

test('a folder tlog that is a link elsewhere is never written through', async () => {
  const elsewhere = join(mirror, 'elsewhere');
  await mkdir(elsewhere);
  await symlink(elsewhere, join(mirror, 'tlog'));
  for (const name of ['checkpoint', 'tile/0/000'])
    await expect(new FolderTileStore(mirror).write(name, Buffer.from('x'))).rejects.toEqual(coded('TARGET_INVALID'));
  expect(await readdir(elsewhere)).toEqual([]);
  await new FolderTileStore(join(mirror, 'tlog'), '.').write('checkpoint', Buffer.from('x'));
  expect(await readdir(elsewhere)).toEqual(['checkpoint']);
});
