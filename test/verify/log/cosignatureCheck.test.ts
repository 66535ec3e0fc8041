import { AuditsealError } from '../../../src/core/errors.ts';
import { formatHash, sha256 } from '../../../src/core/hash.ts';
import { signCosignature } from '../../../src/core/note/cosignature.ts';
import { parseNote } from '../../../src/core/note/note.ts';
import { formatSignatureLine } from '../../../src/core/note/signatureLine.ts';
import type { Report } from '../../../src/core/objects/report.ts';
import { formatReport, parseReport } from '../../../src/core/objects/reportFile.ts';
import { withCosignatures } from '../../../src/ledger/cosignatures.ts';
import { saidOf } from '../../support/checking.ts';
import { forgeChain, timeOf } from '../../support/forge.ts';
import { KeptLog } from '../../support/keptLog.ts';
import {
  SECOND,
  batch,
  checkLedger,
  checkpoint,
  ledgerOf,
  live,
  read,
  runJob,
  textOf,
} from '../../support/loggedLedger.ts';
import type { Ledger } from '../../support/loggedLedger.ts';
import { integrateOf } from '../../support/logs.ts';
import { MemoryStore } from '../../support/memoryStore.ts';
import { Witnesses, cosignNewest, cosignature, policyOf, witnessKey } from '../../support/witnesses.ts';

const lineOf = (text: string, witness: number, second = SECOND + 10): Buffer =>
  Buffer.from(
    `${formatSignatureLine(signCosignature(text, witnessKey(witness), Date.parse(timeOf(second)) / 1000))}\n`,
  );

/** nameFor names what is stored as a witness's cosignature of a checkpoint. */
const nameFor = (number: number, witness: number, bytes: Uint8Array): string =>
  `${cosignature(number, witness)}-${formatHash(sha256(bytes)).slice(0, 16)}`;

/** store stores anything as a witness's cosignature of a checkpoint, and gives its name. */
function store({ store }: Ledger, number: number, witness: number, bytes: Buffer): string {
  const name = nameFor(number, witness, bytes);
  store.objects.set(name, bytes);
  return name;
}

/** put stores a witness's cosignature of a checkpoint. */
const put = (ledger: Ledger, number: number, witness: number): string =>
  store(ledger, number, witness, lineOf(textOf(ledger, number), witness));

const TWO_OF_THREE = { policy: policyOf([1, 2, 3], 2) };

test('through real witnesses: 2 of 3 are the quorum, and 1 of 3 is not', async () => {
  const witnesses = new Witnesses();
  try {
    const all = await Promise.all([1, 2, 3].map((number) => witnesses.start(number)));
    const ledger = await ledgerOf(2);
    await cosignNewest(ledger, all.slice(0, 1));
    const unmet = await checkLedger(ledger, TWO_OF_THREE);
    expect(saidOf(unmet)).toEqual([`checkpoint-uncosigned ${checkpoint(1)}`]);
    expect(unmet.findings[0]?.detail).toContain('only w1 cosigned it');
    await cosignNewest(ledger, all.slice(0, 2));
    const met = await checkLedger(ledger, TWO_OF_THREE);
    expect(met).toMatchObject({
      status: 'verified',
      findings: [],
      checked: { otherObjects: 0 },
      log: {
        cosignatures: {
          verified: 2,
          notChecked: 0,
          quorum: { number: 1, witnesses: ['w1', 'w2'] },
          waitingSince: null,
        },
      },
    });
    expect(parseReport(formatReport(met))).toEqual(met);
  } finally {
    await witnesses.close();
  }
});

