import { ingestOf, sealAll } from '../support/hub.ts';
import { fileFullCheck } from '../support/fullCheck.ts';
import { indexedLog } from '../support/indexScene.ts';
import { KeptLog } from '../support/keptLog.ts';
import { KEY, keyOf } from '../support/logs.ts';
import { MemoryStore } from '../support/memoryStore.ts';
import { MemoryTiles } from '../support/memoryTiles.ts';
import { Random } from '../support/random.ts';
import { timeOf } from '../support/forge.ts';
import { checkAnswer } from '../../src/core/index/checkAnswer.ts';
import { formatManifest, parseManifest } from '../../src/core/index/manifest.ts';
import type { IndexManifest } from '../../src/core/index/manifest.ts';
import { keyOf as termKey } from '../../src/core/index/termKey.ts';
import { formatAnswer, parseAnswer } from '../../src/core/objects/answer.ts';
import type { Answer, ProvedTerm } from '../../src/core/objects/answer.ts';
import type { LogReport } from '../../src/core/objects/report.ts';
import { makeAnswer } from '../../src/find/answer.ts';
import type { Query } from '../../src/find/query.ts';
import { Search } from '../../src/find/search.ts';

const VERIFIERS = [KEY.verifierKey];
const EVERYTHING: Query = { by: 'hub', terms: new Map(), where: [], texts: [] };

let store: MemoryStore;
let tiles: MemoryTiles;
let next: number[];
const random = new Random(41);

async function seal(partition: number, bodies: readonly string[]): Promise<void> {
  const first = next[partition] as number;
  next[partition] = first + bodies.length;
  const events = bodies.map((body, i) => ({
    sequenceNumber: first + i,
    enqueued: timeOf(first + i),
    body: Buffer.from(body),
  }));
  await sealAll(ingestOf(store), events, String(partition));
}

const integrate = async (): Promise<void> => void (await indexedLog(store, tiles).run(new KeptLog()));

const NAMES = ['alice', 'bob', 'carol', 'dave'];
beforeAll(async () => {
  [store, tiles, next] = [new MemoryStore(), new MemoryTiles(), [0, 0, 0]];
  for (let round = 0; round < 30; round++) {
    for (let i = 0; i < 3; i++)
      await seal(
        random.below(3),
        Array.from({ length: 1 + random.below(4) }, () =>
          random.below(15) === 0
            ? 'text alice'
            : JSON.stringify({
                identity: NAMES[random.below(4)],
                operationName: `op${random.below(6)}`,
                category: 'Audit',
              }),
        ),
      );
    await integrate();
  }
  await integrate();
}, 60_000);

const deps = {
  get store() {
    return store;
  },
  get tiles() {
    return tiles;
  },
  verifiers: VERIFIERS,
};
const query = (
  changes: Partial<Query> & { readonly actor?: readonly string[]; readonly operation?: readonly string[] },
): Query => {
  const { actor, operation, ...rest } = changes;
  const terms = new Map([
    ...(actor ? [['actor', actor] as const] : []),
    ...(operation ? [['operation', operation] as const] : []),
  ]);
  return { ...EVERYTHING, terms, ...rest };
};
const answerOf = async (of: Query): Promise<Answer> => {
  const answer = await makeAnswer(deps, of);
  if (typeof answer === 'string') throw new Error(answer);
  return answer;
};
const inTime = (from: number, to: number): Partial<Query> => ({
  from: Date.parse(timeOf(from)),
  to: Date.parse(timeOf(to)),
});
const placesOf = (all: readonly { readonly partition: string; readonly record: number }[]): string[] =>
  all.map(({ partition, record }) => `${partition}/${record}`).sort();
async function scanned(of: Query): Promise<string[]> {
  const search = new Search({ store, verifiers: VERIFIERS }, of);
  const hits = [];
  for await (const hit of search.hits()) if (!hit.isText) hits.push(hit);
  return placesOf(hits);
}
const checked = (answer: Answer, verifiers = VERIFIERS): string[] =>
  placesOf(
    checkAnswer(parseAnswer(formatAnswer(answer)), verifiers)
      .records.filter(({ isWithin }) => isWithin)
      .map(({ entry, seal }) => ({ partition: entry.partition, record: seal.record })),
  );
const refusal = (answer: Answer, verifiers = VERIFIERS): string => {
  try {
    checkAnswer(answer, verifiers);
    return 'proved';
  } catch (error) {
    return (error as Error).message;
  }
};

test.each<[string, Query]>([
  ['one actor', query({ actor: ['alice'] })],
  ['one of two actors', query({ actor: ['alice', 'bob'] })],
  ['an actor and an operation', query({ actor: ['alice'], operation: ['op1', 'op2'] })],
  ['nobody', query({ actor: ['mallory'] })],
  ['nobody, and an operation', query({ actor: ['mallory'], operation: ['op1'] })],
  ['a partition', query({ actor: ['alice'], partitions: new Set(['1']) })],
  ['an hour', query({ actor: ['alice'], ...inTime(10, 30) })],
  ['an hour without anything', query({ actor: ['alice'], ...inTime(100_000, 100_010) })],
  ['all of an hour', query(inTime(12, 20))],
])('%s: the records that a plain scan finds, and that there are no others', async (_, of) => {
  const places = checked(await answerOf(of));
  const plain = await scanned(of);
  // Of all, what no field finds is a record too.
  if (of.terms.size > 0) expect(places).toEqual(plain);
  else expect(places).toEqual(expect.arrayContaining(plain));
});

