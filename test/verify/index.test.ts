import { buildUnitHere } from '../../src/core/index/build.ts';
import { eventAt, ingestOf, sealAll } from '../support/hub.ts';
import { timeOf } from '../support/forge.ts';
import { indexedLog, statedIndex } from '../support/indexScene.ts';
import { KeptLog } from '../support/keptLog.ts';
import { AUDITOR, KEY } from '../support/logs.ts';
import { SECOND } from '../support/loggedLedger.ts';
import { MemoryStore } from '../support/memoryStore.ts';
import { MemoryTiles } from '../support/memoryTiles.ts';
import { AuditsealError } from '../../src/core/errors.ts';
import { sha256 } from '../../src/core/hash.ts';
import { formatManifest, parseManifest } from '../../src/core/index/manifest.ts';
import type { IndexManifest } from '../../src/core/index/manifest.ts';
import { keyOf } from '../../src/core/index/termKey.ts';
import type { TermKey } from '../../src/core/index/termKey.ts';
import { TermsReader, indexStored, summarizeWithTerms } from '../../src/core/index/terms.ts';
import type { IndexStoredSegment } from '../../src/core/index/terms.ts';
import { manifestName, unitName } from '../../src/core/objects/names.ts';
import type { Report } from '../../src/core/objects/report.ts';
import { summarizeSegment } from '../../src/core/segment/summary.ts';
import type { SegmentSummary } from '../../src/core/segment/summary.ts';
import { Indexing } from '../../src/integrate/indexing.ts';
import type { PendingIndex } from '../../src/integrate/indexing.ts';
import type { ObjectStore, ReadableTiles } from '../../src/ports/store.ts';
import { verifyLedger } from '../../src/verify/verify.ts';
import type { VerifyOptions } from '../../src/verify/options.ts';

let store: MemoryStore;
let tiles: MemoryTiles;
let next: number[];
let summarizing: (...args: Parameters<typeof summarizeSegment>) => SegmentSummary;
beforeEach(async () => {
  [store, tiles, next] = [new MemoryStore(), new MemoryTiles(), [0, 0, 0]];
  for (let i = 0; i < 40; i++) await seal(i % 3);
});

async function seal(partition: number): Promise<void> {
  const first = next[partition] as number;
  next[partition] = first + 2;
  const bodies = ['alice', 'bob'].map((identity, i) => ({
    ...eventAt(first + i),
    body: Buffer.from(JSON.stringify({ identity, operationName: `op${(first + i) % 5}`, category: 'Audit' })),
  }));
  await sealAll(ingestOf(store), bodies, String(partition));
}

/** watching is a store that tells of what is read, before it is. */
const watching = <T extends { read: (name: string) => unknown }>(target: T, tell: (name: string) => unknown): T =>
  new Proxy(target, {
    get: (_, member) => {
      const value = Reflect.get(target, member, target) as unknown;
      if (member !== 'read') return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      return async (name: string): Promise<unknown> => {
        await tell(name);
        return target.read(name);
      };
    },
  });

const isSegment = (name: string): boolean => name.startsWith('segments/');

const honest: IndexStoredSegment = async (stored, segment) => indexStored(stored, segment);

/** index integrates and states an index, which is made of what `indexSegment` gives, or is changed before it is stated. */
async function index(
  indexSegment: IndexStoredSegment = honest,
  change: (manifest: IndexManifest) => IndexManifest = (it) => it,
): Promise<void> {
  const indexing = new LyingIndexing(indexSegment, change);
  await indexedLog(store, tiles, { indexing }).run(new KeptLog());
}

class LyingIndexing extends Indexing {
  readonly #change: (manifest: IndexManifest) => IndexManifest;

  constructor(indexSegment: IndexStoredSegment, change: (manifest: IndexManifest) => IndexManifest) {
    super({ store, tiles, now: Date.now, indexSegment, buildUnit: buildUnitHere, concurrency: 3, budgetMs: 60_000 });
    this.#change = change;
  }

