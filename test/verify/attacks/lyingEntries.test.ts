import { saidOf } from '../../support/checking.ts';
import { nameOf } from '../../support/forge.ts';
import { batch, checkLedger, ledgerOf } from '../../support/loggedLedger.ts';
import type { Ledger } from '../../support/loggedLedger.ts';
import { claimBehind, entryLine, foreignLine, grow, headsLine, plantBatch } from '../../support/stolen.ts';
import { MIRROR_KEY, coreVerdict, pageVerdict } from '../../web/mirrors.ts';
import type { Mirror, Verdict } from '../../web/mirrors.ts';

const FAR = 999_999_999_999;
const LIES: readonly (readonly [string, string])[] = [
  ['a foreign object far ahead', foreignLine(nameOf(FAR))],
  ['a segment far ahead', entryLine(FAR)],
  ['a segment that no name has room for', entryLine(FAR + 1)],
  ['a segment that is next and is not there', entryLine(12)],
  ['an action far ahead', foreignLine(`actions/${FAR}.json`)],
  [
    'a report far ahead',
    `{"type":"report","name":"reports/${FAR}.json","sha256":"${'0'.repeat(64)}","status":"verified"}`,
  ],
];

/** ledgerWith makes a ledger whose log has a batch of that entry by a stolen session, and goes on behind it. */
async function ledgerWith(lie: string): Promise<Ledger> {
  const ledger = await ledgerOf();
  plantBatch(ledger, 4, [lie, headsLine(ledger, 3)], claimBehind(ledger, 3));
  await grow(ledger, 14, 30);
  await grow(ledger, 16, 40);
  return ledger;
}

async function both({ store }: Ledger): Promise<Verdict> {
  const mirror: Mirror = new Map(store.objects);
  const core = await coreVerdict(mirror, MIRROR_KEY);
  expect(await pageVerdict(mirror, MIRROR_KEY)).toEqual(core);
  return core;
}

// A session that was stolen can put any entries into the log. They are found, and hide nothing else.
describe.each(LIES)('a batch of a stolen session with an entry of %s', (_what, lie) => {
  test('is blamed', async () => {
    const { found } = await both(await ledgerWith(lie));
    expect(found).toContain(`entry-mismatch ${batch(4)}`);
    for (const object of found) expect(object).not.toContain(batch(5));
  });

  test('does not hide that segments are missing at the end', async () => {
    const ledger = await ledgerWith(lie);
    for (const index of [14, 15]) ledger.store.objects.delete(nameOf(index));
    expect((await both(ledger)).found).toContain(`segment-missing ${nameOf(14)}`);
  });

  test('does not hide that a segment was changed', async () => {
    const ledger = await ledgerWith(lie);
    const bytes = Buffer.from(ledger.store.objects.get(nameOf(14)) as Buffer);
    bytes[20] = (bytes[20] as number) ^ 1;
    ledger.store.objects.set(nameOf(14), bytes);
    expect((await both(ledger)).found).toContain(`segment-changed ${nameOf(14)}`);
  });
});

// The app seals heartbeats by it.
test.each(['9999-12-31T00:00:00.000Z', '2025-11-22T00:00:00.000Z', ''])(
  'heads that say that the newest segments were sealed at "%s" are not where the entries lead',
  async (lie) => {
    const ledger = await ledgerOf();
    const lying = headsLine(ledger, 3).replaceAll(/"sealed":"[^"]*"/g, `"sealed":"${lie}"`);
    plantBatch(ledger, 4, [lying], claimBehind(ledger, 3));
    expect(await both(ledger)).toEqual({ status: 'violated', found: [`entry-mismatch ${batch(4)}`] });
  },
);

test('what has an entry that is out of order, and is gone, is named by the first', async () => {
  const ledger = await ledgerWith(entryLine(FAR));
  for (const index of [14, 15]) ledger.store.objects.delete(nameOf(index));
  const { findings } = await checkLedger(ledger);
  const [missing] = findings.filter(({ code }) => code === 'segment-missing');
  expect(missing).toMatchObject({ object: nameOf(14), detail: expect.stringContaining('of the 2 after it') as string });
  expect(saidOf(await checkLedger(ledger)).filter((said) => said.startsWith('segment-missing'))).toHaveLength(1);
});