test('an answer is read as it was printed, and of another byte it says so', async () => {
  const file = formatAnswer(await answerOf(query({ actor: ['alice'], ...inTime(10, 12) })));
  expect(formatAnswer(parseAnswer(file))).toEqual(file);
  const right = refusal(parseAnswer(file));
  expect(right).toBe('proved');
  let proved = 0;
  for (let at = 0; at < file.length; at += 7) {
    const wrong = Buffer.from(file);
    wrong[at] = (wrong[at] as number) ^ 1;
    try {
      if (refusal(parseAnswer(wrong)) === 'proved') proved += 1;
    } catch (error) {
      expect((error as { kind?: string }).kind).toBe('malformed');
    }
  }
  // The keys that it names are for information, and so are spare characters of none.
  expect(proved).toBeLessThan(20);
});

describe('a lie is refuted:', () => {
  let answer: Answer;
  beforeAll(async () => (answer = await answerOf(query({ actor: ['alice', 'zoe'], operation: ['op1'] }))));

  const withTerms = (change: (terms: readonly ProvedTerm[], unit: number) => readonly ProvedTerm[]): Answer => ({
    ...answer,
    units: answer.units.map((unit, i) => ({ ...unit, terms: change(unit.terms, i) })),
  });
  const alice = termKey('actor', 'alice');

  test.each<[string, () => Answer, RegExp]>([
    [
      'a posting dropped',
      () =>
        withTerms((terms) =>
          terms.map((term) =>
            term.key === alice && 'postings' in term
              ? {
                  ...term,
                  postings: Buffer.concat([Buffer.from([(term.postings[0] as number) - 1]), term.postings.subarray(1)]),
                }
              : term,
          ),
        ),
      /not proved to be in its unit's tree/,
    ],
    ['a unit dropped', () => ({ ...answer, units: answer.units.slice(1) }), /has the units .*, and the interval needs/],
    ['a unit twice', () => ({ ...answer, units: [...answer.units, ...answer.units.slice(-1)] }), /has the units/],
    ['a term dropped', () => withTerms((terms) => terms.filter(({ key }) => key !== alice)), /says nothing of actor/],
    [
      "another unit's terms",
      () => withTerms((_, unit) => answer.units[unit === 0 ? 1 : 0]?.terms ?? []),
      /not proved to be in its unit's tree/,
    ],
    [
      'a term that is there, said to be absent',
      () =>
        withTerms((terms) =>
          terms.map((term) => {
            const absent = terms.find((it) => 'before' in it);
            return term.key === alice && absent !== undefined && 'before' in absent
              ? { key: alice, before: absent.before, after: absent.after }
              : term;
          }),
        ),
      /neighbours are not side by side/,
    ],
    [
      'neighbours that are not side by side',
      () => withTerms((terms) => terms.map((term) => ('before' in term ? { ...term, before: null } : term))),
      /neighbours are not side by side/,
    ],
    ['a record dropped', () => ({ ...answer, records: answer.records.slice(1) }), /is missing, or out of order/],
    [
      'the last record dropped',
      () => ({ ...answer, records: answer.records.slice(0, -1) }),
      /is missing, or out of order/,
    ],
    [
      'a record twice',
      () => ({ ...answer, records: [...answer.records, ...answer.records.slice(-1)] }),
      /does not have, or one twice/,
    ],
    ['a segment dropped', () => ({ ...answer, segments: answer.segments.slice(1) }), /its segments are not those/],
    [
      'a segment dropped with its records',
      () => ({
        ...answer,
        segments: answer.segments.slice(1),
        records: answer.records.filter(({ segment }) => segment > 0).map((it) => ({ ...it, segment: it.segment - 1 })),
      }),
      /its segments are not those/,
    ],
    [
      'a line of a record changed',
      () => ({
        ...answer,
        records: answer.records.map((it, i) => (i === 0 ? { ...it, line: it.line.replace('alice', 'alicf') } : it)),
      }),
      /is not proved/,
    ],
    [
      'an interval that is said to be longer',
      () => ({ ...answer, query: { ...answer.query, to: timeOf(1) } }),
      /has the units|its segments are not those/,
    ],
    [
      'another value asked for',
      () => ({ ...answer, query: { ...answer.query, terms: [{ field: 'actor', values: ['mallory'] }] } }),
      /says nothing of actor "mallory"/,
    ],
    [
      'a partition less asked for',
      () => ({ ...answer, query: { ...answer.query, partitions: ['0'] } }),
      /its segments are not those/,
    ],
    [
      'a stale manifest',
      () => ({ ...answer, manifest: oldManifest() }),
      /its manifest is not the one that the log states/,
    ],
    [
      'other rules',
      () => ({ ...answer, manifest: changedManifest((it) => ({ ...it, rules: 2 })) }),
      /its manifest is not the one/,
    ],
    [
      'a manifest with a hole',
      () => ({ ...answer, manifest: changedManifest((it) => ({ ...it, units: it.units.slice(1) })) }),
      /its manifest is not the one/,
    ],
    [
      'heads of another batch',
      () => ({ ...answer, heads: { ...answer.heads, index: answer.heads.index - 1 } }),
      /not proved to be entry/,
    ],
    [
      'an entry that is no heads',
      () => ({ ...answer, heads: answer.segments[0] as Answer['heads'] }),
      /does not end with an entry of type heads/,
    ],
    [
      'a stale checkpoint',
      () => ({
        ...answer,
        checkpoint: (store.objects.get(`checkpoints/${'3'.padStart(12, '0')}`) as Buffer).toString(),
      }),
      /not proved to be entry/,
    ],
  ])('%s', (_, lie, why) => {
    expect(refusal(answer)).toBe('proved');
    expect(refusal(lie())).toMatch(why);
  });

  function changedManifest(change: (manifest: IndexManifest) => IndexManifest): string {
    return formatManifest(change(parseManifest(Buffer.from(answer.manifest)))).toString();
  }
  const oldManifest = (): string =>
    [...tiles.objects]
      .filter(([name]) => name.startsWith('index/manifests/'))
      .map(([, bytes]) => bytes.toString())
      .find((it) => it !== answer.manifest) ?? '';

  test('a manifest whose units overlap, or leave a hole, is none whoever states it', () => {
    const { units, ...rest } = parseManifest(Buffer.from(answer.manifest));
    const [first, second, ...others] = units as [IndexManifest['units'][0], IndexManifest['units'][0]];
    const parsed = (changed: IndexManifest['units']): string => {
      try {
        parseManifest(formatManifest({ ...rest, units: changed }));
        return 'read';
      } catch (error) {
        return (error as Error).message;
      }
    };
    expect(parsed([first, { ...second, from: second.from - 1 }, ...others])).toMatch(/overlap at entry/);
    expect(parsed([first, { ...second, from: second.from + 1 }, ...others])).toMatch(/leave a hole at entry/);
    expect(parsed([first, ...others])).toMatch(/leave a hole at entry/);
    expect(parsed([first, { ...second, to: second.from }, ...others])).toMatch(/covers nothing|overlap|hole/);
    expect(parsed(units.slice(0, -1))).toMatch(/end at entry/);
    expect(parsed([{ ...first, segments: 33 }, second, ...others])).toMatch(/33 segments in 32 entries/);
  });

  test('a log of another key', () => {
    expect(refusal(answer, [keyOf(9).verifierKey])).toMatch(/key/);
  });

  test('a record that was enqueued outside of the interval is none of it, and said to be', async () => {
    const { records } = checkAnswer(await answerOf(query({ actor: ['alice'], ...inTime(10, 11) })), VERIFIERS);
    expect(records.some(({ isWithin }) => !isWithin)).toBe(true);
    for (const { seal, isWithin } of records) expect(isWithin).toBe(seal.enqueued === timeOf(10));
  });
});

