import { zstdDecompressSync } from 'node:zlib';
import { drillName } from '../../src/core/objects/names.ts';
import { check, saidOf } from '../support/checking.ts';
import { LEDGER, forge, forgeChain, forgeLines, nameOf, timeOf } from '../support/forge.ts';
import type { Spec } from '../support/forge.ts';
import { eventsBetween, ingestOf, sealAll } from '../support/hub.ts';
import { MemoryStore } from '../support/memoryStore.ts';
import { signFrames } from '../support/sign.ts';

const chainOf = (length: number, changes: Readonly<Record<number, Spec>> = {}, partition = '0'): Map<string, Buffer> =>
  forgeChain(
    Array.from({ length }, (_, i) => changes[i] ?? {}),
    partition,
  );

/** signed puts a signature behind any bytes, for the segment of an index. */
const signed = (frames: Buffer, index: number): Buffer =>
  signFrames(
    frames,
    nameOf(index),
    { root: 'a'.repeat(64), prev: 'b'.repeat(64), record: 0, incarnation: 0, event: 0, sealed: timeOf(1) },
    { ledger: LEDGER },
  );

describe('a ledger as ingest writes it', () => {
  test('is verified, and the report says what was done', async () => {
    const store = new MemoryStore();
    for (const partition of ['0', '1', '10', '2']) {
      const ingest = ingestOf(store, { maxSegmentBytes: 50 });
      await sealAll(ingest, eventsBetween(5, 9), partition);
      await sealAll(ingest, eventsBetween(8, 12), partition);
    }
    const report = await check(store);
    expect(report).toMatchObject({
      version: 1,
      kind: 'integrity',
      ledger: LEDGER,
      status: 'verified',
      checked: {
        mode: 'full',
        anchor: null,
        segments: store.objects.size,
        records: 32,
        events: 32,
        duplicates: 8,
        storedBytes: [...store.objects.values()].reduce((total, { length }) => total + length, 0),
        segmentsNotRehashed: 0,
        otherObjects: 0,
      },
      findings: [],
      findingsOmitted: 0,
      findingsAcknowledged: 0,
      unreadable: [],
    });
    expect(report.partitions.map(({ partition, lastEvent, record }) => [partition, lastEvent, record])).toEqual(
      ['0', '1', '2', '10'].map((partition) => [partition, 12, 8]),
    );
    expect(report.notChecked).toEqual(
      ['no earlier report', 'there is no log'].map((what) => expect.stringContaining(what)),
    );
  });

  test('is verified with heartbeats, a repaired segment and empty envelopes', async () => {
    const specs: Spec[] = [
      { kind: 'heartbeat', events: [2] },
      { events: [3, 4] },
      { kind: 'heartbeat', events: [4] },
      { kind: 'repair', events: [5] },
      { hub: { last: 900 }, events: [6] },
      { kind: 'heartbeat', hub: { first: 0, last: 2 } },
    ];
    expect(await check(new MemoryStore(forgeChain(specs)))).toMatchObject({ status: 'verified', findings: [] });
    const store = new MemoryStore();
    await sealAll(ingestOf(store), [{ ...eventsBetween(0, 0)[0], body: Buffer.from('{"records":[]}') }] as never);
    expect(await check(store)).toMatchObject({ status: 'verified', checked: { records: 0, events: 1 } });
  });
});

