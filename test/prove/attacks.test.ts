import { batchName, checkpointName } from '../../src/core/objects/names.ts';
import { proveRecord } from '../../src/prove/prove.ts';
import type { RecordPlace } from '../../src/prove/prove.ts';
import { nameOf } from '../support/forge.ts';
import { ledgerOf, read } from '../support/loggedLedger.ts';
import type { Ledger } from '../support/loggedLedger.ts';
import { coded } from '../support/logVectors.ts';
import { KEY } from '../support/logs.ts';
import { claimBehind, entryLine, grow, headsLine, plantBatch } from '../support/stolen.ts';

/** said is what becomes of a proof. */
async function said({ store, tiles }: Ledger, place: RecordPlace): Promise<string> {
  const proved = await proveRecord({ store, tiles, verifiers: [KEY.verifierKey] }, place);
  return proved.ok ? proved.segment : proved.reason;
}

/** expectAllProved demands the evidence of each record of partition 0, one in each segment, and none of the next. */
async function expectAllProved(ledger: Ledger, count: number): Promise<void> {
  for (let index = 0; index < count; index++) {
    expect(await said(ledger, { partition: '0', record: index })).toBe(nameOf(index));
    expect(await said(ledger, { segment: { partition: '0', index }, line: 1 })).toBe(nameOf(index));
  }
  expect(await said(ledger, { partition: '0', record: count })).toBe('absent');
  expect(await said(ledger, { segment: { partition: '0', index: count }, line: 1 })).toBe('absent');
}

const MANY = { records: { first: 0, count: 1_000_000_000 } };

// Whoever stole a session's key can sign batches that say anything.
describe('a batch of a stolen session that is not in the log hides and shifts nothing', () => {
  test.each([
    ['its heads are far ahead', 4, (heads: string) => [heads.replaceAll(/"next":\d+/g, '"next":999999999')]],
    [
      'it is dated outside of its certificate',
      -1_000_000,
      (heads: string) => [heads.replaceAll(/"next":\d+/g, '"next":99')],
    ],
    ['it has an entry of all records', 4, (heads: string) => [entryLine(11, MANY), heads]],
    [
      'it has the next entry, of all records',
      4,
      (heads: string) => [entryLine(12, MANY), heads.replace('"next":12', '"next":13')],
    ],
  ])('where %s', async (_what, second, linesOf) => {
    const ledger = await ledgerOf();
    plantBatch(ledger, 4, linesOf(headsLine(ledger, 3)), { ...claimBehind(ledger, 3), size: 5 }, second);
    await grow(ledger, 14, 30);
    await grow(ledger, 16, 40);
    await expectAllProved(ledger, 16);
  });

  test('where an old checkpoint stands under its number', async () => {
    const ledger = await ledgerOf();
    const lying = headsLine(ledger, 3).replaceAll(/"next":\d+/g, '"next":999999999');
    plantBatch(ledger, 4, [lying], { ...claimBehind(ledger, 3), size: 28 });
    ledger.store.objects.set(checkpointName(4), read(ledger.store, checkpointName(3)));
    await grow(ledger, 14, 30);
    await grow(ledger, 16, 40);
    await expectAllProved(ledger, 16);
  });

  test('where it is an old batch once more, behind the newest', async () => {
    const ledger = await ledgerOf();
    plantBatch(ledger, 4, [headsLine(ledger, 1)], { ...claimBehind(ledger, 1), size: 14 });
    ledger.store.objects.set(checkpointName(4), read(ledger.store, checkpointName(1)));
    await expectAllProved(ledger, 12);
  });
});

test('an entry of the log by a stolen session that no segment can have hides nothing', async () => {
  const ledger = await ledgerOf();
  const lines = [entryLine(11, MANY), entryLine(999_999_999_999, MANY), headsLine(ledger, 3)];
  plantBatch(ledger, 4, lines, claimBehind(ledger, 3));
  await grow(ledger, 14, 30);
  await grow(ledger, 16, 40);
  await expectAllProved(ledger, 16);
});

test.each([batchName(1), nameOf(4)])(
  '%s in the archive tier is named, and not called missing or changed',
  async (name) => {
    const ledger = await ledgerOf();
    ledger.store.beforeRead = (asked) => (asked === name ? 'archived' : undefined);
    for (const place of [
      { partition: '0', record: 4 },
      { segment: { partition: '0', index: 4 }, line: 1 },
    ]) {
      const proof = said(ledger, place);
      await expect(proof).rejects.toThrow(coded('STORE_UNAVAILABLE'));
      await expect(proof).rejects.toThrow(new RegExp(`^${name}.*rehydrate it$`));
    }
  },
);

test('what nobody signed is not waited for in the archive tier', async () => {
  const ledger = await ledgerOf();
  ledger.store.objects.set(batchName(4), Buffer.from('x'));
  ledger.store.beforeRead = (asked) => (asked === batchName(4) ? 'archived' : undefined);
  await expectAllProved(ledger, 12);
});

test('where the tiles are those of an earlier time, what they do not prove yet is not called another one’s', async () => {
  const ledger = await ledgerOf();
  const old = new Map(ledger.tiles.objects);
  await grow(ledger, 14, 30);
  const { objects } = ledger.tiles;
  objects.clear();
  for (const [name, bytes] of old) objects.set(name, bytes);
  const { store, tiles } = ledger;
  const proved = await proveRecord({ store, tiles, verifiers: [KEY.verifierKey] }, { partition: '0', record: 12 });
  expect(proved).toEqual({
    ok: false,
    reason: 'absent',
    why: 'the log has no record 12 of partition 0, or not yet: a batch has it, and no tiles prove that the log does',
  });
});
