import { check, saidOf } from '../../support/checking.ts';
import { timeOf } from '../../support/forge.ts';
import { eventsBetween, ingestOf, sealAll } from '../../support/hub.ts';
import { KeptLog } from '../../support/keptLog.ts';
import { KEY, integrateOf } from '../../support/logs.ts';
import { MemoryStore } from '../../support/memoryStore.ts';
import { MemoryTiles } from '../../support/memoryTiles.ts';
import { summarizeSegment } from '../../../src/core/segment/summary.ts';
import { verifyLedger } from '../../../src/verify/verify.ts';

// A log in use grows while it is checked: what is published was read before the batches were.

const STALE = ['checkpoint-stale tlog/checkpoint'];

/** published grows a log and gives, oldest first, the checkpoints that were published. */
async function grow(times: number, second = 0): Promise<{ store: MemoryStore; tiles: MemoryTiles; notes: Buffer[] }> {
  const [store, tiles] = [new MemoryStore(), new MemoryTiles()];
  const notes: Buffer[] = [];
  for (let i = 0; i < times; i++) {
    await sealAll(ingestOf(store), eventsBetween(i, i, i + second));
    await integrateOf(store, tiles).run(new KeptLog());
    notes.push(tiles.objects.get('checkpoint') as Buffer);
  }
  return { store, tiles, notes };
}

/** saidWhere checks a ledger whose published checkpoint is one, and another when it is read again. */
async function saidWhere(store: MemoryStore, tiles: MemoryTiles, first: Buffer, then: Buffer): Promise<string[]> {
  let reads = 0;
  const moving = new MemoryTiles();
  for (const [name, bytes] of tiles.objects) moving.objects.set(name, bytes);
  moving.beforeRead = (name) => {
    if (name === 'checkpoint') moving.objects.set(name, reads++ === 0 ? first : then);
    return undefined;
  };
  return saidOf(
    await verifyLedger(
      {
        store,
        tiles: moving,
        now: () => Date.parse(timeOf(3_000_000)),
        summarize: async (stored, question) => summarizeSegment(stored, question),
        concurrency: 3,
      },
      { verifiers: [KEY.verifierKey] },
    ),
  );
}

test('what is published meanwhile counts, and what stays stale is said', async () => {
  const { store, tiles, notes } = await grow(4);
  const [old, older, newest] = [notes.at(-2), notes.at(-3), notes.at(-1)] as [Buffer, Buffer, Buffer];
  expect(saidOf(await check(store))).toEqual([]);
  expect(await saidWhere(store, tiles, old, newest)).toEqual([]);
  expect(await saidWhere(store, tiles, older, newest)).toEqual([]);
  expect(await saidWhere(store, tiles, older, older)).toEqual(STALE);
  expect(await saidWhere(store, tiles, older, old)).toEqual(STALE);
});

test('what is published meanwhile and is ahead of the check counts where the tiles prove that it goes on', async () => {
  const { store, tiles, notes } = await grow(6);
  const copy = new MemoryStore();
  const batches = [...store.objects.keys()].filter((name) => name.startsWith('batches/')).length;
  const behind = [batches - 2, batches - 1].map((number) => String(number).padStart(12, '0'));
  for (const [name, bytes] of store.objects)
    if (!behind.some((number) => /^(batches|checkpoints)\//.test(name) && name.includes(number)))
      copy.objects.set(name, bytes);
  const [newest, stale] = [notes.at(-1), notes.at(-5)] as [Buffer, Buffer];
  expect(await saidWhere(copy, tiles, stale, newest)).toEqual([]);

  const { notes: fork } = await grow(6, 50);
  expect(await saidWhere(copy, tiles, stale, fork.at(-1) as Buffer)).toEqual(STALE);
  const forged = Buffer.from(
    newest.toString('utf8').replace(/[A-Za-z0-9+/]{40}=\n$/, (it) => `${'A'.repeat(40)}${it.slice(40)}`),
  );
  expect(await saidWhere(copy, tiles, stale, forged)).toEqual(expect.arrayContaining(STALE));
});
