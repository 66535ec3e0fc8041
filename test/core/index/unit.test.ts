import { createHash } from 'node:crypto';
import { hostileRecord } from '../../support/hostileRecords.ts';
import { Random } from '../../support/random.ts';
import { picks, triedOf } from '../../support/sample.ts';
import { referenceRoot, referenceTerms } from '../../support/referenceIndex.ts';
import type { ReferenceSegment } from '../../support/referenceIndex.ts';
import { sealedSegment } from '../../support/indexScene.ts';
import { formatHash, leafHash } from '../../../src/core/hash.ts';
import { buildUnit } from '../../../src/core/index/build.ts';
import type { BuiltUnit, SegmentPart } from '../../../src/core/index/build.ts';
import { intersectionOf, parsePostings, recordsIn, unionOf } from '../../../src/core/index/postings.ts';
import type { Postings } from '../../../src/core/index/postings.ts';
import { groupUnits, isRange, widthsIn } from '../../../src/core/index/ranges.ts';
import { formatKey, keyOf } from '../../../src/core/index/termKey.ts';
import type { TermKey } from '../../../src/core/index/termKey.ts';
import { openDirectory, openPage, pageOf, parseStart, proveTerm, termLeaf } from '../../../src/core/index/unit.ts';
import { WholeUnit } from '../../../src/core/index/wholeUnit.ts';
import { verifyInclusion } from '../../../src/core/merkle/proof.ts';

const SEGMENTS = triedOf(300, 150, 150);
const segments: { readonly part: SegmentPart; readonly reference: ReferenceSegment }[] = [];
let whole: BuiltUnit;

beforeAll(() => {
  const random = new Random(11);
  for (let i = 0; i < SEGMENTS; i++) {
    const bodies = Array.from({ length: random.below(9) }, () =>
      random.below(9) === 0 ? 'not JSON' : hostileRecord(random),
    );
    for (let user = 0; user < 4; user++)
      bodies.push(`{"identity":"user ${i}/${user}","operationName":"op ${random.below(900)}"}`);
    segments.push(sealedSegment(i, 7 + 2 * i, bodies));
  }
  whole = buildUnit(
    { from: 7, to: 7 + 2 * SEGMENTS },
    segments.map(({ part }) => part),
  );
});

test('a unit has the terms, and the root, that its format says', () => {
  const reference = referenceTerms(
    segments.map(({ reference }) => reference),
    7,
  );
  const unit = new WholeUnit(whole.bytes, whole.unit.tree);
  const terms = [...unit.terms()].map(({ key, postings }) => [formatKey(key), postings.toString('hex')]);
  expect(terms).toEqual([...reference].map(([key, postings]) => [key, postings.toString('hex')]));
  expect(formatHash(whole.unit.tree.rootHash)).toBe(referenceRoot(reference));
  expect(whole.unit.segments).toBe(SEGMENTS);
  expect(unit.rows(SEGMENTS, 7)).toEqual(segments.map(({ part }) => part.row));
});

test('is the same whatever it was made of', () => {
  const random = new Random(12);
  for (let round = 0; round < triedOf(10, 4, 4); round++) {
    const parts = [];
    for (let i = 0; i < SEGMENTS;) {
      const end = Math.min(SEGMENTS, i + 1 + random.below(120));
      const some = segments.slice(i, end).map(({ part }) => part);
      const range = { from: 7 + 2 * i, to: 7 + 2 * end };
      const built = buildUnit(range, some);
      parts.push(...(random.below(3) === 0 ? some : [{ unit: built.unit, file: built.bytes }]));
      i = end;
    }
    expect(buildUnit({ from: 7, to: 7 + 2 * SEGMENTS }, parts)).toEqual(whole);
  }
});

test('proves each term, and of any other key that its neighbours stand side by side', () => {
  const { bytes, unit } = whole;
  const start = parseStart(bytes.subarray(0, 16), unit.tree);
  const frameOf = ({ offset, length }: { offset: number; length: number }): Buffer =>
    bytes.subarray(offset, offset + length);
  const directory = openDirectory(frameOf(start.directory), start, unit.tree);
  expect(directory.pages.length).toBeGreaterThan(1);
  const tried = new Set(picks(unit.tree.size, 300, 1000));
  let index = 0;
  for (const [number, row] of directory.pages.entries()) {
    const page = openPage(frameOf(row), directory, number);
    for (const { key, hash } of page) {
      const at = index++;
      if (!tried.has(at)) continue;
      expect(pageOf(directory, key)).toBe(number);
      const proof = proveTerm(directory, page, at);
      expect(verifyInclusion(proof, leafHash(termLeaf(key, hash)), unit.tree.rootHash)).toBe(true);
      expect(
        verifyInclusion({ ...proof, index: at === 0 ? 1 : at - 1 }, leafHash(termLeaf(key, hash)), unit.tree.rootHash),
      ).toBe(false);
    }
  }
  expect(index).toBe(unit.tree.size);
  expect(pageOf(directory, '\0'.repeat(8) as TermKey)).toBe(0);
});

