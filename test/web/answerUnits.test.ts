import { keyHex } from '../support/handLog.ts';
import { referenceTerms } from '../support/referenceIndex.ts';
import type { ReferenceSegment } from '../support/referenceIndex.ts';
import { timeOf } from '../support/forge.ts';
import { Random } from '../support/random.ts';
import { cut, join, readPostings } from '../../web/verify/answer/postings.ts';
import type { Runs } from '../../web/verify/answer/postings.ts';
import { readRows } from '../../web/verify/answer/rows.ts';
import { wantedOf } from '../../web/verify/answer/terms.ts';
import type { Query } from '../../web/verify/answer/query.ts';
import { UnitSearch } from '../../web/verify/answer/unitSearch.ts';

const ALICE = new Set([0, 255, 256, 511, 599]);
const SEGMENTS = Array.from({ length: 600 }, (_, i): ReferenceSegment => ({
  leaf: 2 * i + 1,
  entry: {
    partition: String(i % 3),
    index: Math.floor(i / 3),
    incarnation: 0,
    events: { first: 2 * i, last: 2 * i + 1, count: 2 },
    // Times fall too, from one segment to the next.
    time: { first: timeOf(i % 3 === 0 ? i : 1000 - i), last: timeOf(2000 + i) },
  },
  records: ['bob', ALICE.has(i) ? 'alice' : 'bob'].map((caller) => ({
    text: Buffer.from(JSON.stringify({ caller })),
    form: undefined,
  })),
}));
const UNIT = {
  from: 0,
  to: 1200,
  segments: 600,
  records: 1200,
  time: [timeOf(0), timeOf(2599)] as const,
  terms: 0,
  root: '',
};
const TERMS = referenceTerms(SEGMENTS, 0);

/** search gives what a query finds in the unit, if it shows terms with these keys: segment and record. */
async function search(query: Partial<Query>, shown: readonly string[]): Promise<number[][]> {
  const wanted = await wantedOf({ from: null, to: null, partitions: null, terms: [], ...query });
  const proved = new Map(
    [...wanted.keys.keys(), ...shown].map((key) => {
      const postings = TERMS.get(key);
      return [key, postings && new Uint8Array(postings)] as const;
    }),
  );
  const found: number[][] = [];
  for await (const { row, start, end } of new UnitSearch(UNIT, 'it', proved, wanted).hits())
    for (let number = start; number < end; number++) found.push([(row.entry - 1) / 2, number]);
  return found;
}
const blocks = (...numbers: number[]): string[] => numbers.map((block) => keyHex('_segments', String(block)));
const alice = { terms: [{ field: 'actor', values: ['alice'] }] };

describe('a unit of three blocks of rows', () => {
  test('is searched by the blocks that have a segment with a record that is found', async () => {
    expect(await search(alice, blocks(0, 1, 2))).toEqual([...ALICE].map((segment) => [segment, 1]));
    expect(await search({ ...alice, partitions: ['0'] }, blocks(0, 1, 2))).toEqual([
      [0, 1],
      [255, 1],
    ]);
    expect(await search({}, blocks(0, 1, 2))).toHaveLength(1200);
    expect(await search({ terms: [{ field: 'actor', values: ['alice', 'bob'] }] }, blocks(0, 1, 2))).toHaveLength(1200);
    const both = [
      { field: 'actor', values: ['alice'] },
      { field: 'operation', values: ['read'] },
    ];
    expect(await search({ terms: both }, [])).toEqual([]);
  });

  test.each([0, 1, 2])('lacks block %d', async (missing) => {
    const others = blocks(0, 1, 2).filter((_, block) => block !== missing);
    await expect(search(alice, others)).rejects.toThrow(`it: block ${missing} of its rows is missing`);
    await expect(search({}, others)).rejects.toThrow(`it: block ${missing} of its rows is missing`);
  });

  test('shows a block that nobody asked for', async () => {
    await expect(search({}, blocks(0, 1, 2, 3))).rejects.toThrow('which nobody asked for');
    await expect(search({ terms: [{ field: 'actor', values: ['nobody'] }] }, blocks(1))).rejects.toThrow(
      'nobody asked',
    );
  });

  test('has the rows of its segments', () => {
    for (const block of [0, 1, 2]) {
      const bytes = TERMS.get(keyHex('_segments', String(block))) ?? Buffer.of();
      const rows = readRows(bytes, 'it', UNIT, block);
      const own = SEGMENTS.slice(block * 256, block * 256 + 256).map(({ leaf, entry: { time, ...entry } }) => ({
        ...entry,
        entry: leaf,
        records: 2,
        first: Date.parse(time.first),
        last: Date.parse(time.last),
      }));
      expect(rows).toEqual(own);
      expect(() => readRows(bytes, 'it', UNIT, block === 2 ? 0 : 2)).toThrow(/it: /);
    }
  });
});

