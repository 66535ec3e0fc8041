import { forgeAction } from '../support/actions.ts';
import { FOREIGN, acknowledge, integrate, planted, signedAcknowledgement } from '../support/acknowledged.ts';
import { saidOf } from '../support/checking.ts';
import { SECOND, batch, checkLedger, edit, read } from '../support/loggedLedger.ts';
import type { Ledger } from '../support/loggedLedger.ts';
import { OPERATOR, sessionsOf } from '../support/logs.ts';
import { MemoryTiles } from '../support/memoryTiles.ts';
import { referenceRoot } from '../support/referenceLedger.ts';
import { parseHash, sha256 } from '../../src/core/hash.ts';
import type { Hash } from '../../src/core/hash.ts';
import { formatBatch, parseBatch } from '../../src/core/objects/batch.ts';
import { formatEntry } from '../../src/core/objects/entry.ts';
import { headsOf } from '../../src/core/objects/heads.ts';
import { actionName } from '../../src/core/objects/names.ts';
import type { Report } from '../../src/core/objects/report.ts';
import { openBatch, signBatch } from '../../src/core/signed/batchSignature.ts';
import { certificatesFor } from '../../src/core/signed/certificate.ts';

/** ACTION is the acknowledgement, MINE the number of its batch and BATCHES how many the log has. */
const ACTION = 5;
const MINE = 7;
const BATCHES = 20;

/** acknowledgedAmong makes a ledger whose log has an acknowledgement of what was planted in the midst of other actions, each in a batch. */
async function acknowledgedAmong(): Promise<Ledger> {
  const ledger = await planted();
  for (let number = 0; number < BATCHES - 2; number++) {
    if (number === ACTION) await acknowledge(ledger, 'foreign-object', FOREIGN);
    else ledger.store.objects.set(...forgeAction(number, { kind: 'lock', days: 365 }, 'attempted', SECOND + 20));
    await integrate(ledger, SECOND + 21 + number);
  }
  return ledger;
}

/** goOn checks what is new since a report. */
const goOn = async (ledger: Ledger, report: Report): Promise<Report> => {
  const next = await checkLedger(ledger, { anchor: { name: 'kept.json', report }, isIncremental: true });
  expect(next.checked.mode).toBe('incremental');
  return next;
};

/** batchesReadIn gives the batches that are read from now on. */
function batchesReadIn({ store }: Ledger): Set<string> {
  const batches = new Set<string>();
  store.beforeRead = (name) => {
    if (name.startsWith('batches/')) batches.add(name);
    return undefined;
  };
  return batches;
}

describe('a check that goes on looks up the entry of an acknowledgement before', () => {
  test('by the tiles, in few batches', async () => {
    const ledger = await acknowledgedAmong();
    const report = await checkLedger(ledger);
    const batches = batchesReadIn(ledger);
    expect(await goOn(ledger, report)).toMatchObject({ status: 'verified', findingsAcknowledged: 1 });
    expect(batches.size).toBeGreaterThan(1);
    expect(batches.size).toBeLessThan(BATCHES / 2);
  });

  test.each<[string, (ledger: Ledger) => Ledger]>([
    ['are missing', ({ store }) => ({ store, tiles: new MemoryTiles() })],
    [
      'lie',
      (ledger) => {
        for (const name of ledger.tiles.objects.keys())
          if (name.startsWith('tile/0/')) edit(ledger.tiles, name, (text) => `x${text.slice(1)}`);
        return ledger;
      },
    ],
  ])('by the batches, where tiles %s', async (_what, change) => {
    const ledger = await acknowledgedAmong();
    const report = await checkLedger(ledger);
    expect((await goOn(change(ledger), report)).findingsAcknowledged).toBe(1);
  });

  test('past what has the name of a batch and is void', async () => {
    const ledger = await planted();
    for (const number of [3, 4]) ledger.store.objects.set(batch(number), Buffer.from('junk'));
    await acknowledge(ledger, 'foreign-object', FOREIGN);
    await integrate(ledger, SECOND + 21);
    for (const number of [1, 2, 3, 4]) {
      ledger.store.objects.set(...forgeAction(number, { kind: 'lock', days: 365 }, 'attempted', SECOND + 20));
      await integrate(ledger, SECOND + 21 + number);
    }
    const report = await checkLedger(ledger);
    expect([report.findingsAcknowledged, report.log?.head?.number]).toEqual([1, 8]);
    const batches = batchesReadIn(ledger);
    expect((await goOn(ledger, report)).findingsAcknowledged).toBe(1);
    expect(batches).toContain(batch(3));
    expect(batches).not.toContain(batch(0));
  });

  test('whose batch can’t be read: it doesn’t count, and the batch is named', async () => {
    const ledger = await acknowledgedAmong();
    const report = await checkLedger(ledger);
    ledger.store.beforeRead = (name) => (name === batch(MINE) ? 'archived' : undefined);
    const next = await goOn(ledger, report);
    expect(next).toMatchObject({ status: 'violated', findingsAcknowledged: 0 });
    expect(next.unreadable.map(({ why }) => why).join()).toContain(batch(MINE));
  });
});

