import { AuditsealError } from '../../src/core/errors.ts';
import type { Report } from '../../src/core/objects/report.ts';
import { formatReport, formatUnsigned, parseReport } from '../../src/core/objects/reportFile.ts';
import { saidOf } from '../support/checking.ts';
import { LEDGER, forgeChain, nameOf, timeOf } from '../support/forge.ts';
import { KeptLog } from '../support/keptLog.ts';
import { batch, checkLedger, checkpoint, edit, ledgerOf, read } from '../support/loggedLedger.ts';
import type { Ledger } from '../support/loggedLedger.ts';
import { integrateOf } from '../support/logs.ts';
import { signReport } from '../support/sign.ts';

const quick = (ledger: Ledger, options: Parameters<typeof checkLedger>[1] = {}): Promise<Report> =>
  checkLedger(ledger, { isQuick: true, ...options });

test('an intact ledger is verified, and the report says that it was a quick check and what it left out', async () => {
  const ledger = await ledgerOf();
  const full = await checkLedger(ledger);
  const storedBytes = full.checked.storedBytes;
  const report = await quick(ledger);
  expect(report).toMatchObject({
    status: 'verified',
    findings: [],
    unreadable: [],
    partitions: [],
    checked: { mode: 'quick', segments: 24, storedBytes, records: 0, events: 0, lineBytes: 0, lastFull: '' },
  });
  expect(report.log).toEqual(full.log);
  expect(report.notChecked[0]).toMatch(/^no segment was looked into/);
  expect(report.notChecked.filter((line) => line.includes('not in the log'))).toEqual([]);
});

test('a quick report is no report to go on from', async () => {
  const ledger = await ledgerOf();
  const report = await quick(ledger);
  expect(() => parseReport(formatReport(report))).toThrow(AuditsealError);
  const anchor = { name: 'kept.json', report: await checkLedger(ledger) };
  await expect(quick(ledger, { anchor, isIncremental: true })).rejects.toThrow('a quick check begins');
});

const flip = (bytes: Buffer, at: number): Buffer => {
  const changed = Buffer.from(bytes);
  changed[at] = (changed[at] as number) ^ 1;
  return changed;
};

type Attack = (ledger: Ledger) => void;
const change =
  (index: number, how: (bytes: Buffer) => Buffer): Attack =>
  ({ store }) =>
    void store.objects.set(nameOf(index), how(read(store, nameOf(index))));

test.each<[string, Attack, readonly string[]]>([
  ['a bit in the first segment', change(0, (bytes) => flip(bytes, 0)), [`segment-changed ${nameOf(0)}`]],
  [
    'the last bit of the last one',
    change(11, (bytes) => flip(bytes, bytes.length - 1)),
    [`segment-changed ${nameOf(11)}`],
  ],
  ['a cut one', change(5, (bytes) => bytes.subarray(0, -1)), [`segment-changed ${nameOf(5)}`]],
  ['a longer one', change(5, (bytes) => Buffer.concat([bytes, Buffer.alloc(1)])), [`segment-changed ${nameOf(5)}`]],
  ['an empty one', change(5, () => Buffer.alloc(0)), [`segment-changed ${nameOf(5)}`]],
  [
    'two that are swapped',
    ({ store }) => {
      const [one, other] = [read(store, nameOf(3)), read(store, nameOf(4))];
      store.objects.set(nameOf(3), other).set(nameOf(4), one);
    },
    [`segment-changed ${nameOf(3)}`, `segment-changed ${nameOf(4)}`],
  ],
  [
    'one of another partition',
    ({ store }) => void store.objects.set(nameOf(3), read(store, nameOf(3, '1'))),
    [`segment-changed ${nameOf(3)}`],
  ],
  ['a removed one', ({ store }) => void store.objects.delete(nameOf(5)), [`segment-missing ${nameOf(5)}`]],
  [
    'the last ones removed',
    ({ store }) => [10, 11].forEach((index) => store.objects.delete(nameOf(index))),
    [`segment-missing ${nameOf(10)}`],
  ],
  [
    'a partition removed',
    ({ store }) =>
      [...store.objects.keys()]
        .filter((name) => name.startsWith('segments/1/'))
        .forEach((name) => store.objects.delete(name)),
    [`segment-missing ${nameOf(0, '1')}`],
  ],
  [
    'planted names',
    ({ store }) =>
      ['segments/0/000000000003.jsonl', 'segments/0/x/000000000003.jsonl.zst', 'segments/x/a', 'planted'].forEach(
        (name) => store.objects.set(name, Buffer.from('x')),
      ),
    [
      'foreign-object segments/x/a',
      'foreign-object segments/0/000000000003.jsonl',
      'foreign-object segments/0/x/000000000003.jsonl.zst',
      'foreign-object planted',
    ],
  ],
])('%s is found and named', async (_what, attack, expected) => {
  const ledger = await ledgerOf();
  attack(ledger);
  const report = await quick(ledger);
  expect([report.status, saidOf(report).sort()]).toEqual(['violated', [...expected].sort()]);
});

