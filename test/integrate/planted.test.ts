import { formatNote, parseNote } from '../../src/core/note/note.ts';
import { signNote } from '../../src/core/note/signerKey.ts';
import { rebuildTiles } from '../../src/integrate/rebuildTiles.ts';
import { referenceRoot } from '../support/referenceLedger.ts';
import { dayOf, signLines } from '../support/sign.ts';
import type { HandSession } from '../support/sign.ts';
import { deriveLog, expectWholeLog, namesIn } from '../support/deriveLog.ts';
import { LEDGER, forgeChain, timeOf } from '../support/forge.ts';
import { KeptLog } from '../support/keptLog.ts';
import { checkLedger } from '../support/loggedLedger.ts';
import { coded } from '../support/logVectors.ts';
import { KEY, integrateOf, keyOf, logDeps } from '../support/logs.ts';
import { MemoryStore } from '../support/memoryStore.ts';
import { MemoryTiles } from '../support/memoryTiles.ts';
import { filed } from '../support/reports.ts';
import { forgeActions } from '../support/actions.ts';
import { actionName, reportName } from '../../src/core/objects/names.ts';

const batch = (number: number): string => `batches/${String(number).padStart(12, '0')}.jsonl`;
const checkpoint = (number: number): string => `checkpoints/${String(number).padStart(12, '0')}`;
/** linesOf gives the entries of a batch. */
const linesOf = (store: MemoryStore, number: number): string[] =>
  (store.objects.get(batch(number)) as Buffer).toString('utf8').split('\n').slice(0, -2);

let store: MemoryStore;
let tiles: MemoryTiles;
beforeEach(() => {
  store = new MemoryStore();
  tiles = new MemoryTiles();
});

const put = (objects: Iterable<readonly [string, Buffer]>): void => {
  for (const [name, bytes] of objects) store.objects.set(name, bytes);
};

const whole = (): ReturnType<typeof deriveLog> => deriveLog(store.objects, KEY.verifierKey);

/** logOf takes two segments at a time into the log. */
async function logOf(batches: number): Promise<void> {
  for (let length = 1; length <= batches; length++) {
    put(forgeChain(length * 2));
    await integrateOf(store, tiles).run(new KeptLog());
  }
}

/** claimOf is what a batch behind all that are there says it follows. */
function claimOf(): { readonly previous: number; readonly size: number; readonly root: string } {
  const { entries, batches } = whole();
  return { previous: batches.at(-1) ?? -1, size: entries.length, root: referenceRoot(entries) };
}

/** made is a batch as an integration would make it, of the segments from 6 on that are there, unless it is changed. */
async function made(change: (lines: string[]) => string[] = (lines) => lines): Promise<Buffer> {
  const copy = new MemoryStore(store.objects);
  await integrateOf(copy, new MemoryTiles()).run(new KeptLog());
  return Buffer.from(
    change(linesOf(copy, 3))
      .map((line) => `${line}\n`)
      .join(''),
  );
}

const NOW = dayOf(timeOf(2_000_000));

