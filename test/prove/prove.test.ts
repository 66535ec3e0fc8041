import { formatEvidence, parseEvidence, verifyEvidence } from '../../src/core/objects/evidence.ts';
import { formatVerifierKey } from '../../src/core/note/verifierKey.ts';
import type { VerifierKey } from '../../src/core/note/verifierKey.ts';
import { batchName, checkpointName } from '../../src/core/objects/names.ts';
import { proveRecord } from '../../src/prove/prove.ts';
import type { Proved, RecordPlace } from '../../src/prove/prove.ts';
import { forge, forgeChain, nameOf } from '../support/forge.ts';
import type { Spec } from '../support/forge.ts';
import { KeptLog } from '../support/keptLog.ts';
import { coded } from '../support/logVectors.ts';
import { KEY, integrateOf, keyOf } from '../support/logs.ts';
import { MemoryStore, ProcessDied } from '../support/memoryStore.ts';
import { MemoryTiles } from '../support/memoryTiles.ts';

interface Made {
  readonly store: MemoryStore;
  readonly tiles: MemoryTiles;
}

/** Partition 0 has three records in each segment, and heartbeats; partition 1 stops early, so that batches lack it. */
const BUSY: readonly Spec[] = Array.from({ length: 60 }, (_, i) =>
  i % 7 === 3 ? { kind: 'heartbeat', events: [3 * i - 1] } : { events: [3 * i, 3 * i + 1, 3 * i + 2] },
);

/** makeLog integrates the objects, `objects` in a batch. */
async function makeLog(objects = 3): Promise<Made> {
  const store = new MemoryStore([...forgeChain(BUSY), ...forgeChain(4, '1')]);
  const tiles = new MemoryTiles();
  await integrateOf(store, tiles, { limits: { objects, storedBytes: 1e9 } }).run(new KeptLog());
  return { store, tiles };
}

const prove = (
  made: Made,
  place: RecordPlace,
  verifiers: readonly VerifierKey[] = [KEY.verifierKey],
): Promise<Proved> => proveRecord({ ...made, verifiers }, place);

function good(proved: Proved): Proved & { ok: true } {
  if (!proved.ok) throw new Error(proved.why);
  return proved;
}

const bad = (proved: Proved): string => (proved.ok ? 'proved' : proved.reason);

/** The place of every record of partition 0, worked out from the specs. */
const RECORDS = BUSY.flatMap(({ kind, events = [] }, index) =>
  kind === 'heartbeat' ? [] : events.map((event, i) => ({ index, event, line: i + 1 })),
);

const latest = (made: Made): Buffer => made.tiles.objects.get('checkpoint') as Buffer;

describe('a log of many batches', () => {
  let made: Made;
  beforeAll(async () => {
    made = await makeLog();
  });

  test('proves every record of every partition against its newest checkpoint', async () => {
    expect(RECORDS.length).toBeGreaterThan(150);
    for (const [record, { event, index }] of RECORDS.entries()) {
      const { evidence, segment, entryIndex, checkpoint } = good(await prove(made, { partition: '0', record }));
      expect(segment).toBe(nameOf(index));
      const result = verifyEvidence(parseEvidence(formatEvidence(evidence)), [KEY.verifierKey]);
      if (!result.ok) throw new Error(result.why);
      expect(result).toMatchObject({ seal: { record, event }, entry: { partition: '0', index }, entryIndex });
      expect(evidence.proof.endsWith(latest(made).toString())).toBe(true);
      expect(result.opened.checkpoint).toEqual(checkpoint);
      expect(evidence.verifierKeys).toEqual([formatVerifierKey(KEY.verifierKey)]);
    }
    for (let record = 0; record < 4; record++) {
      const { segment } = good(await prove(made, { partition: '1', record }));
      expect(segment).toBe(nameOf(record, '1'));
    }
  });

  test('proves the same by name and line', async () => {
    for (const [record, { index, line }] of RECORDS.entries()) {
      if (record % 11 !== 0) continue;
      const byName = await prove(made, { segment: { partition: '0', index }, line });
      expect(byName).toEqual(await prove(made, { partition: '0', record }));
    }
  });

  test('has no evidence of what it does not hold', async () => {
    const places: RecordPlace[] = [
      { partition: '0', record: RECORDS.length },
      { partition: '0', record: Number.MAX_SAFE_INTEGER },
      { partition: '1', record: 4 },
      { partition: '2', record: 0 },
      { segment: { partition: '0', index: 60 }, line: 1 },
      { segment: { partition: '0', index: 0 }, line: 0 },
      { segment: { partition: '0', index: 0 }, line: 4 },
      { segment: { partition: '0', index: 3 }, line: 1 },
    ];
    for (const place of places) expect(bad(await prove(made, place))).toBe('absent');
  });

  test('without keys it gives the same evidence, and names none', async () => {
    const { evidence } = good(await prove(made, { partition: '0', record: 5 }, []));
    expect(evidence).toEqual({ ...good(await prove(made, { partition: '0', record: 5 })).evidence, verifierKeys: [] });
  });

  test('to who trusts another key there is no evidence', async () => {
    const other = [keyOf(9).verifierKey];
    expect(bad(await prove(made, { partition: '0', record: 5 }, other))).toBe('absent');
  });
});

