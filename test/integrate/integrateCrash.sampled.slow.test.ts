import { rebuildTiles } from '../../src/integrate/rebuildTiles.ts';
import { deriveLog, expectWholeLog } from '../support/deriveLog.ts';
import { forge, forgeChain, nameOf } from '../support/forge.ts';
import { KeptLog } from '../support/keptLog.ts';
import { KEY, integrateOf, logDeps } from '../support/logs.ts';
import { MemoryStore, ProcessDied } from '../support/memoryStore.ts';
import type { CreateFault } from '../support/memoryStore.ts';
import { MemoryTiles } from '../support/memoryTiles.ts';
import { Random } from '../support/random.ts';
import { picks } from '../support/sample.ts';

const RUNS = 150;
/** How many of them the fast run tries, and the usual one. */
const SAMPLE = 8;
const USUAL = 8;

/** A ledger that grows: the segments of some partitions, a few of which are foreign, in the order they come. */
function segments(random: Random): { partitions: string[]; objects: [string, Buffer][] } {
  const partitions = ['0', '1', '10'].slice(0, 1 + random.below(3));
  const chains = partitions.map((partition) => {
    const length = 1 + random.below(random.below(40) === 0 ? 300 : 12);
    const chain = [...forgeChain(length, partition)];
    if (random.below(3) === 0) {
      const junk =
        random.below(2) === 0 ? Buffer.from('junk') : forge({ partition, index: length, isUnsigned: true }).stored;
      chain.push([nameOf(length, partition), junk]);
    }
    return chain;
  });
  const objects: [string, Buffer][] = [];
  for (
    let left = chains.filter((chain) => chain.length > 0);
    left.length > 0;
    left = left.filter(({ length }) => length > 0)
  )
    objects.push((left[random.below(left.length)] as [string, Buffer][]).shift() as [string, Buffer]);
  return { partitions, objects };
}

/** live runs one integrator until it has had `runs` runs without a fault after the ledger has stopped growing. */
async function live(
  store: MemoryStore,
  tiles: MemoryTiles,
  random: Random,
  isLarge: boolean,
  isGrowing: () => boolean,
): Promise<void> {
  // Bundles and tiles fill up only where there is much; then small batches would take the naive check too long.
  const most = isLarge ? 60 : 4;
  const limits = { objects: most + random.below(most), storedBytes: most * (500 + random.below(2000)) };
  const start = (): ReturnType<typeof integrateOf> =>
    integrateOf(store, tiles, { limits, concurrency: 1 + random.below(4) });
  let integrate = start();
  for (let quiet = 0; quiet < 2;) {
    const wasGrowing = isGrowing();
    try {
      await integrate.run(new KeptLog());
      if (!wasGrowing) quiet += 1;
    } catch (error) {
      if (error instanceof ProcessDied) integrate = start();
      else if ((error as { code?: string }).code !== 'STORE_UNAVAILABLE') throw error;
    }
  }
}

test.each([
  ['one integrator', 1],
  ['two integrators at once', 2],
  ['three integrators at once', 3],
])('after any sequence of crashes there is one history, with %s', async (_what, writers) => {
  for (const seed of picks(Math.ceil(RUNS / writers), SAMPLE, USUAL)) {
    const random = new Random(seed * 4 + writers);
    const { partitions, objects } = segments(random);
    const [store, tiles] = [new MemoryStore(), new MemoryTiles()];
    const isLarge = objects.length > 60;
    let faults = random.below(30);
    const fault = <T>(list: readonly [T, ...T[]]): T | undefined => {
      if (faults === 0 || random.below(3) > 0) return undefined;
      faults -= 1;
      return random.pick(list);
    };
    store.faultOf = () => fault<CreateFault>(['dieBefore', 'dieAfter', 'loseResponse', 'fail', 'failAfter']);
    tiles.faultOf = () => fault(['dieBefore', 'dieAfter'] as const);
    store.turn = tiles.turn = async () => {
      for (let turns = random.below(6); turns > 0; turns--) await Promise.resolve();
      for (let more = random.below(random.below(20) === 0 ? 10 : 2); more > 0 && objects.length > 0; more--)
        store.objects.set(...(objects.shift() as [string, Buffer]));
    };
    try {
      await Promise.all(
        Array.from({ length: writers }, () => live(store, tiles, random, isLarge, () => objects.length > 0)),
      );
      const log = deriveLog(store.objects, KEY.verifierKey);
      expectWholeLog(store.objects, log, partitions);
      const rebuilt = new MemoryTiles();
      await rebuildTiles(logDeps(store, rebuilt));
      expect(tiles.objects).toEqual(rebuilt.objects);
    } catch (error) {
      throw new Error(`seed ${seed}: ${(error as Error).message}`, { cause: error });
    }
  }
});

test('a death before and after each write, one after the other', async () => {
  for (const kind of ['dieBefore', 'dieAfter'] as const) {
    const [store, tiles] = [new MemoryStore(forgeChain(300)), new MemoryTiles()];
    const died = new Set<string>();
    store.faultOf = tiles.faultOf = (name) => (died.has(name) ? undefined : (died.add(name), kind));
    for (let lives = 0; ; lives++) {
      try {
        await integrateOf(store, tiles, { limits: { objects: 40, storedBytes: 1e9 } }).run(new KeptLog());
        break;
      } catch (error) {
        if (!(error instanceof ProcessDied) || lives > 200) throw error;
      }
    }
    expectWholeLog(store.objects, deriveLog(store.objects, KEY.verifierKey), ['0']);
    expect(died.has('checkpoint')).toBe(true);
    expect(died.size).toBeGreaterThan(30);
    const rebuilt = new MemoryTiles();
    await rebuildTiles(logDeps(store, rebuilt));
    expect(tiles.objects).toEqual(rebuilt.objects);
  }
});
