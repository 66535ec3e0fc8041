import { createHash } from 'node:crypto';
import { hostileRecord } from '../../support/hostileRecords.ts';
import { Random } from '../../support/random.ts';
import { referenceRoot, referenceTerms } from '../../support/referenceIndex.ts';
import type { ReferenceSegment } from '../../support/referenceIndex.ts';
import { sealedSegment } from '../../support/indexScene.ts';
import { formatHash, leafHash } from '../../../src/core/hash.ts';
import { buildUnit } from '../../../src/core/index/build.ts';
import type { BuiltUnit, SegmentPart } from '../../../src/core/index/build.ts';
import { intersectionOf, parsePostings, recordsIn, unionOf } from '../../../src/core/index/postings.ts';
import type { Postings } from '../../../src/core/index/postings.ts';
import { mergedRanges } from '../../../src/core/index/ranges.ts';
import { formatKey, keyOf } from '../../../src/core/index/termKey.ts';
import type { TermKey } from '../../../src/core/index/termKey.ts';
import { openDirectory, openPage, pageOf, parseStart, proveTerm, termLeaf } from '../../../src/core/index/unit.ts';
import { WholeUnit } from '../../../src/core/index/wholeUnit.ts';
import { verifyInclusion } from '../../../src/core/merkle/proof.ts';

const SEGMENTS = 300;
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
  for (let round = 0; round < 10; round++) {
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
  let index = 0;
  for (const [number, row] of directory.pages.entries()) {
    const page = openPage(frameOf(row), directory, number);
    for (const { key, hash } of page) {
      expect(pageOf(directory, key)).toBe(number);
      const proof = proveTerm(directory, page, index);
      expect(verifyInclusion(proof, leafHash(termLeaf(key, hash)), unit.tree.rootHash)).toBe(true);
      expect(
        verifyInclusion(
          { ...proof, index: index === 0 ? 1 : index - 1 },
          leafHash(termLeaf(key, hash)),
          unit.tree.rootHash,
        ),
      ).toBe(false);
      index += 1;
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

test('a segment with too many terms stands under a key of its own, whole', () => {
  const many = JSON.stringify({ identity: Array.from({ length: 70_000 }, (_, i) => `user${i}`) });
  const { part } = sealedSegment(0, 0, [many, '{"category":"a"}']);
  const { bytes, unit } = buildUnit({ from: 0, to: 1 }, [part]);
  const found = new WholeUnit(bytes, unit.tree).find(keyOf('_unindexed', ''));
  expect(parsePostings(found as Buffer)).toEqual([{ ordinal: 0, runs: [0, 2] }]);
  expect(new WholeUnit(bytes, unit.tree).find(keyOf('category', 'a'))).toBeUndefined();
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

test('ranges cover the log without a hole, and depend on it alone', () => {
  const random = new Random(14);
  const recordsOf = (entry: number): number => (entry % 7 === 0 ? 900 * (entry % 5) : 0);
  const smallest = (from: number, to: number): { from: number; to: number; records: number } => {
    let records = 0;
    for (let entry = from; entry < to; entry++) records += recordsOf(entry);
    return { from, to, records };
  };
  const fromNothing = (entries: number): { from: number; to: number }[] => {
    const units = Array.from({ length: Math.ceil(entries / 32) }, (_, i) =>
      smallest(32 * i, Math.min(32 * i + 32, entries)),
    );
    return mergedRanges(units, entries).map((group) => ({ from: group[0]?.from ?? -1, to: group.at(-1)?.to ?? -1 }));
  };
  let known: { from: number; to: number; records: number }[] = [];
  for (let entries = 1; entries < 40_000; entries += 1 + random.below(2000)) {
    if ((known.at(-1)?.to ?? 0) % 32 !== 0) known.pop();
    for (let from = known.at(-1)?.to ?? 0; from < entries; from += 32)
      known.push(smallest(from, Math.min(from + 32, entries)));
    known = mergedRanges(known, entries).map((group) => smallest(group[0]?.from ?? -1, group.at(-1)?.to ?? -1));
    const ranges = known.map(({ from, to }) => ({ from, to }));
    expect(ranges).toEqual(fromNothing(entries));
    expect(ranges.map(({ from }) => from)).toEqual([0, ...ranges.slice(0, -1).map(({ to }) => to)]);
    expect(ranges.at(-1)?.to).toBe(entries);
    expect(ranges.length).toBeLessThan(3 * 32);
  }
});

test('keys are of the rules, the field and the value', () => {
  const digest = createHash('sha256').update('1\0actor\0alice').digest('hex');
  expect(formatKey(keyOf('actor', 'alice')).slice(2)).toBe(digest.slice(2, 16));
  expect(keyOf('actor', 'alice').charCodeAt(0)).toBe(parseInt(digest.slice(0, 2), 16) & 0x7f);
  expect(keyOf('_times', '').charCodeAt(0)).toBeGreaterThanOrEqual(0x80);
});
