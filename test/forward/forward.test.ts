import { AuditsealError } from '../../src/core/errors.ts';
import { ForwardScene, MINUTE, START, chainOf } from '../support/forwardScene.ts';
import { LEDGER, forgeChain, timeOf } from '../support/forge.ts';
import type { ForwardTarget } from '../../src/ports/forward.ts';

let scene: ForwardScene;
beforeEach(async () => {
  scene = await ForwardScene.begin();
});
afterEach(() => scene.end());

test('every record that the log covers comes once, with what leads to its proof, and then nothing more', async () => {
  await scene.grow(chainOf(5), chainOf(3, '1'));
  await scene.run();
  scene.expectAll();
  expect(scene.records().size).toBe(24);
  expect(scene.service.rows.length).toBe(25);
  expect(scene.messages()).toEqual(['forwarding begins', 'forwarded']);
  await scene.run();
  expect(scene.service.rows.length).toBe(25);
  // What is sealed, and has no entry in the log, nobody vouches for yet.
  const grown = chainOf(9);
  for (const [name, bytes] of grown) scene.store.objects.set(name, bytes);
  await scene.run();
  expect(scene.service.rows.length).toBe(25);
  await scene.grow(grown);
  await scene.run();
  scene.expectAll();
  expect(scene.service.rows.length).toBe(37);
});

test('a row has its place, its times and its hash', async () => {
  const edit = (lines: string[]): string[] =>
    lines.map((line) =>
      line.replace(
        '{"n":1,',
        '{"time":"2025-11-01T02:03:04Z","category":"AuditEvent","operationName":"SecretGet","n":1,',
      ),
    );
  scene.now = Date.parse(timeOf(1)) + MINUTE;
  await scene.grow(forgeChain([{ events: [0, 1], edit }]));
  await scene.run();
  const [, row] = [...scene.records().values()];
  expect(row).toEqual({
    TimeGenerated: timeOf(1),
    EventTime: '2025-11-01T02:03:04.000Z',
    Enqueued: timeOf(1),
    Category: 'AuditEvent',
    Operation: 'SecretGet',
    Kind: 'record',
    Form: 'object',
    Origin: LEDGER,
    Partition: '0',
    Record: 1,
    Event: 1,
    Segment: 'segments/0/000000000000.jsonl.zst',
    Entry: 1,
    Leaf: 2,
    RecordHash: scene.reference()[1]?.hash,
    Raw: scene.reference()[1]?.line,
    RawBytes: scene.reference()[1]?.line.length,
    Cut: '',
  });
});

test.each([
  ['now', 'now' as const, 12],
  ['a time', { time: timeOf(6) }, 6],
  ['the beginning', 'beginning' as const, 0],
])('it begins with %s, says so in the log and in the table, and goes on', async (_what, from, left) => {
  await scene.grow(chainOf(4));
  await scene.run({ from });
  await scene.grow(chainOf(6));
  await scene.run({ from });
  scene.expectAll((key) => Number(key.split(' ')[2]) < left);
  expect(scene.messages()).toEqual(['forwarding begins', 'forwarded', 'forwarded']);
  expect(scene.service.rows.filter(({ Kind }) => Kind === 'begin').length).toBe(1);
});

test('now is when it was asked first, however long the service takes nothing', async () => {
  await scene.grow(chainOf(4));
  scene.service.fault = () => ({ status: 403 });
  for (const segments of [4, 5, 6]) {
    await scene.grow(chainOf(segments));
    await scene.run({ from: 'now' });
  }
  expect(scene.messages()).toEqual(Array(3).fill('forwarding is held up'));
  scene.service.fault = () => undefined;
  await scene.run({ from: 'now' });
  scene.expectAll((key) => Number(key.split(' ')[2]) < 12);
  expect(scene.messages()).toEqual(['forwarding begins', 'forwarded']);
  expect(scene.service.rows.filter(({ Kind }) => Kind === 'begin').length).toBe(1);
});

test('where the position can not be stored, nothing begins, and the table gets no row for each try', async () => {
  await scene.grow(chainOf(4));
  scene.position.beforeReplace = (): never => {
    throw new AuditsealError('STORE_REFUSED', 'it may not be written');
  };
  for (let run = 0; run < 3; run++) await scene.run();
  expect(scene.messages()).toEqual(Array(3).fill('forwarding is held up'));
  expect(scene.service.rows).toEqual([]);
});