test('says so of every byte of it that is another', () => {
  const small = buildUnit(
    { from: 7, to: 13 },
    segments.slice(0, 3).map(({ part }) => part),
  );
  const read = (file: Buffer): string => {
    try {
      const unit = new WholeUnit(file, small.unit.tree);
      return [...unit.terms()].map(({ key, postings }) => formatKey(key) + postings.toString('hex')).join();
    } catch (error) {
      return (error as { code?: string }).code ?? String(error);
    }
  };
  const right = read(small.bytes);
  for (let at = 0; at < small.bytes.length; at++) {
    const wrong = Buffer.from(small.bytes);
    wrong[at] = (wrong[at] as number) ^ 0x10;
    expect([at, ['INDEX_MALFORMED', right].includes(read(wrong))]).toEqual([at, true]);
    expect([at, read(small.bytes.subarray(0, at))]).toEqual([at, 'INDEX_MALFORMED']);
  }
});

describe('records with which a segment would have too many keys', () => {
  const users = (from: number, count: number): string =>
    JSON.stringify({ identity: Array.from({ length: count }, (_, i) => `user${from + i}`) });

  /** recordsOf gives the records of a term in a segment of these bodies. */
  const finderOf = (bodies: readonly string[]): ((field: string, value: string) => readonly number[]) => {
    const { part } = sealedSegment(0, 0, bodies);
    const { bytes, unit } = buildUnit({ from: 0, to: 1 }, [part]);
    const whole = new WholeUnit(bytes, unit.tree);
    return (field, value) => {
      const postings = whole.find(keyOf(field, value));
      return postings === undefined ? [] : [...recordsIn(parsePostings(postings)[0]?.runs ?? [])];
    };
  };

  test('stand under a key of their own, and nothing else of them; all others are found', () => {
    // A hundred thousand keys are there, and then another hundred thousand do not fit.
    const recordsOf = finderOf([
      '{"category":"a","identity":"user7"}',
      users(0, 100_000),
      users(100_000, 100_000),
      '{"category":"b","identity":"user7"}',
      users(150_000, 31_070),
      '{"category":"a"}',
      '{"category":"c"}',
      'no JSON',
    ]);
    expect(recordsOf('_unindexed', '')).toEqual([2, 6]);
    expect(recordsOf('actor', 'user7')).toEqual([0, 1, 3]);
    expect(recordsOf('actor', 'user100001')).toEqual([]);
    expect(recordsOf('actor', 'user150001')).toEqual([4]);
    expect(recordsOf('category', 'a')).toEqual([0, 5]);
    expect(recordsOf('category', 'b')).toEqual([3]);
    expect(recordsOf('category', 'c')).toEqual([]);
    expect(recordsOf('_without', 'category')).toEqual([1, 4]);
    expect(recordsOf('_notJson', '')).toEqual([7]);
  });

  test('the last key that has a place', () => {
    expect(finderOf([users(0, 131_072)])('_unindexed', '')).toEqual([]);
    const recordsOf = finderOf([users(0, 131_073), '{"identity":"user7"}', `${users(0, 131_073).slice(0, -1)}, no`]);
    expect(recordsOf('_unindexed', '')).toEqual([0]);
    expect(recordsOf('actor', 'user7')).toEqual([1]);
    expect(recordsOf('_notJson', '')).toEqual([2]);
  });
});

test('a value of a megabyte is found as a short one is', () => {
  const long = 'x'.repeat(1_000_000);
  const { part } = sealedSegment(0, 0, [JSON.stringify({ category: long }), JSON.stringify({ category: 'y' })]);
  const { bytes, unit } = buildUnit({ from: 0, to: 1 }, [part]);
  const found = new WholeUnit(bytes, unit.tree).find(keyOf('category', long));
  expect(parsePostings(found as Buffer)).toEqual([{ ordinal: 0, runs: [0, 1] }]);
  expect(bytes.length).toBeLessThan(2000);
});

test('a term of very many records stands by itself, and is found', () => {
  const parts = Array.from({ length: 40 }, (_, i) => {
    const bodies = Array.from({ length: 400 }, (_, record) => `{"category":"${record % 2 === 0 ? 'even' : 'odd'}"}`);
    return sealedSegment(i, i, bodies).part;
  });
  const { bytes, unit } = buildUnit({ from: 0, to: 40 }, parts);
  const postings = new WholeUnit(bytes, unit.tree).find(keyOf('category', 'odd')) as Buffer;
  expect(postings.length).toBeGreaterThan(4096);
  const all = parsePostings(postings).map(({ runs }) => [...recordsIn(runs)]);
  expect(all).toEqual(parts.map(() => Array.from({ length: 200 }, (_, i) => 2 * i + 1)));
});