describe('every finding about cosignatures, from its cause alone', () => {
  const JUNK = Buffer.from('junk');
  test.each<[string, (ledger: Ledger) => string, string[]]>([
    ['nothing', () => '', []],
    ['a cosignature is no line', (ledger) => store(ledger, 2, 1, JUNK), ['cosignature-invalid']],
    ['it is empty', (ledger) => store(ledger, 2, 1, Buffer.alloc(0)), ['cosignature-invalid']],
    [
      'it is two lines',
      (ledger) => {
        const line = lineOf(textOf(ledger, 2), 1);
        return store(ledger, 2, 1, Buffer.concat([line, line]));
      },
      ['cosignature-invalid'],
    ],
    ['it is of another key', (ledger) => store(ledger, 2, 1, lineOf(textOf(ledger, 2), 3)), ['cosignature-invalid']],
    [
      'it is of another checkpoint',
      (ledger) => store(ledger, 2, 1, lineOf(textOf(ledger, 1), 1)),
      ['cosignature-invalid'],
    ],
    [
      'its name is that of other bytes',
      (ledger) => {
        const name = nameFor(2, 1, JUNK);
        ledger.store.objects.set(name, lineOf(textOf(ledger, 2), 1));
        return name;
      },
      ['cosignature-invalid'],
    ],
    [
      'it is of a checkpoint that is not there',
      (ledger) => store(ledger, 7, 1, lineOf(textOf(ledger, 2), 1)),
      ['cosignature-invalid'],
    ],
    [
      'it is no line, and of a checkpoint without a batch',
      (ledger) => {
        ledger.store.objects.set(checkpoint(4), read(ledger.store, checkpoint(3)));
        return store(ledger, 4, 1, JUNK);
      },
      [`checkpoint-inconsistent ${checkpoint(4)}`, 'cosignature-invalid'],
    ],
    [
      'its name is none',
      ({ store }) => {
        store.objects.set('cosignatures/000000000001/x', JUNK);
        return 'cosignatures/000000000001/x';
      },
      ['foreign-object'],
    ],
    [
      'that of a witness is gone',
      (ledger) => {
        ledger.store.objects.delete(nameFor(3, 2, lineOf(textOf(ledger, 3), 2)));
        return checkpoint(3);
      },
      ['checkpoint-uncosigned'],
    ],
    [
      'the published checkpoint has a signature more',
      ({ store, tiles }) => {
        const stray = signCosignature('x\n', witnessKey(9), 1);
        tiles.objects.set('checkpoint', withCosignatures(read(store, checkpoint(3)), [stray]));
        return 'tlog/checkpoint';
      },
      ['checkpoint-invalid'],
    ],
    [
      'it is dated long before its batch',
      (ledger) => store(ledger, 3, 3, lineOf(textOf(ledger, 3), 3, SECOND - 700)),
      ['clock-ahead'],
    ],
    [
      'it is dated more than a day after its batch',
      (ledger) => store(ledger, 3, 3, lineOf(textOf(ledger, 3), 3, SECOND + 87_000)),
      ['clock-ahead'],
    ],
  ])('%s', async (_what, attack, said) => {
    const ledger = await ledgerOf();
    for (const witness of [1, 2]) put(ledger, 3, witness);
    const name = attack(ledger);
    const expected = said.map((code) => (code.includes(' ') ? code : `${code} ${name}`));
    expect(saidOf(await checkLedger(ledger, TWO_OF_THREE))).toEqual(expected);
  });

  test('a ledger without a log has nothing that the policy demands', async () => {
    const ledger = { ...(await ledgerOf(1)), store: new MemoryStore(forgeChain(2)) };
    ledger.tiles.objects.clear();
    expect(saidOf(await checkLedger(ledger, TWO_OF_THREE))).toEqual([
      `checkpoint-uncosigned ${checkpoint(0)}`,
      'not-integrated segments/0/000000000000.jsonl.zst',
    ]);
    expect(saidOf(await checkLedger(ledger, { policy: policyOf([1], 1), ...live }))).not.toContain(
      `checkpoint-uncosigned ${checkpoint(0)}`,
    );
    ledger.store.objects.clear();
    expect(await checkLedger(ledger, TWO_OF_THREE)).toMatchObject({ status: 'unverified', findings: [] });
  });

  test('a log whose only checkpoint is not there yet has nothing that the policy demands', async () => {
    const ledger = await ledgerOf(1);
    ledger.store.objects.delete(checkpoint(0));
    ledger.tiles.objects.clear();
    expect(saidOf(await checkLedger(ledger, TWO_OF_THREE))).toContain(`checkpoint-uncosigned ${checkpoint(0)}`);
  });
});

