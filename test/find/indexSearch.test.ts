import { createHash } from 'node:crypto';
import { hostileRecord } from '../support/hostileRecords.ts';
import { ingestOf, sealAll } from '../support/hub.ts';
import { indexedLog, statedIndex } from '../support/indexScene.ts';
import { KeptLog } from '../support/keptLog.ts';
import { KEY, integrateOf, keyOf } from '../support/logs.ts';
import { MemoryStore } from '../support/memoryStore.ts';
import { MemoryTiles } from '../support/memoryTiles.ts';
import { plainTerms } from '../support/plainScan.ts';
import { Random } from '../support/random.ts';
import { triedOf } from '../support/sample.ts';
import { nameOf, timeOf } from '../support/forge.ts';
import { AuditsealError } from '../../src/core/errors.ts';
import { FIELDS } from '../../src/core/fields/rule.ts';
import type { Field } from '../../src/core/fields/rule.ts';
import { originalRecord } from '../../src/core/segment/recordLine.ts';
import type { Query } from '../../src/find/query.ts';
import { Search } from '../../src/find/search.ts';
import type { Hit } from '../../src/find/hit.ts';
import type { Tally } from '../../src/find/tally.ts';

const EVERYTHING: Query = { by: 'hub', terms: new Map(), where: [], texts: [] };

let store: MemoryStore;
let tiles: MemoryTiles;
let next: number[];
let random: Random;

/** seal seals bodies as a segment, one event a second and partition. */
async function seal(partition: number, bodies: readonly string[]): Promise<void> {
  const first = next[partition] as number;
  next[partition] = first + bodies.length;
  const events = bodies.map((body, i) => ({
    sequenceNumber: first + i,
    enqueued: timeOf(first + i),
    body: Buffer.from(body),
  }));
  await sealAll(ingestOf(store), events, String(partition));
}

const integrate = async (): Promise<void> => void (await indexedLog(store, tiles).run(new KeptLog()));

beforeAll(async () => {
  [store, tiles, next, random] = [new MemoryStore(), new MemoryTiles(), [0, 0, 0], new Random(31)];
  for (let round = 0; round < 30; round++) {
    for (let i = 0; i < 4; i++) {
      const bodies = Array.from({ length: 1 + random.below(6) }, () =>
        random.below(12) === 0 ? 'no JSON, alice@contoso.example' : hostileRecord(random),
      );
      await seal(random.below(3), bodies);
    }
    await integrate();
  }
  await integrate();
  // Behind the index, and behind the log.
  await seal(0, ['{"identity":"late"}']);
  await integrateOf(store, tiles).run(new KeptLog());
  await seal(1, ['{"identity":"later"}']);
}, 60_000);

interface Found {
  readonly hits: readonly Hit[];
  readonly tally: Tally;
}

async function find(query: Partial<Query>, tilesGiven: MemoryTiles | undefined = tiles, keys = [KEY]): Promise<Found> {
  const verifiers = keys.map(({ verifierKey }) => verifierKey);
  const search = new Search(
    { store, verifiers, ...(tilesGiven && { tiles: tilesGiven }) },
    { ...EVERYTHING, ...query },
  );
  const hits: Hit[] = [];
  for await (const hit of search.hits()) hits.push(hit);
  return { hits, tally: search.tally };
}

async function scan(query: Partial<Query>): Promise<Found> {
  const search = new Search({ store, verifiers: [KEY.verifierKey] }, { ...EVERYTHING, ...query });
  const hits: Hit[] = [];
  for await (const hit of search.hits()) hits.push(hit);
  return { hits, tally: search.tally };
}

/** randomQuery asks for values that some record has, mostly. */
async function randomQuery(all: readonly Hit[]): Promise<Partial<Query>> {
  const terms = new Map<Field, string[]>();
  for (let count = random.below(3); count >= 0; count--) {
    const hit = all[random.below(all.length)] as Hit;
    const found = plainTerms((originalRecord(hit.line) as Buffer).toString('utf8')) ?? new Map<string, Set<string>>();
    const field = FIELDS[random.below(FIELDS.length)] as Field;
    const values = [...(found.get(field) ?? ['nobody'])];
    terms.set(field, [...(terms.get(field) ?? []), values[random.below(values.length)] as string]);
  }
  const [from, to] = [random.below(120), random.below(240)];
  return {
    terms: random.below(8) === 0 ? new Map() : terms,
    by: random.below(5) === 0 ? 'event' : 'hub',
    ...(random.below(2) === 0 && from < to && { from: Date.parse(timeOf(from)), to: Date.parse(timeOf(to)) }),
    ...(random.below(4) === 0 && { partitions: new Set([String(random.below(3))]) }),
  };
}