test.each<[string, Attack]>([
  ['an entry', ({ store }) => edit(store, batch(1), (text) => text.replace('"records":', '"Records":'))],
  ['a size in an entry', ({ store }) => edit(store, batch(2), (text) => text.replace('"size":', '"size":1'))],
  ['a removed batch', ({ store }) => void store.objects.delete(batch(1))],
  ['a removed checkpoint', ({ store }) => void store.objects.delete(checkpoint(1))],
  ['a signature', ({ store }) => edit(store, checkpoint(2), (text) => text.replace(/....\n$/, 'AAA=\n'))],
  ['a tile', ({ tiles }) => edit(tiles, 'tile/0/000.p/29', (text) => `x${text.slice(1)}`)],
  ['a removed bundle', ({ tiles }) => void tiles.objects.delete('tile/entries/000.p/29')],
])('the log itself is checked as in full: %s', async (_what, attack) => {
  const ledger = await ledgerOf();
  attack(ledger);
  const [full, report] = [await checkLedger(ledger), await quick(ledger)];
  expect(report.status).toBe('violated');
  for (const finding of saidOf(report)) expect(saidOf(full)).toContain(finding);
  // What a full check finds beyond that are the segments against a batch that nothing vouches for.
  expect(saidOf(report).filter((said) => !said.includes('segments/'))).toEqual(
    saidOf(full).filter((said) => !said.includes('segments/')),
  );
});

test('a segment that is not in the log yet is named as not compared, whatever it holds', async () => {
  const ledger = await ledgerOf();
  const longer = [...forgeChain(14)].slice(12);
  for (const [name, bytes] of longer) ledger.store.objects.set(name, bytes);
  const report = await quick(ledger);
  expect(report).toMatchObject({ status: 'verified', checked: { segments: 24 }, log: { segmentsNotIntegrated: 2 } });
  expect(report.notChecked).toContain(`${nameOf(12)} and the 1 after it are not in the log, and not compared`);
  // Whatever it holds.
  ledger.store.objects.set(nameOf(14), Buffer.from('planted'));
  ledger.store.objects.set(nameOf(0, '7'), Buffer.from('planted'));
  const planted = await quick(ledger);
  expect(planted).toMatchObject({ status: 'verified', log: { segmentsNotIntegrated: 4 } });
  expect(planted.notChecked).toContain(`${nameOf(0, '7')} is not in the log, and not compared`);
  expect((await checkLedger(ledger)).status).toBe('violated');
  // Nor is a hole between such names anything: whoever plants an object can take any.
  ledger.store.objects.delete(nameOf(13));
  expect(await quick(ledger)).toMatchObject({ status: 'verified', log: { segmentsNotIntegrated: 3 } });
});

test('what the log calls foreign must be there, whatever it holds', async () => {
  const ledger = await ledgerOf();
  const object = nameOf(12);
  ledger.store.objects.set(object, Buffer.from('junk'));
  const now = (): number => Date.parse(timeOf(2_000_010));
  expect(await integrateOf(ledger.store, ledger.tiles, { now }).run(new KeptLog())).toMatchObject({ foreign: 1 });
  expect(await quick(ledger)).toMatchObject({ status: 'verified', checked: { segments: 25 } });
  ledger.store.objects.set(object, Buffer.from('jump'));
  expect((await quick(ledger)).status).toBe('verified');
  ledger.store.objects.delete(object);
  expect(saidOf(await quick(ledger))).toEqual([`segment-missing ${object}`]);
});

