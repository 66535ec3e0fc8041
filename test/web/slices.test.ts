import { formatVerifierKey } from '../../src/core/note/verifierKey.ts';
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MirrorStore } from '../../src/adapters/mirrorStore.ts';
import type { LedgerInterval } from '../../src/core/objects/slice.ts';
import { mirrorLedger } from '../../src/ledger/mirror.ts';
import { check, saidOf } from '../support/checking.ts';
import { forge, nameOf, timeOf } from '../support/forge.ts';
import { KEY, keyOf } from '../support/logs.ts';
import { MemoryStore } from '../support/memoryStore.ts';
import { PLANTED, momentOf, sliceScene } from '../support/sliceScene.ts';
import { resign, unsign } from './damageTools.ts';
import { mirrorOf } from './mirrors.ts';
import type { Mirror } from './mirrors.ts';
import { bothSay, coreReport, mirrorOfLedger, pageOutcome, segmentsIn, sliceOf } from './slices.ts';

const whole = mirrorOfLedger(await sliceScene());

const between = (from: number, to: number, partitions: readonly string[] | null = null): LedgerInterval => ({
  from: momentOf(from),
  to: momentOf(to),
  partitions,
});

const named = (...places: readonly (readonly [string, ...number[]])[]): string[] =>
  places.flatMap(([partition, ...indices]) => indices.map((index) => nameOf(index, partition))).sort();

const GAP = `sequence-gap ${nameOf(4)} acknowledged`;
const LATER_GAP = `sequence-gap ${nameOf(7)} acknowledged`;
const RECREATED = `hub-recreated ${nameOf(9)} acknowledged`;

/** Intervals, the segments that are of each, and what is found. */
const INTERVALS: readonly (readonly [
  what: string,
  LedgerInterval,
  segments: readonly string[],
  found: readonly string[],
])[] = [
  [
    'in the middle, with gaps and a clock that goes back',
    between(3, 9),
    named(['0', 3, 4, 6, 7, 8, 9], ['1', 2, 3, 5, 6], ['2', 1, 2], ['10', 2]),
    [RECREATED, GAP, LATER_GAP],
  ],
  ['of which a segment is one because its hub’s clock went back', between(2.4, 2.6, ['0']), named(['0', 5]), []],
  ['that begins with the first segments', between(0, 1.2), named(['0', 0, 1], ['1', 0], ['2', 0], ['10', 0]), []],
  ['that ends with the last ones', between(11.5, 13), named(['0', 12], ['1', 8], ['2', 4]), []],
  ['of everything', between(0, 14), segmentsIn(whole).filter((name) => name !== PLANTED), [RECREATED, GAP, LATER_GAP]],
  ['of some partitions', between(3, 9, ['1', '10']), named(['1', 2, 3, 5, 6], ['10', 2]), []],
  ['that ends before the segment that declares a gap at its end', between(3, 3.5, ['0']), named(['0', 3, 4]), [GAP]],
  ['that begins behind the last event before a gap', between(3.5, 4, ['0']), named(['0', 4]), [GAP]],
  ['that ends before the segment that tells of the hub’s end', between(8, 8.5, ['0']), named(['0', 8, 9]), [RECREATED]],
  ['with heartbeats alone', between(2.5, 10, ['2']), named(['2', 1, 2, 3]), []],
];

describe.each(INTERVALS)('a slice %s', (_what, interval, segments, found) => {
  test('has these segments and the log, and is verified as a slice, by both checkers; so is that interval of the ledger', async () => {
    const slice = await sliceOf(whole, interval);
    expect(segmentsIn(slice)).toEqual(segments.toSorted());
    const folders = new Set([...slice.keys()].map((name) => name.split('/')[0]));
    expect(folders).toEqual(new Set(['actions', 'batches', 'checkpoints', 'segments', 'slice.json', 'tlog']));
    const wanted = { status: 'verified', found: found.toSorted() };
    expect(await bothSay(slice, interval)).toEqual(wanted);
    expect(await bothSay(whole, interval)).toEqual(wanted);
    expect(await bothSay(slice, interval, '')).toEqual(wanted);
    const { interval: said } = await coreReport(slice, interval);
    expect(said).toMatchObject({ ...interval, segments: segments.length });
    expect(segments.length + (said?.segmentsOutside ?? 0)).toBe(31);
    const page = (await pageOutcome(slice, interval)).interval;
    expect(page).toMatchObject({
      ...interval,
      segments: segments.length,
      outside: said?.segmentsOutside,
      complete: said?.complete,
    });
    expect(
      page?.partitionsIn.map(({ partition, span = [-1, -1], begins, sealed }) => [partition, ...span, begins, sealed]),
    ).toEqual(
      said?.chains.map(({ partition, first, last, begins, sealed }) => [partition, first, last, begins, sealed]),
    );
  });
});

