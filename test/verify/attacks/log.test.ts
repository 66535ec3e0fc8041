import { formatVerifierKey } from '../../../src/core/note/verifierKey.ts';
import { batchName, checkpointName } from '../../../src/core/objects/names.ts';
import type { Report } from '../../../src/core/objects/report.ts';
import { check, saidOf } from '../../support/checking.ts';
import { LEDGER, forgeChain, nameOf, timeOf } from '../../support/forge.ts';
import { KeptLog } from '../../support/keptLog.ts';
import { SECOND, checkLedger, checkpoint, ledgerOf, noteOf, textOf } from '../../support/loggedLedger.ts';
import type { Ledger } from '../../support/loggedLedger.ts';
import { KEY, integrateOf, keyOf, sessionsOf, signerOf } from '../../support/logs.ts';
import { linesOf, resign } from '../../support/resign.ts';
import { MemoryStore } from '../../support/memoryStore.ts';
import { MemoryTiles } from '../../support/memoryTiles.ts';
import { dayOf, signLines, signedNote } from '../../support/sign.ts';
import type { HandKey } from '../../support/sign.ts';

// What somebody makes of the log who may create objects, and has no key, the key of one session, or the log's own.

const STRANGER = { seed: 77, keys: [{ name: LEDGER, seed: 2 }] };
const NEXT = batchName(4);
const KEY_ID = `${LEDGER}+${KEY.verifierKey.keyId}`;

const stored = ({ store }: Ledger, name: string): Buffer => store.objects.get(name) as Buffer;

/** goOn takes two segments more into the log, as the app does. */
async function goOn({ store, tiles }: Ledger, second = 30, keys = [KEY]): Promise<void> {
  const length = [...store.objects.keys()].filter((name) => name.startsWith('segments/0/')).length;
  for (const [name, bytes] of forgeChain(length + 2)) if (!store.objects.has(name)) store.objects.set(name, bytes);
  await integrateOf(store, tiles, {
    now: () => Date.parse(timeOf(SECOND + second)),
    verifiers: keys.map(({ verifierKey }) => verifierKey),
    signers: keys.map(signerOf),
    sessions: sessionsOf('batches', keys),
  }).run(new KeptLog());
}

/** copyAs plants the lines of the newest batch as the next one, signed by whoever. */
function copyAs(ledger: Ledger, claim: object, session: object): void {
  const { lines, claim: old } = linesOf(stored(ledger, batchName(3)));
  const whole = { ...dayOf(timeOf(SECOND + 4)), ledger: LEDGER, ...session };
  ledger.store.objects.set(NEXT, signLines(Buffer.from(lines), NEXT, { ...old, ...claim }, whole));
}

