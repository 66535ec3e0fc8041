import { zstdCompressSync } from 'node:zlib';
import { segmentName } from '../../../src/core/objects/names.ts';
import type { Report } from '../../../src/core/objects/report.ts';
import { saidOf } from '../../support/checking.ts';
import { LEDGER, forge, forgeChain, forgeLines, nameOf, timeOf } from '../../support/forge.ts';
import type { Spec } from '../../support/forge.ts';
import { eventsBetween, ingestOf, sealAll } from '../../support/hub.ts';
import { KeptLog } from '../../support/keptLog.ts';
import { SECOND, checkLedger, ledgerOf } from '../../support/loggedLedger.ts';
import type { Ledger } from '../../support/loggedLedger.ts';
import { KEY, integrateOf, keyOf } from '../../support/logs.ts';
import { MemoryStore } from '../../support/memoryStore.ts';
import { MemoryTiles } from '../../support/memoryTiles.ts';
import { signFrames } from '../../support/sign.ts';

// What somebody makes who may create objects, and has no key, or the key of one session.

/** goOn seals events behind what is planted, and takes all of it into the log, as the app does. */
async function goOn({ store, tiles }: Ledger): Promise<void> {
  await sealAll(ingestOf(store), eventsBetween(12, 13));
  await integrateOf(store, tiles, { now: () => Date.parse(timeOf(SECOND + 30)) }).run(new KeptLog());
}

/** A session that a key of somebody else's certified. */
const STRANGER = { seed: 77, keys: [{ name: LEDGER, seed: 2 }] };
const SECRET = 'attackers-own-text';
const NEXT: Spec = { index: 12, record: 12, events: [12], previous: 11 };

const muting: Spec = {
  ...NEXT,
  kind: 'heartbeat',
  incarnation: 1,
  events: [Number.MAX_SAFE_INTEGER - 1],
  header: { sealed: '9999-12-31T23:59:59.999Z' },
};

describe('what nobody signed who may is named, quoted nowhere, and neither mutes nor stops anything', () => {
  test.each<[string, Buffer]>([
    ['a heartbeat of the year 9999 that begins an incarnation', forge({ ...muting, isUnsigned: true }).stored],
    ['the same, signed by a stranger', forge({ ...muting, session: STRANGER }).stored],
    ['a header of a later version', forgeLines([`{"_segment":{"version":2,"x":"${SECRET}"}}`]).frames],
    [
      'what a stranger signed as of a later version',
      forge({ ...NEXT, session: STRANGER, statement: { version: 2 } }).stored,
    ],
    [
      'a segment of another ledger, signed by its own key',
      forge({ ...NEXT, ledger: SECRET, session: { keys: [{ name: SECRET, seed: 1 }] } }).stored,
    ],
    ['the same, under this ledger’s name', forge({ ...NEXT, session: { keys: [{ name: SECRET, seed: 1 }] } }).stored],
    ['a signature of the log’s key under another name', forge({ ...NEXT, name: nameOf(11) }).stored],
    ['a certificate for batches', forge({ ...NEXT, session: { role: 'batches' } }).stored],
    ['a certificate for another time', forge({ ...NEXT, session: { from: timeOf(0), until: timeOf(3600) } }).stored],
    ['a certificate for a year', forge({ ...NEXT, session: { from: timeOf(0), until: timeOf(31_000_000) } }).stored],
    ['other frames than were signed', forge({ ...NEXT, statement: { frames: 'a'.repeat(64) } }).stored],
    ['many lines in few bytes', zstdCompressSync(Buffer.alloc(50_000_000, '\n'))],
    [
      'the same, signed by a stranger',
      signFrames(
        zstdCompressSync(Buffer.alloc(50_000_000, '\n')),
        nameOf(12),
        { root: 'a'.repeat(64), prev: 'b'.repeat(64), record: 0, incarnation: 0, event: 0, sealed: timeOf(1_000_012) },
        { ledger: LEDGER, ...STRANGER },
      ),
    ],
    ['an empty object', Buffer.alloc(0)],
    ['the head of a signature frame alone', Buffer.from('5a2a4d1840000000', 'hex')],
  ])('%s', async (_what, planted) => {
    const ledger = await ledgerOf();
    ledger.store.objects.set(nameOf(12), planted);
    ledger.store.objects.set(nameOf(0, '7'), planted);
    await goOn(ledger);
    for (const verifiers of [[KEY.verifierKey], []]) {
      const report = await checkLedger(ledger, { verifiers });
      expect(saidOf(report)).toEqual([`foreign-object ${nameOf(12)}`, `foreign-object ${nameOf(0, '7')}`]);
      expect(report).toMatchObject({
        ledger: LEDGER,
        unreadable: [],
        checked: { segments: 25 },
        partitions: [
          { index: 13, lastEvent: 13 },
          { index: 11, lastEvent: 11 },
        ],
        log: { segmentsNotIntegrated: 0 },
      });
      expect(JSON.stringify(report)).not.toContain(SECRET);
    }
  });

  test('a thousand of them, at names of their own and far ahead', async () => {
    const ledger = await ledgerOf();
    const names = Array.from({ length: 1000 }, (_, i) => nameOf(i < 500 ? 12 + i : i * 1_000_000));
    for (const name of names) ledger.store.objects.set(name, Buffer.from('junk'));
    await goOn(ledger);
    const report = await checkLedger(ledger);
    expect(saidOf(report)).toEqual(names.map((name) => `foreign-object ${name}`));
    expect(report.partitions).toMatchObject([{ index: 512, lastEvent: 13 }, {}]);
  });

  test('a large one is dismissed by its end alone', async () => {
    const ledger = await ledgerOf(1, 2);
    ledger.store.objects.set(nameOf(2), Buffer.alloc(5 * 1024 * 1024));
    const touched: string[] = [];
    ledger.store.requests.readEnd = 0;
    ledger.store.beforeRead = (name) => void touched.push(name);
    expect(saidOf(await checkLedger(ledger))).toEqual([`foreign-object ${nameOf(2)}`]);
    expect(touched.filter((name) => name === nameOf(2))).toHaveLength(1);
    expect(ledger.store.requests.readEnd).toBe(1);
  });
});

