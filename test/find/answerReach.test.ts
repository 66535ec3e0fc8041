import { eventAt, ingestOf, sealAll } from '../support/hub.ts';
import { fileFullCheck } from '../support/fullCheck.ts';
import { indexedLog, indexingOf } from '../support/indexScene.ts';
import { KeptLog } from '../support/keptLog.ts';
import { AUDITOR, KEY } from '../support/logs.ts';
import { SECOND } from '../support/loggedLedger.ts';
import { MemoryStore } from '../support/memoryStore.ts';
import { MemoryTiles } from '../support/memoryTiles.ts';
import { LEDGER, timeOf } from '../support/forge.ts';
import { sha256 } from '../../src/core/hash.ts';
import { checkAnswer } from '../../src/core/index/checkAnswer.ts';
import { indexStored } from '../../src/core/index/terms.ts';
import { vouchedFor } from '../../src/core/index/vouched.ts';
import type { Vouched } from '../../src/core/index/vouched.ts';
import { formatAnswer, parseAnswer } from '../../src/core/objects/answer.ts';
import type { Answer } from '../../src/core/objects/answer.ts';
import { makeAnswer } from '../../src/find/answer.ts';
import type { Query } from '../../src/find/query.ts';
import type { Indexing } from '../../src/integrate/indexing.ts';

// Whose word an answer is, and until when.

const VERIFIERS = [KEY.verifierKey];
const AUDITORS = { ledger: LEDGER, verifiers: [AUDITOR.verifierKey] };

interface Scene {
  readonly store: MemoryStore;
  readonly tiles: MemoryTiles;
}

const newScene = (): Scene => ({ store: new MemoryStore(), tiles: new MemoryTiles() });

async function seal({ store }: Scene, first: number, bodies: readonly object[], partition = '0'): Promise<void> {
  const events = bodies.map((body, i) => ({
    sequenceNumber: first + i,
    enqueued: timeOf(first + i),
    body: Buffer.from(JSON.stringify(body)),
  }));
  await sealAll(ingestOf(store), events, partition);
}

const integrate = async ({ store, tiles }: Scene): Promise<void> =>
  void (await indexedLog(store, tiles).run(new KeptLog()));

const ask = (actor: string, span: { from?: number; to?: number } = {}, partitions?: readonly string[]): Query => ({
  by: 'hub',
  terms: new Map([['actor', [actor]]]),
  where: [],
  texts: [],
  ...(span.from !== undefined && { from: Date.parse(timeOf(span.from)) }),
  ...(span.to !== undefined && { to: Date.parse(timeOf(span.to)) }),
  ...(partitions && { partitions: new Set(partitions) }),
});

async function answerOf(scene: Scene, query: Query): Promise<Answer> {
  const answer = await makeAnswer({ ...scene, verifiers: VERIFIERS }, query);
  if (typeof answer === 'string') throw new Error(answer);
  return parseAnswer(formatAnswer(answer));
}

const vouched = (answer: Answer): Vouched => vouchedFor(answer, checkAnswer(answer, VERIFIERS), AUDITORS);
const refusal = (answer: Answer): string => {
  try {
    checkAnswer(answer, VERIFIERS);
    return 'proved';
  } catch (error) {
    return (error as Error).message;
  }
};

const BOB = { identity: 'bob', operationName: 'read' };
const ALICE = { identity: 'alice', operationName: 'delete' };

/** aLedger has a full check of what both did, filed and in the log. */
async function aLedger(): Promise<Scene> {
  const scene = newScene();
  await seal(scene, 0, [BOB, ALICE, BOB]);
  await integrate(scene);
  await seal(scene, 3, [BOB, ALICE]);
  await integrate(scene);
  await fileFullCheck(scene.store, scene.tiles);
  await integrate(scene);
  return scene;
}