test('a proof costs log n requests', async () => {
  const costOf = async (segments: number): Promise<number> => {
    const store = new MemoryStore(forgeChain(segments));
    const tiles = new MemoryTiles();
    await integrateOf(store, tiles, { limits: { objects: 1, storedBytes: 1e9 } }).run(new KeptLog());
    Object.assign(store.requests, { read: 0, exists: 0, list: 0, children: 0 });
    tiles.requests.read = 0;
    for (let record = 0; record < segments; record++) good(await prove({ store, tiles }, { partition: '0', record }));
    const { read, exists, list, children } = store.requests;
    expect(list + children).toBe(0);
    return (read + exists + tiles.requests.read) / segments;
  };
  const [small, large] = [await costOf(64), await costOf(512)];
  // Eight times the batches: at most 2 * log2(8) batches more, and a tile or two.
  expect(large - small).toBeLessThanOrEqual(8);
  expect(large).toBeLessThan(2 * 9 + 8);
});

test('an idle partition is found however far back its last segment is', async () => {
  const store = new MemoryStore([...forgeChain(200), ...forgeChain(2, '1')]);
  const tiles = new MemoryTiles();
  await integrateOf(store, tiles, { limits: { objects: 2, storedBytes: 1e9 } }).run(new KeptLog());
  for (const record of [0, 1]) expect(good(await prove({ store, tiles }, { partition: '1', record })).ok).toBe(true);
  expect(bad(await prove({ store, tiles }, { partition: '1', record: 2 }))).toBe('absent');
});

test('foreign objects in the place of segments have no evidence, and hide no record behind them', async () => {
  const forged = forgeChain([{}, {}, { index: 3 }, { index: 4 }, { index: 7 }]);
  const chain = new Map([...forged.values()].map((stored, i) => [nameOf([0, 1, 3, 4, 7][i] as number), stored]));
  for (const index of [2, 5, 6]) chain.set(nameOf(index), Buffer.from('foreign'));
  for (const objects of [1, 2, 100]) {
    const store = new MemoryStore(chain);
    const tiles = new MemoryTiles();
    await integrateOf(store, tiles, { limits: { objects, storedBytes: 1e9 } }).run(new KeptLog());
    for (const [record, index] of [0, 1, 3, 4, 7].entries()) {
      const { segment } = good(await prove({ store, tiles }, { partition: '0', record }));
      expect(segment).toBe(nameOf(index));
    }
    for (const index of [2, 5, 6, 8]) {
      expect(bad(await prove({ store, tiles }, { segment: { partition: '0', index }, line: 1 }))).toBe('absent');
    }
    expect(bad(await prove({ store, tiles }, { partition: '0', record: 5 }))).toBe('absent');
  }
});

