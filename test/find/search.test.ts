import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { LEDGER, forge, nameOf, timeOf } from '../support/forge.ts';
import { hostileRecord } from '../support/hostileRecords.ts';
import { eventAt, eventsBetween, ingestOf, sealAll } from '../support/hub.ts';
import { KeptLog } from '../support/keptLog.ts';
import { KEY, integrateOf, keyOf } from '../support/logs.ts';
import { MemoryStore } from '../support/memoryStore.ts';
import { MemoryTiles } from '../support/memoryTiles.ts';
import { plainTerms } from '../support/plainScan.ts';
import { ROOT } from '../support/program.ts';
import { Random } from '../support/random.ts';
import { picked } from '../support/sample.ts';
import { FIELDS } from '../../src/core/fields/rule.ts';
import type { Field } from '../../src/core/fields/rule.ts';
import { originalRecord, readSeal } from '../../src/core/segment/recordLine.ts';
import type { Query } from '../../src/find/query.ts';
import { Search } from '../../src/find/search.ts';
import type { Hit } from '../../src/find/hit.ts';

const EVERYTHING: Query = { by: 'hub', terms: new Map(), where: [], texts: [] };

let store: MemoryStore;
let tiles: MemoryTiles;
beforeEach(() => {
  [store, tiles] = [new MemoryStore(), new MemoryTiles()];
});

const seal = async (bodies: readonly (string | Buffer)[], first = 0, partition = '0'): Promise<void> =>
  void (await sealAll(
    ingestOf(store),
    bodies.map((body, i) => ({ ...eventAt(first + i), body: Buffer.from(body) })),
    partition,
  ));
const integrate = async (): Promise<void> => void (await integrateOf(store, tiles).run(new KeptLog()));

interface Found {
  readonly hits: Hit[];
  readonly search: Search;
}

async function find(query: Partial<Query> = {}, keys = [KEY]): Promise<Found> {
  const search = new Search(
    { store, verifiers: keys.map(({ verifierKey }) => verifierKey) },
    { ...EVERYTHING, ...query },
  );
  const hits: Hit[] = [];
  for await (const hit of search.hits()) hits.push(hit);
  return { hits, search };
}

const placesOf = ({ hits }: Found): string[] => hits.map(({ partition, record }) => `${partition}/${record}`);

const lower = (text: string): string => text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());

/** stringsIn gives the strings of JSON that stand in a text, and those that stand in one of these. */
function stringsIn(text: string, depth = 2): string[] {
  if (depth === 0) return [];
  return (text.match(/"(?:[^"\\]|\\.)*"/g) ?? []).flatMap((token) => {
    try {
      const string = JSON.parse(token) as string;
      return [string.toWellFormed(), ...stringsIn(string, depth - 1)];
    } catch {
      return [];
    }
  });
}

/** expectAgreement asks for values of every field, and compares with a plain reading of all records. */
async function expectAgreement(least: number): Promise<void> {
  const { hits } = await find();
  const byTerm = new Map<string, Set<string>>();
  const asText: [place: string, texts: readonly string[]][] = [];
  for (const { partition, record, line } of hits) {
    const original = originalRecord(line) ?? Buffer.alloc(0);
    const form = readSeal(line, 0, line.length)?.form;
    const terms = form === undefined || form === 'value' ? plainTerms(original.toString('utf8')) : undefined;
    const place = `${partition}/${record}`;
    if (terms === undefined || !FIELDS.some((field) => terms.has(field))) {
      const text = original.toString('utf8');
      asText.push([place, [text, ...stringsIn(text)].map(lower)]);
      continue;
    }
    for (const field of FIELDS)
      for (const term of terms.get(field) ?? []) {
        const key = JSON.stringify([field, term]);
        byTerm.set(key, (byTerm.get(key) ?? new Set()).add(place));
      }
  }
  expect(byTerm.size).toBeGreaterThan(least);
  for (const [key, places] of picked([...byTerm], 60, 100)) {
    const [field, term] = JSON.parse(key) as [Field, string];
    const found = placesOf(await find({ terms: new Map([[field, [term]]]) }));
    const wanted = [
      ...places,
      ...asText.filter(([, texts]) => texts.some((text) => text.includes(term))).map(([place]) => place),
    ];
    expect([key, found.toSorted()]).toEqual([key, wanted.toSorted()]);
  }
}

/** Folders of event bodies: the examples, and another one if the environment names it. */
const FOLDERS = [join(ROOT, 'local', 'examples'), process.env['AUDITSEAL_SAMPLES']].filter((it) => it !== undefined);

test.each(FOLDERS)(
  'every record of %s is found by every value that it has, and by no other',
  async (folder) => {
    const names = readdirSync(folder).filter((name) => name !== 'README.md');
    await seal(names.map((name) => readFileSync(join(folder, name))));
    await integrate();
    await expectAgreement(400);
  },
  60_000,
);