test('sets of records are joined and cut as sets are', () => {
  const random = new Random(13);
  const postings = (): Postings =>
    Array.from({ length: 6 }, (_, ordinal) => {
      const runs: number[] = [];
      for (let at = random.below(3); at < 40; at += 1 + random.below(5)) {
        const end = at + 1 + random.below(6);
        runs.push(at, end);
        at = end;
      }
      return { ordinal, runs };
    }).filter(({ ordinal }) => random.below(4) > 0 || ordinal === 0);
  const setOf = (all: Postings): Set<string> =>
    new Set(all.flatMap(({ ordinal, runs }) => [...recordsIn(runs)].map((record) => `${ordinal}/${record}`)));
  for (let round = 0; round < 300; round++) {
    const [a, b] = [postings(), postings()];
    expect(setOf(unionOf([a, b]))).toEqual(new Set([...setOf(a), ...setOf(b)]));
    expect(setOf(intersectionOf(a, b))).toEqual(new Set([...setOf(a)].filter((place) => setOf(b).has(place))));
  }
});

describe('ranges', () => {
  interface Range {
    readonly from: number;
    readonly to: number;
    readonly records: number;
    readonly tree: { readonly size: number };
  }
  const isBusy = (entry: number): boolean => entry % 7 === 0;
  const recordsOf = (entry: number): number => (isBusy(entry) ? 900 * (entry % 5) : 0);

  /** rangeOf is a range as a unit of its segments is: many of their terms are the same. */
  function rangeOf(from: number, to: number, termsOf: (entry: number) => number): Range {
    let [records, size] = [0, 0];
    for (let entry = from; entry < to; entry++) {
      records += recordsOf(entry);
      size = Math.max(size, termsOf(entry)) + (termsOf(entry) > 0 ? 10 : 0);
    }
    return { from, to, records, tree: { size } };
  }

  function grouped(units: readonly Range[], entries: number, termsOf: (entry: number) => number): readonly Range[] {
    let all = units;
    for (const width of widthsIn(entries))
      all = groupUnits(all, width, entries).map((group) =>
        rangeOf(group[0]?.from ?? -1, group.at(-1)?.to ?? -1, termsOf),
      );
    return all;
  }

  const smallest = (from: number, entries: number, termsOf: (entry: number) => number): Range[] => {
    const units: Range[] = [];
    for (; from < entries; from += 32) units.push(rangeOf(from, Math.min(from + 32, entries), termsOf));
    return units;
  };

  test.each([
    ['few terms', (entry: number): number => (isBusy(entry) ? 50 : 0), 3 * 32],
    ['many terms in some', (entry: number): number => (entry % 9000 < 40 ? 130_000 : 50), 8 * 32],
  ])('cover the log without a hole, and depend on it alone: %s', (_, termsOf, most) => {
    const random = new Random(14);
    let known: readonly Range[] = [];
    for (let entries = 1; entries < 40_000; entries += 1 + random.below(2000)) {
      if ((known.at(-1)?.to ?? 0) % 32 !== 0) known = known.slice(0, -1);
      known = grouped([...known, ...smallest(known.at(-1)?.to ?? 0, entries, termsOf)], entries, termsOf);
      expect(known).toEqual(grouped(smallest(0, entries, termsOf), entries, termsOf));
      expect(known.map(({ from }) => from)).toEqual([0, ...known.slice(0, -1).map(({ to }) => to)]);
      expect(known.at(-1)?.to).toBe(entries);
      expect(known.length).toBeLessThan(most);
      expect(known.every((range) => isRange(range, entries))).toBe(true);
    }
  });

  test.each([
    ['records', { records: 2_097_153, tree: { size: 10 } }],
    ['terms', { records: 10, tree: { size: 2_097_153 } }],
  ])('units with too many %s together stay apart, and by all larger widths', (_, size) => {
    const units = Array.from({ length: 32 }, (_, i) => ({
      from: 32 * i,
      to: 32 * i + 32,
      records: 0,
      tree: { size: 0 },
    }));
    expect(groupUnits(units, 1024, 1024).length).toBe(1);
    expect(groupUnits(units, 1024, 1023).length).toBe(32);
    const heavy = units.map((unit, i) => (i === 3 || i === 30 ? { ...unit, ...size } : unit));
    expect(groupUnits(heavy, 1024, 1024).length).toBe(32);
    expect(groupUnits(heavy, 32_768, 32_768).length).toBe(32);
    expect(groupUnits(heavy.slice(0, 30), 1024, 1024).length).toBe(1);
  });

  test('which ones there are', () => {
    const isOne = (from: number, to: number): boolean => isRange({ from, to }, 1100);
    expect([isOne(0, 32), isOne(0, 1024), isOne(1088, 1100), isOne(1024, 1056)]).toEqual([true, true, true, true]);
    expect([isOne(0, 64), isOne(16, 48), isOne(32, 1056), isOne(1056, 1090)]).toEqual([false, false, false, false]);
  });
});

test('keys are of the rules, the field and the value', () => {
  const digest = createHash('sha256').update('1\0actor\0alice').digest('hex');
  expect(formatKey(keyOf('actor', 'alice')).slice(2)).toBe(digest.slice(2, 16));
  expect(keyOf('actor', 'alice').charCodeAt(0)).toBe(parseInt(digest.slice(0, 2), 16) & 0x7f);
  expect(keyOf('_times', '').charCodeAt(0)).toBeGreaterThanOrEqual(0x80);
});
