import { hitOf } from '../support/hits.ts';
import { ExportCounts } from '../../src/export/counts.ts';
import { lacksOf } from '../../src/export/lacks.ts';
import { queryWords } from '../../src/export/manifest.ts';
import type { Query } from '../../src/find/query.ts';
import { Tally } from '../../src/find/tally.ts';

const EVERYTHING: Query = { by: 'hub', terms: new Map(), where: [], texts: [] };
const LINE = Buffer.from('{}');

test('categories that a sender makes up are counted, and told apart up to a thousand', () => {
  const counts = new ExportCounts();
  const add = (category: string | undefined, partition = '0'): void =>
    counts.add(hitOf(LINE, { partition, values: category === undefined ? {} : { category } }));
  for (let i = 0; i < 1500; i++) add(`made up ${i}`, String(i % 3 === 0 ? 10 : 9));
  for (const category of ['made up 0', '__proto__', 'x'.repeat(257), undefined]) add(category);
  expect([counts.records, counts.otherCategories, counts.uncategorized]).toEqual([1504, 502, 1]);
  expect(counts.categories).toHaveLength(1000);
  expect(counts.categories[0]).toEqual(['made up 0', 2]);
  expect(counts.partitions).toEqual([
    ['0', 4],
    ['9', 1000],
    ['10', 500],
  ]);
});

test.each<[Partial<Query>, string]>([
  [{}, 'all records'],
  [
    { from: 0, to: 1000, partitions: new Set(['0', '3']) },
    'records that the hub got from 1970-01-01T00:00:00.000Z, that the hub got before 1970-01-01T00:00:01.000Z, of partition 0 or 3',
  ],
  [{ by: 'event', to: 0 }, 'records that say that they happened before 1970-01-01T00:00:00.000Z'],
  [
    { terms: new Map([['actor', ['a"b', 'c']]]), where: [{ path: 'properties.tls', value: '1' }], texts: ['x\ny'] },
    'records with actor "a\\"b" or "c", with properties.tls "1", in which "x\\ny" stands',
  ],
])('%j is %s', (query, words) => expect(queryWords({ ...EVERYTHING, ...query })).toBe(words));

/** A search of a whole log of which everything is known. */
function wholeTally(): Tally {
  const tally = new Tally();
  Object.assign(tally, { isWhole: true, isLogKnown: true, found: 3 });
  tally.log = { entries: 9, time: '', checkpoint: { origin: 'x', size: 9, rootHash: '' as never } };
  tally.spans.set('0', { first: 100, last: 900 });
  return tally;
}

const ALL = { records: 3, isKeyGiven: true, isLimited: false };

test.each<[string, (tally: Tally) => unknown, Partial<Query>, Partial<typeof ALL>, string[]]>([
  ['everything known', () => undefined, {}, {}, []],
  ['a search that did not end', (tally) => (tally.isWhole = false), {}, {}, ['interrupted']],
  ['fewer records than were found', () => undefined, {}, { records: 2 }, ['interrupted']],
  ['a limit', () => undefined, {}, { records: 2, isLimited: true }, ['limit']],
  [
    'a segment that is gone',
    (tally) => tally.unsearched.push({ segment: 's', why: 'w', isChanged: true }),
    {},
    {},
    ['not-searched'],
  ],
  [
    'events that are missing',
    (tally) => tally.missing.push({ partition: '0', first: 1, last: 2 }),
    {},
    {},
    ['missing-events'],
  ],
  ['a partition that the index does not follow', (tally) => tally.unfollowed.add('0'), {}, {}, ['not-known-before']],
  ['no log', (tally) => (tally.log = undefined), {}, {}, ['no-log']],
  ['no checkpoint', (tally) => (tally.log = { entries: 9, time: '' }), {}, {}, ['no-checkpoint']],
  ['no key', () => undefined, {}, { isKeyGiven: false }, ['no-key']],
  ['an interval within', () => undefined, { from: 100, to: 900 }, {}, []],
  ['an interval that ends too late', () => undefined, { to: 901 }, {}, ['sealed-until']],
  ['an interval that begins too early', () => undefined, { from: 99 }, {}, ['begins-later']],
  ['a ledger that begins too late', (tally) => (tally.begins = 200), { from: 150 }, {}, ['begins-later']],
  ['no partition', (tally) => tally.spans.clear(), { to: 1 }, {}, ['sealed-until']],
  ['the time of records', () => undefined, { by: 'event', from: 600_100 }, {}, ['late-events']],
])('%s', (_what, change, query, exported, lacks) => {
  const tally = wholeTally();
  change(tally);
  expect(lacksOf(tally, { ...EVERYTHING, ...query }, { ...ALL, ...exported })).toEqual(lacks);
});
