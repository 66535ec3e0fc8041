import { MAX_INDEX, batchName, checkpointName } from '../../src/core/objects/names.ts';
import { batchMetadata } from '../../src/core/signed/batchSignature.ts';
import { deriveLog, expectWholeLog } from '../support/deriveLog.ts';
import { LEDGER, forgeChain, timeOf } from '../support/forge.ts';
import { KeptLog } from '../support/keptLog.ts';
import { SECOND, ledgerOf, read } from '../support/loggedLedger.ts';
import type { Ledger } from '../support/loggedLedger.ts';
import { coded } from '../support/logVectors.ts';
import { KEY, integrateOf } from '../support/logs.ts';
import { linesOf } from '../support/resign.ts';
import { referenceRoot } from '../support/referenceLedger.ts';
import { dayOf, signLines } from '../support/sign.ts';
import type { HandSession } from '../support/sign.ts';

// Who starts looks for the newest batch that a checkpoint of the log's keys covers. Checkpoints and lines can be copied.

/** STRANGER is a session that a key certified which the log doesn't know. */
const STRANGER: Partial<HandSession> = { seed: 77, keys: [{ name: LEDGER, seed: 2 }] };

/** copy puts the entries of a batch, signed by somebody else, and its checkpoint under another number. */
function copy(
  { store }: Ledger,
  from: number,
  to: number,
  { session = STRANGER, claim = {} }: { readonly session?: Partial<HandSession>; readonly claim?: object } = {},
): void {
  const { lines, claim: own } = linesOf(read(store, batchName(from)));
  const whole = { ...dayOf(timeOf(SECOND + 4)), ledger: LEDGER, ...session };
  store.objects.set(batchName(to), signLines(Buffer.from(lines), batchName(to), { ...own, ...claim }, whole));
  store.objects.set(checkpointName(to), read(store, checkpointName(from)));
}

/** grow adds segments of partition 0 and takes them into the log, by a process that has just started. */
async function grow({ store, tiles }: Ledger, length: number, second: number): Promise<KeptLog> {
  for (const [name, bytes] of forgeChain(length)) if (!store.objects.has(name)) store.objects.set(name, bytes);
  const log = new KeptLog();
  await integrateOf(store, tiles, { now: () => Date.parse(timeOf(SECOND + second)) }).run(log);
  return log;
}

/** expectGoesOn lets two processes start one after the other, and derives the whole log anew behind each. */
async function expectGoesOn(ledger: Ledger, batches: number[]): Promise<void> {
  const { store } = ledger;
  for (const [i, length] of [14, 16].entries()) {
    await grow(ledger, length, 30 + 10 * i);
    const log = deriveLog(store.objects, KEY.verifierKey);
    expect(log.batches).toEqual([0, 1, 2, 3, ...batches.slice(0, i + 1)]);
    expectWholeLog(store.objects, log, ['0', '1']);
  }
}

describe('a copy of a batch and of its checkpoint under the next number is no base, whoever signed it', () => {
  test.each<[string, (ledger: Ledger) => void]>([
    ['the newest, by a stranger', (ledger) => copy(ledger, 3, 4)],
    ['an older one, by a stranger', (ledger) => copy(ledger, 1, 4)],
    ['the first, by a stranger', (ledger) => copy(ledger, 0, 4)],
    ['the newest, by a stolen session', (ledger) => copy(ledger, 3, 4, { session: {} })],
    ['an older one, by a stolen session', (ledger) => copy(ledger, 1, 4, { session: {} })],
    ['the newest, behind itself', (ledger) => copy(ledger, 3, 4, { session: {}, claim: { previous: 3 } })],
    ['the newest, behind what is to come', (ledger) => copy(ledger, 3, 4, { session: {}, claim: { previous: 7 } })],
    ['the newest, as the first', (ledger) => copy(ledger, 3, 4, { session: {}, claim: { previous: -1 } })],
  ])('%s', async (_what, plant) => {
    const ledger = await ledgerOf();
    plant(ledger);
    await expectGoesOn(ledger, [5, 6]);
  });

  test.each([0, 1, 3])('%d, where tiles are lost too', async (from) => {
    const ledger = await ledgerOf();
    copy(ledger, from, 4);
    ledger.tiles.objects.clear();
    await expectGoesOn(ledger, [5, 6]);
  });
});

describe('copies that go on from each other, by a session whose certificate was for their time and is over', () => {
  test.each([2, 3, 4])('of the newest %d', async (count) => {
    const ledger = await ledgerOf();
    const over = { from: timeOf(SECOND - 3600), until: timeOf(SECOND + 10) };
    for (let i = 0; i < count; i++)
      copy(ledger, 4 - count + i, 4 + i, { session: over, claim: i === 0 ? {} : { previous: 3 + i } });
    await expectGoesOn(ledger, [4 + count, 5 + count]);
  });
});

describe('the last number that there is', () => {
  test.each<[string, Partial<HandSession>]>([
    ['a stranger', STRANGER],
    ['a stolen session', {}],
  ])('in the hands of %s leaves the numbers before it', async (_who, session) => {
    const ledger = await ledgerOf();
    copy(ledger, 3, MAX_INDEX, { session, claim: { previous: 3 } });
    // Where a process that starts looks for the first free name.
    ledger.store.objects.set(batchName(6), Buffer.from('junk'));
    await expectGoesOn(ledger, [4, 5]);
  });
});

describe('in the archive tier, what a stolen session once signed stops nothing', () => {
  const over = dayOf(timeOf(SECOND - 1_900_000));
  test.each<[string, object, Partial<HandSession>]>([
    ['behind another batch', { previous: 1 }, {}],
    ['behind a tree of another size', { previous: 3 }, {}],
    ['when its certificate was over', { previous: 3, size: 29 }, over],
  ])('%s', async (_what, claim, session) => {
    const ledger = await ledgerOf();
    const { store } = ledger;
    copy(ledger, 3, 4, { session, claim: { ...claim, ...(session === over && { root: rootOf(ledger) }) } });
    store.metadataOf.set(batchName(4), batchMetadata(read(store, batchName(4))));
    store.objects.delete(checkpointName(4));
    store.beforeRead = (name) => (name === batchName(4) ? 'archived' : undefined);
    await expectGoesOn(ledger, [5, 6]);
  });
});

/** rootOf is the root of the whole log, in hex. */
const rootOf = ({ store }: Ledger): string => referenceRoot(deriveLog(store.objects, KEY.verifierKey).entries);

test('a published checkpoint that the batches never come to: nothing is signed', async () => {
  const ledger = await ledgerOf();
  const { store, tiles } = ledger;
  for (const number of [2, 3]) {
    store.objects.delete(batchName(number));
    store.objects.delete(checkpointName(number));
  }
  const before = [...store.objects.keys()];
  const grown = integrateOf(store, tiles, { now: () => Date.parse(timeOf(SECOND + 30)) }).run(new KeptLog());
  await expect(grown).rejects.toEqual(coded('FORK_DETECTED'));
  expect([...store.objects.keys()]).toEqual(before);
  // One that the log's keys didn't sign says nothing.
  tiles.objects.set('checkpoint', Buffer.from('junk'));
  await grow(ledger, 14, 30);
  expect(deriveLog(store.objects, KEY.verifierKey).batches).toEqual([0, 1, 2]);
});
