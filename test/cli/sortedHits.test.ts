import { sorted } from '../../src/cli/sortedHits.ts';
import type { Hit } from '../../src/find/hit.ts';

const hitAt = (record: number, enqueued: string, time?: string): Hit => ({
  partition: '0',
  record,
  segment: '',
  leaf: 1,
  entry: 0,
  enqueued,
  form: undefined,
  values: time === undefined ? {} : { time },
  isText: false,
  line: Buffer.from('{}'),
});

async function* each(hits: Iterable<Hit>): AsyncGenerator<Hit> {
  yield* hits;
}

test('hits come by the time that they say, else by the one of the hub', async () => {
  const hits = [
    hitAt(0, '2025-11-22T00:00:09.000Z'),
    hitAt(1, '2025-11-22T00:00:10.000Z', '2025-11-22T00:00:01Z'),
    hitAt(2, '2025-11-22T00:00:11.000Z', 'yesterday'),
    hitAt(3, '2025-11-22T00:00:12.000Z', '2025-11-22T00:00:02Z'),
  ];
  const records: number[] = [];
  for await (const { record } of sorted(each(hits))) records.push(record);
  expect(records).toEqual([1, 3, 0, 2]);
});

test('very many of the smallest records are refused before memory ends', async () => {
  const hit = hitAt(0, '2025-11-22T00:00:09.000Z');
  let given = 0;
  const all = function* (): Generator<Hit> {
    for (; given < 2_000_000; given++) yield hit;
  };
  await expect(sorted(each(all())).next()).rejects.toThrow('there is too much to sort here');
  expect(given).toBeLessThan(600_000);
});