test('what is outside of an interval may be gone or changed, and the verdict of the interval is the same', async () => {
  const interval = between(3, 9);
  const inside = segmentsIn(await sliceOf(whole, interval));
  for (const name of [...segmentsIn(whole), 'reports/000000000000.json'].filter((name) => !inside.includes(name))) {
    const without = new Map(whole);
    without.delete(name);
    expect(await bothSay(without, interval)).toMatchObject({ status: 'verified' });
  }
  for (const name of [nameOf(0), nameOf(12), nameOf(1, '1'), 'reports/000000000000.json'])
    expect(await bothSay(new Map(whole).set(name, Buffer.from('x')), interval)).toMatchObject({ status: 'verified' });
});

test('a slice is not verified where any object of its log is gone or cut off', async () => {
  const interval = between(3, 9);
  const slice = await sliceOf(whole, interval);
  // Without its newest batch a log is an older one, which is whole.
  const ofLog = [...slice.keys()].filter(
    (name) => /^(batches|checkpoints|actions)\//.test(name) && !name.endsWith('5.jsonl'),
  );
  expect(ofLog.length).toBeGreaterThan(12);
  for (const name of ofLog) {
    const without = new Map(slice);
    without.delete(name);
    expect({ name, ...(await bothSay(without, interval)) }).toMatchObject({ name, status: 'violated' });
    const cut = (slice.get(name) as Buffer).subarray(0, -1);
    expect({ name, ...(await bothSay(new Map(slice).set(name, cut), interval)) }).toMatchObject({
      name,
      status: 'violated',
    });
  }
});

test('a slice.json is no object of a mirror; one that a container has is foreign there, and in each mirror', async () => {
  const slice = await sliceOf(whole, between(3, 9));
  const file = slice.get('slice.json') as Buffer;
  const named = new Map(whole).set('slice.json', file);
  const all = await pageOutcome(named, undefined);
  expect(all).toMatchObject({ status: 'verified', slice: { from: momentOf(3), to: momentOf(9), partitions: null } });
  expect(all.notChecked.join()).toContain('file that says what slice of a ledger this is: slice.json');
  const name = Buffer.from('slice.json');
  const digest = createHash('sha256').update(name).digest('hex');
  const foreign = new Map(named).set(`foreign/${digest}.name`, name).set(`foreign/${digest}`, file);
  const { status, findings } = await pageOutcome(foreign, undefined);
  expect(status).toBe('violated');
  expect(findings.filter(({ acknowledged }) => acknowledged === undefined)).toMatchObject([
    { code: 'foreign-object', object: 'slice.json' },
  ]);
  const store = new MemoryStore([...named].filter(([name]) => !name.startsWith('tlog/')));
  expect(saidOf(await check(store, { verifiers: [KEY.verifierKey] }))).toContain('foreign-object slice.json');
  const kept = await mkdtemp(join(tmpdir(), 'auditseal-test-'));
  try {
    const folder = new MirrorStore(kept);
    expect(await mirrorLedger(store, folder, { concurrency: 3 })).toMatchObject({ failed: [] });
    await writeFile(join(kept, 'slice.json'), file);
    expect(saidOf(await check(folder, { verifiers: [KEY.verifierKey] }))).toContain('foreign-object slice.json');
  } finally {
    await rm(kept, { recursive: true });
  }
});

test('without a log, or one that no given key began, an interval is not verified, whatever segments there are', async () => {
  const interval = between(3, 9);
  const bare: Mirror = new Map([...whole].filter(([name]) => name.startsWith('segments/')));
  for (const mirror of [bare, new Map()])
    expect(await bothSay(mirror, interval)).toEqual({ status: 'unverified', found: [] });
  expect((await coreReport(bare, interval)).notChecked.join()).toContain(
    'which segments are of the interval is not known',
  );
  const stranger = formatVerifierKey(keyOf(66).verifierKey);
  expect((await bothSay(whole, interval, stranger)).status).toBe('violated');
  expect((await coreReport(whole, interval, stranger)).notChecked.join()).toContain('none of the given keys signed');
});

test('an interval in which the log has nothing is not verified', async () => {
  for (const interval of [between(20, 30), between(-9, -1), between(3, 9, ['7']), between(4, 9, ['10'])]) {
    expect(await bothSay(whole, interval)).toEqual({ status: 'unverified', found: [] });
    expect((await coreReport(whole, interval)).notChecked.join()).toContain('the log has no segment of the interval');
    expect((await pageOutcome(whole, interval)).notChecked.join()).toContain('the log has no segment of the interval');
  }
});