test('one changed bit in every byte of a cosignature is found, and the object is named', async () => {
  const ledger = await ledgerOf(2, 2);
  put(ledger, 1, 2);
  const name = put(ledger, 1, 1);
  const good = read(ledger.store, name);
  for (let at = 0; at < good.length; at++) {
    const bad = Buffer.from(good);
    bad.writeUInt8(bad.readUInt8(at) ^ (1 << (at % 8)), at);
    ledger.store.objects.set(name, bad);
    expect(saidOf(await checkLedger(ledger, { policy: policyOf([1, 2], 1) }))).toEqual([`cosignature-invalid ${name}`]);
    ledger.store.objects.delete(name);
    const renamed = store(ledger, 1, 1, bad);
    const said = saidOf(await checkLedger(ledger, { policy: policyOf([1, 2], 1) }));
    expect(said.every((one) => one.endsWith(renamed)) && said.length).toBe(1);
    ledger.store.objects.delete(renamed);
  }
});

test('one changed bit of a published checkpoint with cosignatures is found, with a policy and without', async () => {
  const ledger = await ledgerOf(2, 2);
  put(ledger, 1, 1);
  const line = parseNote(Buffer.concat([read(ledger.store, checkpoint(1)), lineOf(textOf(ledger, 1), 1)]));
  const good = withCosignatures(read(ledger.store, checkpoint(1)), line.signatures);
  ledger.tiles.objects.set('checkpoint', good);
  expect(await checkLedger(ledger)).toMatchObject({ status: 'verified', findings: [] });
  for (let at = 0; at < good.length; at++) {
    const bad = Buffer.from(good);
    bad.writeUInt8(bad.readUInt8(at) ^ (1 << (at % 8)), at);
    ledger.tiles.objects.set('checkpoint', bad);
    const { findings } = await checkLedger(ledger);
    expect(findings.map(({ object }) => object)).toContain('tlog/checkpoint');
  }
});

test('what no policy names is counted, and said not to be checked', async () => {
  const ledger = await ledgerOf();
  for (const number of [0, 2, 3]) put(ledger, number, 9);
  put(ledger, 3, 1);
  const without = await checkLedger(ledger);
  expect(without).toMatchObject({
    status: 'verified',
    log: { cosignatures: { verified: 0, notChecked: 4, quorum: null } },
  });
  expect(without.notChecked.join()).toContain('4 cosignatures are by keys that no policy named');
  const policed = await checkLedger(ledger, { policy: policyOf([1], 1) });
  expect(policed).toMatchObject({
    status: 'verified',
    log: { cosignatures: { verified: 1, notChecked: 3, quorum: { number: 3, witnesses: ['w1'] } } },
  });
});

test('only the newest checkpoint must have the quorum, and it has it whatever the others have', async () => {
  const ledger = await ledgerOf();
  for (const number of [0, 1, 2]) for (const witness of [1, 2, 3]) put(ledger, number, witness);
  const { findings, log } = await checkLedger(ledger, TWO_OF_THREE);
  expect(findings).toMatchObject([
    {
      code: 'checkpoint-uncosigned',
      detail: expect.stringContaining(`the last that has is ${checkpoint(2)}`) as string,
    },
  ]);
  expect(log?.cosignatures).toMatchObject({ quorum: { number: 2 }, waitingSince: timeOf(SECOND + 4) });
});

