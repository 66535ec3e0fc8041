import type { Report } from '../../../src/core/objects/report.ts';
import { saidOf } from '../../support/checking.ts';
import { forgeChain, nameOf, timeOf } from '../../support/forge.ts';
import { KeptLog } from '../../support/keptLog.ts';
import { SECOND, batch, checkLedger, checkpoint, ledgerOf, noteOf, read } from '../../support/loggedLedger.ts';
import type { Ledger } from '../../support/loggedLedger.ts';
import { integrateOf } from '../../support/logs.ts';
import { MemoryStore } from '../../support/memoryStore.ts';
import { resign } from '../../support/resign.ts';

// A check that goes on believes nothing of the log at its anchor before the tiles prove it.

const NAME = 'kept.json';
const goOn = (ledger: Ledger, report: Report, options: Parameters<typeof checkLedger>[1] = {}): Promise<Report> =>
  checkLedger(ledger, { anchor: { name: NAME, report }, isIncremental: true, ...options });

function seal({ store }: Ledger): void {
  for (const [name, bytes] of forgeChain(15)) if (!store.objects.has(name)) store.objects.set(name, bytes);
}

async function grow({ store, tiles }: Ledger): Promise<void> {
  seal({ store, tiles });
  await integrateOf(store, tiles, { now: () => Date.parse(timeOf(SECOND + 40)) }).run(new KeptLog());
}

test('heads that somebody invented in the anchor’s batch lead nobody astray', async () => {
  const ledger = await ledgerOf();
  const report = await checkLedger(ledger);
  await grow(ledger);
  expect(await goOn(ledger, report)).toMatchObject({ status: 'verified', findings: [], log: { entries: 4 } });
  // As somebody who has the key of a session.
  resign(ledger.store, batch(3), (lines) =>
    lines.replace(/("next":)\d+/, '$115').replace(/("index":)\d+(,"root")/, '$114$2'),
  );
  const said = saidOf(await goOn(ledger, report));
  expect(said).toContain(`checkpoint-inconsistent ${checkpoint(3)}`);
  expect(said).toContain(`entry-mismatch ${batch(3)}`);
});

test('another history by the log’s own key does not pass beside a kept checkpoint', async () => {
  const ledger = await ledgerOf();
  const kept = { name: 'kept.txt', note: read(ledger.store, checkpoint(2)) };
  const fork = await ledgerOf(4, 12, { now: () => Date.parse(timeOf(SECOND + 9)) });
  const report = await checkLedger(fork);
  expect(report.status).toBe('verified');
  // The thief leaves the kept checkpoint where a look at names alone would find it.
  fork.store.objects.set(checkpoint(2), kept.note);
  const said = saidOf(await goOn(fork, report, { kept }));
  expect(said).toContain('checkpoint-inconsistent kept.txt');
  expect(saidOf(await goOn(ledger, await checkLedger(ledger), { kept }))).toEqual([]);
});

test('an older published checkpoint is stale, and one that the log did not grow from is another', async () => {
  const ledger = await ledgerOf();
  const report = await checkLedger(ledger);
  ledger.tiles.objects.set('checkpoint', read(ledger.store, checkpoint(1)));
  expect(saidOf(await goOn(ledger, report))).toEqual(['checkpoint-stale tlog/checkpoint']);
  const text = `logs.example.com/audit\n15\n${Buffer.alloc(32, 9).toString('base64')}\n`;
  ledger.tiles.objects.set('checkpoint', noteOf(text));
  expect(saidOf(await goOn(ledger, report))).toEqual(['checkpoint-inconsistent tlog/checkpoint']);
});

test('a key that the log announced before the anchor counts behind it', async () => {
  const ledger = await ledgerOf();
  const report = await checkLedger(ledger, { verifiers: [] });
  const store = new MemoryStore(ledger.store.objects);
  store.objects.set(nameOf(12), Buffer.from('junk'));
  await grow({ store, tiles: ledger.tiles });
  const said = saidOf(await goOn({ store, tiles: ledger.tiles }, report, { verifiers: [] }));
  expect(said).toEqual([`foreign-object ${nameOf(12)}`, `chain-broken ${nameOf(12)}`]);
});

test('where the log had not come as far as the anchor, a check begins at the log’s last segments, and knows what is of the chain', async () => {
  const ledger = await ledgerOf();
  seal(ledger);
  const report = await checkLedger(ledger);
  const late = [`not-integrated ${nameOf(12)}`];
  expect([saidOf(report), report.partitions.map(({ index }) => index)]).toEqual([late, [14, 11]]);
  await grow(ledger);
  const next = await goOn(ledger, report);
  expect(next.checked).toMatchObject({
    mode: 'incremental',
    segments: 5,
    segmentsNotRehashed: 22,
    findingsRepeated: 1,
  });
  expect(saidOf(next)).toEqual(late);
  // As somebody who has the key of a session.
  const foreign = `{"type":"foreign","name":"${nameOf(13)}"}`;
  resign(ledger.store, batch(4), (lines) => lines.replace(/\{"type":"segment",[^\n]*"index":13,[^\n]*/, foreign));
  const { findings } = await goOn(ledger, report);
  expect(findings.map(({ detail }) => detail)).toContainEqual(
    expect.stringContaining(`calls ${nameOf(13)} foreign, and it continues its chain`),
  );
});