test('runs are joined and cut as sets are', () => {
  const random = new Random(5);
  const runsOf = (members: ReadonlySet<number>): Runs => {
    const runs: number[] = [];
    for (let at = 0; at < 60; at++) {
      if (!members.has(at)) continue;
      if (runs.at(-1) === at) runs[runs.length - 1] = at + 1;
      else runs.push(at, at + 1);
    }
    return Float64Array.from(runs);
  };
  const members = (runs: Runs): number[] => {
    const all: number[] = [];
    for (let i = 0; i < runs.length; i += 2) {
      expect(runs[i]).toBeGreaterThan(i === 0 ? -1 : (runs[i - 1] as number) - 1);
      for (let at = runs[i] as number; at < (runs[i + 1] as number); at++) all.push(at);
    }
    return all;
  };
  for (let round = 0; round < 500; round++) {
    const sets = Array.from({ length: random.below(6) }, () => {
      const many = random.below(60);
      return new Set(Array.from({ length: many }, () => random.below(60)));
    });
    const all = Array.from({ length: 60 }, (_, at) => at);
    const runs = sets.map(runsOf);
    expect(members(join(runs))).toEqual(all.filter((at) => sets.some((set) => set.has(at))));
    const [a, b] = [sets[0] ?? new Set<number>(), sets[1] ?? new Set<number>()];
    expect(members(cut(runsOf(a), runsOf(b)))).toEqual(all.filter((at) => a.has(at) && b.has(at)));
  }
});

test('no bytes are postings for two readings: what is read is what was written', () => {
  const random = new Random(6);
  let read = 0;
  for (let round = 0; round < 20_000; round++) {
    const bytes = Uint8Array.from({ length: 1 + random.below(9) }, () =>
      random.below(random.below(10) === 0 ? 256 : 3),
    );
    try {
      const { runs } = readPostings(bytes, 'it', { segments: 4, records: 100 });
      read++;
      expect(writePostings(runs)).toEqual([...bytes]);
    } catch (error) {
      expect((error as Error).message).toMatch(/^it: /);
    }
  }
  expect(read).toBeGreaterThan(50);
});

const leb = (value: number): number[] =>
  value < 128 ? [value] : [(value % 128) + 128, ...leb(Math.floor(value / 128))];

/** writePostings prints runs. */
function writePostings(runs: Runs): number[] {
  const bytes: number[] = [];
  let [count, next, end] = [0, 0, 0];
  for (let i = 0; i < runs.length; i += 2) {
    const segment = Math.floor((runs[i] as number) / 2 ** 22);
    const [from, to] = [(runs[i] as number) % 2 ** 22, (runs[i + 1] as number) % 2 ** 22];
    count += to - from;
    if (i === 0 || segment >= next) {
      const many = runs.filter((at, k) => k % 2 === 0 && Math.floor(at / 2 ** 22) === segment).length;
      bytes.push(...leb(segment - next), ...leb(many));
      [next, end] = [segment + 1, 0];
    }
    bytes.push(...(to - from === 1 ? leb(2 * (from - end)) : [...leb(2 * (from - end) + 1), ...leb(to - from - 2)]));
    end = to;
  }
  return [...leb(count), ...bytes];
}
