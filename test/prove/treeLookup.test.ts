import { formatEvidence } from '../../src/core/objects/evidence.ts';
import { checkpointName } from '../../src/core/objects/names.ts';
import type { ProveDeps } from '../../src/prove/entryProof.ts';
import { proveRecord } from '../../src/prove/prove.ts';
import type { RecordPlace } from '../../src/prove/prove.ts';
import { forgeChain } from '../support/forge.ts';
import type { Spec } from '../support/forge.ts';
import { KeptLog } from '../support/keptLog.ts';
import { KEY, integrateOf } from '../support/logs.ts';
import { MemoryStore } from '../support/memoryStore.ts';
import { MemoryTiles } from '../support/memoryTiles.ts';
import { Random } from '../support/random.ts';

interface Made {
  readonly store: CountingStore;
  readonly tiles: MemoryTiles;
  /** how many records each partition has */
  readonly counts: ReadonlyMap<string, number>;
}

/** CountingStore notes which batches are read whole. */
class CountingStore extends MemoryStore {
  readonly wholeBatches: string[] = [];

  override read(...args: Parameters<MemoryStore['read']>): ReturnType<MemoryStore['read']> {
    if (args[0].startsWith('batches/')) this.wholeBatches.push(args[0]);
    return super.read(...args);
  }
}

/** chainsOf are chains of partitions whose segments have from none to five records. */
function chainsOf(
  random: Random,
  lengths: Readonly<Record<string, number>>,
): Pick<Made, 'counts'> & { objects: Map<string, Buffer> } {
  const [objects, counts] = [new Map<string, Buffer>(), new Map<string, number>()];
  for (const [partition, length] of Object.entries(lengths)) {
    let event = 0;
    const specs = Array.from({ length }, (_, i): Spec => {
      const count = random.below(6);
      if (count === 0 && i > 0) return { kind: 'heartbeat', events: [event - 1] };
      return { events: Array.from({ length: Math.max(count, 1) }, () => event++) };
    });
    for (const [name, bytes] of forgeChain(specs, partition)) objects.set(name, bytes);
    counts.set(partition, event);
  }
  return { objects, counts };
}

/** logOf takes objects into a log in steps, so that partitions take turns as they would. */
async function logOf(objects: Map<string, Buffer>, steps: readonly number[]): Promise<Omit<Made, 'counts'>> {
  const [store, tiles] = [new CountingStore(), new MemoryTiles()];
  const byTurn = [...objects].sort(([a], [b]) => (a.slice(-22) < b.slice(-22) ? -1 : 1));
  for (const step of steps) {
    for (const [name, bytes] of byTurn.splice(0, step)) store.objects.set(name, bytes);
    await integrateOf(store, tiles, { limits: { objects: 1000, storedBytes: 1e9 } }).run(new KeptLog());
  }
  expect(byTurn).toHaveLength(0);
  return { store, tiles };
}

const depsOf = ({ store, tiles }: Omit<Made, 'counts'>): ProveDeps => ({ store, tiles, verifiers: [KEY.verifierKey] });

/** withoutParts gives the ledger without entry bundles: so the entry is looked for in batches. */
const withoutParts = (made: Omit<Made, 'counts'>): ProveDeps => ({
  ...depsOf(made),
  tiles: { read: (name) => made.tiles.read(name), readPart: async () => undefined },
});

async function evidence(deps: ProveDeps, place: RecordPlace): Promise<Buffer> {
  const proved = await proveRecord(deps, place);
  if (!proved.ok) throw new Error(proved.why);
  return formatEvidence(proved.evidence);
}

const made = async (seed: number): Promise<Made> => {
  const random = new Random(seed);
  const { objects, counts } = chainsOf(random, { 0: 40, 1: 150, 3: 2, 12: 90 });
  const steps: number[] = [];
  for (let left = objects.size; left > 0; left -= steps.at(-1) as number)
    steps.push(Math.min(left, 1 + random.below(random.below(4) === 0 ? 120 : 12)));
  return { ...(await logOf(objects, steps)), counts };
};