test.each([
  ['now', 'now' as const, { Entry: 6, Reason: 'records of earlier entries of the log are not forwarded' }],
  [
    'a time, however long ago',
    { time: timeOf(6) },
    { Reason: `records of events before ${timeOf(6)} are not forwarded, unless their segment has later ones` },
  ],
])(
  'where it begins with %s, the row says what is left out, and no entry that nothing begins with',
  async (_what, from, says) => {
    await scene.grow(chainOf(4));
    await scene.run({ from });
    const row = scene.service.rows.find(({ Kind }) => Kind === 'begin');
    // The service takes this time as it is.
    expect(row).toEqual({ TimeGenerated: new Date(START).toISOString(), Kind: 'begin', Origin: LEDGER, ...says });
    expect(scene.log.lines[0]).toMatchObject({
      level: 'warn',
      fields: { from: typeof from === 'object' ? from.time : from },
    });
  },
);

describe('another rule, or another address', () => {
  const rule = 'dcr-11111111111111111111111111111111';

  test.each([
    ['rule', (): ForwardTarget => ({ endpoint: scene.service.endpoint, rule })],
    ['address', (): ForwardTarget => ({ endpoint: 'https://other.example.com', rule: scene.service.rule })],
  ])('%s begins as FORWARD_FROM says, because its table has nothing, and says so', async (_what, targetOf) => {
    const target = targetOf();
    await scene.grow(chainOf(4));
    await scene.run();
    await scene.run();
    expect(scene.messages()).toEqual(['forwarding begins', 'forwarded', 'forwarded']);
    scene.service.clear();
    await scene.run({ target });
    scene.expectAll();
    expect(scene.service.rows.filter(({ Kind }) => Kind === 'begin').length).toBe(1);
    const [line, ...rest] = scene.log.lines.splice(0);
    expect(line).toMatchObject({
      level: 'warn',
      message: 'forwarding begins',
      fields: { entry: 0, from: 'beginning', why: expect.stringContaining('the rule changed') as unknown },
    });
    expect(String(line?.fields['why'])).toContain(`${target.rule} at ${target.endpoint}`);
    expect(rest.map(({ message }) => message)).toEqual(['forwarded']);
    await scene.run({ target });
    expect(scene.messages()).toEqual(['forwarded']);
    expect(scene.service.rows.length).toBe(13);
  });

  test('begins with what comes from now on, where that is set', async () => {
    const target = { endpoint: scene.service.endpoint, rule };
    await scene.grow(chainOf(4));
    await scene.run();
    scene.service.clear();
    await scene.run({ target, from: 'now' });
    await scene.grow(chainOf(6));
    await scene.run({ target, from: 'now' });
    scene.expectAll((key) => Number(key.split(' ')[2]) < 12);
  });

  test('does not make an older log, or another one, one that is taken', async () => {
    await scene.grow(chainOf(4));
    const old = scene.tiles.objects.get('checkpoint') as Buffer;
    await scene.grow(chainOf(5));
    await scene.run();
    scene.messages();
    scene.tiles.objects.set('checkpoint', old);
    await scene.run({ target: { endpoint: scene.service.endpoint, rule } });
    expect(scene.whys()).toEqual([expect.stringMatching(/an older one was put back/)]);
  });
});

test('a run that is over goes on in the next one, in the middle of a batch', async () => {
  await scene.grow(chainOf(30));
  let runs = 0;
  // Each look at the clock takes a second, and a run two.
  for (; runs < 60 && scene.records().size < 90; runs++)
    await scene.run({ now: () => (scene.now += 1000), budgetMs: 2000 });
  scene.expectAll();
  expect(runs).toBeGreaterThan(5);
  expect(scene.service.rows.length).toBe(91);
});

test('an outage of an hour loses nothing', async () => {
  const forward = scene.forward();
  const faults = [{ ends: 'before' }, { status: 503 }, { status: 500 }] as const;
  for (let run = 0; run < 24; run++) {
    scene.now = START + run * 4 * MINUTE;
    await scene.grow(chainOf(1 + run), chainOf(1 + run, '1', 1));
    const isOut = run >= 4 && run < 19;
    scene.service.fault = () => (isOut ? faults[run % 3] : undefined);
    await forward.run(scene.log);
    if (isOut) expect(scene.records().size).toBe(4 * 4);
  }
  scene.expectAll();
  expect(scene.service.rows.length).toBe(24 * 4 + 1);
  expect(scene.messages().filter((message) => message === 'forwarding is held up').length).toBe(15);
});

test('an answer that is lost makes duplicates under their key, and nothing else', async () => {
  await scene.grow(chainOf(10), chainOf(10, '1'));
  let lost = 0;
  scene.service.fault = (request) => (request % 3 > 0 && lost++ < 4 ? { ends: 'after' } : undefined);
  await scene.run();
  await scene.run();
  scene.expectAll();
  expect(scene.service.rows.length).toBeGreaterThan(61);
});