describe('an auditor’s word', () => {
  test('is of the log whose answer it is', async () => {
    const scene = await aLedger();
    expect(vouched(await answerOf(scene, ask('alice')))).toMatchObject({ name: 'reports/000000000000.json' });
    // Also when that has grown: by the proof that it goes on.
    await seal(scene, 5, [BOB], '1');
    await integrate(scene);
    const answer = await answerOf(scene, ask('alice', { to: 5 }));
    expect(answer.report?.consistency.length).toBeGreaterThan(0);
    expect(vouched(answer)).toMatchObject({ name: 'reports/000000000000.json' });
    const { report } = answer;
    if (report === undefined) throw new Error('it has a report');
    const without = { ...answer, report: { ...report, consistency: report.consistency.slice(1) } };
    expect(vouched(without)).toMatchObject({ why: expect.stringContaining('not proved to go on') as unknown });
  });

  describe('of a log that forked', () => {
    let fork: Scene;
    beforeAll(async () => {
      const scene = await aLedger();
      fork = newScene();
      // The same index, of other segments.
      const indexing = (): Indexing =>
        indexingOf(fork.store, fork.tiles, {
          indexSegment: async (_, segment) => {
            const stored = scene.store.objects.get(segment.name) as Buffer;
            return indexStored(stored, { name: segment.name, sha256: sha256(stored) });
          },
        });
      const run = (): Promise<unknown> =>
        indexedLog(fork.store, fork.tiles, { indexing: indexing() }).run(new KeptLog());
      await seal(fork, 0, [BOB, { x: 'nothing to see' }, BOB]);
      await run();
      await seal(fork, 3, [BOB, { x: 'nothing to see' }]);
      await run();
      const report = scene.store.objects.get('reports/000000000000.json') as Buffer;
      fork.store.objects.set('reports/000000000000.json', report);
      await run();
    });

    test('counts for nothing, though it is of the same index', async () => {
      const answer = await answerOf(fork, ask('bob'));
      expect(answer.report?.name).toBe('reports/000000000000.json');
      expect(refusal(answer)).toBe('proved');
      expect(vouched(answer)).toMatchObject({ why: expect.stringContaining('not proved to go on') as unknown });
    });

    test('and records that have not what was asked for are refused, whatever the index says', async () => {
      expect(refusal(await answerOf(fork, ask('alice')))).toMatch(/record 1 of partition 0 has not what is asked for/);
    });
  });

  test('a report that is not the one of its entry refutes the answer', async () => {
    const answer = await answerOf(await aLedger(), ask('alice'));
    const { report } = answer;
    if (report === undefined) throw new Error('it has a report');
    expect(refusal({ ...answer, report: { ...report, file: report.file.replace('verified', 'verifyed') } })).toMatch(
      /not the one of its entry/,
    );
    expect(refusal({ ...answer, report: { ...report, ...answer.end } })).toMatch(/not the one of its entry/);
  });
});

describe('until when', () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await aLedger();
  });
  const reachOf = async (...args: Parameters<typeof ask>): Promise<unknown> => {
    const { reach } = checkAnswer(await answerOf(scene, ask(...args)), VERIFIERS);
    return { isWhole: reach.isWhole, short: [...reach.short.keys()] };
  };

  test('an interval that is over is whole, and one that has an end or begins later is not, nor one before the ledger', async () => {
    expect(await reachOf('alice', { to: 4 })).toEqual({ isWhole: true, short: [] });
    expect(await reachOf('alice')).toEqual({ isWhole: true, short: [] });
    expect(await reachOf('alice', { from: 2 })).toEqual({ isWhole: true, short: [] });
    expect(await reachOf('alice', { from: 1e8 })).toEqual({ isWhole: false, short: ['0'] });
    expect(await reachOf('alice', { from: -200, to: -100 })).toEqual({ isWhole: false, short: [] });
    expect(await reachOf('alice', { to: 0 })).toEqual({ isWhole: false, short: [] });
    expect(await reachOf('alice', { from: 1e8, to: 2e8 })).toEqual({ isWhole: false, short: ['0'] });
    expect(await reachOf('alice', { from: 2, to: 2e8 })).toEqual({ isWhole: false, short: ['0'] });
  });

  test('of a partition that the log has not, nothing is said', async () => {
    expect(await reachOf('alice', { to: 4 }, ['0', '77'])).toEqual({ isWhole: false, short: ['77'] });
  });

  test('the newest index is gone by where only that reaches to the end', async () => {
    const later = await aLedger();
    expect((await answerOf(later, ask('alice', { to: 4 }))).report).toBeDefined();
    // Nothing comes, and an hour later that is in the log.
    const now = (): number => Date.parse(timeOf(SECOND + 3600));
    await sealAll(ingestOf(later.store, { now }), [{ ...eventAt(5), enqueued: timeOf(SECOND + 3500) }], '0');
    await indexedLog(later.store, later.tiles, { now }).run(new KeptLog());
    const answer = await answerOf(later, ask('alice', { from: SECOND + 100, to: SECOND + 200 }));
    expect([answer.report?.name, checkAnswer(answer, VERIFIERS).reach.isWhole]).toEqual([undefined, true]);
    const isOver = await answerOf(later, ask('alice', { to: 4 }));
    expect([isOver.report?.name, checkAnswer(isOver, VERIFIERS).reach.isWhole]).toEqual([
      'reports/000000000000.json',
      true,
    ]);
  });

  test.each<[string, (answer: Answer) => Answer, RegExp]>([
    ['another entry', (it) => ({ ...it, end: { ...it.end, index: it.end.index - 1 } }), /its end is entry/],
    ['the heads', (it) => ({ ...it, end: it.heads }), /its end is entry|proved/],
    ['another line', (it) => ({ ...it, end: { ...it.end, line: it.heads.line } }), /not proved to be entry/],
    ['no proof', (it) => ({ ...it, end: { ...it.end, hashes: [] } }), /not proved to be entry/],
  ])('an end that is %s is refuted', async (_, change, why) => {
    expect(refusal(change(await answerOf(scene, ask('alice'))))).toMatch(why);
  });

  test('an interval that ends before it begins asks for nothing', async () => {
    const answer = await answerOf(scene, ask('alice', { from: 1, to: 4 }));
    const { from, to } = answer.query;
    const turned = formatAnswer({ ...answer, query: { ...answer.query, from: to, to: from } });
    expect(() => parseAnswer(turned)).toThrow('ends before it begins');
  });
});