describe('with the key of one session', () => {
  const chainWith = async (...specs: readonly Spec[]): Promise<Report> => {
    const ledger = { store: new MemoryStore(forgeChain([{}, {}, {}, ...specs])), tiles: new MemoryTiles() };
    return checkLedger(ledger, { verifiers: [] });
  };

  test('nobody dates what he makes before the segment that it follows', async () => {
    const earlier = timeOf(999_999);
    expect(saidOf(await chainWith({ header: { sealed: earlier } }))).toEqual([`chain-broken ${nameOf(3)}`]);
  });

  test('nobody dates it outside the time of the certificate', async () => {
    const spec = { session: { from: timeOf(900_000), until: timeOf(900_001) } };
    expect(saidOf(await chainWith(spec))).toEqual([`foreign-object ${nameOf(3)}`]);
  });

  test('nobody passes over what others sealed', async () => {
    const objects = forgeChain([{}, {}, {}]);
    const [first] = [...objects.values()];
    const { root } = forge({});
    expect(forge({}).stored).toEqual(first);
    objects.set(nameOf(3), forge({ index: 3, record: 1, events: [1], previous: 0, prev: root }).stored);
    const report = await checkLedger({ store: new MemoryStore(objects), tiles: new MemoryTiles() }, { verifiers: [] });
    expect(saidOf(report)).toEqual([`chain-broken ${nameOf(2)}`]);
    expect(report.partitions).toMatchObject([{ index: 2 }]);
  });

  test('nobody invents when the latest event was enqueued', async () => {
    const objects = forgeChain([{}, {}, { latest: timeOf(999_000) }, { latest: timeOf(999_000) }]);
    const report = await checkLedger({ store: new MemoryStore(objects), tiles: new MemoryTiles() }, { verifiers: [] });
    expect(saidOf(report)).toEqual([`segment-malformed ${nameOf(2)}`]);
  });
});

test('without the key that certified them, all segments are foreign, and nothing was checked', async () => {
  const store = new MemoryStore(forgeChain(3));
  const report = await checkLedger({ store, tiles: new MemoryTiles() }, { verifiers: [keyOf(5).verifierKey] });
  expect(saidOf(report)).toEqual([0, 1, 2].map((index) => `foreign-object ${segmentName('0', index)}`));
  expect(report).toMatchObject({ status: 'violated', checked: { segments: 0 }, partitions: [] });
});
