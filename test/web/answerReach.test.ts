import { keyHex } from '../support/handLog.ts';
import type { Json, Lies } from '../support/handLog.ts';
import { provedEntry } from '../support/handAnswer.ts';
import type { HandQuery } from '../support/handAnswer.ts';
import { timeOf } from '../support/forge.ts';
import type { Reach } from '../../web/verify/answer/reach.ts';
import { ACTOR, RIGHT, change, check, fault, lied } from './answers.ts';

// Until when an answer reaches: the index of the log written by hand ends with entry 39, of second 1,950,000; partition 0 is sealed
// there until second 1,940,000, and partition 1 until the next.
const END = timeOf(1_950_000);
const SEALED = [timeOf(1_940_000), timeOf(1_940_001)] as const;

async function reach(query: HandQuery, lies: Lies = {}): Promise<Reach | undefined> {
  const { fault, complete } = await check(lied(lies, query));
  expect(fault).toBeUndefined();
  return complete?.reach;
}
const positions = (change: Json): Lies => ({
  end: (it) => ({ ...it, partitions: { ...it.partitions, ...change } }),
});

describe('an answer reaches', () => {
  test.each<[string, HandQuery, Partial<Reach>]>([
    ['all of an interval that ends before', { to: timeOf(200) }, { covers: 'all', sealed: [], until: END }],
    [
      'all of one that ends when the first partition was sealed',
      { to: SEALED[0] },
      { covers: 'all', sealed: [], until: END },
    ],
    [
      'a part of one that ends when only another was',
      { to: SEALED[1] },
      { covers: 'part', sealed: [{ partition: '0', sealed: SEALED[0] }], until: SEALED[0] },
    ],
    ['all of it where only that one is asked for', { to: SEALED[1], partitions: ['1'] }, { covers: 'all', sealed: [] }],
    [
      'a part of one that ends later than the index',
      { to: timeOf(1_950_001) },
      { covers: 'part', until: SEALED[0], time: END, entry: 39 },
    ],
    ['until then, where no end is asked for', {}, { covers: 'open', until: SEALED[0] }],
    ['until then, of a partition', { partitions: ['1'] }, { covers: 'open', until: SEALED[1] }],
    ['nothing of one that begins when the index ends', { from: END }, { covers: 'late' }],
    ['nothing of one that begins later', { from: timeOf(2_000_000), to: timeOf(2_000_001) }, { covers: 'late' }],
    ['nothing of one before which all partitions are sealed', { from: SEALED[1] }, { covers: 'late' }],
    ['nothing of one that ends when the log begins', { to: timeOf(0) }, { covers: 'early', begins: timeOf(0) }],
    ['all of one that ends later', { to: timeOf(1) }, { covers: 'all', begins: timeOf(0) }],
    ['a part of one before which one partition is', { from: SEALED[0] }, { covers: 'part', until: SEALED[0] }],
    [
      'no partition that the log does not know',
      { to: timeOf(200), partitions: ['1', '7'] },
      { covers: 'all', unnamed: ['7'] },
    ],
  ])('%s', async (_name, query, expected) => {
    expect(await reach({ ...ACTOR('alice'), ...query })).toMatchObject(expected);
  });

  test('until the index ends, where every partition is sealed later, or none is', async () => {
    const later = positions({ 0: { next: 3, index: 2, root: '0'.repeat(64), sealed: timeOf(1_960_000) } });
    expect(await reach({ to: END, partitions: ['0'] }, later)).toMatchObject({ covers: 'all', sealed: [] });
    expect(await reach({ partitions: ['0'] }, later)).toMatchObject({ covers: 'open', until: END });
    expect(await reach({ to: timeOf(1_950_001), partitions: ['0'] }, later)).toMatchObject({
      covers: 'part',
      until: END,
      sealed: [],
    });
    const none = { end: (it: Json): Json => ({ ...it, partitions: {} }) };
    expect(await reach({}, none)).toMatchObject({ covers: 'open', until: END, sealed: [], unnamed: [] });
    expect(await reach({ to: END }, none)).toMatchObject({ covers: 'all' });
  });

  test('no end of a partition in which nothing is sealed', async () => {
    const empty = positions({ 2: { next: 1, index: -1, root: '0'.repeat(64), sealed: '' } });
    expect(await reach({ to: timeOf(200) }, empty)).toMatchObject({
      covers: 'part',
      sealed: [{ partition: '2', sealed: '' }],
      until: END,
    });
  });
});

describe('the end of an index', () => {
  const end = (index: number, log = RIGHT): Json => change((it) => (it.end = provedEntry(log, index)));

  test.each<[string, () => Json, string]>([
    ['an entry before it', () => end(38), 'entry 38 is not the last one that the index covers, which is 39'],
    ['an entry behind it, of heads', () => end(41), 'entry 41 is not the last one'],
    [
      'of no heads',
      () => lied({ fork: (entries) => void (entries[39] = '{"type":"other","number":39}') }),
      'the last entry of the index, 39, is not of heads',
    ],
    ['of heads that are none', () => lied({ end: ({ time: _time, ...it }) => it }), 'its heads are none'],
    [
      'of another tree',
      () => change((it) => (it.end.line = it.end.line.replace(END, timeOf(1_950_001)))),
      "does not lead from the end of the index, entry 39, to the checkpoint's root",
    ],
    [
      'of an index that covers nothing',
      () =>
        lied({
          manifest: (it) => ({ ...it, entries: 0, units: [] }),
          heads: (it) => ({ ...it, index: { ...it.index, entries: 0 } }),
        }),
      'it covers no entry',
    ],
  ])('is not %s', async (_name, answer, says) => {
    expect(await fault(answer())).toContain(says);
  });

  test('is not of another log with the same key', async () => {
    const other = lied({ end: (it) => ({ ...it, time: timeOf(2_900_000) }) });
    expect(await fault(change((it) => (it.end = other.end)))).toContain('does not lead from the end of the index');
  });
});

test('records outside of the index are counted where fields are asked for', async () => {
  const terms = (all: Map<string, Buffer>, unit: number): Map<string, Buffer> =>
    new Map(
      [...all, ...(unit === 0 ? [[keyHex('_unindexed'), Buffer.of(1, 2, 1, 0)] as const] : [])].toSorted(([a], [b]) =>
        a < b ? -1 : 1,
      ),
    );
  const { complete } = await check(lied({ terms }));
  expect(complete?.beside?.unindexed).toBe(1);
  expect((await check(lied({ terms }, {}))).complete?.beside).toBeUndefined();
});