describe('throttled', () => {
  test('it waits for as long as it is told, if the run has that time', async () => {
    await scene.grow(chainOf(2));
    scene.service.fault = (request) => (request === 1 ? { status: 429, retryAfter: '17' } : undefined);
    await scene.run();
    scene.expectAll();
    expect(scene.waited).toBe(17_000);
  });

  test('else the next runs leave the service alone until then', async () => {
    await scene.grow(chainOf(2));
    const forward = scene.forward();
    scene.service.fault = (request) => (request === 1 ? { status: 429, retryAfter: '300' } : undefined);
    const counts: number[] = [];
    for (let minute = 0; minute < 7; minute++) {
      scene.now = START + minute * MINUTE;
      await forward.run(scene.log);
      counts.push([...scene.service.answered.values()].reduce((sum, count) => sum + count, 0));
    }
    expect(counts).toEqual([2, 2, 2, 2, 2, 3, 3]);
    scene.expectAll();
  });
});

test.each([
  [401, /token is not taken/],
  [403, /Monitoring Metrics Publisher/],
  [404, /no such rule or stream/],
] as const)('a rule that answers %i holds it up, and says what to mend', async (status, why) => {
  await scene.grow(chainOf(2));
  scene.service.fault = () => ({ status });
  await scene.run();
  expect(scene.whys()).toEqual([expect.stringMatching(why)]);
  scene.service.fault = () => undefined;
  await scene.run();
  scene.expectAll();
});

test('what is too much at once is posted in parts, and a row that is never taken is posted without what may be wrong with it', async () => {
  await scene.grow(chainOf(4));
  const poison = scene.reference()[5]?.key.split(' ')[2];
  scene.service.refuse = (rows) =>
    rows.length > 5 ? 413 : rows.some((row) => String(row['Record']) === poison && 'Raw' in row) ? 400 : undefined;
  await scene.run();
  const found = scene.records();
  expect(found.size).toBe(12);
  const row = found.get(`${LEDGER} 0 ${poison}`);
  expect(row).toMatchObject({ Cut: 'Raw', RecordHash: scene.reference()[5]?.hash });
  expect(row).not.toHaveProperty('Raw');
});

test('two at once: nothing is missing, duplicates have their key, and nobody goes back', async () => {
  await scene.grow(chainOf(20), chainOf(20, '1'));
  const two = [scene.forward(), scene.forward()];
  for (let round = 1; round < 4; round++) {
    await Promise.all(two.map((forward) => forward.run(scene.log)));
    scene.expectAll();
    await scene.grow(chainOf(20 + round));
  }
  const before = scene.service.rows.length;
  await scene.run();
  await scene.run();
  scene.expectAll();
  expect(scene.service.rows.length).toBe(before + 3);
});

describe('a segment that can not be read', () => {
  const name = 'segments/0/000000000002.jsonl.zst';
  const isOf = (key: string): boolean => /^\S+ 0 [678]$/.test(key);

  test.each([
    ['is gone', () => scene.store.objects.delete(name), 'it is gone'],
    [
      'is another',
      () => scene.store.objects.set(name, Buffer.from('other')),
      `${name} is not what its entry in the log says`,
    ],
    [
      'is archived',
      () => (scene.store.beforeRead = (read) => (read === name ? 'archived' : undefined)),
      /archive tier/,
    ],
  ])('that %s is said, holds up nothing, and comes when it is back', async (_what, change, why) => {
    await scene.grow(chainOf(6));
    const all = new Map(scene.store.objects);
    change();
    await scene.run();
    expect(scene.messages()).toEqual(['forwarding begins', 'records could not be forwarded', 'forwarded']);
    const missing = scene.service.rows.filter(({ Kind }) => Kind === 'missing');
    expect(missing).toEqual([
      expect.objectContaining({
        Partition: '0',
        Record: 6,
        Records: 3,
        Segment: name,
        Reason: expect.stringMatching(why) as unknown,
      }),
    ]);
    await scene.run();
    expect(scene.log.lines.at(-1)?.fields['owed']).toBe(1);
    scene.store.objects.set(name, all.get(name) as Buffer);
    scene.store.beforeRead = () => {};
    expect([...scene.records().keys()].filter(isOf)).toEqual([]);
    await scene.run();
    scene.expectAll();
    expect(scene.log.lines.at(-1)?.fields['owed']).toBe(0);
    expect(scene.service.rows.filter(({ Kind }) => Kind === 'missing').length).toBe(1);
  });
});
