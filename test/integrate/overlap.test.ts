import { deriveLog, expectWholeLog } from '../support/deriveLog.ts';
import { forgeChain } from '../support/forge.ts';
import { KeptLog } from '../support/keptLog.ts';
import { KEY, integrateOf } from '../support/logs.ts';
import { MemoryStore } from '../support/memoryStore.ts';
import { MemoryTiles } from '../support/memoryTiles.ts';

test('a run that is asked for while another one of the same process is under way is that one (seed 540 of the simulator)', async () => {
  const [store, tiles] = [new MemoryStore(forgeChain(5)), new MemoryTiles()];
  store.turn = async () => {
    for (let turns = store.requests.read % 3; turns > 0; turns--) await Promise.resolve();
  };
  const integrate = integrateOf(store, tiles);
  const [first, second] = [integrate.run(new KeptLog()), integrate.run(new KeptLog())];
  expect(await second).toEqual(await first);
  expect((await first).segments).toBe(5);
  expectWholeLog(store.objects, deriveLog(store.objects, KEY.verifierKey), ['0']);
  expect((await integrate.run(new KeptLog())).batches).toBe(0);
});