  override async advance(...args: Parameters<Indexing['advance']>): Promise<PendingIndex | undefined> {
    const pending = await super.advance(...args);
    if (pending === undefined) return undefined;
    const real = tiles.objects.get(manifestName(pending.statement.manifest)) as Buffer;
    const manifest = this.#change(parseManifest(real));
    const bytes = formatManifest(manifest);
    tiles.objects.set(manifestName(sha256(bytes)), bytes);
    const { entries, rules } = manifest;
    return { ...pending, statement: { entries, rules, manifest: sha256(bytes) } };
  }
}

const check = async (
  options: VerifyOptions = {},
  indexSegment: IndexStoredSegment | 'none' = honest,
  from: ObjectStore = store,
  itsTiles: ReadableTiles = tiles,
): Promise<Report> =>
  verifyLedger(
    {
      store: from,
      tiles: itsTiles,
      now: () => Date.parse(timeOf(SECOND)),
      summarize: async (stored, question) => summarizing(stored, question),
      concurrency: 3,
      ...(indexSegment !== 'none' && { indexSegment }),
    },
    {
      verifiers: [KEY.verifierKey],
      auditors: { ledger: 'logs.example.com/audit', verifiers: [AUDITOR.verifierKey] },
      ...options,
    },
  );

const said = ({ findings }: Report): [string, string][] =>
  findings.map(({ code, object, detail }) => [code, `${object.replace(/[0-9a-f]{64}/, '…')}: ${detail}`]);

