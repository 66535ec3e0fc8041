import { ForwardScene, MINUTE, START, bigChain, chainOf } from '../support/forwardScene.ts';
import { LEDGER } from '../support/forge.ts';
import { AUDITOR, signerOf } from '../support/logs.ts';
import { AuditsealError } from '../../src/core/errors.ts';
import { MAX_OWED, formatPosition, openPosition } from '../../src/forward/position.ts';
import type { Position } from '../../src/forward/position.ts';

// Segments of which one request doesn't take all rows.

let scene: ForwardScene;
beforeEach(async () => {
  scene = await ForwardScene.begin();
});
afterEach(() => scene.end());

const stored = (): Position => openPosition(scene.position.bytes as Buffer, LEDGER, [AUDITOR.verifierKey]);
const kinds = (kind: string): number => scene.service.rows.filter(({ Kind }) => Kind === kind).length;
const GONE = 'segments/0/000000000000.jsonl.zst';

test('a segment goes on behind the last request that was taken, so that throttling repeats nothing', async () => {
  await scene.grow(bigChain(2, 60));
  let inRun = 0;
  // The service takes one request a run.
  scene.service.fault = () => (inRun++ < 1 ? undefined : { status: 429, retryAfter: '100' });
  let runs = 0;
  for (; runs < 30 && scene.records().size < 120; runs++) {
    inRun = 0;
    await scene.run();
  }
  scene.expectAll();
  expect(scene.service.rows.length).toBe(121);
  expect(runs).toBeLessThan(15);
  scene.expectClaims();
});

test('halves that were taken are not posted again', async () => {
  await scene.grow(bigChain(1, 14));
  scene.service.refuse = (rows) => (rows.length > 5 ? 413 : undefined);
  // The begin, all, 7, 4, 3 of them, and then nothing more.
  scene.service.fault = (request) => (request < 5 ? undefined : { status: 503 });
  await scene.run();
  expect(scene.records().size).toBe(7);
  expect(stored()).toMatchObject({ record: 7 });
  scene.service.fault = () => undefined;
  await scene.run();
  scene.expectAll();
  expect(scene.service.rows.length).toBe(15);
});

test('a segment that takes longer than a run goes on in the next', async () => {
  await scene.grow(bigChain(1, 90));
  scene.service.fault = () => void (scene.now += 20_000);
  await scene.run();
  expect(scene.records().size).toBeLessThan(90);
  for (let run = 0; run < 4; run++) await scene.run();
  scene.expectAll();
  expect(scene.service.rows.length).toBe(91);
  scene.expectClaims();
});

test('an owed segment goes on behind what was taken, and is owed until all of it is', async () => {
  await scene.grow(bigChain(1, 60));
  const bytes = scene.store.objects.get(GONE) as Buffer;
  scene.store.objects.delete(GONE);
  await scene.run();
  const [leaf] = stored().owed;
  scene.store.objects.set(GONE, bytes);
  let inRun = 0;
  scene.service.fault = () => (inRun++ < 1 ? undefined : { status: 429, retryAfter: '100' });
  await scene.run();
  expect(scene.records().size).toBeGreaterThan(0);
  expect(stored()).toMatchObject({ owed: [leaf], owedRecord: scene.records().size });
  for (let run = 0; run < 10; run++) {
    inRun = 0;
    await scene.run();
  }
  scene.expectAll();
  expect(stored()).toMatchObject({ owed: [], owedRecord: 0 });
  expect(scene.service.rows.length).toBe(62);
  scene.expectClaims();
});

test('what is owed comes also while a backlog takes all the rest of each run', async () => {
  await scene.grow(chainOf(1));
  const bytes = scene.store.objects.get(GONE) as Buffer;
  scene.store.objects.delete(GONE);
  await scene.run();
  scene.store.objects.set(GONE, bytes);
  await scene.grow(chainOf(1), bigChain(3, 60, '1'));
  scene.service.fault = () => void (scene.now += 30_000);
  await scene.run();
  expect([...scene.records().keys()].filter((key) => key.startsWith(`${LEDGER} 0 `)).length).toBe(3);
  expect(scene.log.lines.at(-1)?.fields).toMatchObject({ owed: 0 });
  expect(scene.log.lines.at(-1)?.fields['behind']).toBeGreaterThan(0);
});

test('the position is stored within a run, so that a process that ends loses seconds of it', async () => {
  await scene.grow(bigChain(4, 60));
  scene.service.fault = () => void (scene.now += 3000);
  await scene.run({ budgetMs: 500_000 });
  scene.expectAll();
  expect(scene.position.saves.length).toBeGreaterThan(5);
  scene.expectClaims();
});

