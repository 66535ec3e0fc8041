import { eventAt, ingestOf, sealAll } from '../support/hub.ts';
import { hostileRecord } from '../support/hostileRecords.ts';
import { expectIndex, indexedLog, indexingOf, statedIndex } from '../support/indexScene.ts';
import { KeptLog } from '../support/keptLog.ts';
import { MemoryStore, ProcessDied } from '../support/memoryStore.ts';
import { MemoryTiles } from '../support/memoryTiles.ts';
import { Random } from '../support/random.ts';
import { picks } from '../support/sample.ts';
import { nameOf } from '../support/forge.ts';
import type { Integrate } from '../../src/integrate/integrate.ts';

let store: MemoryStore;
let tiles: MemoryTiles;
let random: Random;
let next: number[];
beforeEach(() => {
  [store, tiles, random, next] = [new MemoryStore(), new MemoryTiles(), new Random(21), [0, 0, 0]];
});

/** seal seals a few events of a partition as one segment. */
async function seal(partition: number, events = 1 + random.below(3)): Promise<void> {
  const first = next[partition] as number;
  next[partition] = first + events;
  const bodies = Array.from({ length: events }, (_, i) => ({
    ...eventAt(first + i),
    body: Buffer.from(random.below(6) === 0 ? 'no JSON' : hostileRecord(random)),
  }));
  await sealAll(ingestOf(store), bodies, String(partition));
}

const run = async (log: Integrate = indexedLog(store, tiles)): Promise<string[]> => {
  const kept = new KeptLog();
  await log.run(kept);
  return kept.lines.map(({ message }) => message);
};

/** settle lets the log state what is indexed. */
const settle = async (): Promise<void> => {
  await run();
  await run();
};

test('each batch states the index of what was before it, and it is what the format says', async () => {
  const log = indexedLog(store, tiles);
  for (let round = 0; round < 16; round++) {
    for (let i = 0; i < 1 + random.below(9); i++) await seal(random.below(3));
    await run(log);
    expectIndex(store, tiles);
  }
  await run(log);
  const { entries, units } = expectIndex(store, tiles);
  expect(entries).toBeGreaterThan(64);
  expect(units.length).toBe(Math.ceil(entries / 32));
  expect(units.reduce((sum, { segments }) => sum + segments, 0)).toBe(
    [...store.objects.keys()].filter((name) => name.startsWith('segments/')).length,
  );
});

test('nothing new makes no batch, and states nothing', async () => {
  await seal(0);
  await settle();
  const before = [...store.objects.keys()];
  const messages = await run();
  expect([...store.objects.keys()]).toEqual(before);
  expect(messages).not.toContain('indexed');
});

test('goes on as another process does, and as one that kept what it knew', async () => {
  const kept = indexedLog(store, tiles);
  for (let round = 0; round < 10; round++) {
    await seal(random.below(3));
    await run(random.below(2) === 0 ? kept : indexedLog(store, tiles));
  }
  await settle();
  const whole = expectIndex(store, tiles);
  const [otherStore, otherTiles] = [new MemoryStore(store.objects), new MemoryTiles()];
  for (const [name, bytes] of tiles.objects) if (!name.startsWith('index/')) otherTiles.objects.set(name, bytes);
  // Made anew, it is the same: byte for byte.
  const log = new KeptLog();
  await indexedLog(otherStore, otherTiles).run(log);
  expect(log.lines.map(({ message }) => message)).toContain('the index is made anew');
  await indexedLog(otherStore, otherTiles).run(new KeptLog());
  expect(expectIndex(otherStore, otherTiles).units.slice(0, -1)).toEqual(whole.units.slice(0, -1));
});

test('32 units of 32 entries are one', async () => {
  const log = indexedLog(store, tiles, { limits: { objects: 30, storedBytes: 1e9 } });
  for (let i = 0; i < 1100; i++) await seal(i % 3, 1);
  await run(log);
  await run(log);
  const { units, entries } = expectIndex(store, tiles);
  expect(entries).toBeGreaterThan(1100);
  expect(units[0]?.entries).toEqual([0, 1024]);
  expect(units.length).toBe(1 + Math.ceil((entries - 1024) / 32));
});

