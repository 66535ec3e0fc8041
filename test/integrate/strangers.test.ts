import { deriveLog, namesIn } from '../support/deriveLog.ts';
import { forge, forgeChain, nameOf } from '../support/forge.ts';
import { KeptLog } from '../support/keptLog.ts';
import { KEY, integrateOf } from '../support/logs.ts';
import { MemoryStore } from '../support/memoryStore.ts';
import { MemoryTiles } from '../support/memoryTiles.ts';

test('in a partition without segments a run looks at 10,000 objects: others go on, and the next run looks further', async () => {
  const [store, tiles] = [new MemoryStore(forgeChain(2)), new MemoryTiles()];
  for (let index = 0; index < 12_000; index++) store.objects.set(nameOf(index, '77'), Buffer.from('junk'));
  const first = forge({ partition: '77', index: 12_000, previous: -1, events: [0] }).stored;
  store.objects.set(nameOf(12_000, '77'), first);
  const running = integrateOf(store, tiles, { limits: { objects: 1000, storedBytes: 1e9 } });
  expect(await running.run(new KeptLog())).toMatchObject({ segments: 2, foreign: 0 });
  expect(await running.run(new KeptLog())).toMatchObject({ segments: 1, foreign: 12_000 });
  expect(namesIn(deriveLog(store.objects, KEY.verifierKey)).at(-1)).toBe(`segment ${nameOf(12_000, '77')}`);
});