test('the index finds what a plain scan finds, record for record', async () => {
  const { hits: all, tally } = await find({});
  expect(tally.index).toMatchObject({ entries: statedIndex(store)?.entries, behind: 1 });
  expect(all.length).toBeGreaterThan(300);
  let [opened, outOf] = [0, 0];
  for (let round = 0; round < triedOf(200, 25, 25); round++) {
    const query = await randomQuery(all);
    const [byIndex, plain] = [await find(query), await scan(query)];
    expect([query, byIndex.hits]).toEqual([query, plain.hits]);
    const { tally } = byIndex;
    expect([tally.found, tally.missing, tally.asText]).toEqual([
      plain.tally.found,
      plain.tally.missing,
      plain.tally.asText,
    ]);
    const { searched, byIndex: skipped, empty, outside, behindLog } = tally.segments;
    if (query.partitions === undefined)
      expect(searched + skipped + empty + outside).toBe(
        plain.tally.segments.searched + plain.tally.segments.empty + plain.tally.segments.outside,
      );
    expect(behindLog).toBe(plain.tally.segments.behindLog);
    if (query.from === undefined) expect(tally.without).toEqual(plain.tally.without);
    opened += searched;
    outOf += plain.tally.segments.searched;
  }
  expect(opened).toBeLessThan(outOf);
}, 60_000);

test('a record that was found names the entry of its segment', async () => {
  const entries = [...store.objects.keys()]
    .filter((name) => name.startsWith('batches/'))
    .toSorted()
    .flatMap((name) => (store.objects.get(name) as Buffer).toString('utf8').split('\n').slice(0, -2));
  const { hits } = await find({});
  expect(hits.some(({ entry }) => entry === undefined)).toBe(true);
  for (const { entry, segment, record } of hits) {
    if (entry === undefined) continue;
    const { name, records } = JSON.parse(entries[entry] as string) as {
      name: string;
      records: { first: number; count: number };
    };
    expect([name, record >= records.first, record < records.first + records.count]).toEqual([segment, true, true]);
  }
});

