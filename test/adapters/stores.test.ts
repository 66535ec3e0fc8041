import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BlobStore } from '../../src/adapters/blobStore.ts';
import { FolderStore } from '../../src/adapters/folderStore.ts';
import { MirrorStore } from '../../src/adapters/mirrorStore.ts';
import { isSame } from '../../src/ports/store.ts';
import type { ObjectStore } from '../../src/ports/store.ts';
import { startStack } from '../local/worm/harness.ts';
import type { Stack } from '../local/worm/harness.ts';
import { MemoryStore } from '../support/memoryStore.ts';

let stack: Stack;
let folder: string;
let count = 0;

beforeAll(async () => {
  stack = await startStack();
  folder = await mkdtemp(join(tmpdir(), 'auditseal-test-'));
});
afterAll(async () => {
  await stack.close();
  await rm(folder, { recursive: true });
});

/** What every store must do, whatever is behind it. The blob store has the rights of the writer: read, create, list. */
describe.each<[string, () => Promise<ObjectStore>]>([
  ['MemoryStore', async () => new MemoryStore()],
  ['FolderStore', async () => new FolderStore(await mkdtemp(join(folder, 'store-')))],
  ['MirrorStore', async () => new MirrorStore(await mkdtemp(join(folder, 'mirror-')))],
  [
    'BlobStore',
    async () => {
      const name = `contract${count++}`;
      await stack.container(name).create();
      await stack.putPolicy(name, 10);
      return new BlobStore(stack.sasContainer(name, 'rcl'));
    },
  ],
])('%s', (_name, open) => {
  let store: ObjectStore;
  beforeEach(async () => {
    store = await open();
  });

  const namesIn = async (prefix: string, from?: string): Promise<string[]> => {
    const names: string[] = [];
    for await (const { name } of store.list(prefix, from)) names.push(name);
    return names;
  };
  const childrenOf = async (prefix: string): Promise<unknown[]> => {
    const found: unknown[] = [];
    for await (const child of store.children(prefix)) found.push(child);
    return found;
  };

  test('create, read and exists', async () => {
    const bytes = Buffer.from([0, 1, 2, 255, 10, 13]);
    expect(await store.exists('a/b.json')).toBe(false);
    expect(await store.read('a/b.json')).toBeUndefined();
    expect(await store.create('a/b.json', bytes, { root: 'aa', records: '1' })).toBe('created');
    expect(await store.exists('a/b.json')).toBe(true);
    expect(await store.read('a/b.json')).toEqual(bytes);
    expect(await store.exists('a')).toBe(false);
    expect(await store.read('a')).toBeUndefined();
    expect(await store.exists('a/b.json/c')).toBe(false);
    expect(await store.read('a/b.json/c')).toBeUndefined();
  });

  test('a name that is taken stays as it was', async () => {
    await store.create('x', Buffer.from('first'));
    expect(await store.create('x', Buffer.from('second'))).toBe('exists');
    expect(await store.create('x', Buffer.from('first'))).toBe('exists');
    expect((await store.read('x'))?.toString()).toBe('first');
  });

  test('of writers that race for a name exactly one gets it', async () => {
    const bytes = Array.from({ length: 10 }, (_, i) => Buffer.alloc(10_000, i));
    const ends = await Promise.all(bytes.map((own) => store.create('race', own)));
    expect(ends.filter((end) => end === 'created')).toHaveLength(1);
    expect(await store.read('race')).toEqual(bytes[ends.indexOf('created')]);
    expect(await namesIn('')).toEqual(['race']);
  });

  test('objects of no bytes and of a few megabytes', async () => {
    const large = Buffer.alloc(5_000_000, 'abc');
    await store.create('none', Buffer.alloc(0));
    await store.create('large', large.subarray(0)); // a view is as good as a buffer of its own
    expect(await store.read('none')).toEqual(Buffer.alloc(0));
    expect(isSame(await store.read('large'), large)).toBe(true);
  });

  test('what is read is a buffer that may be handed away', async () => {
    await store.create('a', Buffer.from('abc'));
    const bytes = (await store.read('a')) as Buffer;
    if (bytes.byteLength === bytes.buffer.byteLength) {
      structuredClone(bytes, { transfer: [bytes.buffer as ArrayBuffer] });
      expect(bytes).toHaveLength(0);
    }
    expect((await store.read('a'))?.toString()).toBe('abc');
  });

  test('what has more bytes than its name allows is too large, unless more are asked for', async () => {
    const name = 'checkpoints/000000000000';
    const bytes = Buffer.alloc(64 * 1024 + 1, 'a');
    await store.create(name, bytes);
    await store.create('checkpoints/000000000001', bytes.subarray(1));
    expect(await store.read(name)).toBe('too-large');
    expect(await store.read(name, bytes.length)).toEqual(bytes);
    expect(await store.read('checkpoints/000000000001')).toHaveLength(bytes.length - 1);
  });

  test('list is in order of names, from a name on; children are folders and objects', async () => {
    const names = ['a', 'a-b', 'a.txt', 'a/1', 'a/10', 'a/2', 'a/2/x', 'b/c/d', 'b/c/e', 'z é'].filter(
      // In a folder, a name can't be both a file and a folder.
      (name) => !(store instanceof FolderStore) || !['a', 'a/2'].includes(name),
    );
    for (const name of names.toReversed()) await store.create(name, Buffer.from(name));
    expect(await namesIn('')).toEqual(names);
    for (const prefix of ['a', 'a/', 'a/1', 'b/', 'b/c/', 'nothing/', 'q']) {
      expect(await namesIn(prefix)).toEqual(names.filter((name) => name.startsWith(prefix)));
    }
    for (const from of ['', 'a/', 'a/10', 'a/2', 'a/2/', 'a0', 'b/c/e', 'b/c/f', 'zz']) {
      expect(await namesIn('', from)).toEqual(names.filter((name) => name >= from));
      expect(await namesIn('a/', from)).toEqual(names.filter((name) => name.startsWith('a/') && name >= from));
    }
    expect(await childrenOf('b/')).toEqual([{ name: 'b/c/', isFolder: true }]);
    expect(await childrenOf('nothing/')).toEqual([]);
    const top = ((await childrenOf('')) as { name: string; isFolder: boolean }[]).filter(({ name }) => name !== 'a');
    expect(top.map(({ name, isFolder }) => `${name} ${isFolder}`).sort()).toEqual(
      ['a-b false', 'a.txt false', 'a/ true', 'b/ true', 'z é false'].sort(),
    );
    for await (const { name, size } of store.list('')) expect(size).toBe(Buffer.byteLength(name));
  });

  test('a listing may be left in the middle', async () => {
    for (const name of ['a', 'b', 'c']) await store.create(name, Buffer.alloc(1));
    for await (const { name } of store.list('')) {
      expect(name).toBe('a');
      break;
    }
    expect(await namesIn('')).toEqual(['a', 'b', 'c']);
  });
});