/** A summary has terms where threads give them; without, the index check reads segments once more. */
describe.each([
  ['on the way through the log', summarizeWithTerms],
  ['by reading segments again', summarizeSegment],
])('made %s', (_, way) => {
  beforeEach(() => {
    summarizing = way;
  });

  test('an index is made again from the segments, and agrees', async () => {
    await index();
    const report = await check();
    expect([report.status, said(report)]).toEqual(['verified', []]);
    const stated = statedIndex(store);
    const units = Math.ceil((stated?.entries ?? 0) / 32);
    expect(report.log?.index).toEqual({ ...stated, units, rederived: units });
    expect(units).toBeGreaterThan(1);
    expect(report.notChecked.filter((it) => it.includes('index'))).toEqual([]);
  });

  test('a check that makes none again says so', async () => {
    await index();
    for (const report of [await check({ isQuick: true }), await check({}, 'none')]) {
      expect(report.log?.index).toMatchObject({ rederived: 0 });
      expect(report.notChecked).toContain('the index was not made again from the segments');
    }
  });

  test('a quick check names the units that have no file, and reads none', async () => {
    await index();
    const missing = async (): Promise<string[]> =>
      (await check({ isQuick: true })).notChecked.filter((it) => it.includes('have no file'));
    expect(await missing()).toEqual([]);
    const { units } = parseManifest(tiles.objects.get(`index/manifests/${statedIndex(store)?.manifest}`) as Buffer);
    const names = units.filter(({ segments }) => segments > 0).map(({ tree }) => unitName(tree.rootHash));
    const first = names[0] as string;
    tiles.objects.delete(first);
    expect(await missing()).toEqual([
      `1 of the ${names.length} units of the index have no file: tlog/${first} is the first`,
    ]);
  });

  /** without leaves terms out of a segment's, or of some of its records. */
  const without =
    (key: TermKey): IndexStoredSegment =>
    async (stored, segment) => {
      const reader = new TermsReader(indexStored(stored, segment));
      const parts: Buffer[] = [];
      for (let term = reader.next(); term !== undefined; term = reader.next())
        if (term.key !== key) parts.push(Buffer.from(term.key, 'latin1'), term.runs);
      return Buffer.concat(parts);
    };

  test.each<[string, () => Promise<void>, string]>([
    [
      'leaves a term out',
      () => index(without(keyOf('actor', 'alice'))),
      'it is not what the segments of entries 0 to 32 give',
    ],
    [
      'leaves a record of a term out',
      () =>
        index(async (stored, segment) => {
          const terms = await honest(stored, segment);
          return segment.name === 'segments/1/000000000004.jsonl.zst'
            ? without(keyOf('actor', 'bob'))(stored, segment)
            : terms;
        }),
      'it is not what the segments of entries 0 to 32 give',
    ],
    [
      'states fewer records',
      () => index(honest, (it) => ({ ...it, units: it.units.map((unit) => ({ ...unit, records: unit.records - 1 })) })),
      'it is not what the segments of entries 0 to 32 give',
    ],
    [
      'states other times',
      () =>
        index(honest, (it) => ({
          ...it,
          units: it.units.map((unit) => ({ ...unit, time: { first: timeOf(5), last: timeOf(6) } })),
        })),
      'it is not what the segments of entries 0 to 32 give',
    ],
    [
      'covers less of a batch',
      () =>
        index(honest, ({ units, entries, ...it }) => ({
          ...it,
          entries: entries - 1,
          units: units.map((unit, i) => (i === units.length - 1 ? { ...unit, to: unit.to - 1 } : unit)),
        })),
      'no batch ends there',
    ],
    [
      'has other ranges',
      () =>
        index(honest, (it) => {
          const [first, second, ...rest] = it.units;
          if (first === undefined || second === undefined) throw new Error('there are too few units');
          return { ...it, units: [{ ...first, to: 31 }, { ...second, from: 31 }, ...rest] };
        }),
      'its units are of other ranges than the log gives',
    ],
  ])('a signed index that %s is found', async (_, make, detail) => {
    await make();
    const report = await check();
    expect(report.status).toBe('violated');
    expect(said(report).filter(([code]) => code !== 'index-mismatch')).toEqual([]);
    expect(said(report).map(([, text]) => text)).toContainEqual(expect.stringContaining(detail));
  });

  test('files of the index that are gone, or others, are found', async () => {
    await index();
    const units = [...tiles.objects.keys()].filter((name) => name.startsWith('index/units/'));
    const stated = statedIndex(store);
    const { units: live } = JSON.parse(
      (tiles.objects.get(`index/manifests/${stated?.manifest}`) as Buffer).toString(),
    ) as { units: { root: string }[] };
    const [unit = ''] = units.filter((name) => live.some(({ root }) => name.endsWith(root)));
    const real = tiles.objects.get(unit) as Buffer;
    const flipped = Buffer.from(real);
    flipped[real.length - 3] = (flipped[real.length - 3] as number) ^ 1;
    for (const [bytes, detail] of [
      [undefined, 'it is missing, and the log states it'],
      [flipped, 'its bytes are not those of its tree'],
      [real.subarray(0, 20), 'its bytes are not those of its tree'],
    ] as const) {
      if (bytes === undefined) tiles.objects.delete(unit);
      else tiles.objects.set(unit, bytes);
      expect(said(await check())).toEqual([['index-mismatch', `tlog/index/units/…: ${detail}`]]);
    }
    tiles.objects.set(unit, real);
    const manifest = `index/manifests/${stated?.manifest}`;
    tiles.objects.set(manifest, Buffer.from('{}'));
    expect(said(await check())).toEqual([['index-mismatch', 'tlog/index/manifests/…: it is not what the log says']]);
    tiles.objects.delete(manifest);
    expect(said(await check())).toEqual([
      ['index-mismatch', 'tlog/index/manifests/…: it is missing, and the log states it'],
    ]);
  });

  test('a segment that was changed has its own finding, and its unit none', async () => {
    await index();
    const name = 'segments/0/000000000002.jsonl.zst';
    const wrong = Buffer.from(store.objects.get(name) as Buffer);
    wrong[30] = (wrong[30] as number) ^ 1;
    store.objects.set(name, wrong);
    const report = await check();
    expect(said(report).map(([code]) => code)).not.toContain('index-mismatch');
    expect(report.log?.index?.rederived).toBe((report.log?.index?.units ?? 0) - 1);
    expect(report.notChecked).toContain(
      'the index of 1 segments was not made again, because they are not what the log says',
    );
  });

  test('a check that goes on from a report makes none again, and says so', async () => {
    await index();
    const anchor = { name: 'reports/000000000000.json', report: await check() };
    for (let i = 0; i < 70; i++) await seal(i % 3);
    await index();
    const report = await check({ anchor, isIncremental: true });
    expect([report.status, said(report)]).toEqual(['verified', []]);
    expect(report.log?.index?.rederived).toBe(0);
    expect(report.notChecked).toContain('the index was not made again from the segments');
    const { units = 0, rederived } = (await check()).log?.index ?? {};
    expect(units).toBeGreaterThan(1);
    expect(rederived).toBe(units);
  });

  test('a batch whose heads state an index of more than there is before is not in the log', async () => {
    await index(honest, ({ entries, units, ...it }) => ({
      ...it,
      entries: entries + 1,
      units: units.map((unit, i) => (i === units.length - 1 ? { ...unit, to: unit.to + 1 } : unit)),
    })).catch(() => undefined);
    expect(statedIndex(store)).toBeUndefined();
  });

  test('other rules are not taken for wrong ones', async () => {
    await index(honest, (it) => ({ ...it, rules: 2 }));
    const report = await check();
    expect([report.status, said(report)]).toEqual(['verified', []]);
    expect(report.notChecked).toContain(
      'the index is made by rules 2, and this release knows rules 1, so it was not made again',
    );
  });
});