describe('what somebody else has put under the name of a batch is void: the log goes on around it', () => {
  const signedBy = async (session: Partial<HandSession>, claim = claimOf()): Promise<Buffer> =>
    signLines(await made(), batch(3), claim, { ledger: LEDGER, ...NOW, ...session });

  test.each<[string, () => Promise<Buffer> | Buffer]>([
    ['junk', () => Buffer.from('junk')],
    ['nothing', () => Buffer.alloc(0)],
    ['60 MiB of lines of one byte', () => Buffer.alloc(60 * 1024 * 1024, 'a\n')],
    ['the batch before', () => store.objects.get(batch(2)) as Buffer],
    ['the first batch', () => store.objects.get(batch(0)) as Buffer],
    ['lines that nobody signed', () => made()],
    ['a batch of a stranger', () => signedBy({ keys: [{ name: LEDGER, seed: 9 }] })],
    ['a batch of another ledger', () => signedBy({ ledger: 'other.example.com/x' })],
    ['a batch of a session for segments', () => signedBy({ role: 'segments' })],
    ['a batch of a certificate that is over', () => signedBy(dayOf(timeOf(1_500_000)))],
    ['a batch that leaves the last one out', () => signedBy({}, { ...claimOf(), previous: 1 })],
    ['a batch over a tree of another size', () => signedBy({}, { ...claimOf(), size: 3 })],
    ['a batch over another tree', () => signedBy({}, { ...claimOf(), root: 'a'.repeat(64) })],
    [
      'a batch without heads',
      async () => signLines(await made((lines) => lines.slice(0, -1)), batch(3), claimOf(), { ledger: LEDGER, ...NOW }),
    ],
    [
      'a batch of an earlier time',
      async () => {
        const early = (line: string): string => line.replace(timeOf(2_000_000), timeOf(1_999_999));
        return signLines(await made((lines) => lines.map(early)), batch(3), claimOf(), { ledger: LEDGER, ...NOW });
      },
    ],
    [
      'a batch signed for another name',
      async () => signLines(await made(), batch(4), claimOf(), { ledger: LEDGER, ...NOW }),
    ],
  ])('%s', async (_what, plant) => {
    await logOf(3);
    put(forgeChain(8));
    store.objects.set(batch(3), await plant());
    for (let number = 14; number < 1000; number *= 2) store.objects.set(batch(number), Buffer.from('junk'));
    const log = new KeptLog();
    const before = new Map(store.objects);
    expect(await integrateOf(store, tiles).run(log)).toMatchObject({ batches: 1, segments: 2, foreign: 0 });
    expect(new Set(log.errors)).toEqual(new Set(['foreign object in the place of a batch']));
    expect(whole().batches).toEqual([0, 1, 2, 4]);
    expectWholeLog(store.objects, whole(), ['0']);
    expect([...store.objects.keys()].filter((name) => !before.has(name))).toEqual([batch(4), checkpoint(4)]);
    // One that has just started, and knows nothing, comes to the same.
    expect(await integrateOf(store, tiles).run(new KeptLog())).toMatchObject({ batches: 0 });
    put(forgeChain(10));
    expect(await integrateOf(store, new MemoryTiles()).run(new KeptLog())).toMatchObject({ batches: 1, segments: 2 });
    expect(whole().batches).toEqual([0, 1, 2, 4, 5]);
  });

  test('but what a certified session made is in the log, and is signed as it is', async () => {
    await logOf(3);
    put(forgeChain(8));
    store.objects.set(batch(3), await signedBy({}));
    expect(await integrateOf(store, tiles).run(new KeptLog())).toMatchObject({ batches: 0 });
    expect(whole()).toMatchObject({ batches: [0, 1, 2, 3], void: [] });
    expect(store.objects.has(checkpoint(3))).toBe(true);
  });

  test('but not behind a free name: whoever takes that name next would make it void again', async () => {
    await logOf(3);
    put(forgeChain(8));
    const stolen = signLines(await made(), batch(9), claimOf(), { ledger: LEDGER, ...NOW });
    store.objects.set(batch(3), Buffer.from('junk'));
    store.objects.set(batch(9), stolen);
    const log = new KeptLog();
    expect(await integrateOf(store, tiles).run(log)).toMatchObject({ batches: 1, segments: 2 });
    expect(new Set(log.errors)).toEqual(new Set(['foreign object in the place of a batch']));
    for (const length of [10, 12]) {
      put(forgeChain(length));
      expect(await integrateOf(store, tiles).run(new KeptLog())).toMatchObject({ batches: 1, segments: 2 });
    }
    expect(whole().batches).toEqual([0, 1, 2, 4, 5, 6]);
    expect(store.objects.has(checkpoint(9))).toBe(false);
    expectWholeLog(store.objects, whole(), ['0']);
  });

  test('a later release’s batch is not written behind', async () => {
    await logOf(3);
    put(forgeChain(8));
    const later = signLines(await made(), batch(3), { ...claimOf(), version: 2 }, { ledger: LEDGER, ...NOW });
    store.objects.set(batch(3), later);
    await expect(integrateOf(store, tiles).run(new KeptLog())).rejects.toEqual(coded('VERSION_UNKNOWN'));
    expect(store.objects.has(batch(4))).toBe(false);
  });

  test('what a stolen session signs as a later release’s stops nothing', async () => {
    await logOf(3);
    put(forgeChain(8));
    const session = { ledger: LEDGER, ...NOW, version: 1 };
    store.objects.set(batch(3), signLines(await made(), batch(3), { ...claimOf(), version: 2 }, session));
    expect(await integrateOf(store, tiles).run(new KeptLog())).toMatchObject({ batches: 1, segments: 2 });
    expect(whole()).toMatchObject({ batches: [0, 1, 2, 4], void: [3] });
  });

  test('a process that runs meets it too', async () => {
    await logOf(2);
    const integrate = integrateOf(store, tiles);
    await integrate.run(new KeptLog());
    store.objects.set(batch(2), Buffer.from('junk'));
    put(forgeChain(6));
    expect(await integrate.run(new KeptLog())).toMatchObject({ batches: 1, segments: 2 });
    expect(whole()).toMatchObject({ batches: [0, 1, 3], void: [2] });
    const questions = { ...store.requests };
    await integrate.run(new KeptLog());
    // What is void is looked at once.
    expect(store.requests.read - questions.read).toBeLessThanOrEqual(1);
  });
});

