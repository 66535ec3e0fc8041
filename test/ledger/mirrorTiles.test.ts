import { setImmediate } from 'node:timers/promises';
import { eventAt, ingestOf, sealAll } from '../support/hub.ts';
import { expectIndex, indexedLog, statedIndex } from '../support/indexScene.ts';
import { fileFullCheck } from '../support/fullCheck.ts';
import { KeptLog } from '../support/keptLog.ts';
import { MemoryStore } from '../support/memoryStore.ts';
import { MemoryTiles } from '../support/memoryTiles.ts';
import { AuditsealError } from '../../src/core/errors.ts';
import { mirrorTiles } from '../../src/ledger/mirrorTiles.ts';
import type { ReadableTiles } from '../../src/ports/store.ts';

const store = new MemoryStore();
const tiles = new MemoryTiles();
let reported = '';

beforeAll(async () => {
  const log = indexedLog(store, tiles);
  for (let sealed = 0; sealed < 40; sealed++) {
    await sealAll(ingestOf(store), [{ ...eventAt(sealed), body: Buffer.from(`{"identity":"user ${sealed}"}`) }], '0');
    await log.run(new KeptLog());
    if (sealed === 20) {
      reported = statedIndex(store)?.manifest ?? '';
      await fileFullCheck(store, tiles);
    }
  }
});

const indexFiles = ({ objects }: MemoryTiles): string[] =>
  [...objects.keys()].filter((name) => name.startsWith('index/')).sort();

const filesOf = (manifest: string): string[] => {
  const name = `index/manifests/${manifest}`;
  const { units } = JSON.parse((tiles.objects.get(name) as Buffer).toString('utf8')) as { units: { root: string }[] };
  return [name, ...units.map(({ root }) => `index/units/${root}`)];
};

test('of the index, what the log states and what a report made again are copied, and nothing that is superseded', async () => {
  const copy = new MemoryTiles();
  const mirrored = await mirrorTiles(store, tiles, copy);
  const bytes = [...copy.objects.values()].reduce((sum, { length }) => sum + length, 0);
  expect(mirrored).toEqual({ written: copy.objects.size, bytes, present: 0 });
  const needed = new Set([...filesOf(statedIndex(store)?.manifest ?? ''), ...filesOf(reported)]);
  expect(indexFiles(copy)).toEqual([...needed].sort());
  expect(needed.size).toBeLessThan(indexFiles(tiles).length / 2);
  expectIndex(store, copy);
  expect(await mirrorTiles(store, tiles, copy)).toEqual({ written: 0, bytes: 0, present: copy.objects.size });
});

test('a tile of the right size and other bytes is written again, unless sizes are trusted', async () => {
  const copy = new MemoryTiles();
  await mirrorTiles(store, tiles, copy);
  const name = [...copy.objects.keys()].find((it) => it.startsWith('tile/0/')) as string;
  const right = copy.objects.get(name) as Buffer;
  copy.objects.set(name, Buffer.alloc(right.length));
  expect(await mirrorTiles(store, tiles, copy, { trustsSizes: true })).toMatchObject({ written: 0 });
  expect(await mirrorTiles(store, tiles, copy)).toMatchObject({ written: 1, bytes: right.length });
  expect(copy.objects.get(name)).toEqual(right);
});

test('where a tile is not written, the copy fails and the checkpoint that implies it is not copied', async () => {
  class FullTiles extends MemoryTiles {
    override async write(name: string, bytes: Uint8Array): Promise<void> {
      if (name.startsWith('tile/0/')) throw new AuditsealError('STORE_FULL', `${name}: the disk is full`);
      await super.write(name, bytes);
    }
  }
  const from: ReadableTiles = {
    read: (name) => tiles.read(name),
    async *list(prefix) {
      for await (const file of tiles.list(prefix)) {
        yield file;
        await setImmediate();
      }
    },
  };
  const copy = new FullTiles();
  await expect(mirrorTiles(store, from, copy, { concurrency: 8, requests: 128 })).rejects.toMatchObject({
    code: 'STORE_FULL',
  });
  expect(copy.objects.has('checkpoint')).toBe(false);
});

test('where there is no room for the tiles, none is written', async () => {
  const copy = new MemoryTiles();
  const why = /^the copy needs \d+ bytes more, and 9 are free: nothing of it was copied$/;
  await expect(mirrorTiles(store, tiles, copy, { free: async () => 9 })).rejects.toMatchObject({
    code: 'STORE_FULL',
    message: expect.stringMatching(why) as string,
  });
  expect(copy.objects.size).toBe(0);
});

test('where nothing tells what of the index is needed, all of it is copied', async () => {
  const source = new MemoryTiles();
  for (const [name, bytes] of tiles.objects) if (!name.startsWith('tile/entries/')) source.objects.set(name, bytes);
  const copy = new MemoryTiles();
  await mirrorTiles(store, source, copy);
  expect(indexFiles(copy)).toEqual(indexFiles(tiles));
});