describe('what was tampered with', () => {
  const place = { partition: '0', record: 40 };
  let made: Made;
  beforeEach(async () => {
    made = await makeLog();
  });

  test('a segment that is not the one in the log gives no evidence', async () => {
    const { segment } = good(await prove(made, place));
    const index = Number(segment.slice(-22, -10));
    for (const stored of [Buffer.from('x'), forge({ index, record: 39, events: [7, 8, 9] }).stored]) {
      made.store.objects.set(segment, stored);
      expect(bad(await prove(made, place))).toBe('changed');
    }
    made.store.objects.delete(segment);
    expect(bad(await prove(made, place))).toBe('changed');
  });

  test('a published checkpoint that is gone, old, of another log or garbage is not needed', async () => {
    const { evidence } = good(await prove(made, place));
    const first = made.store.objects.get('checkpoints/000000000000') as Buffer;
    for (const note of [undefined, first, Buffer.from('x'), Buffer.from(latest(made).toString().replace(/\d+/, '9'))]) {
      if (note === undefined) made.tiles.objects.delete('checkpoint');
      else made.tiles.objects.set('checkpoint', note);
      expect(good(await prove(made, place)).evidence).toEqual(evidence);
    }
  });

  test('a newest checkpoint without its tiles leaves the one before', async () => {
    made.tiles.objects.delete('checkpoint');
    const { checkpoint } = good(await prove(made, place));
    for (const name of made.tiles.objects.keys()) {
      if (name.endsWith(`.p/${checkpoint.size}`)) made.tiles.objects.delete(name);
    }
    const { checkpoint: before } = good(await prove(made, place));
    expect(before.size).toBeLessThan(checkpoint.size);
  });

  test('tiles that lie or are missing give no evidence', async () => {
    for (const [name, bytes] of made.tiles.objects) {
      if (name.startsWith('tile/0/')) made.tiles.objects.set(name, Buffer.alloc(bytes.length, 7));
    }
    await expect(prove(made, place)).rejects.toThrow(coded('TILE_MALFORMED'));
    made.tiles.objects.clear();
    await expect(prove(made, place)).rejects.toThrow(coded('TILE_MALFORMED'));
  });

  test('names of batches and checkpoints that others took between, before and far ahead lead nobody astray', async () => {
    const [store, tiles] = [new MemoryStore([...forgeChain(9)].slice(0, 3)), new MemoryTiles()];
    const junk = Buffer.from('junk');
    const integrate = (): Promise<unknown> =>
      integrateOf(store, tiles, { limits: { objects: 2, storedBytes: 1e9 } }).run(new KeptLog());
    for (const number of [0, 3, 4, 900]) store.objects.set(batchName(number), junk);
    store.objects.set(checkpointName(1), junk);
    await integrate();
    store.objects.set(checkpointName(7), junk);
    for (const [name, bytes] of [...forgeChain(9)].slice(3)) store.objects.set(name, bytes);
    await integrate();
    tiles.objects.delete('checkpoint');
    for (let record = 0; record < 9; record++)
      expect(good(await prove({ store, tiles }, { partition: '0', record })).segment).toBe(nameOf(record));
    expect(bad(await prove({ store, tiles }, { partition: '0', record: 9 }))).toBe('absent');
  });

  test('what stands in the place of the next batch or checkpoint disturbs nothing', async () => {
    const { evidence } = good(await prove(made, place));
    const count = [...made.store.objects.keys()].filter((name) => name.startsWith('batches/')).length;
    const next = String(count).padStart(12, '0');
    made.store.objects.set(`batches/${next}.jsonl`, Buffer.from('garbage'));
    made.store.objects.set(`checkpoints/${next}`, Buffer.from('garbage'));
    made.tiles.objects.delete('checkpoint');
    expect(good(await prove(made, place)).evidence).toEqual(evidence);
    expect(bad(await prove(made, { partition: '0', record: RECORDS.length }))).toBe('absent');
  });
});

test('a segment whose batch has no checkpoint yet is not in the log yet', async () => {
  const store = new MemoryStore(forgeChain(4));
  const tiles = new MemoryTiles();
  store.faultOf = (name) => (name === 'checkpoints/000000000001' ? 'dieBefore' : undefined);
  // The entry of the key, and two segments.
  const limits = { objects: 3, storedBytes: 1e9 };
  await expect(integrateOf(store, tiles, { limits }).run(new KeptLog())).rejects.toThrow(ProcessDied);
  expect(good(await prove({ store, tiles }, { partition: '0', record: 1 })).ok).toBe(true);
  expect(bad(await prove({ store, tiles }, { partition: '0', record: 2 }))).toBe('absent');
});