describe.each([1, 2])('a log of uneven batches and partitions (%d)', (seed) => {
  let ledger: Made;
  beforeAll(async () => {
    ledger = await made(seed);
  });

  test('its evidence is byte for byte what batches give, and no batch is read for it', async () => {
    const { store, counts } = ledger;
    for (const [partition, count] of counts) {
      for (let record = 0; record < count; record += 1 + Math.floor(count / 15)) {
        const place = { partition, record };
        store.wholeBatches.length = 0;
        const byTree = await evidence(depsOf(ledger), place);
        expect(store.wholeBatches).toEqual([]);
        expect(byTree.equals(await evidence(withoutParts(ledger), place))).toBe(true);
        expect(store.wholeBatches).not.toEqual([]);
      }
    }
  });

  test('that a record is not there yet is said without reading a batch', async () => {
    const { wholeBatches } = ledger.store;
    wholeBatches.length = 0;
    for (const [partition, record] of [...ledger.counts, ['7', 0] as const])
      for (const place of [
        { partition, record },
        { partition, record: Number.MAX_SAFE_INTEGER },
        { segment: { partition, index: 999 }, line: 1 },
      ])
        expect(await proveRecord(depsOf(ledger), place)).toMatchObject({ ok: false, reason: 'absent' });
    expect(wholeBatches).toEqual([]);
  });
});

describe('what is not as it should be', () => {
  let good: Made;
  let ledger: Made;
  const places = [3, 77, 250].map((record) => ({ partition: '1', record }));
  const expected: Buffer[] = [];
  beforeAll(async () => {
    good = await made(5);
    for (const place of places) expected.push(await evidence(depsOf(good), place));
  });
  beforeEach(() => {
    ledger = { ...good, store: new CountingStore(good.store.objects), tiles: new MemoryTiles() };
    for (const [name, bytes] of good.tiles.objects) ledger.tiles.objects.set(name, bytes);
  });

  /** expectTheSame demands the same evidence, whichever way it is found. */
  const expectTheSame = async (): Promise<void> => {
    for (const [i, place] of places.entries())
      expect((await evidence(depsOf(ledger), place)).equals(expected[i] as Buffer)).toBe(true);
  };

  test.each([
    ['are gone', (): undefined => undefined],
    ['hold other bytes', (bytes: Buffer): Buffer => Buffer.alloc(bytes.length, '{"type":"')],
    ['are cut off', (bytes: Buffer): Buffer => bytes.subarray(0, 100)],
    ['are empty', (): Buffer => Buffer.alloc(0)],
    [
      'have another entry in each place',
      (bytes: Buffer): Buffer => Buffer.from(bytes.map((byte) => (byte === 0x31 ? 0x32 : byte))),
    ],
  ])('entry bundles that %s keep no evidence back', async (_what, change) => {
    for (const [name, bytes] of ledger.tiles.objects) {
      if (!name.startsWith('tile/entries/')) continue;
      const changed = change(bytes);
      if (changed === undefined) ledger.tiles.objects.delete(name);
      else ledger.tiles.objects.set(name, changed);
    }
    await expectTheSame();
  });

  test('the name of a checkpoint that somebody took keeps no evidence back', async () => {
    for (let number = 0; ledger.store.objects.has(checkpointName(number + 1)); number++)
      ledger.store.objects.set(checkpointName(number), Buffer.from('x'));
    await expectTheSame();
  });

  test('an older checkpoint that was published once more hides no newer record', async () => {
    const older = ledger.store.objects.get(checkpointName(2)) as Buffer;
    ledger.tiles.objects.set('checkpoint', older);
    const place = places.at(-1) as RecordPlace;
    expect((await evidence(depsOf(ledger), place)).equals(expected.at(-1) as Buffer)).toBe(true);
  });

  test('partial tiles that were dropped when they had grown full are not needed', async () => {
    const { objects } = ledger.tiles;
    for (const name of objects.keys()) {
      const [, full] = /^(.*)\.p\/\d+$/.exec(name) ?? [];
      if (full !== undefined && objects.has(full)) objects.delete(name);
    }
    await expectTheSame();
  });
});

test('a hub of so many partitions that heads take several entries has the same evidence', async () => {
  const objects = new Map<string, Buffer>();
  for (let partition = 0; partition < 310; partition++)
    for (const [name, bytes] of forgeChain(partition % 100 === 0 ? 6 : 2, String(partition))) objects.set(name, bytes);
  const ledger = await logOf(objects, [300, 150, 100, objects.size - 550]);
  for (const partition of ['0', '150', '300', '309'])
    for (const record of [0, 1]) {
      const byTree = await evidence(depsOf(ledger), { partition, record });
      expect(byTree.equals(await evidence(withoutParts(ledger), { partition, record }))).toBe(true);
    }
});
