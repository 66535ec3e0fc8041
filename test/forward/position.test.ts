import { ForwardScene, chainOf } from '../support/forwardScene.ts';
import { LEDGER, forgeChain, timeOf } from '../support/forge.ts';
import { KeptLog } from '../support/keptLog.ts';
import { AUDITOR, KEY, integrateOf, keyOf, signerOf } from '../support/logs.ts';
import { MemoryStore } from '../support/memoryStore.ts';
import { MemoryTiles } from '../support/memoryTiles.ts';
import { MAX_OWED, MAX_POSITION_BYTES, formatPosition, openPosition } from '../../src/forward/position.ts';
import type { Position } from '../../src/forward/position.ts';
import { joinSigned } from '../../src/core/signed/documentSignature.ts';
import { positionMessage } from '../../src/core/signed/positionSignature.ts';
import { ZERO_HASH } from '../../src/core/hash.ts';

// Whoever may write the position, or the tiles, wants records not to arrive, and nobody to see it.

let scene: ForwardScene;
let position: Position;
beforeEach(async () => {
  scene = await ForwardScene.begin();
  await scene.grow(chainOf(4));
  await scene.run();
  position = openPosition(scene.position.bytes as Buffer, LEDGER, [AUDITOR.verifierKey]);
  await scene.grow(chainOf(8));
  scene.messages();
});
afterEach(() => scene.end());

const signed = (changes: Partial<Position>, ledger = LEDGER, key = AUDITOR): Promise<Buffer> =>
  formatPosition(ledger, { ...position, ...changes }, signerOf(key));

/** expectStopped runs it, and expects that it hands nothing on and says why. */
async function expectStopped(why: RegExp): Promise<void> {
  const rows = scene.service.rows.length;
  await scene.run();
  expect(scene.whys()).toEqual([expect.stringMatching(why)]);
  expect(scene.service.rows.length).toBe(rows);
}

