import { referenceTerms } from '../support/referenceIndex.ts';
import { hostileRecord } from '../support/hostileRecords.ts';
import { sealedSegment } from '../support/indexScene.ts';
import { Random } from '../support/random.ts';
import { triedOf } from '../support/sample.ts';
import { buildUnit } from '../../src/core/index/build.ts';
import type { IndexUnit } from '../../src/core/index/manifest.ts';
import { formatKey } from '../../src/core/index/termKey.ts';
import { WholeUnit } from '../../src/core/index/wholeUnit.ts';

const SEGMENTS = triedOf(250, 40, 40);
const RECORDS = 400;

test('100,000 records, or in the usual run 24,000, that try to be read in two ways have the terms that a plain reading gives, each of them', () => {
  const random = new Random(61);
  const parts = [];
  const references = [];
  for (let i = 0; i < SEGMENTS; i++) {
    const bodies = Array.from({ length: RECORDS }, () => hostileRecord(random));
    const { part, reference } = sealedSegment(i, i, bodies);
    parts.push(part);
    references.push(reference);
  }
  const range: Pick<IndexUnit, 'from' | 'to'> = { from: 0, to: SEGMENTS };
  const { unit, bytes } = buildUnit(range, parts);
  expect(unit.records).toBe(references.reduce((sum, { records }) => sum + records.length, 0));
  expect(unit.records).toBeGreaterThanOrEqual(SEGMENTS * RECORDS);
  const wanted = referenceTerms(references, 0);
  const found = new Map(
    [...new WholeUnit(bytes, unit.tree).terms()].map(({ key, postings }) => [formatKey(key), postings]),
  );
  expect([...found.keys()]).toEqual([...wanted.keys()]);
  for (const [key, postings] of wanted) expect([key, found.get(key)?.equals(postings)]).toEqual([key, true]);
  expect(wanted.size).toBeGreaterThan(60);
});