test('a full check reads each segment once, and only those of units that changed meanwhile again', async () => {
  await index();
  summarizing = summarizeWithTerms;
  const reads = new Map<string, number>();
  const counted = watching(store, (name) => reads.set(name, (reads.get(name) ?? 0) + 1));
  const readsOfSegments = (): number[] => [...reads].flatMap(([name, count]) => (isSegment(name) ? [count] : []));
  expect((await check({}, honest, counted)).log?.index?.rederived).toBeGreaterThan(1);
  expect(readsOfSegments()).toEqual(Array(40).fill(1));

  reads.clear();
  // What somebody planted, and nobody can remove, doesn't cost each check the reading of everything once more.
  store.objects.set('segments/0/000000000900.jsonl.zst', Buffer.from('planted'));
  const { status, log } = await check({}, honest, counted);
  expect([status, log?.index?.rederived]).toEqual(['violated', log?.index?.units]);
  expect(readsOfSegments()).toEqual(Array(41).fill(1));
  store.objects.delete('segments/0/000000000900.jsonl.zst');

  reads.clear();
  // Once the check knows the index of its beginning, the log grows.
  let isGrown = false;
  const grown = watching(tiles, async (name) => {
    if (isGrown || !name.startsWith('index/manifests/')) return;
    isGrown = true;
    for (let i = 0; i < 20; i++) await seal(i % 3);
    await index();
  });
  const report = await check({}, honest, counted, grown);
  expect([report.status, said(report)]).toEqual(['verified', []]);
  const { units = 0, rederived, entries } = report.log?.index ?? {};
  expect([rederived, entries]).toEqual([units, statedIndex(store)?.entries]);
  const twice = readsOfSegments().filter((count) => count === 2).length;
  expect(readsOfSegments().every((count) => count <= 2)).toBe(true);
  // Those of the last unit that was there, which has grown, and the new ones.
  expect(twice).toBeGreaterThanOrEqual(20);
  expect(twice).toBeLessThan(60);
});

test.each(['STORE_REFUSED', 'STORE_UNAVAILABLE'] as const)(
  'tiles that cannot be read (%s) leave the outcome open, and end no check without one',
  async (code) => {
    await index();
    summarizing = summarizeWithTerms;
    for (const start of ['', 'checkpoint', 'index/manifests/', 'index/units/', 'tile/entries/', 'tile/0/']) {
      const away = watching(tiles, (name) => {
        if (name.startsWith(start)) throw new AuditsealError(code, `no ${name}`);
      });
      expect(await check({}, honest, store, away)).toMatchObject({ status: 'unverified', findings: [] });
    }
  },
);
