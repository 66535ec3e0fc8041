import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { tamper } from '../../../local/demo/tampering.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'auditseal-test-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** tileOf gives the tile that is changed in a mirror which has these. */
async function tileOf(tiles: readonly string[]): Promise<string | undefined> {
  const mirror = join(folder, 'mirror');
  const names = ['segments/0/000000000000.jsonl.zst', 'batches/000000000000.jsonl', 'checkpoints/000000000000'];
  for (const name of [...names, ...tiles]) {
    await mkdir(dirname(join(mirror, name)), { recursive: true });
    await writeFile(join(mirror, name), '{"type":"x"}\n');
  }
  let changed: string | undefined;
  await tamper(mirror, folder, async (copy, { code, object }) => {
    if (!code.test('tile-mismatch')) return;
    changed = object;
    expect(await readFile(join(copy, object))).not.toEqual(await readFile(join(mirror, object)));
  });
  await rm(mirror, { recursive: true });
  return changed;
}

test.each([
  ['000.p/9', '000.p/15'],
  ['000.p/255', '000'],
  ['255', '256.p/2'],
  ['999.p/3', 'x001/000.p/1'],
  ['x001/234.p/7', 'x001/234.p/10'],
])('of the tiles %s and %s, the one that is changed is of the newest checkpoint: the second', async (older, newest) => {
  const tiles = [older, newest].map((path) => `tlog/tile/0/${path}`);
  expect(await tileOf(tiles)).toBe(tiles[1]);
  expect(await tileOf(tiles.toReversed())).toBe(tiles[1]);
});