test('what an auditor has made again is what the answer goes by, until something of the interval comes behind it', async () => {
  const of = query({ actor: ['alice'], ...inTime(0, 1000) });
  await fileFullCheck(store, tiles);
  await integrate();
  const answer = await answerOf(of);
  expect(answer.report?.name).toBe('reports/000000000000.json');
  expect(checked(answer)).toEqual(await scanned(of));
  await seal(0, [JSON.stringify({ identity: 'alice', category: 'late' })]);
  await integrate();
  await integrate();
  const later = await answerOf(of);
  expect(later.report).toBeUndefined();
  expect(checked(later)).toEqual(await scanned(of));
  // An interval that ends before that is as it was.
  const before = await answerOf(query({ actor: ['alice'], ...inTime(0, 20) }));
  expect(before.report?.name).toBe('reports/000000000000.json');
});

test.each<[string, (log: LogReport) => LogReport]>([
  [
    'of more entries than there were',
    ({ head, ...log }) => ({ ...log, head: head && { ...head, size: head.size + 1e6 } }),
  ],
  [
    'of an index behind what it checked',
    (log) => ({ ...log, ...(log.index && { index: { ...log.index, entries: 1e6 } }) }),
  ],
])('a report %s is no report to go by, and stops no answer', async (_, lie) => {
  const of = query({ actor: ['alice'], ...inTime(0, 20) });
  const before = await answerOf(of);
  await fileFullCheck(store, tiles, (report) => ({ ...report, ...(report.log && { log: lie(report.log) }) }));
  await integrate();
  const answer = await answerOf(of);
  expect(answer.report?.name).toBe(before.report?.name);
  expect(checked(answer)).toEqual(checked(before));
});

test('nothing can be proved without an index, or of too much, and that is said', async () => {
  const bare = new MemoryTiles();
  for (const [name, bytes] of tiles.objects) if (!name.startsWith('index/')) bare.objects.set(name, bytes);
  expect(await makeAnswer({ ...deps, tiles: bare }, query({}))).toMatch(/is missing/);
});
