import { saidOf } from '../../support/checking.ts';

import { MAX_LOSSES } from '../../../src/verify/log/followBatches.ts';
import { SECOND, batch, checkLedger, checkpoint, edit, ledgerOf, live } from '../../support/loggedLedger.ts';
import type { Ledger } from '../../support/loggedLedger.ts';
import { MIRROR_KEY, coreVerdict, pageOutcome, pageVerdict } from '../../web/mirrors.ts';
import type { Mirror } from '../../web/mirrors.ts';

const LATER = SECOND + 10_000;

/** archive moves objects into the archive tier. */
const archive = ({ store }: Ledger, names: readonly string[]): void => {
  store.beforeRead = (name) => (names.includes(name) ? 'archived' : undefined);
};

test('many batches in the archive tier: no honest one is called foreign, and what was not compared is said', async () => {
  const ledger = await ledgerOf(24, 24);
  archive(
    ledger,
    Array.from({ length: 11 }, (_, i) => batch(1 + 2 * i)),
  );
  const report = await checkLedger(ledger, {}, SECOND + 100);
  expect(report).toMatchObject({ status: 'unverified', findings: [], log: { batches: 24, checkpoints: 1 } });
  expect(report.unreadable).toHaveLength(11);
  expect(report.notChecked.join('\n')).toContain('23 checkpoints were not compared');
});

test('as many batches that are gone: page and core follow the rest, and name the same', async () => {
  const { store } = await ledgerOf(24, 24);
  const mirror: Mirror = new Map(store.objects);
  const gone = Array.from({ length: 11 }, (_, i) => batch(1 + 2 * i));
  for (const name of gone) mirror.delete(name);
  const found = gone.map((name) => `checkpoint-inconsistent ${name}`);
  expect(await coreVerdict(mirror, MIRROR_KEY)).toEqual({ status: 'violated', found });
  expect(await pageVerdict(mirror, MIRROR_KEY)).toEqual({ status: 'violated', found });
  expect((await pageOutcome(mirror, MIRROR_KEY)).notChecked.join('\n')).toContain('12 checkpoints were not compared');
});

test('the newest batch in the archive tier: nobody says that the log has stopped, was cut off, or lacks what was sealed', async () => {
  const ledger = await ledgerOf();
  archive(ledger, [batch(3)]);
  for (const options of [{}, live]) {
    const report = await checkLedger(ledger, options, LATER);
    expect(report).toMatchObject({ status: 'unverified', findings: [], unreadable: [{ object: batch(3) }] });
  }
});

test('all batches in the archive tier: nobody says that there is no log', async () => {
  const ledger = await ledgerOf(1, 2);
  archive(ledger, [batch(0)]);
  const { status, findings } = await checkLedger(ledger, live, LATER);
  expect({ status, findings }).toEqual({ status: 'unverified', findings: [] });
});

test('the checkpoint of a batch that can not be read is still one of the log, or blamed itself', async () => {
  const ledger = await ledgerOf();
  archive(ledger, [batch(1)]);
  edit(ledger.store, checkpoint(1), (text) => text.replace(/\n/, 'x\n'));
  expect(saidOf(await checkLedger(ledger))).toEqual([`checkpoint-invalid ${checkpoint(1)}`]);
});

test('a page that can not read the newest batch says nothing false of what it may have', async () => {
  const { store, tiles } = await ledgerOf();
  const mirror: Mirror = new Map(store.objects);
  for (const [name, bytes] of tiles.objects) mirror.set(`tlog/${name}`, bytes);
  const { status, findings } = await pageOutcome(mirror, MIRROR_KEY, batch(3));
  expect({ status, findings }).toEqual({ status: 'unverified', findings: [] });
});

test('behind more losses than are followed, batches are not judged, and that is said', async () => {
  const { store } = await ledgerOf(2 * MAX_LOSSES + 6, 2 * MAX_LOSSES + 6);
  const mirror: Mirror = new Map(store.objects);
  for (let i = 0; i < MAX_LOSSES + 2; i++) mirror.delete(batch(1 + 2 * i));
  const core = await coreVerdict(mirror, MIRROR_KEY);
  // Where it isn't followed any more, the checkpoints of what is gone show that.
  expect(core.found).toHaveLength(MAX_LOSSES + 2);
  for (const found of core.found) expect(found).toContain('checkpoint-inconsistent');
  expect(await pageVerdict(mirror, MIRROR_KEY)).toEqual(core);
  const said = (await pageOutcome(mirror, MIRROR_KEY)).notChecked.join('\n');
  expect(said).toContain(`3 batches were not looked at: the log was taken up again behind ${MAX_LOSSES} that are lost`);
});