test('in a ledger in use a checkpoint may wait for its quorum as long as a segment for its checkpoint', async () => {
  const ledger = await ledgerOf();
  for (const witness of [1, 2]) put(ledger, 1, witness);
  // Checkpoint 2, the first without, is of second 3.
  const at = (second: number): Promise<Report> => checkLedger(ledger, { ...TWO_OF_THREE, ...live }, SECOND + second);
  expect(saidOf(await at(603))).toEqual([]);
  expect(saidOf(await at(604))).toEqual([`checkpoint-uncosigned ${checkpoint(3)}`]);
});

test('a cosignature that could not be read is named, and the check does not pass', async () => {
  const ledger = await ledgerOf();
  const [first] = [1, 2, 3].map((witness) => put(ledger, 3, witness));
  ledger.store.beforeRead = (name) => {
    if (name === first) throw new AuditsealError('STORE_UNAVAILABLE', 'away');
  };
  const report = await checkLedger({ ...ledger }, TWO_OF_THREE);
  expect(report).toMatchObject({ status: 'unverified', unreadable: [{ object: first }] });
});

describe('an incremental check', () => {
  const name = 'reports/000000000000.json';

  test.each([timeOf(SECOND + 10_000), null])(
    'believes no report that says that its checkpoint waits since a later time: %s',
    async (waitingSince) => {
      const ledger = await ledgerOf(2);
      const { log, ...report } = await checkLedger(ledger, { ...TWO_OF_THREE, ...live });
      if (log?.cosignatures === undefined || log.head === null) throw new Error('there is no log');
      const head = { ...log.head, time: timeOf(SECOND + 10_000) };
      const lying = { ...report, log: { ...log, head, cosignatures: { ...log.cosignatures, waitingSince } } };
      const options = { ...TWO_OF_THREE, ...live, anchor: { name, report: lying }, isIncremental: true };
      const found = await checkLedger(ledger, options, SECOND + 603);
      expect(found.checked.mode).toBe('incremental');
      expect(saidOf(found)).toEqual([`checkpoint-uncosigned ${checkpoint(1)}`]);
    },
  );

  test('looks at the cosignatures from its anchor on, which may have come since', async () => {
    const ledger = await ledgerOf(2);
    const waiting = await checkLedger(ledger, { ...TWO_OF_THREE, ...live });
    expect(waiting).toMatchObject({ findings: [], log: { cosignatures: { waitingSince: timeOf(SECOND + 1) } } });
    const goOn = (second: number, report: Report): Promise<Report> =>
      checkLedger(ledger, { ...TWO_OF_THREE, ...live, anchor: { name, report }, isIncremental: true }, second);
    // However short the time between checks, what was waiting before is still waiting.
    const still = await goOn(SECOND + 500, waiting);
    expect(still).toMatchObject({ findings: [], log: { cosignatures: { waitingSince: timeOf(SECOND + 1) } } });
    expect(saidOf(await goOn(SECOND + 602, still))).toEqual([`checkpoint-uncosigned ${checkpoint(1)}`]);
    for (const witness of [1, 3]) put(ledger, 1, witness);
    expect(await goOn(SECOND + 602, still)).toMatchObject({
      findings: [],
      log: { cosignatures: { verified: 2, quorum: { number: 1, witnesses: ['w1', 'w3'] }, waitingSince: null } },
    });
    const stray = store(ledger, 1, 2, lineOf(textOf(ledger, 0), 2));
    expect(saidOf(await goOn(SECOND + 602, still))).toEqual([`cosignature-invalid ${stray}`]);
  });

  test('by the job uses the policy of the app', async () => {
    const { store, tiles } = await ledgerOf(2);
    const job = (second: number): Promise<Report> => runJob({ store, tiles }, second, TWO_OF_THREE);
    expect(await job(SECOND + 10)).toMatchObject({ status: 'verified' });
    await integrateOf(store, tiles, { now: () => Date.parse(timeOf(SECOND + 11)) }).run(new KeptLog());
    expect(store.objects.has(batch(2))).toBe(true);
    expect(saidOf(await job(SECOND + 700))).toEqual([`checkpoint-uncosigned ${checkpoint(2)}`]);
  });
});