test('where an interval is beyond what is sealed, at either end or for a partition, that is said', async () => {
  const interval = between(-3, 20, ['0', '7', '10']);
  const said = (await coreReport(whole, interval)).notChecked;
  expect(said).toEqual(
    expect.arrayContaining([
      `partition 0 is sealed only until ${momentOf(12.1)}, so the interval is complete no further`,
      `partition 10 is sealed only until ${momentOf(3.3)}, so the interval is complete no further`,
      `of partition 0 nothing is sealed of before ${momentOf(0)}`,
      'of partition 7 the log has no segment at all',
    ]),
  );
  const inPage = (await pageOutcome(whole, interval)).notChecked.join('\n');
  for (const text of [momentOf(12.1), momentOf(3.3), momentOf(0), 'Partition 7: the log has no segment of it at all'])
    expect(inPage).toContain(text);
});

describe('segments that the log does not have yet', () => {
  const interval = { from: timeOf(2), to: timeOf(4), partitions: null };

  test('are checked, and said to have no entry; they make no interval verified', async () => {
    const mirror = await mirrorOf();
    const newest = { ...interval, from: timeOf(6), to: timeOf(9) };
    const last = mirror.get(nameOf(5)) as Buffer;
    expect((await bothSay(mirror, newest)).status).toBe('unverified');
    const next = forge({ index: 6, record: 6, events: [6], prev: rootOf(last), latest: timeOf(6) });
    const behind = new Map(mirror).set(nameOf(6), next.stored);
    expect((await bothSay(behind, newest)).found).toEqual([`not-integrated ${nameOf(6)}`]);
    const broken = forge({ index: 6, record: 6, events: [6], prev: 'ab'.repeat(32), latest: timeOf(6) });
    expect((await bothSay(new Map(mirror).set(nameOf(6), broken.stored), interval)).found).toEqual([
      `chain-broken ${nameOf(6)}`,
      `not-integrated ${nameOf(6)}`,
    ]);
  });

  const rootOf = (stored: Buffer): string => /"root":"([0-9a-f]{64})"/.exec(stored.toString('latin1'))?.[1] as string;
});

describe('an entry of a segment outside that does not join what is inside', () => {
  /** The third batch has the segments 4 and 5 of two partitions, and no checkpoint stands behind it any more. */
  const lying = async (change: (entry: string) => string): Promise<Mirror> => {
    const mirror = await mirrorOf();
    for (const name of mirror.keys()) if (/^(reports|actions)\//.test(name)) mirror.delete(name);
    unsign(mirror, 2);
    resign(mirror, 2, (text) =>
      text
        .split('\n')
        .map((line) => (line.includes(`"name":"${nameOf(4)}"`) ? change(line) : line))
        .join('\n'),
    );
    return mirror;
  };
  const inside = { from: timeOf(2), to: timeOf(4), partitions: null };
  const behind = { from: timeOf(5), to: timeOf(9), partitions: null };

  test.each([
    [
      'another prev',
      (line: string) => line.replace(/"prev":"../, '"prev":"zz'.replace('zz', 'ff')),
      `chain-broken ${nameOf(4)}`,
    ],
    [
      'other records',
      (line: string) => line.replace('"records":{"first":4', '"records":{"first":5'),
      `sequence-overlap ${nameOf(4)}`,
    ],
    [
      'events that were before',
      (line: string) => line.replace('"events":{"first":4,"last":4', '"events":{"first":3,"last":3'),
      `sequence-overlap ${nameOf(4)}`,
    ],
    [
      'an incarnation too many, so that it is of the interval',
      (line: string) => line.replace('"incarnation":0', '"incarnation":2'),
      `entry-mismatch ${nameOf(4)}`,
    ],
  ])('behind it, by %s', async (_what, change, found) => {
    const said = await bothSay(await lying(change), inside);
    expect(said.status).toBe('violated');
    expect(said.found).toContain(found);
  });

  test.each([
    ['another root', (line: string) => line.replace(/"root":"../, '"root":"ff'), `chain-broken ${nameOf(5)}`],
    [
      'other records',
      (line: string) => line.replace('"records":{"first":4,"count":1', '"records":{"first":4,"count":2'),
      `sequence-overlap ${nameOf(5)}`,
    ],
    [
      'a gap behind it',
      (line: string) => line.replace('"events":{"first":4,"last":4', '"events":{"first":3,"last":3'),
      `sequence-gap ${nameOf(5)}`,
    ],
    [
      'a later time of its events, so that it is of the interval',
      (line: string) =>
        line.replace(/"last":"2025-11-22T00:00:04/, '"last":"2025-11-22T00:00:04'.replace(':04', ':59')),
      `entry-mismatch ${nameOf(4)}`,
    ],
  ])('before it, by %s', async (_what, change, found) => {
    const said = await bothSay(await lying(change), behind);
    expect(said.status).toBe('violated');
    expect(said.found).toContain(found);
  });
});