describe('every finding about segments, from its cause alone', () => {
  const ahead = forge({ index: 3, record: 3, events: [3], prev: 'a'.repeat(64) }).stored;
  const noEnd = chainOf(1, { 0: { end: '{"n":0}' } }).get(nameOf(0)) as Buffer;

  test.each<[string, Map<string, Buffer>, string[]]>([
    ['prev is wrong', chainOf(5, { 2: { prev: 'b'.repeat(64) } }), [`chain-broken ${nameOf(2)}`]],
    ['prev of the first is not zeros', chainOf(3, { 0: { prev: 'b'.repeat(64) } }), [`chain-broken ${nameOf(0)}`]],
    [
      'the end line states another root',
      chainOf(4, { 1: { end: `{"_end":{"records":1,"root":"${'c'.repeat(64)}"}}` } }),
      [`chain-broken ${nameOf(1)}`],
    ],
    [
      'a segment is replaced by one that is whole in itself',
      new Map([...chainOf(4), [nameOf(1), forge({ index: 1, record: 1, events: [1], prev: 'd'.repeat(64) }).stored]]),
      [`chain-broken ${nameOf(1)}`, `chain-broken ${nameOf(2)}`],
    ],
    ['a name is free', without(chainOf(4), nameOf(1)), [`segment-missing ${nameOf(1)}`]],
    ['the first name is free', without(chainOf(4), nameOf(0)), [`segment-missing ${nameOf(0)}`]],
    ['three names are free', without(chainOf(6), nameOf(1), nameOf(2), nameOf(3)), [`segment-missing ${nameOf(1)}`]],
    [
      'junk',
      new Map([...chainOf(4), [nameOf(1), Buffer.from('junk')]]),
      [`foreign-object ${nameOf(1)}`, `chain-broken ${nameOf(1)}`],
    ],
    ['junk behind the chain', new Map([...chainOf(4), [nameOf(4), Buffer.alloc(0)]]), [`foreign-object ${nameOf(4)}`]],
    ['junk far ahead', new Map([...chainOf(4), [nameOf(90), Buffer.alloc(9)]]), [`foreign-object ${nameOf(90)}`]],
    [
      'a segment that nobody signed',
      chainOf(4, { 1: { isUnsigned: true } }),
      [`foreign-object ${nameOf(1)}`, `chain-broken ${nameOf(1)}`],
    ],
    [
      'one that is signed under another name',
      chainOf(4, { 1: { name: nameOf(2) } }),
      [`foreign-object ${nameOf(1)}`, `chain-broken ${nameOf(1)}`],
    ],
    [
      'no Zstandard, signed',
      new Map([...chainOf(4), [nameOf(1), signed(Buffer.from('junk'), 1)]]),
      [`segment-malformed ${nameOf(1)}`],
    ],
    ['no end line', new Map([...chainOf(4), [nameOf(0), noEnd]]), [`segment-malformed ${nameOf(0)}`]],
    [
      'no header',
      new Map([...chainOf(4), [nameOf(1), signed(forgeLines(['{"a":1}']).frames, 1)]]),
      [`segment-malformed ${nameOf(1)}`],
    ],
    [
      'another version of what is signed',
      chainOf(4, { 1: { statement: { version: 2 } } }),
      [`segment-malformed ${nameOf(1)}`],
    ],
    ...['root', 'prev', 'record', 'incarnation', 'event'].map((member): [string, Map<string, Buffer>, string[]] => [
      `what was signed says otherwise in ${member}`,
      chainOf(4, { 1: { statement: { [member]: ['root', 'prev'].includes(member) ? 'a'.repeat(64) : 77 } } }),
      [`segment-malformed ${nameOf(1)}`],
    ]),
    [
      'what was signed says another latest time than the chain has',
      chainOf(4, { 1: { latest: timeOf(900) }, 2: { latest: timeOf(900) }, 3: { latest: timeOf(900) } }),
      [`segment-malformed ${nameOf(1)}`],
    ],
    [
      'sealed before the segment that it follows',
      chainOf(4, { 2: { header: { sealed: timeOf(999_000) } } }),
      [`chain-broken ${nameOf(2)}`],
    ],
    ['another version', chainOf(4, { 1: { header: { version: 2 } } }), [`segment-malformed ${nameOf(1)}`]],
    ['no version', chainOf(4, { 1: { header: { version: undefined } } }), [`segment-malformed ${nameOf(1)}`]],
    [
      'header and records disagree',
      chainOf(4, { 1: { header: { records: { first: 1, count: 9 } } } }),
      [`segment-malformed ${nameOf(1)}`],
    ],
    [
      'a record without a seal',
      chainOf(4, { 1: { edit: ([header]) => [header as string, '{"a":1}'] } }),
      [`segment-malformed ${nameOf(1)}`],
    ],
    [
      'records in a heartbeat',
      chainOf(4, { 1: { header: { kind: 'heartbeat' } } }),
      [`segment-malformed ${nameOf(1)}`],
    ],
    ['an unknown kind', chainOf(4, { 1: { header: { kind: 'merge' } } }), [`segment-malformed ${nameOf(1)}`]],
    [
      'a declared gap',
      chainOf(4, { 2: { events: [5], gaps: [{ first: 2, last: 4, reason: 'expired' }] } }),
      [`sequence-gap ${nameOf(2)}`],
    ],
    ['an undeclared gap', chainOf(4, { 2: { events: [5] } }), [`sequence-gap ${nameOf(2)}`]],
    [
      'a gap that is declared in part',
      chainOf(4, { 2: { events: [6], gaps: [{ first: 2, last: 3, reason: 'expired' }] } }),
      [`sequence-gap ${nameOf(2)}`, `sequence-gap ${nameOf(2)}`],
    ],
    ['an event sealed twice', chainOf(4, { 2: { events: [1] } }), [`sequence-overlap ${nameOf(2)}`]],
    [
      'a gap declared where an event is sealed',
      chainOf(4, { 2: { events: [2], gaps: [{ first: 1, last: 1, reason: 'expired' }] } }),
      [`sequence-gap ${nameOf(2)}`, `sequence-overlap ${nameOf(2)}`],
    ],
    ['records counted wrong', chainOf(4, { 2: { record: 7 } }), [`sequence-overlap ${nameOf(2)}`]],
    [
      'a segment that does not chain, at the end',
      new Map([...chainOf(3), [nameOf(3), ahead]]),
      [`chain-broken ${nameOf(3)}`],
    ],
    [
      'a copy under another index',
      new Map([...chainOf(3), [nameOf(3), chainOf(3).get(nameOf(1)) as Buffer]]),
      [`foreign-object ${nameOf(3)}`],
    ],
    [
      'a copy of another partition',
      new Map([...chainOf(3), ...chainOf(3, {}, '1'), [nameOf(1, '1'), chainOf(3).get(nameOf(1)) as Buffer]]),
      [`foreign-object ${nameOf(1, '1')}`, `chain-broken ${nameOf(1, '1')}`],
    ],
    [
      'two segments swapped',
      swapped(chainOf(5), nameOf(1), nameOf(2)),
      [`foreign-object ${nameOf(1)}`, `foreign-object ${nameOf(2)}`, `chain-broken ${nameOf(2)}`],
    ],
    [
      'a segment of another ledger',
      chainOf(4, { 2: { ledger: 'evil.example.com/x' } }),
      [`foreign-object ${nameOf(2)}`],
    ],
    [
      'a renamed segment',
      renamed(chainOf(4), nameOf(1), 'segments/0/1.jsonl.zst'),
      [`foreign-object segments/0/1.jsonl.zst`, `segment-missing ${nameOf(1)}`],
    ],
    ...[
      'readme.txt',
      'segments',
      'segments/readme',
      'segments/0/ before all others',
      'segments/0/000000000001.jsonl',
      'segments/0/000000000001.jsonl.zst/x',
      'segments/00/000000000000.jsonl.zst',
      'segments/a/000000000000.jsonl.zst',
      'segments/0/x/000000000000.jsonl.zst',
      'segmentz/0/000000000000.jsonl.zst',
      'reports/latest.json',
      'batches/1.jsonl',
      'checkpoints/000000000000/x',
    ].map((name): [string, Map<string, Buffer>, string[]] => [
      `an object called ${name}`,
      new Map([...chainOf(3), [name, Buffer.from('x')]]),
      [`foreign-object ${name}`],
    ]),
  ])('%s', async (_what, objects, expected) => {
    const report = await check(new MemoryStore(objects));
    expect(saidOf(report).sort()).toEqual(expected.sort());
    expect(report.status).toBe('violated');
  });

  test('what the format knows besides segments is counted, not looked into', async () => {
    const names = [0, 1, 2].map((day) => drillName(day * 86_400_000, 'block'));
    const report = await check(
      new MemoryStore([...chainOf(2), ...names.map((name) => [name, Buffer.from('x')] as const)]),
    );
    expect(report).toMatchObject({ status: 'verified', checked: { otherObjects: 3 } });
    expect(report.notChecked.join()).toContain('3 objects');
  });

  test('foreign objects are named, and the chain goes on around them', async () => {
    const store = new MemoryStore(chainOf(1));
    store.objects.set(nameOf(1), Buffer.from('junk'));
    store.objects.set(nameOf(2), forge({ index: 2, record: 1, events: [9], isUnsigned: true }).stored);
    store.objects.set(nameOf(7), Buffer.from('junk'));
    await sealAll(ingestOf(store), eventsBetween(1, 1));
    await sealAll(ingestOf(store), eventsBetween(2, 2));
    const report = await check(store);
    expect(saidOf(report)).toEqual([1, 2, 7].map((index) => `foreign-object ${nameOf(index)}`));
    expect(report.partitions).toMatchObject([{ index: 4, lastEvent: 2, record: 3 }]);
    expect(report.checked.segments).toBe(3);
  });

  test('a segment that passes over signed ones is caught', async () => {
    const objects = chainOf(4);
    // Behind index 3: it goes on from index 1, and from index 2 while a forged index 3 follows that, too.
    const behind = forge({ index: 4, record: 2, events: [2], previous: 1, prev: prevOf(objects, 2) }).stored;
    expect(saidOf(await check(new MemoryStore(new Map(objects).set(nameOf(4), behind))))).toEqual([
      `chain-broken ${nameOf(3)}`,
    ]);
    const beside = forge({ index: 4, record: 3, events: [3], previous: 2, prev: prevOf(objects, 3) }).stored;
    const report = await check(new MemoryStore(new Map(objects).set(nameOf(4), beside)));
    expect(saidOf(report)).toEqual([`chain-broken ${nameOf(3)}`]);
  });

  test('where a segment goes on from a foreign object, that one is accused of more than its name', async () => {
    const objects = chainOf(1).set(nameOf(1), Buffer.from('junk'));
    const next = { index: 2, record: 77, events: [99], previous: 1, prev: 'f'.repeat(64) };
    const report = await check(new MemoryStore(objects.set(nameOf(2), forge(next).stored)));
    expect(saidOf(report)).toEqual([`foreign-object ${nameOf(1)}`, `chain-broken ${nameOf(1)}`]);
    expect(report.partitions).toMatchObject([{ index: 2 }]);
  });

  test('behind a foreign object, prev must name the last valid root', async () => {
    const objects = chainOf(1).set(nameOf(1), Buffer.from('junk'));
    const next = { index: 2, record: 1, events: [1], previous: 0 };
    const right = new Map(objects).set(nameOf(2), forge({ ...next, prev: prevOf(chainOf(2), 1) }).stored);
    const wrong = new Map(objects).set(nameOf(2), forge({ ...next, prev: 'f'.repeat(64) }).stored);
    expect(saidOf(await check(new MemoryStore(right)))).toEqual([`foreign-object ${nameOf(1)}`]);
    expect(saidOf(await check(new MemoryStore(wrong)))).toContain(`chain-broken ${nameOf(2)}`);
  });

  test('a planted segment at the end does not become the head that later checks go on from', async () => {
    const planted = forge({ index: 3, record: 3, events: [3], prev: 'a'.repeat(64) }).stored;
    const report = await check(new MemoryStore(chainOf(3).set(nameOf(3), planted)));
    expect(report).toMatchObject({ status: 'violated', partitions: [{ index: 2, lastEvent: 2 }] });
  });
});

