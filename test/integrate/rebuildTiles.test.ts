import { rebuildTiles } from '../../src/integrate/rebuildTiles.ts';
import { forgeChain, timeOf } from '../support/forge.ts';
import { KeptLog } from '../support/keptLog.ts';
import { batch, checkpoint, ledgerOf, read } from '../support/loggedLedger.ts';
import { KEY, integrateOf } from '../support/logs.ts';
import { ProcessDied } from '../support/memoryStore.ts';
import { MemoryTiles } from '../support/memoryTiles.ts';

const STEPS = 12;
const verifiers = [KEY.verifierKey];

test.each(Array.from({ length: STEPS - 1 }, (_, number) => number))(
  'checkpoint %d is gone and the log goes on: nothing behind it is written, with its batch or without',
  async (number) => {
    const { store } = await ledgerOf(STEPS, 12);
    store.objects.delete(checkpoint(number));
    for (const attack of [() => {}, () => store.objects.delete(batch(number))]) {
      attack();
      const tiles = new MemoryTiles();
      await expect(rebuildTiles({ store, tiles, verifiers })).rejects.toMatchObject({ code: 'FORK_DETECTED' });
      expect(tiles.objects.has('checkpoint')).toBe(false);
    }
  },
);

test('the newest checkpoint may be on its way: the tiles are those of the one before', async () => {
  const { store } = await ledgerOf(STEPS, 12);
  store.objects.delete(checkpoint(STEPS - 1));
  const tiles = new MemoryTiles();
  expect(await rebuildTiles({ store, tiles, verifiers })).toMatchObject({ newest: { number: STEPS - 2 } });
  expect(read(tiles, 'checkpoint')).toEqual(read(store, checkpoint(STEPS - 2)));
});

test('a rebuild that dies at any write is begun again, and gives the same', async () => {
  const { store, tiles: good } = await ledgerOf(4, 12);
  const last = [...good.objects].sort(([a], [b]) => (a < b ? -1 : 1));
  for (let dieAt = 1; dieAt <= good.objects.size; dieAt++) {
    for (const fault of ['dieBefore', 'dieAfter'] as const) {
      const tiles = new MemoryTiles();
      tiles.faultOf = () => (tiles.requests.write === dieAt ? fault : undefined);
      await expect(rebuildTiles({ store, tiles, verifiers })).rejects.toThrow(ProcessDied);
      await rebuildTiles({ store, tiles, verifiers });
      expect([...tiles.objects].sort(([a], [b]) => (a < b ? -1 : 1))).toEqual(last);
    }
  }
});

test('a log that grows meanwhile: what it publishes stays, and is no surplus', async () => {
  const { store, tiles } = await ledgerOf(4, 12);
  for (const [name, bytes] of forgeChain(14)) if (!store.objects.has(name)) store.objects.set(name, bytes);
  const grow = async (): Promise<void> => {
    tiles.turn = () => Promise.resolve();
    await integrateOf(store, tiles, { now: () => Date.parse(timeOf(2_000_100)) }).run(new KeptLog());
  };
  // Before anything is read, and while the tiles are listed.
  tiles.turn = grow;
  expect(await rebuildTiles({ store, tiles, verifiers })).toMatchObject({
    surplus: [],
    newest: { number: 4, size: 32 },
  });
  expect(read(tiles, 'checkpoint')).toEqual(read(store, checkpoint(4)));
  for (const [name, bytes] of forgeChain(16)) if (!store.objects.has(name)) store.objects.set(name, bytes);
  tiles.turn = async () => {
    if (tiles.requests.list > 2) await grow();
  };
  tiles.requests.list = 2;
  expect(await rebuildTiles({ store, tiles, verifiers })).toMatchObject({
    surplus: [],
    newest: { number: 5, size: 35 },
  });
  expect(read(tiles, 'checkpoint')).toEqual(read(store, checkpoint(5)));
});

test('a newer checkpoint that the log published stays; one that nobody signed does not', async () => {
  const { store, tiles } = await ledgerOf(4, 12);
  const newest = read(tiles, 'checkpoint');
  const older = new Map(store.objects);
  for (const part of [batch(3), checkpoint(3)]) store.objects.delete(part);
  const result = await rebuildTiles({ store, tiles, verifiers });
  expect(read(tiles, 'checkpoint')).toEqual(newest);
  expect(result.surplus).toContain('tile/0/000.p/29');
  tiles.objects.set('checkpoint', Buffer.from(newest.toString().replace('29\n', '30\n')));
  for (const [name, bytes] of older) store.objects.set(name, bytes);
  expect(await rebuildTiles({ store, tiles, verifiers })).toMatchObject({ written: 1, surplus: [] });
  expect(read(tiles, 'checkpoint')).toEqual(newest);
});
