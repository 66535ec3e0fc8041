import { hostileRecord } from '../support/hostileRecords.ts';
import { eventAt, ingestOf, sealAll } from '../support/hub.ts';
import { expectIndex, indexedLog, statedIndex } from '../support/indexScene.ts';
import { KeptLog } from '../support/keptLog.ts';
import { MemoryStore } from '../support/memoryStore.ts';
import { MemoryTiles } from '../support/memoryTiles.ts';
import { Random } from '../support/random.ts';
import type { TreeHead } from '../../src/core/merkle/tree.ts';
import { openCheckpoint } from '../../src/core/note/checkpoint.ts';
import { buildUnitHere } from '../../src/core/index/build.ts';
import { indexStored } from '../../src/core/index/terms.ts';
import { rebuildIndex } from '../../src/integrate/rebuildIndex.ts';
import type { RebuildIndexDeps, RebuiltIndex } from '../../src/integrate/rebuildIndex.ts';
import { KEY } from '../support/logs.ts';
import { LEDGER } from '../support/forge.ts';

let store: MemoryStore;
let tiles: MemoryTiles;
beforeAll(async () => {
  [store, tiles] = [new MemoryStore(), new MemoryTiles()];
  const random = new Random(51);
  const log = indexedLog(store, tiles);
  for (let i = 0; i < 1100; i++) {
    await sealAll(ingestOf(store), [{ ...eventAt(i), body: Buffer.from(hostileRecord(random)) }]);
    if (i % 60 === 59) await log.run(new KeptLog());
  }
  for (let i = 0; i < 3; i++) await log.run(new KeptLog());
}, 60_000);

const depsOf = (tiles: MemoryTiles): RebuildIndexDeps => ({
  store,
  tiles,
  indexSegment: async (stored, segment) => indexStored(stored, segment),
  buildUnit: buildUnitHere,
  concurrency: 3,
});

const head = (): TreeHead =>
  openCheckpoint(tiles.objects.get('checkpoint') as Buffer, LEDGER, [KEY.verifierKey]).checkpoint;

test('the index that the log states is made again, byte for byte', async () => {
  const { units } = expectIndex(store, tiles);
  expect(units[0]?.entries).toEqual([0, 1024]);
  const rebuilt = new MemoryTiles();
  for (const [name, bytes] of tiles.objects) if (!name.startsWith('index/')) rebuilt.objects.set(name, bytes);
  const result = await rebuildIndex(depsOf(rebuilt), head());
  const { entries, manifest } = statedIndex(store) as { entries: number; manifest: string };
  const files = units.filter(({ segments }) => segments > 0).length + 1;
  expect(result).toMatchObject({ entries, manifest, isAsStated: true });
  expect((result as RebuiltIndex).written).toBeGreaterThanOrEqual(files);
  expectIndex(store, rebuilt);
  for (const { root, segments } of units)
    if (segments > 0)
      expect(rebuilt.objects.get(`index/units/${root}`)).toEqual(tiles.objects.get(`index/units/${root}`));
  expect(await rebuildIndex(depsOf(rebuilt), head())).toMatchObject({ written: 0 });
  const [name = ''] = [...rebuilt.objects.keys()].filter((name) => name.startsWith('index/units/'));
  rebuilt.objects.set(name, Buffer.from('x'));
  expect(await rebuildIndex(depsOf(rebuilt), head())).toMatchObject({ written: 1 });
  rebuilt.objects.delete(`index/manifests/${manifest}`);
  rebuilt.requests.write = 0;
  expect(await rebuildIndex(depsOf(rebuilt), head())).toMatchObject({ written: 1 });
  expect(await rebuildIndex(depsOf(rebuilt), head())).toMatchObject({ written: 0 });
  expect(rebuilt.requests.write).toBe(1);
  expectIndex(store, rebuilt);
});

test('a segment that is gone is named', async () => {
  const name = 'segments/0/000000000007.jsonl.zst';
  const real = store.objects.get(name) as Buffer;
  store.objects.delete(name);
  await expect(rebuildIndex(depsOf(tiles), head())).rejects.toThrow(`${name}: it is gone`);
  store.objects.set(name, real);
});
