import { mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventAt, ingestOf, sealAll } from '../support/hub.ts';
import { indexedLog } from '../support/indexScene.ts';
import { KeptLog } from '../support/keptLog.ts';
import { KEY } from '../support/logs.ts';
import { MemoryStore } from '../support/memoryStore.ts';
import { MemoryTiles } from '../support/memoryTiles.ts';
import { FolderCache } from '../../src/adapters/folderCache.ts';
import { makeAnswer } from '../../src/find/answer.ts';
import type { Query } from '../../src/find/query.ts';
import { Search } from '../../src/find/search.ts';
import type { SegmentsRead } from '../../src/find/search.ts';

const QUERY: Query = { by: 'hub', terms: new Map([['actor', ['alice']]]), where: [], texts: [] };
const VERIFIERS = [KEY.verifierKey];

const store = new MemoryStore();
const tiles = new MemoryTiles();
let folder: string;

beforeAll(async () => {
  const log = indexedLog(store, tiles);
  for (let i = 0; i < 40; i++) {
    const body = Buffer.from(`{"identity":"${i % 4 === 0 ? 'alice' : `user ${i}`}"}`);
    await sealAll(ingestOf(store), [{ ...eventAt(i), body }], '0');
    await log.run(new KeptLog());
  }
  await log.run(new KeptLog());
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'auditseal-cache-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

interface Searched {
  readonly found: string[];
  readonly unsearched: readonly unknown[];
  readonly index: unknown;
  /** segments that were fetched, and bytes of units */
  readonly fetched: { readonly segments: number; readonly unitBytes: number };
  readonly progress: readonly SegmentsRead[];
}

async function search(cache?: FolderCache): Promise<Searched> {
  const progress: SegmentsRead[] = [];
  let segments = 0;
  const counting = new Proxy(store, {
    get: (target, name) => {
      const method = Reflect.get(target, name) as unknown;
      if (typeof method !== 'function') return method;
      return (...args: unknown[]): unknown => {
        if (name === 'read' && String(args[0]).startsWith('segments/')) segments += 1;
        return Reflect.apply(method, target, args);
      };
    },
  });
  tiles.partBytes = 0;
  const deps = { store: counting, tiles, verifiers: VERIFIERS, ...(cache && { cache }) };
  const it = new Search({ ...deps, onProgress: (one) => progress.push(one) }, QUERY);
  const found: string[] = [];
  for await (const { partition, record, line } of it.hits()) found.push(`${partition}/${record} ${line.toString()}`);
  const { unsearched, index } = it.tally;
  return { found, unsearched, index, fetched: { segments, unitBytes: tiles.partBytes }, progress };
}

const filesOf = async (): Promise<string[]> =>
  (await readdir(folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));

test('what was read once is read from the folder, and is the same', async () => {
  const plain = await search();
  expect(plain.found).toHaveLength(10);
  expect(plain.fetched.segments).toBe(10);
  expect(plain.fetched.unitBytes).toBeGreaterThan(0);
  const first = await search(new FolderCache(folder));
  expect(first).toEqual(plain);
  const again = await search(new FolderCache(folder));
  expect(again).toEqual({ ...plain, fetched: { segments: 0, unitBytes: 0 } });
  const [file] = await filesOf();
  expect((await stat(file as string)).mode & 0o077).toBe(0);
});

test('says how far it is, and of how many segments', async () => {
  const { progress } = await search();
  expect(progress.map(({ read, of }) => [read, of])).toEqual(Array.from({ length: 10 }, (_, i) => [i + 1, 10]));
  expect(progress.at(-1)?.bytes).toBeGreaterThan(1000);
});

test.each([
  ['cut', (bytes: Buffer): Buffer => bytes.subarray(0, bytes.length - 1)],
  ['changed', (bytes: Buffer): Buffer => Buffer.from(bytes.map((byte, i) => (i === 40 ? byte ^ 1 : byte)))],
  ['empty', (): Buffer => Buffer.alloc(0)],
])('files of the folder that are %s are fetched again, and replaced', async (_, change) => {
  const plain = await search(new FolderCache(folder));
  for (const path of await filesOf()) await writeFile(path, change(await readFile(path)));
  expect(await search(new FolderCache(folder))).toEqual(plain);
  expect((await search(new FolderCache(folder))).fetched).toEqual({ segments: 0, unitBytes: 0 });
});

test('a file that somebody put there whole, under the name of another, is no segment', async () => {
  const plain = await search(new FolderCache(folder));
  const paths = (await filesOf()).filter((path) => path.includes('segments'));
  const [one, other] = paths;
  await writeFile(one as string, await readFile(other as string));
  const { found, unsearched, fetched } = await search(new FolderCache(folder));
  expect([found, unsearched, fetched.segments]).toEqual([plain.found, [], 1]);
});

test('what was kept of units that somebody had changed is read anew', async () => {
  const plain = await search();
  const right = new Map(tiles.objects);
  for (const [name, bytes] of right)
    if (name.startsWith('index/units/')) tiles.objects.set(name, bytes.toReversed() as Buffer);
  const changed = await search(new FolderCache(folder));
  expect([changed.found, changed.index]).toEqual([plain.found, { why: expect.any(String) as string }]);
  for (const [name, bytes] of right) tiles.objects.set(name, bytes);
  const { found, index } = await search(new FolderCache(folder));
  expect([found, index]).toEqual([plain.found, plain.index]);
  const cache = new FolderCache(folder);
  const answer = await makeAnswer({ store, tiles, verifiers: VERIFIERS }, QUERY);
  expect(await makeAnswer({ store, tiles, verifiers: VERIFIERS, cache }, QUERY)).toEqual(answer);
});

test('a segment that isn’t what the log says is never kept', async () => {
  const [name] = [...store.objects.keys()].filter((it) => it.startsWith('segments/'));
  const right = store.objects.get(name as string) as Buffer;
  store.objects.set(name as string, Buffer.from('x'));
  try {
    expect((await search(new FolderCache(folder))).unsearched).toHaveLength(1);
  } finally {
    store.objects.set(name as string, right);
  }
  const { found, unsearched, fetched } = await search(new FolderCache(folder));
  expect([found.length, unsearched, fetched.segments]).toEqual([10, [], 1]);
});

test('an answer is made of what is kept', async () => {
  const cache = new FolderCache(folder);
  const plain = await makeAnswer({ store, tiles, verifiers: VERIFIERS }, QUERY);
  expect(await makeAnswer({ store, tiles, verifiers: VERIFIERS, cache }, QUERY)).toEqual(plain);
  tiles.partBytes = 0;
  expect(await makeAnswer({ store, tiles, verifiers: VERIFIERS, cache }, QUERY)).toEqual(plain);
  expect(tiles.partBytes).toBe(0);
});

test('a folder that can’t be written keeps nothing, says why, and the search is whole', async () => {
  await writeFile(join(folder, 'file'), 'x');
  const cache = new FolderCache(join(folder, 'file'));
  const { found } = await search(cache);
  expect([found.length, cache.fault]).toEqual([10, 'ENOTDIR']);
});