test('dies at any write, and leaves neither hole nor overlap', async () => {
  /** with dies just before one write, or at once behind the one before it, and gives how many writes there were. */
  const withDeathAt = async (fatal: number): Promise<number> => {
    [store, tiles, random, next] = [new MemoryStore(), new MemoryTiles(), new Random(22), [0, 0, 0]];
    let writes = 0;
    // Who is dead writes nothing more, whatever is caught.
    let isDead = false;
    const dies = (): 'dieBefore' | 'dieAfter' | undefined => {
      if (isDead) return 'dieBefore';
      writes += 1;
      if (writes !== fatal * 2 + 1 && writes !== fatal * 2 + 2) return undefined;
      isDead = true;
      return writes === fatal * 2 + 1 ? 'dieBefore' : 'dieAfter';
    };
    for (let round = 0; round < 4; round++) {
      for (let i = 0; i < 12; i++) await seal(random.below(3));
      store.faultOf = (name) => (name.startsWith('segments/') ? undefined : dies());
      tiles.faultOf = dies;
      for (let tries = 0; tries < 3; tries++) {
        try {
          await run();
        } catch (error) {
          if (!(error instanceof ProcessDied)) throw error;
        }
        if (!isDead) break;
        isDead = false;
      }
      [store.faultOf, tiles.faultOf] = [() => undefined, () => undefined];
    }
    await settle();
    expectIndex(store, tiles);
    return writes;
  };
  const deaths = Math.ceil((await withDeathAt(Infinity)) / 2);
  expect(deaths).toBeGreaterThan(15);
  for (const fatal of picks(deaths, 5, 12)) await withDeathAt(fatal);
});

test('two integrators, in turns of every kind, leave neither hole nor overlap', async () => {
  for (const seed of picks(40, 5, 12)) {
    [store, tiles, random, next] = [new MemoryStore(), new MemoryTiles(), new Random(seed), [0, 0, 0]];
    const logs = [indexedLog(store, tiles), indexedLog(store, tiles)];
    for (let round = 0; round < 6; round++) {
      for (let i = 0; i < 1 + random.below(6); i++) await seal(random.below(3));
      const turn = async (): Promise<void> => {
        for (let left = random.below(3); left > 0; left--) await new Promise(setImmediate);
      };
      [store.turn, tiles.turn] = [turn, turn];
      await Promise.all(logs.map(async (log) => run(log)));
      [store.turn, tiles.turn] = [() => Promise.resolve(), () => Promise.resolve()];
      if (statedIndex(store) !== undefined) expectIndex(store, tiles);
    }
    await settle();
    expectIndex(store, tiles);
  }
});

describe('what is wrong among the tiles or the segments keeps nothing from being signed', () => {
  beforeEach(async () => {
    for (let i = 0; i < 40; i++) await seal(i % 3);
    await settle();
    expectIndex(store, tiles);
  });

  const spoil = (prefix: string, change: (bytes: Buffer) => Buffer | undefined): void => {
    for (const [name, bytes] of [...tiles.objects].filter(([name]) => name.startsWith(prefix))) {
      const changed = change(bytes);
      if (changed === undefined) tiles.objects.delete(name);
      else tiles.objects.set(name, changed);
    }
  };
  const flipped = (bytes: Buffer): Buffer => {
    const wrong = Buffer.from(bytes);
    wrong[20] = (wrong[20] as number) ^ 1;
    return wrong;
  };

  test.each([
    ['manifests are gone', 'index/manifests/', (): undefined => undefined],
    ['manifests are others', 'index/manifests/', flipped],
    ['units are gone', 'index/units/', (): undefined => undefined],
    ['units are others', 'index/units/', flipped],
    ['units are cut', 'index/units/', (bytes: Buffer): Buffer => bytes.subarray(0, 30)],
    ['units are of a stranger', 'index/units/', (): Buffer => Buffer.from('<html>')],
  ])('%s: it is made anew', async (_, prefix, change) => {
    spoil(prefix, change);
    await seal(0);
    const messages = await run();
    expect(messages).toContain('the index is made anew');
    expect(messages).toContain('integrated');
    await run();
    expectIndex(store, tiles);
    expect((await run()).includes('the index is made anew')).toBe(false);
  });

  test.each([
    ['gone', undefined],
    ['another', Buffer.from('x')],
  ])('a segment is %s: the index stays behind, and goes on once it is back', async (_, bytes) => {
    const before = statedIndex(store);
    await seal(1);
    const name = nameOf(Math.ceil(40 / 3) - 1 + 0, '1');
    const last =
      [...store.objects.keys()]
        .filter((it) => it.startsWith('segments/1/'))
        .sort()
        .at(-1) ?? name;
    const real = store.objects.get(last) as Buffer;
    await run(
      indexedLog(store, tiles, {
        indexing: indexingOf(store, tiles, { store: { read: () => Promise.resolve(bytes) } }),
      }),
    );
    expect(statedIndex(store)).toEqual(before);
    store.objects.set(last, real);
    await settle();
    expect(expectIndex(store, tiles).entries).toBeGreaterThan(before?.entries ?? Infinity);
  });

  test('entry bundles lie: the index stays behind', async () => {
    const before = statedIndex(store);
    await seal(2);
    const log = indexedLog(store, tiles);
    const lying = new Proxy(tiles, {
      get: (target, name) =>
        name === 'read'
          ? async (file: string) => {
              const bytes = await target.read(file);
              return file.startsWith('tile/entries/') && typeof bytes === 'object'
                ? Buffer.from(bytes.toString('latin1').replaceAll('"count":1', '"count":2'), 'latin1')
                : bytes;
            }
          : (Reflect.get(target, name) as unknown),
    });
    await run(indexedLog(store, tiles, { indexing: indexingOf(store, lying) }));
    expect(statedIndex(store)).toEqual(before);
    await run(log);
    await run(log);
    expectIndex(store, tiles);
  });
});

