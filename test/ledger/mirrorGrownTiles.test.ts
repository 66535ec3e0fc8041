import { eventAt, ingestOf, sealAll } from '../support/hub.ts';
import { saidOf } from '../support/checking.ts';
import { timeOf } from '../support/forge.ts';
import { expectIndex, indexedLog } from '../support/indexScene.ts';
import { KeptLog } from '../support/keptLog.ts';
import { KEY } from '../support/logs.ts';
import { MemoryStore } from '../support/memoryStore.ts';
import { MemoryTiles } from '../support/memoryTiles.ts';
import { indexStored } from '../../src/core/index/terms.ts';
import { batchName, checkpointName } from '../../src/core/objects/names.ts';
import { summarizeSegment } from '../../src/core/segment/summary.ts';
import { mirrorGrownTiles } from '../../src/ledger/mirrorGrownTiles.ts';
import { mirrorLedger } from '../../src/ledger/mirror.ts';
import { mirrorTiles } from '../../src/ledger/mirrorTiles.ts';
import type { ReadableTiles } from '../../src/ports/store.ts';
import { verifyLedger } from '../../src/verify/verify.ts';

/** A ledger in use, and a copy of it. */
class Scene {
  readonly store = new MemoryStore();
  readonly tiles = new MemoryTiles();
  readonly copy = new MemoryStore();
  readonly copiedTiles = new MemoryTiles();
  pauses = 0;
  #sealed = 0;

  /** grow seals an event in a segment of its own, and has the log take it in. */
  async grow(): Promise<void> {
    const number = this.#sealed++;
    await sealAll(
      ingestOf(this.store),
      [{ ...eventAt(number), body: Buffer.from(`{"identity":"user ${number}"}`) }],
      '0',
    );
    await indexedLog(this.store, this.tiles).run(new KeptLog());
  }

  copyLedger = () =>
    mirrorLedger(this.store, Object.assign(this.copy, { removeBlank: async () => false }), { concurrency: 4 });

  /** catchUp asks for what is published once more and more often, and something happens meanwhile. */
  catchUp = (tiles: ReadableTiles = this.tiles, meanwhile = async (): Promise<void> => {}) =>
    mirrorGrownTiles(this.copy, tiles, this.copiedTiles, {}, async () => {
      this.pauses += 1;
      await meanwhile();
    });

  said = async (): Promise<string[]> =>
    saidOf(
      await verifyLedger(
        {
          store: this.copy,
          tiles: this.copiedTiles,
          now: () => Date.parse(timeOf(3_000_000)),
          summarize: async (stored, question) => summarizeSegment(stored, question),
          indexSegment: async (stored, segment) => indexStored(stored, segment),
          concurrency: 3,
        },
        { verifiers: [KEY.verifierKey] },
      ),
    );
}

test.each([1, 2, 30])('a copy of a log that grows by %d batches meanwhile is of one moment', async (batches) => {
  const scene = new Scene();
  for (let i = 0; i < 3; i++) await scene.grow();
  await mirrorTiles(scene.store, scene.tiles, scene.copiedTiles);
  for (let i = 0; i < batches; i++) await scene.grow();
  expect(await scene.copyLedger()).toMatchObject({ failed: [] });
  await scene.grow();
  expect(await scene.said()).toContain('checkpoint-stale tlog/checkpoint');
  expect(await scene.catchUp()).toMatchObject({ written: expect.any(Number) as number });
  expect(await scene.said()).toEqual([]);
  expectIndex(scene.copy, scene.copiedTiles);
  expect(await scene.catchUp()).toBeUndefined();
  expect(scene.pauses).toBe(0);
});

test('what is not published yet is waited for', async () => {
  const scene = new Scene();
  await scene.grow();
  await mirrorTiles(scene.store, scene.tiles, scene.copiedTiles);
  const before = new Map(scene.tiles.objects);
  await scene.grow();
  await scene.copyLedger();
  const published = new Map(scene.tiles.objects);
  const set = (files: ReadonlyMap<string, Buffer>): void => {
    scene.tiles.objects.clear();
    for (const [name, bytes] of files) scene.tiles.objects.set(name, bytes);
  };
  set(before);
  expect(await scene.catchUp()).toBeUndefined();
  expect(scene.pauses).toBe(9);
  expect(await scene.said()).toContain('checkpoint-stale tlog/checkpoint');
  await scene.catchUp(scene.tiles, async () => set(published));
  expect(scene.pauses).toBe(10);
  expect(await scene.said()).toEqual([]);
});

test('checkpoints and batches that somebody planted behind the log keep no tiles back', async () => {
  const scene = new Scene();
  await scene.grow();
  await mirrorTiles(scene.store, scene.tiles, scene.copiedTiles);
  await scene.grow();
  const free = [...scene.store.objects.keys()].filter((name) => name.startsWith('checkpoints/')).length;
  const note = scene.store.objects.get(checkpointName(free - 1)) as Buffer;
  const huge = Buffer.from(note.toString('utf8').replace(/\n\d+\n/, '\n999999999\n'));
  for (const [number, bytes] of [huge, Buffer.from('junk')].entries()) {
    await scene.store.create(checkpointName(free + number), bytes);
    await scene.store.create(batchName(free + number), Buffer.from('junk'));
  }
  await scene.copyLedger();
  await scene.catchUp();
  expect(scene.pauses).toBe(9);
  expect(scene.copiedTiles.objects.get('checkpoint')).toEqual(note);
});