describe('what has the name of a batch and is not in the log is named, and the log goes on around it', () => {
  const right = { previous: 3, size: 29 };
  const rootOf = (ledger: Ledger): string =>
    Buffer.from(textOf(ledger, 3).split('\n')[2] as string, 'base64').toString('hex');

  test.each<[string, (ledger: Ledger) => void]>([
    ['garbage', ({ store }) => void store.objects.set(NEXT, Buffer.from('garbage'))],
    ['nothing', ({ store }) => void store.objects.set(NEXT, Buffer.alloc(0))],
    ['two million lines', ({ store }) => void store.objects.set(NEXT, Buffer.from('{}\n'.repeat(2_000_000)))],
    ['a genuine one once more', (ledger) => void ledger.store.objects.set(NEXT, stored(ledger, batchName(3)))],
    [
      'unsigned lines',
      (ledger) => void ledger.store.objects.set(NEXT, Buffer.from(linesOf(stored(ledger, batchName(3))).lines)),
    ],
    ['one that a stranger signed', (ledger) => copyAs(ledger, { ...right, root: rootOf(ledger) }, STRANGER)],
    [
      'one by a session for segments',
      (ledger) => copyAs(ledger, { ...right, root: rootOf(ledger) }, { role: 'segments' }),
    ],
    [
      'one of another ledger',
      (ledger) => copyAs(ledger, { ...right, root: rootOf(ledger) }, { ledger: 'x', keys: [{ name: 'x', seed: 1 }] }),
    ],
    ['one that goes on from an older batch', (ledger) => copyAs(ledger, { ...right, previous: 2 }, {})],
    ['one that goes on from another tree', (ledger) => copyAs(ledger, { ...right, root: 'a'.repeat(64) }, {})],
    [
      'one that goes on from fewer entries',
      (ledger) => copyAs(ledger, { ...right, size: 28, root: rootOf(ledger) }, {}),
    ],
    [
      'one for a time that its certificate is not for',
      (ledger) => copyAs(ledger, { ...right, root: rootOf(ledger) }, { from: timeOf(0), until: timeOf(60) }),
    ],
  ])('%s', async (_what, plant) => {
    const ledger = await ledgerOf();
    plant(ledger);
    ledger.store.objects.set(batchName(1_000_000), Buffer.from('far ahead'));
    await goOn(ledger);
    for (const verifiers of [[KEY.verifierKey], []]) {
      const report = await checkLedger(ledger, { verifiers });
      expect(saidOf(report)).toEqual([`foreign-object ${NEXT}`, `foreign-object ${batchName(1_000_000)}`]);
      expect(report).toMatchObject({ log: { batches: 6, head: { number: 5 }, segmentsNotIntegrated: 0 } });
    }
  });

  test('in the place of the first one, also where a stranger signed it: without a key nobody can tell who is right', async () => {
    const theirs = { verifiers: [keyOf(2).verifierKey], signers: [signerOf(keyOf(2))] };
    const other = await ledgerOf(1, 4, { ...theirs, sessions: sessionsOf('batches', [keyOf(2)]) });
    const [store, tiles] = [new MemoryStore(), new MemoryTiles()];
    store.objects.set(batchName(0), stored(other, batchName(0)));
    await goOn({ store, tiles });
    const report = await checkLedger({ store, tiles });
    expect(saidOf(report)).toEqual([`foreign-object ${batchName(0)}`]);
    expect(report.log).toMatchObject({ batches: 2, signedBy: [KEY_ID] });
    const blind = await checkLedger({ store, tiles }, { verifiers: [] });
    expect(blind.status).toBe('violated');
    expect(blind.notChecked.join()).toContain(`${LEDGER}+${keyOf(2).verifierKey.keyId}`);
  });

  test('the first one counts without a key only if the keys that it announces certified it', async () => {
    const ledger = await ledgerOf(1, 2);
    resign(ledger.store, batchName(0), (lines) => lines, { session: STRANGER });
    const { findings } = await check(ledger.store);
    expect(findings[0]).toMatchObject({ code: 'foreign-object', object: batchName(0) });
  });
});

describe('a batch that is gone or damaged hides nothing of those behind it', () => {
  test.each<[string, (ledger: Ledger) => void, readonly string[]]>([
    ['gone', ({ store }) => void store.objects.delete(batchName(1)), [`checkpoint-inconsistent ${batchName(1)}`]],
    [
      'damaged',
      ({ store }) => void store.objects.set(batchName(1), Buffer.from('x')),
      [`foreign-object ${batchName(1)}`, `checkpoint-inconsistent ${checkpointName(1)}`],
    ],
    ['the first', ({ store }) => void store.objects.delete(batchName(0)), [`checkpoint-inconsistent ${batchName(0)}`]],
  ])('%s', async (_what, damage, expected) => {
    const ledger = await ledgerOf();
    damage(ledger);
    for (const verifiers of [[KEY.verifierKey], []]) {
      expect(saidOf(await checkLedger(ledger, { verifiers }))).toEqual(expected);
      const copy = { ...ledger, store: new MemoryStore(ledger.store.objects) };
      copy.store.objects.set(
        nameOf(10),
        forgeChain([...Array.from({ length: 10 }, () => ({})), { second: 7 }]).get(nameOf(10)) as Buffer,
      );
      expect(saidOf(await checkLedger(copy, { verifiers }))).toContain(`segment-changed ${nameOf(10)}`);
    }
  });
});