test('reports are compared with their entries', async () => {
  const ledger = await ledgerOf();
  const report = await checkLedger(ledger);
  const name = 'reports/000000000000.json';
  ledger.store.objects.set(name, signReport(formatUnsigned(report), name, LEDGER));
  const now = (): number => Date.parse(timeOf(2_000_010));
  expect(await integrateOf(ledger.store, ledger.tiles, { now }).run(new KeptLog())).toMatchObject({ reports: 1 });
  expect(await quick(ledger)).toMatchObject({ status: 'verified', log: { entriesCompared: 25 } });
  edit(ledger.store, name, (text) => text.replace('verified', 'violated'));
  expect(saidOf(await quick(ledger))).toEqual([`entry-mismatch ${name}`]);
});

test('without a log, or without a checkpoint that stands for it, nothing is verified', async () => {
  const none = await ledgerOf(0, 0);
  for (const [name, bytes] of forgeChain(3)) none.store.objects.set(name, bytes);
  const report = await quick(none);
  expect(report).toMatchObject({ status: 'unverified', checked: { segments: 0 } });
  expect(report.notChecked).toContain('there is no log, so there was nothing to compare segments with');
  expect((await quick(await ledgerOf(0, 0))).status).toBe('unverified');

  const unsigned = await ledgerOf(1);
  unsigned.store.objects.delete(checkpoint(0));
  unsigned.tiles.objects.clear();
  expect(await quick(unsigned)).toMatchObject({ status: 'unverified', findings: [], checked: { segments: 24 } });
});

test('an earlier report says how long the chains must be at least, and what their last bytes were', async () => {
  const ledger = await ledgerOf();
  const anchor = { name: 'kept.json', report: await checkLedger(ledger) };
  expect(await quick(ledger, { anchor })).toMatchObject({
    status: 'verified',
    checked: { anchor: 'kept.json', lastFull: anchor.report.finished },
  });
  // Another ledger of the same shape, with a log of its own that fits.
  const cut = await ledgerOf(3, 9);
  const said = saidOf(await quick(cut, { anchor }));
  expect(said).toEqual(expect.arrayContaining([`segment-missing ${nameOf(9)}`, `segment-missing ${nameOf(9, '1')}`]));
  const other = {
    ...anchor.report,
    partitions: anchor.report.partitions.map((it) => ({ ...it, sha256: '0'.repeat(64) })),
  };
  expect(saidOf(await quick(ledger, { anchor: { ...anchor, report: other } }))).toEqual([
    `segment-changed ${nameOf(11)}`,
    `segment-changed ${nameOf(11, '1')}`,
  ]);
});

test.each([
  ['can not be read', 'unverified', [], [nameOf(5)]],
  ['is too large', 'violated', [`segment-changed ${nameOf(5)}`], []],
] as const)('a segment that %s leaves the outcome %s', async (what, status, findings, unreadable) => {
  const ledger = await ledgerOf();
  ledger.store.beforeRead = (name) => {
    if (name !== nameOf(5)) return;
    if (what === 'is too large') return 'too-large';
    throw new AuditsealError('STORE_UNAVAILABLE', 'injected');
  };
  const report = await quick(ledger);
  expect([report.status, saidOf(report), report.unreadable.map(({ object }) => object)]).toEqual([
    status,
    findings,
    unreadable,
  ]);
});

test('many segments are hashed in groups, each once', async () => {
  const ledger = await ledgerOf(1, 300);
  ledger.store.requests.read = 0;
  const reads = new Map<string, number>();
  ledger.store.beforeRead = (name) => void reads.set(name, (reads.get(name) ?? 0) + 1);
  expect(await quick(ledger)).toMatchObject({ status: 'verified', checked: { segments: 600 } });
  const ofSegments = [...reads].filter(([name]) => name.startsWith('segments/'));
  expect([ofSegments.length, Math.max(...ofSegments.map(([, count]) => count))]).toEqual([600, 1]);
});