test('where no more can be owed, it is counted', async () => {
  await scene.grow(chainOf(1));
  scene.store.objects.delete(GONE);
  await scene.run();
  const position = stored();
  const owed = Array.from({ length: MAX_OWED }, () => position.owed[0] as number);
  scene.position.put(await formatPosition(LEDGER, { ...position, owed }, signerOf(AUDITOR)));
  await scene.grow(chainOf(3, '1'));
  scene.store.objects.delete(GONE);
  scene.store.objects.delete('segments/1/000000000001.jsonl.zst');
  await scene.run();
  expect(stored()).toMatchObject({ omitted: 1 });
  expect(stored().owed.length).toBe(MAX_OWED);
  expect(scene.log.lines.at(-1)?.fields['owed']).toBe(MAX_OWED + 1);
  expect(kinds('missing')).toBe(2);
  expect(scene.records().size).toBe(6);
});

describe('what the service rejects', () => {
  test.each([
    ['all rows', (): boolean => true],
    ['some rows, for a column', (row: Readonly<Record<string, unknown>>): boolean => Number(row['Record']) % 3 === 0],
  ])('%s because of the rule holds it up, and no row loses its values', async (_what, isHit) => {
    await scene.grow(chainOf(4));
    scene.service.refuse = (rows) => (rows.some((row) => 'Raw' in row && isHit(row)) ? 400 : undefined);
    await scene.run();
    await scene.run();
    expect(scene.whys()).toContainEqual(
      expect.stringMatching(/400 BadRequest to a row in which nothing is of a record/),
    );
    expect([...scene.records().values()].filter((row) => row['Cut'] !== '')).toEqual([]);
    scene.service.refuse = () => undefined;
    await scene.run();
    scene.expectAll();
  });

  const isPoison = (row: Readonly<Record<string, unknown>>): boolean => row['Kind'] !== 'probe' && row['Record'] === 5;

  test('a row is handed on without values, and that is said and counted', async () => {
    await scene.grow(chainOf(4));
    scene.service.refuse = (rows) => (rows.some((row) => isPoison(row) && 'Raw' in row) ? 400 : undefined);
    await scene.run();
    expect(scene.records().size).toBe(12);
    expect(scene.log.lines.slice(-2)).toMatchObject([
      { level: 'warn', message: 'records are forwarded without their values', fields: { records: 1 } },
      { message: 'forwarded', fields: { bare: 1, refused: 0, behind: 0 } },
    ]);
  });

  test.each([
    ['a row stands for it', (row: Readonly<Record<string, unknown>>): boolean => row['Kind'] === 'record', 1],
    ['not even that', (): boolean => true, 0],
  ])(
    'a record that is taken in no form holds up nothing, is said, and stays counted: %s',
    async (_what, isHit, rows) => {
      await scene.grow(chainOf(4));
      scene.service.refuse = (given) => (given.some((row) => isPoison(row) && isHit(row)) ? 400 : undefined);
      await scene.run();
      scene.expectAll((key) => key.endsWith(' 5'));
      expect(scene.log.lines.find(({ level }) => level === 'error')).toMatchObject({
        message: 'a record could not be forwarded',
        fields: { object: 'segments/0/000000000001.jsonl.zst', record: 5 },
      });
      expect(kinds('missing')).toBe(rows);
      if (rows > 0)
        expect(scene.service.rows.find(({ Kind }) => Kind === 'missing')).toMatchObject({
          Record: 5,
          Records: 1,
          Partition: '0',
        });
      const { length } = scene.service.rows;
      scene.now = START + MINUTE;
      await scene.run();
      expect(scene.service.rows.length).toBe(length);
      expect(scene.log.lines.at(-1)?.fields).toMatchObject({ refused: 1, behind: 0 });
    },
  );
});

describe('storing the position', () => {
  test('whose answer is lost is no other process', async () => {
    await scene.grow(chainOf(4));
    scene.position.beforeReplace = (replace) => {
      replace();
      return undefined;
    };
    await scene.run();
    expect(scene.messages()).toEqual(['forwarding begins', 'forwarded']);
    await scene.grow(chainOf(6));
    await scene.run();
    expect(scene.messages()).toEqual(['forwarded']);
    scene.expectAll();
  });

  test('that fails after its bytes were stored is tried once more, and is no other process', async () => {
    await scene.grow(bigChain(4, 60));
    scene.service.fault = () => void (scene.now += 3000);
    let tries = 0;
    scene.position.beforeReplace = (replace) => {
      const version = replace();
      // The first is of where it begins.
      if (tries++ === 1) throw new AuditsealError('STORE_UNAVAILABLE', 'no answer');
      return version;
    };
    await scene.run({ budgetMs: 500_000 });
    expect(scene.whys()).toContain('no answer');
    expect(tries).toBe(3);
    await scene.run({ budgetMs: 500_000 });
    scene.expectAll();
    expect(scene.service.rows.length).toBe(241);
  });

  test('does not hide what made a run end', async () => {
    await scene.grow(chainOf(4));
    scene.store.beforeRead = (): never => {
      throw new AuditsealError('STORE_UNAVAILABLE', 'the store is out');
    };
    scene.position.beforeReplace = (replace) => {
      if (scene.position.saves.length === 0) return replace();
      throw new AuditsealError('STORE_UNAVAILABLE', 'so is the position');
    };
    await scene.run();
    expect(scene.whys().at(-1)).toBe('the store is out');
  });
});