describe('what a stolen session signs as going on from a batch that is not in the log', () => {
  const ZEROS = '0'.repeat(64);
  const headsOf = (ledger: Ledger, number: number): string =>
    linesOf(stored(ledger, batchName(number)))
      .lines.split('\n')
      .at(-2) as string;
  const claimed = (name: string, lines: string, claim: { readonly previous: number }, second = 4): Buffer =>
    signLines(
      Buffer.from(lines),
      name,
      { size: 1000, root: ZEROS, ...claim },
      { ...dayOf(timeOf(SECOND + second)), ledger: LEDGER },
    );

  test.each<[string, number, (ledger: Ledger) => void]>([
    ['far ahead', 100, () => {}],
    ['with its own number', 4, () => {}],
    ['that somebody planted', 4, ({ store }) => void store.objects.set(batchName(4), Buffer.from('x'))],
  ])('%s is void, and the true log behind it counts', async (_what, previous, plant) => {
    const ledger = await ledgerOf();
    plant(ledger);
    const planted = ledger.store.objects.has(batchName(4)) ? [batchName(4), batchName(5)] : [batchName(4)];
    const name = planted.at(-1) as string;
    ledger.store.objects.set(name, claimed(name, `${headsOf(ledger, 3)}\n`, { previous }));
    await goOn(ledger);
    await goOn(ledger, 40);
    for (const verifiers of [[KEY.verifierKey], []]) {
      const report = await checkLedger(ledger, { verifiers });
      expect(saidOf(report)).toEqual(planted.map((object) => `foreign-object ${object}`));
      expect(report.log).toMatchObject({ head: { number: 3 + planted.length + 2 }, segmentsNotIntegrated: 0 });
    }
  });

  test.each<[string, number, number]>([
    ['a number far ahead', 4, 100],
    ['one that there never was', 5, 4],
  ])('as the newest, it is named, and nothing that it says is believed: %s', async (_what, number, previous) => {
    const ledger = await ledgerOf();
    const theirs = keyOf(66).verifierKey;
    const announced = headsOf(ledger, 3).replace(/("keys":\["[^"]+")/, `$1,"${formatVerifierKey(theirs)}"`);
    expect(announced).not.toBe(headsOf(ledger, 3));
    const note = signedNote(`${LEDGER}/sealer\nauditseal key\n${formatVerifierKey(theirs)}\n`, [
      { name: LEDGER, seed: 66 },
    ]);
    const lines = `${JSON.stringify({ type: 'key', note })}\n${announced}\n`;
    ledger.store.objects.set(batchName(number), claimed(batchName(number), lines, { previous }));
    const specs = [...Array.from({ length: 12 }, () => ({})), { session: { keys: [{ name: LEDGER, seed: 66 }] } }];
    ledger.store.objects.set(nameOf(12), forgeChain(specs).get(nameOf(12)) as Buffer);
    const report = await checkLedger(ledger);
    expect(report.status).toBe('violated');
    // The segment that his own key certified stays foreign.
    expect(saidOf(report)).toContain(`foreign-object ${nameOf(12)}`);
    expect(report.partitions).toMatchObject([{ index: 11 }, {}]);
    expect(report.log?.head).toMatchObject({ number: 3 });
  });

  test('what a stranger certified is void, also where no key was given', async () => {
    const ledger = await ledgerOf();
    const heads = headsOf(ledger, 3).replace(
      /"keys":\["[^"]+"\]/,
      `"keys":["${formatVerifierKey(keyOf(66).verifierKey)}"]`,
    );
    const session = { ledger: LEDGER, ...dayOf(timeOf(SECOND + 4)), keys: [{ name: LEDGER, seed: 66 }] };
    const claim = { previous: 100, size: 1000, root: ZEROS };
    ledger.store.objects.set(batchName(101), signLines(Buffer.from(`${heads}\n`), batchName(101), claim, session));
    for (const verifiers of [[KEY.verifierKey], []])
      expect(saidOf(await checkLedger(ledger, { verifiers }))).toEqual([`foreign-object ${batchName(101)}`]);
  });

  test('as all that there is of a log, it makes nothing verified, whatever was kept', async () => {
    const ledger = await ledgerOf();
    const kept = { name: 'kept', note: stored(ledger, checkpoint(3)) };
    const [store, tiles] = [new MemoryStore(), new MemoryTiles()];
    for (const [name, bytes] of ledger.store.objects) if (name.startsWith('segments/')) store.objects.set(name, bytes);
    store.objects.set(batchName(0), claimed(batchName(0), `${headsOf(ledger, 3)}\n`, { previous: 100 }));
    store.objects.set(checkpoint(0), kept.note);
    const report = await checkLedger({ store, tiles }, { kept });
    expect(report.status).toBe('violated');
    expect(saidOf(report)).toContain(`foreign-object ${batchName(0)}`);
  });
});

describe('a log that is lost more than once', () => {
  test('is taken up again behind each loss', async () => {
    const ledger = await ledgerOf(6, 12);
    for (const number of [1, 3]) ledger.store.objects.delete(batchName(number));
    const report = await checkLedger(ledger);
    expect(saidOf(report)).toEqual([1, 3].map((number) => `checkpoint-inconsistent ${batchName(number)}`));
    expect(report.log).toMatchObject({ batches: 6, head: { number: 0 } });
  });
});

test('a batch with heads among its other entries is void', async () => {
  const ledger = await ledgerOf(1, 4);
  resign(ledger.store, batchName(0), (lines) => `${lines.split('\n').at(-2)}\n${lines}`);
  ledger.store.objects.delete(checkpoint(0));
  ledger.tiles.objects.clear();
  expect(saidOf(await checkLedger(ledger))).toContain(`foreign-object ${batchName(0)}`);
});

describe('checkpoints', () => {
  test.each<[string, (ledger: Ledger) => Buffer, string]>([
    ['garbage', () => Buffer.from('garbage'), 'checkpoint-invalid'],
    ['what a stranger signed', (ledger) => noteOf(textOf(ledger, 3), keyOf(2)), 'checkpoint-invalid'],
    ['an old one of the log', (ledger) => stored(ledger, checkpoint(2)), 'checkpoint-inconsistent'],
  ])('%s under the next name voids nothing, and a later one covers it', async (_what, plant, code) => {
    const ledger = await ledgerOf();
    ledger.store.objects.set(checkpoint(4), plant(ledger));
    await goOn(ledger);
    const report = await checkLedger(ledger);
    expect(saidOf(report)).toEqual([`${code} ${checkpoint(4)}`]);
    expect(report.log).toMatchObject({ batches: 6, head: { number: 5 } });
  });

  test('of a batch in the middle, where nothing has its name, is an error', async () => {
    const ledger = await ledgerOf();
    ledger.store.objects.delete(checkpoint(2));
    expect(saidOf(await checkLedger(ledger))).toEqual([`checkpoint-inconsistent ${checkpoint(2)}`]);
  });
});

describe('with the key of one session of the log', () => {
  const lie = async (change: (lines: string) => string): Promise<string[]> => {
    const ledger = await ledgerOf(1, 4);
    const before = stored(ledger, batchName(0));
    resign(ledger.store, batchName(0), change);
    expect(linesOf(stored(ledger, batchName(0))).lines).not.toBe(linesOf(before).lines);
    ledger.store.objects.delete(checkpoint(0));
    ledger.tiles.objects.clear();
    return saidOf(await checkLedger(ledger));
  };

  test.each<[string, (lines: string) => string, string]>([
    [
      'other times than an object says',
      (it) => it.replace(/"time":\{"first":"\d{4}/, '"time":{"first":"1999'),
      nameOf(0),
    ],
    ['other categories', (it) => it.replace('"categories":{}', '"categories":{"x":1}'), nameOf(0)],
    ['a member more', (it) => it.replace('"categories":{}}', '"categories":{},"more":1}'), batchName(0)],
    [
      'that a segment of the chain is foreign',
      (it) => it.replace(/^\{"type":"segment".*$/m, `{"type":"foreign","name":"${nameOf(0)}"}`),
      batchName(0),
    ],
    ['that a report is foreign', (it) => `{"type":"foreign","name":"reports/000000000000.json"}\n${it}`, batchName(0)],
    [
      'another order',
      (it) =>
        it
          .split('\n')
          .toSpliced(1, 3, ...it.split('\n').slice(1, 4).toReversed())
          .join('\n'),
      batchName(0),
    ],
  ])('nobody makes a batch say %s without a finding', async (_what, change, object) => {
    const said = await lie(change);
    expect(said).toContain(`entry-mismatch ${object}`);
  });

  const OTHERS = formatVerifierKey(keyOf(3).verifierKey);
  const announce = (keys: readonly HandKey[]): string =>
    JSON.stringify({ type: 'key', note: signedNote(`${LEDGER}/sealer\nauditseal key\n${OTHERS}\n`, keys) });
  const known = (it: string): string => it.replace(/("keys":\["[^"]+")/, `$1,"${OTHERS}"`);
  test.each<[string, (lines: string) => string]>([
    ['in the heads alone', known],
    ['by a notice that it signed itself', (it) => known(`${announce([{ name: LEDGER, seed: 3 }])}\n${it}`)],
    ['by a notice without the heads', (it) => `${announce([{ name: LEDGER, seed: 1 }])}\n${it}`],
    ['that the log has announced before', (it) => `${it.split('\n')[0]}\n${it}`],
  ])('nobody adds a key %s: such a batch is void', async (_what, change) => {
    const said = await lie(change);
    expect(said[0]).toBe(`foreign-object ${batchName(0)}`);
  });

  test('an entry of a key is believed, and a checker that was not given the key says so', async () => {
    const ledger = await ledgerOf();
    await goOn(ledger, 30, [KEY, keyOf(2)]);
    await goOn(ledger, 40, [KEY, keyOf(2)]);
    const both = [KEY.verifierKey, keyOf(2).verifierKey];
    expect((await checkLedger(ledger, { verifiers: both })).notChecked.join()).not.toContain('was not given');
    const one = await checkLedger(ledger);
    expect(one).toMatchObject({ status: 'verified', findings: [] });
    expect(one.notChecked.join()).toContain(`a key that was not given, ${LEDGER}+${keyOf(2).verifierKey.keyId}`);
  });
});

describe('a change of the log’s keys', () => {
  const [OLD, NEW] = [KEY, keyOf(2)];
  const NEW_ID = `${LEDGER}+${NEW.verifierKey.keyId}`;

  async function changed(): Promise<Ledger> {
    const ledger = await ledgerOf();
    await goOn(ledger, 30, [OLD, NEW]);
    for (const [name, bytes] of forgeChain([
      ...Array.from({ length: 14 }, () => ({})),
      { session: { keys: [{ name: LEDGER, seed: 2 }] } },
    ]))
      if (!ledger.store.objects.has(name)) ledger.store.objects.set(name, bytes);
    const deps = {
      verifiers: [OLD.verifierKey, NEW.verifierKey],
      signers: [signerOf(NEW)],
      sessions: sessionsOf('batches', [NEW]),
    };
    await integrateOf(ledger.store, ledger.tiles, { now: () => Date.parse(timeOf(SECOND + 40)), ...deps }).run(
      new KeptLog(),
    );
    return ledger;
  }
  const with_ = async (verifiers: readonly (typeof OLD)[]): Promise<Report> =>
    checkLedger(await changed(), { verifiers: verifiers.map(({ verifierKey }) => verifierKey) });

  test('is verified with both keys, and with none', async () => {
    expect(await with_([OLD, NEW])).toMatchObject({
      status: 'verified',
      findings: [],
      partitions: [{ index: 14 }, {}],
    });
    const blind = await with_([]);
    expect(blind).toMatchObject({ status: 'verified', findings: [], log: { signedBy: [KEY_ID, NEW_ID].sort() } });
    expect(blind.notChecked.join()).toContain(NEW_ID);
  });

  test('who has the old key alone comes to the same log, and is told which key he lacks', async () => {
    const report = await with_([OLD]);
    expect(saidOf(report)).toEqual([`checkpoint-invalid ${checkpoint(5)}`, 'checkpoint-invalid tlog/checkpoint']);
    for (const { detail } of report.findings) expect(detail).toContain(`${NEW_ID} did, which the log announces`);
    expect(report).toMatchObject({ log: { batches: 6 }, partitions: [{ index: 14 }, {}] });
    expect(report.notChecked.join()).toContain(`a key that was not given, ${NEW_ID}`);
  });

  test('who has the new key alone can’t tell who began the log', async () => {
    const report = await with_([NEW]);
    expect(report.status).toBe('violated');
    expect(saidOf(report)).toContain(`foreign-object ${batchName(0)}`);
  });

  test('what a key certified before its entry is foreign, in the log and to every checker', async () => {
    const ledger = await ledgerOf();
    for (const [name, bytes] of forgeChain([
      ...Array.from({ length: 12 }, () => ({})),
      { session: { keys: [{ name: LEDGER, seed: 2 }] } },
    ]))
      if (!ledger.store.objects.has(name)) ledger.store.objects.set(name, bytes);
    const at = (second: number): { now: () => number } => ({ now: () => Date.parse(timeOf(SECOND + second)) });
    await integrateOf(ledger.store, ledger.tiles, at(30)).run(new KeptLog());
    await goOn(ledger, 40, [OLD, NEW]);
    expect(saidOf(await checkLedger(ledger))).toContain(`foreign-object ${nameOf(12)}`);
  });
});