describe('whatever comes of indexing, everything is signed', () => {
  const integrated = (): string[] =>
    [...store.objects]
      .filter(([name]) => name.startsWith('batches/'))
      .flatMap(([, bytes]) => bytes.toString('utf8').match(/"name":"segments[^"]*"/g) ?? []);
  const failing = (error: unknown): Integrate =>
    indexedLog(store, tiles, {
      indexing: indexingOf(store, tiles, {
        indexSegment: async () => {
          throw error;
        },
      }),
    });

  test.each([
    ['a thread that ran out of memory', Object.assign(new Error('x'), { code: 'ERR_WORKER_OUT_OF_MEMORY' })],
    ['a fault of ours', new TypeError('alice@contoso.example')],
    ['something that is no error', 'alice@contoso.example'],
  ])('%s, in each new process', async (_, error) => {
    for (let round = 1; round <= 3; round++) {
      await seal(0);
      await seal(1);
      const kept = new KeptLog();
      await failing(error).run(kept);
      expect(integrated()).toHaveLength(2 * round);
      expect(kept.errors).toEqual(['the index stays behind']);
      expect(JSON.stringify(kept.lines)).not.toContain('alice');
    }
    expect(statedIndex(store)).toBeUndefined();
    await run();
    expectIndex(store, tiles);
  });

  test('one segment that is gone for good: the index reaches up to its batch, and nothing is tried again for ten minutes', async () => {
    const limits = { objects: 6, storedBytes: 1e9 };
    for (let i = 0; i < 30; i++) await seal(i % 3);
    let [time, reads] = [Date.parse('2026-11-27T00:00:00Z'), 0];
    const lacking = {
      read: (name: string) => {
        reads += 1;
        return name === nameOf(5, '1') ? Promise.resolve(undefined) : store.read(name);
      },
    };
    const indexing = indexingOf(store, tiles, { store: lacking, now: () => time });
    const log = indexedLog(store, tiles, { limits, indexing });
    await run(log);
    const reached = expectIndex(store, tiles).entries;
    expect(reached).toBeGreaterThan(6);
    const tried = reads;
    for (let i = 0; i < 9; i++) {
      time += 60_000;
      await seal(0);
      await run(log);
    }
    expect([reads, statedIndex(store)?.entries]).toEqual([tried, reached]);
    time += 60_000;
    await run(log);
    expect(reads).toBeGreaterThan(tried);
    // Another process begins where the index ends.
    await run();
    expect(expectIndex(store, tiles).entries).toBeGreaterThan(reached + 30);
  });
});

test('a time that is over ends a run where a batch ends, and the next one goes on', async () => {
  for (let i = 0; i < 60; i++) await seal(i % 3, 1);
  await run(
    indexedLog(store, tiles, {
      limits: { objects: 7, storedBytes: 1e9 },
      indexing: indexingOf(store, tiles, { budgetMs: 0 }),
    }),
  );
  for (let rounds = 0; rounds < 20; rounds++)
    await run(indexedLog(store, tiles, { indexing: indexingOf(store, tiles, { budgetMs: 0 }) }));
  const { units } = expectIndex(store, tiles);
  expect(units.reduce((sum, { segments }) => sum + segments, 0)).toBe(60);
});