describe('an index that is not what the log states is not gone by, and that is said', () => {
  const alice = { terms: new Map<Field, string[]>([['actor', ['alice@contoso.example']]]) };

  /** spoiled gives the tiles with some files changed. */
  function spoiled(prefix: string, change: (bytes: Buffer) => Buffer | undefined): MemoryTiles {
    const other = new MemoryTiles();
    for (const [name, bytes] of tiles.objects) {
      const changed = name.startsWith(prefix) ? change(bytes) : bytes;
      if (changed !== undefined) other.objects.set(name, changed);
    }
    return other;
  }
  const flip =
    (at: number) =>
    (bytes: Buffer): Buffer => {
      const wrong = Buffer.from(bytes);
      const place = at < 0 ? bytes.length + at : at;
      wrong[place] = (wrong[place] as number) ^ 1;
      return wrong;
    };

  test.each<[string, string, (bytes: Buffer) => Buffer | undefined, RegExp]>([
    ['the manifest is gone', 'index/manifests/', (): undefined => undefined, /is missing/],
    ['the manifest is another', 'index/manifests/', flip(30), /not what the log says/],
    ['units are gone', 'index/units/', (): undefined => undefined, /is missing/],
    ['units begin otherwise', 'index/units/', flip(1), /does not begin as a unit/],
    ['units have another directory', 'index/units/', flip(40), /./],
    ['units have other pages', 'index/units/', flip(-5), /./],
    ['units are cut', 'index/units/', (bytes): Buffer => bytes.subarray(0, 300), /ends too early/],
    ['units are a stranger’s', 'index/units/', (): Buffer => Buffer.alloc(5000, '<html>'), /does not begin as a unit/],
    ['entry bundles are gone', 'tile/entries/', (): undefined => undefined, /is missing/],
    ['tiles are others', 'tile/0/', flip(2), /./],
    ['no checkpoint is published', 'checkpoint', (): undefined => undefined, /no checkpoint is published/],
    ['the checkpoint is of nobody', 'checkpoint', flip(-9), /no given key signed|not a note|malformed|base64/i],
  ])('%s', async (_, prefix, change, why) => {
    const plain = await scan(alice);
    expect(plain.hits.length).toBeGreaterThan(10);
    const { hits, tally } = await find(alice, spoiled(prefix, change));
    expect(hits).toEqual(plain.hits);
    expect(tally.unsearched).toEqual([]);
    expect(tally.index).toEqual({ why: expect.stringMatching(why) as string });
    expect(tally.segments).toEqual(plain.tally.segments);
  });

  test('tiles that this identity may not read, or that are away, in the middle of it too', async () => {
    const plain = await scan(alice);
    for (const [code, prefix] of [
      ['STORE_REFUSED', 'checkpoint'],
      ['STORE_UNAVAILABLE', 'index/units/'],
    ] as const) {
      const away = spoiled('none', (bytes) => bytes);
      const fail = (name: string): void => {
        if (name.startsWith(prefix)) throw new AuditsealError(code, 'nobody may read it');
      };
      const read = away.read.bind(away);
      const readPart = away.readPart.bind(away);
      away.read = async (name) => (fail(name), read(name));
      away.readPart = async (name, ...part) => (fail(name), readPart(name, ...part));
      const { hits, tally } = await find(alice, away);
      expect(hits).toEqual(plain.hits);
      expect(tally.index).toEqual({ why: 'nobody may read it' });
    }
  });

  test('a key that did not sign what is published reads no index of it', async () => {
    const { hits, tally } = await find(alice, tiles, [keyOf(9)]);
    expect(hits).toEqual([]);
    expect(tally.index).toEqual({ why: 'no given key signed the published checkpoint' });
  });

  test('without a key no index is gone by: whoever may write the tiles could publish a log that states one of nothing', async () => {
    const forged = new MemoryTiles();
    const manifest = Buffer.from('{"version":1,"rules":1,"entries":0,"units":[]}\n');
    const digest = createHash('sha256').update(manifest).digest('hex');
    const [last = ''] = [...store.objects.keys()]
      .filter((name) => name.startsWith('batches/'))
      .sort()
      .toReversed();
    const heads = (store.objects.get(last) as Buffer).toString('utf8').split('\n').at(-3) as string;
    const line = heads.replace(/"index":\{[^}]*\}/, `"index":{"entries":0,"rules":1,"manifest":"${digest}"}`);
    expect(line).not.toBe(heads);
    const leaf = createHash('sha256').update(`\0${line}`).digest();
    const length = Buffer.alloc(2);
    length.writeUInt16BE(line.length);
    const origin = (tiles.objects.get('checkpoint') as Buffer).toString('utf8').split('\n')[0];
    const signature = `\u2014 ${origin} ${Buffer.alloc(68, 7).toString('base64')}\n`;
    for (const [name, bytes] of [
      [`index/manifests/${digest}`, manifest],
      ['tile/0/000.p/1', leaf],
      ['tile/entries/000.p/1', Buffer.concat([length, Buffer.from(line)])],
      ['checkpoint', Buffer.from(`${origin}\n1\n${leaf.toString('base64')}\n\n${signature}`)],
    ] as const)
      forged.objects.set(name, bytes);
    const plain = await scan({});
    for (const published of [forged, tiles]) {
      const { hits, tally } = await find({}, published, []);
      expect(hits).toEqual(plain.hits);
      expect(tally.index).toEqual({ why: 'no key was given, and without one anybody may have made the index' });
      expect(tally.log?.entries).toBe(plain.tally.log?.entries);
    }
  });

  test('an older checkpoint that is published again hides nothing', async () => {
    const old = new MemoryTiles();
    for (const [name, bytes] of tiles.objects) old.objects.set(name, bytes);
    old.objects.set('checkpoint', store.objects.get(`checkpoints/${'4'.padStart(12, '0')}`) as Buffer);
    const { hits, tally } = await find(alice, old);
    const places = (all: readonly Hit[]): string[] =>
      all.map(({ partition, record }) => `${partition}/${record}`).sort();
    expect(places(hits)).toEqual(places((await scan(alice)).hits));
    expect(tally.segments.behindLog).toBeGreaterThan(50);
  });

  test('a segment that somebody changed is named, where the index leads to it', async () => {
    const { hits } = await scan(alice);
    const [{ segment }] = hits as [Hit];
    const real = store.objects.get(segment) as Buffer;
    store.objects.set(segment, Buffer.from('x'));
    try {
      expect((await find(alice)).tally.unsearched).toEqual([
        { segment, why: `${segment} is not what its entry in the log says`, isChanged: true },
      ]);
    } finally {
      store.objects.set(segment, real);
    }
  });
});

test('a gap before a unit, and one before the interval, are told', async () => {
  [store, tiles, next] = [new MemoryStore(), new MemoryTiles(), [0, 0, 0]];
  for (let i = 0; i < 40; i++) {
    if (i === 31) next[0] = (next[0] as number) + 3;
    await seal(0, ['{"identity":"a"}']);
    if (i % 10 === 9) await integrate();
  }
  await integrate();
  await integrate();
  expect(statedIndex(store)?.entries).toBeGreaterThan(40);
  const { tally } = await find({ from: Date.parse(timeOf(32)), terms: new Map([['actor', ['a']]]) });
  expect(tally.missing).toEqual((await scan({ from: Date.parse(timeOf(32)) })).tally.missing);
  expect(tally.missing).toMatchObject([{ partition: '0', first: 31, last: 33 }]);
  expect(store.objects.has(nameOf(39))).toBe(true);
});