describe('one fault is one finding', () => {
  test('a damaged first segment does not make all others those of another ledger', async () => {
    const objects = new Map([...chainOf(3), ...chainOf(3, {}, '1')]);
    const damaged = forge({
      ledger: 'logs.example.com/audiu',
      end: `{"_end":{"records":1,"root":"${'0'.repeat(64)}"}}`,
    });
    objects.set(nameOf(0), damaged.stored);
    const report = await check(new MemoryStore(objects));
    expect(saidOf(report)).toEqual([`chain-broken ${nameOf(0)}`]);
    expect(report.ledger).toBe(LEDGER);
  });

  test.each<[string, Spec]>([
    [
      'its numbers of events',
      { header: { events: { first: 1, last: 99, count: 99, enqueuedFirst: timeOf(1), enqueuedLast: timeOf(1) } } },
    ],
    ['its numbers of records', { header: { records: { first: 77, count: 1 } } }],
    ['its incarnation', { header: { incarnation: 5 } }],
    ['its previous', { header: { previous: -1 } }],
    ['its sealed', { header: { sealed: timeOf(2_000_000) } }],
    ['its gaps', { header: { gaps: [{ first: 0, last: 0, reason: 'expired' }] } }],
    ['its index', { header: { index: 7 }, name: nameOf(1) }],
    ['its partition', { header: { partition: '7' }, name: nameOf(1) }],
    ['its ledger', { header: { ledger: 'x' } }],
  ])('a header damaged in %s is one broken segment', async (_what, spec) => {
    const right = forge({ index: 1, record: 1, events: [1], prev: prevOf(chainOf(2), 1) });
    const damaged = forge({
      index: 1,
      record: 1,
      events: [1],
      prev: prevOf(chainOf(2), 1),
      end: `{"_end":{"records":1,"root":"${right.root}"}}`,
      ...spec,
    });
    const report = await check(new MemoryStore(chainOf(4).set(nameOf(1), damaged.stored)));
    expect(saidOf(report)).toEqual([`chain-broken ${nameOf(1)}`]);
    expect(report.partitions).toMatchObject([{ index: 3, lastEvent: 3 }]);
  });

  test('findings are capped, and the rest is counted', async () => {
    const foreign = Array.from({ length: 1500 }, (_, i) => [`x${i % 9}/${i}`, Buffer.alloc(0)] as const);
    const report = await check(new MemoryStore([...chainOf(1), ...foreign]));
    expect(report).toMatchObject({ status: 'violated', findingsOmitted: 500 });
    expect(report.findings).toHaveLength(1000);
    // What else is wrong is listed all the same: the cap is of each code in each folder that the format knows.
    const broken = await check(new MemoryStore([...[...chainOf(3)].filter((_, i) => i !== 1), ...foreign]));
    expect(broken.findings.map(({ code }) => code).filter((code) => code !== 'foreign-object')).toEqual([
      'segment-missing',
    ]);
    const planted = await check(new MemoryStore([...chainOf(1).set(nameOf(1), Buffer.from('junk')), ...foreign]));
    expect(saidOf(planted)).toContain(`foreign-object ${nameOf(1)}`);
    expect(planted).toMatchObject({ findingsOmitted: 500 });
  });
});

function without(objects: Map<string, Buffer>, ...names: string[]): Map<string, Buffer> {
  for (const name of names) objects.delete(name);
  return objects;
}

function swapped(objects: Map<string, Buffer>, one: string, other: string): Map<string, Buffer> {
  const [a, b] = [objects.get(one) as Buffer, objects.get(other) as Buffer];
  return objects.set(one, b).set(other, a);
}

function renamed(objects: Map<string, Buffer>, from: string, to: string): Map<string, Buffer> {
  const bytes = objects.get(from) as Buffer;
  objects.delete(from);
  return objects.set(to, bytes);
}

function prevOf(objects: Map<string, Buffer>, index: number): string {
  const text = zstdDecompressSync(objects.get(nameOf(index)) as Buffer).toString();
  return /"prev":"([0-9a-f]+)"/.exec(text)?.[1] as string;
}
