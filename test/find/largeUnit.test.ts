import { MemoryTiles } from '../support/memoryTiles.ts';
import { ROWS_PER_BLOCK, formatRows, formatTimes, timesOf } from '../../src/core/index/segmentRow.ts';
import type { SegmentRow } from '../../src/core/index/segmentRow.ts';
import { RESERVED, keyOf } from '../../src/core/index/termKey.ts';
import { UnitWriter } from '../../src/core/index/unit.ts';
import { unitName } from '../../src/core/objects/names.ts';
import { ChainSpans } from '../../src/find/chainSpans.ts';
import { IndexSearch } from '../../src/find/indexSearch.ts';
import { intervalOf } from '../../src/find/query.ts';
import { Tally } from '../../src/find/tally.ts';

test('a unit of 131,072 segments that may all be meant gives each', async () => {
  const segments = 131_072;
  const first = Date.parse('2025-11-22T00:00:00.000Z');
  const rowAt = (i: number): SegmentRow => ({
    entry: i,
    partition: '0',
    index: i,
    incarnation: 0,
    events: { first: i, last: i, count: 1 },
    records: 1,
    first: first + i,
    last: first + i,
  });
  const blocks = Array.from({ length: segments / ROWS_PER_BLOCK }, (_, block) =>
    Array.from({ length: ROWS_PER_BLOCK }, (__, i) => rowAt(block * ROWS_PER_BLOCK + i)),
  );
  const terms = [
    ...blocks.map((rows, i) => ({ key: keyOf(RESERVED.segments, String(i)), postings: formatRows(rows, 0) })),
    { key: keyOf(RESERVED.times, ''), postings: formatTimes(blocks.map(timesOf)) },
  ];
  const writer = new UnitWriter();
  for (const term of terms.toSorted((a, b) => (a.key < b.key ? -1 : 1))) writer.add(term);
  const { bytes, tree } = writer.finish();
  const tiles = new MemoryTiles();
  tiles.objects.set(unitName(tree.rootHash), bytes);
  const time = { first: new Date(first).toISOString(), last: new Date(first + segments).toISOString() };
  const unit = { from: 0, to: segments, segments, records: segments, time, tree };
  const manifest = { entries: segments, rules: 1, units: [unit] };
  const query = { by: 'hub', terms: new Map(), where: [], texts: [] } as const;
  const tally = new Tally();
  const search = new IndexSearch(tiles, query, tally, new ChainSpans(intervalOf(query), tally));
  const hits = await search.hits({ manifest });
  expect(hits.length).toBe(segments);
  expect(hits.at(-1)).toEqual({ row: rowAt(segments - 1) });
  expect(tally.records).toBe(segments);
});