test.each([
  ['a batch whose name somebody takes', (name: string) => void store.objects.set(name, Buffer.from('junk'))],
  ['a batch that could not be stored', () => 'fail' as const],
])('what was to be in %s is in the next one of the same process', async (_what, fault) => {
  put(forgeChain(2));
  const integrate = integrateOf(store, tiles);
  await integrate.run(new KeptLog());
  put(forgeActions(1_000_000));
  const report = await checkLedger({ store, tiles });
  put([
    [reportName(0), filed(report, reportName(0))],
    [reportName(1), Buffer.from('junk')],
  ]);
  let isFirst = true;
  store.faultOf = (name) => {
    if (!isFirst || !name.startsWith('batches/')) return undefined;
    isFirst = false;
    return fault(name) ?? undefined;
  };
  await integrate.run(new KeptLog()).catch((error: unknown) => expect(error).toEqual(coded('STORE_UNAVAILABLE')));
  await integrate.run(new KeptLog());
  const numbers = [0, 1, 2, 3].map((number) => `action ${actionName(number)}`);
  expect(namesIn(whole()).slice(2)).toEqual([`report ${reportName(0)}`, ...numbers]);
});

describe('what somebody else has put under the name of a checkpoint voids nothing: a later one covers its batch', () => {
  test('a later checkpoint once more, under the name of a void batch: who reads on behind it is not stopped', async () => {
    const late = integrateOf(store, tiles);
    put(forgeChain(2));
    await late.run(new KeptLog());
    store.objects.set(batch(1), Buffer.from('junk'));
    put(forgeChain(4));
    await integrateOf(store, tiles).run(new KeptLog());
    store.objects.set(checkpoint(1), store.objects.get(checkpoint(2)) as Buffer);
    put(forgeChain(6));
    await late.run(new KeptLog());
    tiles.objects.clear();
    await integrateOf(store, tiles).run(new KeptLog());
    expectWholeLog(store.objects, whole(), ['0']);
  });

  test('an earlier checkpoint once more, under the name of the newest batch: who has seen neither is not stopped', async () => {
    const late = integrateOf(store, tiles);
    put(forgeChain(2));
    await late.run(new KeptLog());
    put(forgeChain(4));
    await integrateOf(store, tiles).run(new KeptLog());
    store.objects.set(checkpoint(2), store.objects.get(checkpoint(1)) as Buffer);
    put(forgeChain(6));
    // Whoever made batch 2 is gone before the batch of heads that would follow.
    store.faultOf = (name) => (name === batch(3) ? 'fail' : undefined);
    await expect(integrateOf(store, tiles).run(new KeptLog())).rejects.toEqual(coded('STORE_UNAVAILABLE'));
    store.faultOf = () => undefined;
    const [copy, none] = [new MemoryStore(store.objects), new MemoryTiles()];
    await integrateOf(copy, none).run(new KeptLog());
    expect(deriveLog(copy.objects, KEY.verifierKey).batches).toEqual([0, 1, 2, 3]);
    await late.run(new KeptLog());
    expectWholeLog(store.objects, whole(), ['0']);
  });

  const text = `${LEDGER}\n9\n${Buffer.alloc(32, 9).toString('base64')}\n`;
  test.each<[string, () => Buffer]>([
    ['junk', () => Buffer.from('junk')],
    ['an old one', () => store.objects.get(checkpoint(1)) as Buffer],
    ['a stranger’s', () => formatNote({ text, signatures: [signNote(text, keyOf(5))] })],
  ])('%s, before its batch', async (_what, plant) => {
    await logOf(3);
    store.objects.set(checkpoint(3), plant());
    put(forgeChain(8));
    const log = new KeptLog();
    expect(await integrateOf(store, tiles).run(log)).toMatchObject({ batches: 2, segments: 2 });
    // A batch of heads alone, so that what was sealed has a checkpoint at once.
    expect(linesOf(store, 4)).toHaveLength(1);
    expect(whole().batches).toEqual([0, 1, 2, 3, 4]);
    expect(parseNote(tiles.objects.get('checkpoint') as Buffer).text).toContain(`\n${whole().entries.length}\n`);
    expect(await integrateOf(store, tiles).run(new KeptLog())).toMatchObject({ batches: 0 });
    expect(await rebuildTiles(logDeps(store, new MemoryTiles()))).toMatchObject({ checkpoints: 4 });
  });

  test('again and again: it goes on as soon as nobody is faster', async () => {
    await logOf(1);
    for (let number = 1; number < 12; number++) store.objects.set(checkpoint(number), Buffer.from('junk'));
    put(forgeChain(4));
    expect(await integrateOf(store, tiles).run(new KeptLog())).toMatchObject({ batches: 12, segments: 2 });
    expect(whole().sizes).toHaveLength(2);
  });

  test('a signature of the log over a tree that the batches don’t have is a fork: nothing is signed', async () => {
    await logOf(3);
    store.objects.set(
      checkpoint(3),
      formatNote({ text: text.replace('9', '99'), signatures: [signNote(text.replace('9', '99'), KEY)] }),
    );
    put(forgeChain(8));
    await expect(integrateOf(store, tiles).run(new KeptLog())).rejects.toEqual(coded('FORK_DETECTED'));
    const before = new Map([...store.objects, ...tiles.objects]);
    await expect(integrateOf(store, tiles).run(new KeptLog())).rejects.toEqual(coded('FORK_DETECTED'));
    expect(new Map([...store.objects, ...tiles.objects])).toEqual(before);
  });

  test.each<[string, () => void]>([
    ['the newest batch is gone', () => store.objects.delete(batch(2))],
    ['the newest batch was changed', () => edit(batch(2), (it) => it.replace('"size":', '"size":1'))],
    ['a batch in the middle is gone, and the tiles', () => (store.objects.delete(batch(1)), tiles.objects.clear())],
  ])('%s: a fork', async (_what, attack) => {
    await logOf(3);
    put(forgeChain(8));
    attack();
    await expect(integrateOf(store, tiles).run(new KeptLog())).rejects.toEqual(coded('FORK_DETECTED'));
  });
});