test('so is every one that tries to be read in two ways', async () => {
  const random = new Random(15);
  await seal(Array.from({ length: 400 }, () => hostileRecord(random)));
  await integrate();
  await expectAgreement(50);
}, 60_000);

test('a lone surrogate in one of 10,800 records hides none of the others', async () => {
  const bodies = Array.from({ length: 108 }, (_, i) =>
    JSON.stringify({
      records: Array.from({ length: 100 }, (__, j) => ({ operationName: 'SecretGet', n: i * 100 + j })),
    }),
  );
  bodies[8] = (bodies[8] ?? '').replace('"n":815}', '"n":815,"s":"\\ud800"}');
  await seal(bodies);
  await integrate();
  const { hits, search } = await find({ terms: new Map([['operation', ['secretget']]]) });
  expect(hits).toHaveLength(10_800);
  expect(search.tally).toMatchObject({ found: 10_800, records: 10_800, unsearched: [] });
});

test('a member that looks like a seal changes nothing of where a record is, and when it came', async () => {
  await seal(['{"operationName":"a","_seal":{"record":99,"event":9,"index":0,"enqueued":"2030-01-01T00:00:00.000Z"}}']);
  await integrate();
  const { hits } = await find();
  expect(hits.map(({ record, enqueued }) => [record, enqueued])).toEqual([[0, timeOf(0)]]);
});

test.each([
  ['text with escapes in its line', 'he said "hello"', 'said "hello"'],
  ['base64', Buffer.from('ff4142434445', 'hex'), 'ABCDE'],
])('a text is found in a record that is kept as %s, in a segment of nothing else', async (_, body, text) => {
  await seal([body]);
  await integrate();
  expect(placesOf(await find({ texts: [text] }))).toEqual(['0/0']);
  expect(placesOf(await find({ texts: [`${text}!`] }))).toEqual([]);
});

describe('what no rule takes anything of is found by a value that is escaped in it', () => {
  const RECORDS = [
    '{"who":"CONTOSO\\\\Alice"}',
    '{"who":"\\u0061lice"}',
    '{"text":"{\\"who\\":\\"CONTOSO\\\\\\\\alice\\"}"}',
    '["CONTOSO\\\\alice"]',
    'text CONTOSO\\alice of no JSON',
    '{"who":"CONTOSO\\\\alice" cut off',
    '{"who":"a\\"b\\/c"}',
    '{"path":"C:\\\\new\\\\table"}',
  ];
  test.each([
    ['contoso\\alice', [0, 2, 3, 4, 5]],
    ['alice', [0, 1, 2, 3, 4, 5]],
    ['a"b/c', [6]],
    ['c:\\new\\table', [7]],
    // As it stands, too.
    ['\\u0061lice', [1]],
    ['contoso\\\\alice', [0, 2, 3, 5]],
    ['bob', []],
  ])('%s', async (value, records) => {
    await seal(RECORDS);
    await integrate();
    expect(placesOf(await find({ terms: new Map([['actor', [value]]]) }))).toEqual(
      records.map((record) => `0/${record}`),
    );
  });
});

describe('by the time that a record says', () => {
  const on = (from: string, to: string): Partial<Query> => ({
    by: 'event',
    from: Date.parse(from),
    to: Date.parse(to),
  });

  test('any of several counts, and none hides another', async () => {
    await seal([
      '{"time":"1999-01-01T00:00:00Z","time":"2025-11-21T12:00:00Z","category":"x"}',
      '{"time":"no time","time":"1999-01-01T00:00:00Z","category":"x"}',
    ]);
    await integrate();
    expect(placesOf(await find(on('2025-11-21', '2025-11-23')))).toEqual(['0/0', '0/1']);
  });

  test('a day that there is not is none, and the time of the hub counts', async () => {
    await seal(['{"time":"2025-11-31T00:00:00Z","category":"x"}']);
    await integrate();
    const found = await find(on('2025-11-21', '2025-11-23'));
    expect([placesOf(found), found.search.tally.timeless]).toEqual([['0/0'], 1]);
    expect(placesOf(await find(on('2025-11-30', '2025-12-02')))).toEqual([]);
  });
});