describe('a position that somebody else wrote stops it and is named', () => {
  test('one that is set ahead, and not signed again', async () => {
    const text = String(scene.position.bytes).replace(/"next":\d+/, '"next":9');
    expect(text).not.toBe(String(scene.position.bytes));
    scene.position.put(text);
    await expectStopped(/not signed by this ledger's auditor/);
  });

  test.each([
    ['nothing', Buffer.alloc(0)],
    ['zeros', Buffer.alloc(1000)],
    ['JSON without a signature', Buffer.from('{"version":1}')],
    ['JSON that nests deep', Buffer.from('['.repeat(100_000))],
  ])('%s', async (_what, bytes) => {
    scene.position.put(bytes);
    await expectStopped(/not signed by this ledger's auditor/);
  });

  test('one that the log signed, and one of another auditor', async () => {
    for (const key of [KEY, keyOf(7, `${LEDGER}/auditor`), keyOf(100, 'logs.example.com/other/auditor')]) {
      scene.position.put(await signed({}, LEDGER, key));
      await expectStopped(/not signed by this ledger's auditor/);
    }
  });

  test('one that the auditor signed for another ledger', async () => {
    scene.position.put(await signed({}, 'logs.example.com/other'));
    await expectStopped(/not signed by this ledger's auditor/);
  });
});

test('every flipped bit of a position stops it', async () => {
  const good = Buffer.from(scene.position.bytes as Buffer);
  for (let at = 0; at < good.length; at++) {
    const bad = Buffer.from(good);
    bad.writeUInt8(bad.readUInt8(at) ^ 1, at);
    expect(() => openPosition(bad, LEDGER, [AUDITOR.verifierKey])).toThrow(/position of forwarding/);
  }
});

test('an old position that is put back makes duplicates, and a lost one says that it begins', async () => {
  const old = Buffer.from(scene.position.bytes as Buffer);
  await scene.run();
  const { length } = scene.service.rows;
  scene.position.put(old);
  await scene.run();
  scene.expectAll();
  expect(scene.service.rows.length).toBe(length + 12);
  scene.messages();
  scene.position.bytes = undefined;
  await scene.run();
  scene.expectAll();
  expect(scene.messages()).toEqual(['forwarding begins', 'forwarded']);
});

test('a lost position does not skip in silence what came meanwhile, where it begins with now', async () => {
  scene.position.bytes = undefined;
  await scene.run({ from: 'now' });
  expect(scene.messages()).toEqual(['forwarding begins', 'forwarded']);
  expect(scene.service.rows.filter(({ Kind }) => Kind === 'begin').length).toBe(2);
});

describe('a position that the auditor signed, and that is not of this log', () => {
  test('ahead of it', async () => {
    const { seen } = position;
    const next = seen.size + 100;
    scene.position.put(await signed({ seen: { ...seen, size: next }, next, batch: next }));
    await expectStopped(/an older one was put back/);
  });

  test('of a log that forked', async () => {
    scene.position.put(await signed({ seen: { ...position.seen, rootHash: ZERO_HASH } }));
    await expectStopped(/does not go on from/);
  });

  test('in the middle of a batch', async () => {
    scene.position.put(await signed({ batch: 2 }));
    await expectStopped(/where no batch ends/);
  });

  test('with a debt that is no segment’s', async () => {
    scene.position.put(await signed({ owed: [0] }));
    await expectStopped(/owes entry 0, which is no segment's/);
  });

  test.each([
    { next: 1, batch: 3 },
    { next: 1e9 },
    { owed: [1e6] },
    { from: 'yesterday' },
    { omitted: -1 },
    { owedRecord: 1 },
    { refused: -1 },
  ])('%j', async (changes) => {
    scene.position.put(await signed(changes));
    await expectStopped(/signed, and not as this program prints it/);
  });
});

test('the largest position has room', async () => {
  const owed = Array.from({ length: MAX_OWED }, (_, i) => 10_000_000_000 + i);
  const large = {
    ...position,
    seen: { size: 1e15, rootHash: ZERO_HASH },
    batch: 1e12,
    next: 1e13,
    owed,
    target: { endpoint: `https://${'x'.repeat(253)}`, rule: 'x'.repeat(100) },
  };
  const bytes = await formatPosition('x'.repeat(200), large, signerOf(AUDITOR));
  expect(bytes.length).toBeLessThan(MAX_POSITION_BYTES);
});

test('a position that is signed and no JSON is none, and is not called one of another version', async () => {
  const text = Buffer.from('{"version":1,');
  const signature = await signerOf(AUDITOR).sign(positionMessage(LEDGER, text));
  scene.position.put(joinSigned(text, AUDITOR.verifierKey, signature));
  await expectStopped(/is signed, and no JSON object/);
});

describe('whoever may write the tiles', () => {
  test('puts an older checkpoint back: that is said', async () => {
    const old = scene.tiles.objects.get('checkpoint') as Buffer;
    await scene.grow(chainOf(12));
    await scene.run();
    scene.messages();
    scene.tiles.objects.set('checkpoint', old);
    await expectStopped(/an older one was put back/);
  });

  test('publishes a log of his own', async () => {
    const [store, tiles] = [new MemoryStore(forgeChain(9)), new MemoryTiles()];
    const key = keyOf(66);
    await integrateOf(store, tiles, {
      signers: [signerOf(key)],
      verifiers: [key.verifierKey],
      now: () => Date.parse(timeOf(2_000_001)),
    }).run(new KeptLog());
    scene.tiles.objects.clear();
    for (const [name, bytes] of tiles.objects) scene.tiles.objects.set(name, bytes);
    await expectStopped(/no given key signed/);
  });

  test('changes an entry, or takes a bundle away', async () => {
    // An entry of the key, and twice four segments and the heads; of partial bundles of earlier sizes nothing is read.
    const name = 'tile/entries/000.p/11';
    const bytes = scene.tiles.objects.get(name) as Buffer;
    scene.tiles.objects.set(name, Buffer.from(bytes.toString('latin1').replace('"index":6', '"index":7'), 'latin1'));
    await expectStopped(/is not that of the tree: rebuild the tiles/);
    scene.tiles.objects.delete(name);
    await expectStopped(/is missing: rebuild the tiles/);
    scene.tiles.objects.set(name, bytes);
    await scene.run();
    scene.expectAll();
  });
});
