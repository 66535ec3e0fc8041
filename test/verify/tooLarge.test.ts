import { segmentName } from '../../src/core/objects/names.ts';
import type { Report } from '../../src/core/objects/report.ts';
import { forgeChain } from '../support/forge.ts';
import { KeptLog } from '../support/keptLog.ts';
import { checkLedger } from '../support/loggedLedger.ts';
import { integrateOf } from '../support/logs.ts';
import { MemoryStore } from '../support/memoryStore.ts';
import { MemoryTiles } from '../support/memoryTiles.ts';

// The command line shows the same once, on a mirror with a file of 200 MiB: test/cli/tooLarge.test.ts.

/** Enough entries for one full tile. */
const SEGMENTS = 260;
const CHANGED = segmentName('0', 7);
const TLOG = 'tlog/';

const whole = new MemoryStore(forgeChain(SEGMENTS));
const wholeTiles = new MemoryTiles();
beforeAll(async () => {
  await integrateOf(whole, wholeTiles, { limits: { objects: 200, storedBytes: 1e9 } }).run(new KeptLog());
});

/** checkWith checks the ledger with a segment changed, and without some tiles, where an object of that name is too large. */
async function checkWith(large: string, isGone: (tile: string) => boolean = () => false): Promise<Report> {
  const store = new MemoryStore(whole.objects);
  const tiles = new MemoryTiles();
  for (const [name, bytes] of wholeTiles.objects) if (!isGone(name)) tiles.objects.set(name, bytes);
  const changed = Buffer.from(store.objects.get(CHANGED) as Buffer);
  changed.writeUInt8(changed.readUInt8(changed.length >> 1) ^ 1, changed.length >> 1);
  store.objects.set(CHANGED, changed);
  if (large.startsWith(TLOG)) {
    const tile = large.slice(TLOG.length);
    tiles.objects.set(tile, Buffer.alloc(0));
    tiles.beforeRead = (name) => (name === tile ? 'too-large' : undefined);
  } else {
    store.objects.set(large, Buffer.alloc(0));
    store.beforeRead = (name) => (name === large ? 'too-large' : undefined);
  }
  return checkLedger({ store, tiles });
}

const said = (code: string, object: string): unknown =>
  expect.objectContaining({ code, object, detail: expect.stringContaining('it is too large') as string });

// Whoever may write tiles, or create blobs, must not silence what is found of all others.
test.each([
  ['checkpoints/000000000000', 'checkpoint-invalid'],
  ['batches/000000000001.jsonl', 'foreign-object'],
  ['cosignatures/000000000000/01234567-0123456789abcdef', 'cosignature-invalid'],
  ['actions/000000000000.json', 'foreign-object'],
  ['reports/000000000000.json', 'foreign-object'],
  [segmentName('0', 9), 'foreign-object'],
  [segmentName('0', SEGMENTS), 'foreign-object'],
  ['tlog/checkpoint', 'checkpoint-invalid'],
  ['tlog/tile/0/000', 'tile-mismatch'],
  ['tlog/tile/entries/000', 'tile-mismatch'],
])('a %s that is too large is a %s, and hides no other', async (name, code) => {
  const report = await checkWith(name);
  expect(report).toMatchObject({ status: 'violated', unreadable: [] });
  expect(report.findings).toContainEqual(expect.objectContaining({ object: CHANGED }));
  expect(report.findings).toContainEqual(said(code, name));
});

test('a full tile that is too large is a finding where the partial ones were dropped, too', async () => {
  const tile = 'tlog/tile/0/000';
  const { findings } = await checkWith(tile, (name) => name.startsWith('tile/0/000.p/'));
  expect(findings).toContainEqual(said('tile-mismatch', tile));
  expect(findings).toContainEqual(expect.objectContaining({ object: CHANGED }));
});
