import { reportName } from '../../../src/core/objects/names.ts';
import type { Report } from '../../../src/core/objects/report.ts';
import { formatReport, parseReport } from '../../../src/core/objects/reportFile.ts';
import { check, saidOf } from '../../support/checking.ts';
import { LEDGER, forge, forgeChain, nameOf, timeOf } from '../../support/forge.ts';
import { eventsBetween, ingestOf, sealAll } from '../../support/hub.ts';
import { KeptLog } from '../../support/keptLog.ts';
import {
  SECOND,
  WRONG_ROOT,
  batch,
  checkLedger,
  checkpoint,
  edit,
  ledgerOf,
  live,
  noteOf,
  read,
  runJob,
  textOf,
} from '../../support/loggedLedger.ts';
import type { Ledger } from '../../support/loggedLedger.ts';
import { KEY, integrateOf, keyOf, signerOf } from '../../support/logs.ts';
import { MemoryStore } from '../../support/memoryStore.ts';

describe('a ledger with a log', () => {
  test('is verified, and the report says what was done', async () => {
    const ledger = await ledgerOf();
    const report = await checkLedger(ledger, live);
    expect(report).toMatchObject({
      status: 'verified',
      findings: [],
      ledger: LEDGER,
      checked: { segments: 24, otherObjects: 0 },
      log: {
        batches: 4,
        entries: 29,
        entriesCompared: 24,
        checkpoints: 4,
        signatures: 5,
        signedBy: [`${LEDGER}+${KEY.verifierKey.keyId}`],
        // What the published checkpoint implies: a partial tile and a bundle.
        tiles: 2,
        segmentsNotIntegrated: 0,
        keptCheckpoint: null,
        head: { number: 3, size: 29, time: timeOf(SECOND + 4) },
      },
    });
    expect(report.notChecked).toEqual([expect.stringContaining('no earlier report')]);
    expect(parseReport(formatReport(report))).toEqual(report);
  });

  test('is verified without keys and tiles, and the report says that they were not there', async () => {
    const { store } = await ledgerOf();
    const report = await check(store);
    const key = `${LEDGER}+${KEY.verifierKey.keyId}`;
    expect(report).toMatchObject({
      status: 'verified',
      findings: [],
      log: { signatures: 4, signedBy: [key], tiles: 0 },
    });
    expect(report.notChecked.join()).toContain(
      `who made the ledger isn't known: the keys that its own log announces were taken, ${key}`,
    );
    expect(report.notChecked.join()).toContain('tiles');
  });

  test('with partial tiles that were dropped once they were full', async () => {
    const ledger = await ledgerOf(4, 160);
    for (const name of ledger.tiles.objects.keys())
      if (/000\.p\//.test(name) && !name.startsWith('tile/1/')) ledger.tiles.objects.delete(name);
    expect(await checkLedger(ledger)).toMatchObject({ status: 'verified', findings: [] });
  });

  test('gives no verdict where comparing a tile ends in an error that is no fault of the tile', async () => {
    const ledger = await ledgerOf(8, 160);
    ledger.tiles.beforeRead = (name) => {
      if (name === 'tile/0/000') throw new TypeError('a mistake in the program');
      return undefined;
    };
    await expect(checkLedger(ledger)).rejects.toThrow('a mistake in the program');
  });

  test.each<[string, (tiles: Map<string, Buffer>) => unknown]>([
    ['an old partial tile that lies', (tiles) => tiles.set('tile/0/000.p/15', Buffer.from('x'))],
    ['a name that no tile has', (tiles) => tiles.set('tile/x', Buffer.from('x'))],
    ['a tile beyond the log', (tiles) => tiles.set('tile/0/001', Buffer.alloc(8192))],
    ['a width that no checkpoint has', (tiles) => tiles.set('tile/0/000.p/9', Buffer.alloc(9 * 32))],
  ])('with %s: no checkpoint implies it, so it proves nothing and is ignored', async (_what, change) => {
    const ledger = await ledgerOf();
    change(ledger.tiles.objects);
    expect(await checkLedger(ledger)).toMatchObject({ status: 'verified', findings: [], log: { tiles: 2 } });
  });

  const SECOND_LEVEL = 'tile/1/000.p/1';
  test.each<[string, (tiles: Map<string, Buffer>) => unknown]>([
    ['lies', (tiles) => tiles.set(SECOND_LEVEL, Buffer.alloc(32))],
    ['is gone', (tiles) => tiles.delete(SECOND_LEVEL)],
  ])(
    'with a tile above the first level that %s: it is found, though the last batches did not touch it',
    async (_what, change) => {
      const ledger = await ledgerOf(4, 200);
      expect(ledger.tiles.objects.has(SECOND_LEVEL)).toBe(true);
      expect(await checkLedger(ledger)).toMatchObject({ status: 'verified', findings: [] });
      change(ledger.tiles.objects);
      const report = await checkLedger(ledger);
      expect([report.status, saidOf(report)]).toEqual(['violated', [`tile-mismatch tlog/${SECOND_LEVEL}`]]);
    },
  );

  test.each(['tile/0/000', 'tile/entries/000'])(
    'with something under the name of the full tile %s, in the place of a partial one: it must begin with that',
    async (full) => {
      const ledger = await ledgerOf();
      const partial = ledger.tiles.objects.get(`${full}.p/29`) as Buffer;
      ledger.tiles.objects.delete(`${full}.p/29`);
      ledger.tiles.objects.set(full, Buffer.concat([partial, Buffer.alloc(32)]));
      expect(await checkLedger(ledger)).toMatchObject({ status: 'verified', findings: [] });
      ledger.tiles.objects.set(full, Buffer.alloc(8192));
      const report = await checkLedger(ledger);
      expect([report.status, saidOf(report)]).toEqual(['violated', [`tile-mismatch tlog/${full}`]]);
    },
  );

  test('whose newest batch is still without its checkpoint and tiles', async () => {
    const ledger = await ledgerOf();
    ledger.store.objects.delete(checkpoint(3));
    ledger.tiles.objects.set('checkpoint', read(ledger.store, checkpoint(2)));
    for (const name of ledger.tiles.objects.keys()) if (name.endsWith('.p/29')) ledger.tiles.objects.delete(name);
    expect(await checkLedger(ledger, live)).toMatchObject({
      status: 'verified',
      findings: [],
      log: { head: { number: 2 } },
    });
    expect(saidOf(await checkLedger(ledger, live, SECOND + 601 + 4))).toEqual(
      expect.arrayContaining([`checkpoint-stale ${checkpoint(3)}`]),
    );
  });
});

describe('what was seen earlier', () => {
  test('a kept checkpoint must still be in the log', async () => {
    const ledger = await ledgerOf();
    for (const number of [0, 2, 3]) {
      const kept = { name: 'kept.txt', note: read(ledger.store, checkpoint(number)) };
      expect(await checkLedger(ledger, { kept })).toMatchObject({
        status: 'verified',
        log: { keptCheckpoint: 'kept.txt' },
      });
    }
    const fork = { name: 'kept.txt', note: noteOf(`${LEDGER}\n21\n${WRONG_ROOT}\n`) };
    expect(saidOf(await checkLedger(ledger, { kept: fork }))).toEqual(['checkpoint-inconsistent kept.txt']);
    const unsigned = { name: 'kept.txt', note: noteOf(textOf(ledger, 1), keyOf(2)) };
    expect(saidOf(await checkLedger(ledger, { kept: unsigned }))).toEqual(['checkpoint-invalid kept.txt']);
  });

  test('a history cut off at its end, or rewritten by who has the key, contradicts the anchor and a kept checkpoint', async () => {
    const long = await ledgerOf(4);
    const report = await checkLedger(long);
    const anchor = { name: 'reports/000000000005.json', report };
    const kept = { name: 'kept.txt', note: read(long.store, checkpoint(3)) };
    const rewritten = await ledgerOf(3, 12, { signers: [signerOf(KEY)] });
    for (const options of [{ anchor }, { kept }]) {
      const said = saidOf(await checkLedger(rewritten, options));
      expect(said).toEqual([`checkpoint-inconsistent ${'anchor' in options ? checkpoint(3) : 'kept.txt'}`]);
    }
    // What the anchor knew is not forgotten.
    expect((await checkLedger(rewritten, { anchor })).log?.head).toEqual(report.log?.head);
  });

  test('an incremental check goes on from the anchor, and finds what is new', async () => {
    const ledger = await ledgerOf(2);
    const report = await checkLedger(ledger);
    const anchor = { name: 'reports/000000000005.json', report };
    const kept = { name: 'kept.txt', note: read(ledger.store, checkpoint(0)) };
    const half = await checkLedger(
      { store: await grown(ledger), tiles: ledger.tiles },
      { anchor, kept, isIncremental: true },
    );
    expect(half).toMatchObject({ status: 'verified', findings: [], log: { batches: 3, entries: 13, tiles: 2 } });
    edit(ledger.store, batch(2), (text) => text.replace('"count":1', '"count":2'));
    const said = saidOf(await checkLedger(ledger, { anchor, isIncremental: true }));
    expect(said).toContain(`foreign-object ${batch(2)}`);
    // With tiles that lie it begins with the first batch's hashes.
    const fresh = await ledgerOf(2);
    for (const name of fresh.tiles.objects.keys())
      if (name !== 'checkpoint') fresh.tiles.objects.set(name, Buffer.alloc(5));
    expect(await checkLedger({ ...fresh, store: fresh.store }, { anchor, isIncremental: true })).toMatchObject({
      status: 'verified',
    });
  });
});

test('an incremental check lists no names before those that its anchor ended with, and says so; a full one lists all', async () => {
  const { store, tiles } = await ledgerOf(4);
  const anchor = { name: 'reports/000000000005.json', report: await checkLedger({ store, tiles }) };
  const said = async (isIncremental: boolean): Promise<string[]> =>
    saidOf(await checkLedger({ store, tiles }, { anchor, isIncremental })).sort();
  const before = [`${batch(2)}.x`, `${checkpoint(2)}.x`, 'reports/000000000004.x'];
  const behind = [
    `${batch(3)}.x`,
    `${checkpoint(3)}.x`,
    'cosignatures/000000000003/x',
    'reports/000000000005.x',
    'other/x',
  ];
  for (const name of [...before, ...behind]) store.objects.set(name, Buffer.alloc(0));
  const foreign = (names: readonly string[]): string[] => names.map((name) => `foreign-object ${name}`).sort();
  expect(await said(true)).toEqual(foreign(behind));
  expect(await said(false)).toEqual(foreign([...before, ...behind]));
  const { notChecked } = await checkLedger({ store, tiles }, { anchor, isIncremental: true });
  expect(notChecked.join()).toContain(`names before those that ${anchor.name} ended with`);
});

/** grown adds segments to a ledger of 12 in each of two partitions, and integrates them. */
async function grown({ store, tiles }: Ledger): Promise<MemoryStore> {
  for (const partition of ['0', '1'])
    for (const [name, bytes] of forgeChain(18, partition)) if (!store.objects.has(name)) store.objects.set(name, bytes);
  await integrateOf(store, tiles, { now: () => Date.parse(timeOf(SECOND + 9)) }).run(new KeptLog());
  return store;
}

test('the job files a report about the log, the next integration puts it into the log, and the check after it compares', async () => {
  const { store, tiles } = await ledgerOf();
  const job = (second: number): Promise<Report> => runJob({ store, tiles }, second);
  expect(await job(SECOND + 10)).toMatchObject({ status: 'verified', checked: { mode: 'full' } });
  const [name] = [...store.objects.keys()].filter((name) => name.endsWith('.json'));
  const result = await integrateOf(store, tiles, { now: () => Date.parse(timeOf(SECOND + 11)) }).run(new KeptLog());
  expect(result).toMatchObject({ batches: 1, reports: 1, segments: 0 });
  expect(await job(SECOND + 20)).toMatchObject({
    status: 'verified',
    checked: { mode: 'incremental' },
    log: { batches: 5, entries: 2, entriesCompared: 1 },
  });
  edit(store, name as string, (text) => text.replace('"verified"', '"violated"'));
  expect(saidOf(await checkLedger({ store, tiles }))).toEqual([`entry-mismatch ${name}`]);
  store.beforeRead = (read) => (read === name ? 'too-large' : undefined);
  expect(saidOf(await checkLedger({ store, tiles }))).toContain(`entry-mismatch ${name}`);
  store.beforeRead = () => {};
  store.objects.delete(name as string);
  const page = (name as string).replace('.json', '.html');
  expect(saidOf(await checkLedger({ store, tiles }))).toEqual([
    `entry-mismatch ${name}`,
    `foreign-object ${page}`,
    `foreign-object ${reportName(1)}`, // there is a hole before it
  ]);
});

test('behind two planted segments the app goes on, the log takes nothing of it for the chain, and every check says so', async () => {
  const ledger = await ledgerOf(2, 4);
  const { store, tiles } = ledger;
  const session = { seed: 77, keys: [{ name: LEDGER, seed: 2 }] };
  const first = forge({ index: 4, record: 4, events: [4], prev: 'a'.repeat(64), session });
  const second = forge({ index: 5, record: 5, events: [5], prev: first.root, session });
  store.objects.set(nameOf(4), first.stored).set(nameOf(5), second.stored);
  await sealAll(ingestOf(store), eventsBetween(4, 6));
  const later = { now: () => Date.parse(timeOf(SECOND + 9)) };
  expect(await integrateOf(store, tiles, later).run(new KeptLog())).toMatchObject({ segments: 1, foreign: 2 });
  const report = await checkLedger(ledger);
  expect(report).toMatchObject({ status: 'violated', partitions: [{ index: 6, lastEvent: 6 }, {}] });
  expect(saidOf(report)).toEqual([`foreign-object ${nameOf(4)}`, `foreign-object ${nameOf(5)}`]);
});