describe('what was searched', () => {
  const inTime = (from: number, to: number): Partial<Query> => ({
    from: Date.parse(timeOf(from)),
    to: Date.parse(timeOf(to)),
  });

  test('an interval goes from its first time to before its last, whatever the segments are', async () => {
    await sealAll(ingestOf(store), eventsBetween(0, 9));
    await sealAll(ingestOf(store), eventsBetween(10, 19));
    await integrate();
    const found = await find(inTime(5, 10));
    expect(placesOf(found)).toEqual(['0/5', '0/6', '0/7', '0/8', '0/9']);
    expect(found.search.tally.segments).toMatchObject({ searched: 1, outside: 1 });
    expect(placesOf(await find(inTime(9, 11)))).toEqual(['0/9', '0/10']);
  });

  test('what the log does not have yet is searched, and counted', async () => {
    await seal(['{"action":"a"}']);
    await integrate();
    await seal(['{"action":"b"}'], 1);
    const { hits, search } = await find();
    expect(hits.map(({ values }) => values.operation)).toEqual(['a', 'b']);
    expect(search.tally.segments).toMatchObject({ searched: 1, behindLog: 1 });
    expect(search.tally.log).toMatchObject({ entries: 3, checkpoint: { size: 3, origin: LEDGER } });
  });

  test('a segment that somebody changed is not searched, and named', async () => {
    await seal(['{"action":"a"}']);
    await integrate();
    store.objects.set(nameOf(0), Buffer.from('x'));
    const { hits, search } = await find();
    expect(hits).toEqual([]);
    expect(search.tally.unsearched).toEqual([
      { segment: nameOf(0), why: `${nameOf(0)} is not what its entry in the log says`, isChanged: true },
    ]);
    store.objects.delete(nameOf(0));
    expect((await find()).search.tally.unsearched).toEqual([
      { segment: nameOf(0), why: 'it is gone', isChanged: true },
    ]);
  });

  test('what nobody signed who may is not searched: a log that no given key began is none, and a planted segment is named', async () => {
    await seal(['{"action":"a"}']);
    await integrate();
    const stranger = await find({}, [keyOf(9)]);
    expect(stranger.hits).toEqual([]);
    expect(stranger.search.tally.log).toBeUndefined();
    expect(stranger.search.tally.foreign).toMatchObject({ count: 1, first: [{ segment: nameOf(0) }] });
    await store.create(nameOf(1), forge({ index: 1, session: { from: timeOf(-9000), until: timeOf(-8000) } }).stored);
    const { hits, search } = await find();
    expect(hits).toHaveLength(1);
    expect(search.tally.unsearched).toEqual([]);
    expect(search.tally.foreign).toMatchObject({ count: 1, first: [{ segment: nameOf(1) }] });
  });

  test('of what somebody planted behind the log no more than its end is read, and it is counted however much it is', async () => {
    await seal(['{"action":"a"}']);
    await integrate();
    const signed = store.objects.get(nameOf(0)) as Buffer;
    const junk = Array.from({ length: 7 }, (_, i) => nameOf(i, '77'));
    for (const name of junk) await store.create(name, Buffer.from('junk'));
    // Signed, for another name; signed for it, before other bytes; and one that only its owner can read.
    await store.create(nameOf(7), signed);
    await store.create(nameOf(8), Buffer.concat([Buffer.from('x'), forge({ index: 8 }).stored]));
    await store.create(nameOf(9), forge({ index: 9 }).stored);
    store.beforeRead = (name) => (name === nameOf(9) ? 'encrypted' : undefined);
    const before = store.requests.read;
    const { hits, search } = await find();
    const { read } = store.requests;
    expect(hits).toHaveLength(1);
    expect(search.tally.unsearched).toEqual([]);
    expect(search.tally.foreign.count).toBe(10);
    expect(search.tally.foreign.first.map(({ segment }) => segment)).toEqual([
      ...[7, 8, 9].map((index) => nameOf(index)),
      ...junk.slice(0, 2),
    ]);
    // The batch, its checkpoint, the segment, and the one that ends as a segment of its name.
    expect(read - before).toBe(4);
  });

  test('a segment that nobody can read stays unsearched, in the log and, where its metadata show who signed it, behind it', async () => {
    await seal(['{"action":"a"}']);
    await integrate();
    await seal(['{"action":"b"}'], 1);
    for (const unread of ['archived', 'encrypted'] as const) {
      store.beforeRead = (name) => (name.startsWith('segments/') ? unread : undefined);
      const { hits, search } = await find();
      expect(hits).toEqual([]);
      const names = unread === 'archived' ? [nameOf(0), nameOf(1)] : [nameOf(0)];
      expect(search.tally.unsearched.map(({ segment }) => segment)).toEqual(names);
    }
  });

  test('numbers that are in no segment are missing, where the interval touches them', async () => {
    await sealAll(ingestOf(store), eventsBetween(0, 4));
    await sealAll(ingestOf(store), eventsBetween(8, 9, 8));
    await integrate();
    expect((await find()).search.tally.missing).toEqual([
      { partition: '0', first: 5, last: 7, after: Date.parse(timeOf(4)), before: Date.parse(timeOf(8)) },
    ]);
    expect((await find(inTime(8, 20))).search.tally.missing).toHaveLength(1);
    expect((await find(inTime(0, 2))).search.tally.missing).toEqual([]);
    // What a record says may be up to a day before the hub got it: of that time too nothing may be missing unsaid.
    expect((await find({ ...inTime(0, 2), by: 'event' })).search.tally.missing).toHaveLength(1);
  });
});