const edit = (name: string, change: (text: string) => string): void => {
  store.objects.set(name, Buffer.from(change((store.objects.get(name) as Buffer).toString('utf8'))));
};

describe('the archive tier, which the owner of the account may move any blob to', () => {
  test.each([
    ['the newest batch', [batch(2)]],
    ['the newest batch and its checkpoint', [batch(2), checkpoint(2)]],
    ['the newest two batches and their checkpoints', [batch(1), batch(2), checkpoint(1), checkpoint(2)]],
  ])(
    'with %s there, nothing is signed behind them, and the log goes on as soon as they are read',
    async (_what, names) => {
      await logOf(3);
      const archived = new Set(names);
      store.beforeRead = (name) => (archived.has(name) ? 'archived' : undefined);
      put(forgeChain(8));
      const before = new Map(store.objects);
      await expect(integrateOf(store, tiles).run(new KeptLog())).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
      expect(store.objects).toEqual(before);
      archived.clear();
      expect(await integrateOf(store, tiles).run(new KeptLog())).toMatchObject({ batches: 1, segments: 2 });
      expect(whole()).toMatchObject({ batches: [0, 1, 2, 3], void: [] });
    },
  );

  test('what somebody has planted there stops nothing', async () => {
    await logOf(3);
    store.objects.set(batch(3), Buffer.from('junk'));
    store.metadataOf.set(batch(3), store.metadataOf.get(batch(2)) ?? {});
    store.beforeRead = (name) => (name === batch(3) ? 'archived' : undefined);
    put(forgeChain(8));
    expect(await integrateOf(store, tiles).run(new KeptLog())).toMatchObject({ batches: 1, segments: 2 });
    expect(whole().batches).toEqual([0, 1, 2, 4]);
  });
});

test('what is larger than a batch may be is not read', async () => {
  await logOf(2);
  for (let number = 2; number < 10; number++) store.objects.set(batch(number), Buffer.alloc(1));
  const list = store.list.bind(store);
  store.list = async function* (prefix, from) {
    for await (const it of list(prefix, from)) yield it.size === 1 ? { ...it, size: 100_000_000 } : it;
  };
  const integrate = integrateOf(store, tiles);
  await integrate.run(new KeptLog()); // looks at the newest one by one for where the log ends
  const read: string[] = [];
  store.beforeRead = (name) => void read.push(name);
  put(forgeChain(6));
  expect(await integrate.run(new KeptLog())).toMatchObject({ batches: 1, segments: 2 });
  expect(read.filter((name) => name.startsWith('batches/'))).toEqual([]);
  expect(whole().batches).toEqual([0, 1, 10]);
});