describe('an acknowledgement by a revoked key replaces, in a copy,', () => {
  const revoked = { registered: [], revoked: [OPERATOR.verifierKey] };
  const replacement = signedAcknowledgement(actionName(0), OPERATOR);

  test.each<[string, (ledger: Ledger) => unknown]>([
    ['another one', async (ledger) => acknowledge(ledger, 'cosignature-invalid', FOREIGN)],
    [
      'an action on the guard',
      ({ store }) => store.objects.set(...forgeAction(0, { kind: 'lock', days: 365 }, 'attempted', SECOND + 20)),
    ],
  ])('%s that the log has: it is found, and doesn’t count', async (_what, file) => {
    const ledger = await planted();
    await file(ledger);
    await integrate(ledger, SECOND + 21);
    await integrate(ledger, SECOND + 22, revoked);
    const report = await checkLedger(ledger);
    expect(saidOf(report)).toEqual([`foreign-object ${FOREIGN}`]);
    ledger.store.objects.set(actionName(0), replacement);
    const found = new Set([`foreign-object ${FOREIGN}`, `entry-mismatch ${actionName(0)}`]);
    const full = await checkLedger(ledger);
    expect([full.status, full.findings.length, full.findingsAcknowledged]).toEqual(['violated', 2, 0]);
    expect(new Set(saidOf(full))).toEqual(found);
    for (const anchor of [report, full]) {
      const next = await goOn(ledger, anchor);
      expect([next.status, next.findings.length, next.findingsAcknowledged]).toEqual(['violated', 2, 0]);
      expect(new Set(saidOf(next))).toEqual(found);
    }
    const bare = await goOn({ ...ledger, tiles: new MemoryTiles() }, report);
    expect(bare.findingsAcknowledged).toBe(0);
  });

  test('another one, and the batches from there on, by a stolen session: what isn’t in the proven tree says nothing', async () => {
    const ledger = await planted();
    await acknowledge(ledger, 'cosignature-invalid', FOREIGN);
    await integrate(ledger, SECOND + 21);
    await integrate(ledger, SECOND + 22, revoked);
    const report = await checkLedger(ledger);
    ledger.store.objects.set(actionName(0), replacement);
    const [, ...others] = entriesOf(ledger, 2);
    await forgeBatch(ledger, 2, [entryOf(replacement), ...others]);
    await forgeBatch(ledger, 3, entriesOf(ledger, 3));
    expect(await goOn(ledger, report)).toMatchObject({ status: 'violated', findingsAcknowledged: 0 });
  });

  test('a foreign object that the log has: it has no entry', async () => {
    const ledger = await planted();
    ledger.store.objects.set(actionName(0), Buffer.from('junk'));
    await integrate(ledger, SECOND + 21);
    await integrate(ledger, SECOND + 22, revoked);
    const report = await checkLedger(ledger);
    ledger.store.objects.set(actionName(0), replacement);
    for (const check of [await checkLedger(ledger), await goOn(ledger, report)]) {
      expect(check).toMatchObject({ status: 'violated', findingsAcknowledged: 0 });
      expect(check.notChecked.join()).toContain(`no entry of them was found in the log: ${actionName(0)}`);
    }
  });
});

const openedBatch = ({ store }: Ledger, number: number): ReturnType<typeof openBatch> =>
  openBatch(read(store, batch(number)), batch(number), certificatesFor({}));

const entriesOf = (ledger: Ledger, number: number): Buffer[] => parseBatch(openedBatch(ledger, number).lines);

/** entryOf is the entry that the log had of action 0 if it were of these bytes. */
const entryOf = (bytes: Buffer): Buffer =>
  formatEntry({ type: 'action', name: actionName(0), sha256: sha256(bytes), action: 'acknowledge', outcome: 'done' });

/** forgeBatch puts others in the place of a batch's entries, as going on from all before. */
async function forgeBatch(ledger: Ledger, number: number, entries: Buffer[]): Promise<void> {
  const before = Array.from({ length: number }, (_, i) => entriesOf(ledger, i)).flat();
  const root = parseHash(referenceRoot(before)) as Hash;
  const session = await sessionsOf('batches').at(headsOf(entries).time);
  const claim = { previous: number - 1, size: before.length, root };
  ledger.store.objects.set(batch(number), signBatch(session, batch(number), formatBatch(entries), claim));
}
