import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { segmentName } from '../../src/core/objects/names.ts';
import { forgeChain } from '../support/forge.ts';
import { integrateOf } from '../support/logs.ts';
import { KeptLog } from '../support/keptLog.ts';
import { writeMirror } from '../support/logMirror.ts';
import { MemoryStore } from '../support/memoryStore.ts';
import { MemoryTiles } from '../support/memoryTiles.ts';
import { auditseal } from '../support/program.ts';

/** More than any object of a ledger may have. */
const TOO_MANY_BYTES = 200 * 1024 * 1024;

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'auditseal-test-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

// Whoever may write tiles must not silence what is found of all others. For other objects: test/verify/tooLarge.test.ts.
test('a tile that is too large is a finding, and hides no other', async () => {
  const mirror = join(folder, 'mirror');
  const store = new MemoryStore(forgeChain(260)); // enough entries for one full tile
  const tiles = new MemoryTiles();
  await integrateOf(store, tiles, { limits: { objects: 200, storedBytes: 1e9 } }).run(new KeptLog());
  await writeMirror(mirror, { store, tiles });
  const [changed, tile] = [segmentName('0', 7), 'tlog/tile/0/000'];
  const bytes = await readFile(join(mirror, changed));
  bytes.writeUInt8(bytes.readUInt8(bytes.length >> 1) ^ 1, bytes.length >> 1);
  await writeFile(join(mirror, changed), bytes);
  // Partial tiles may be dropped once the full one is there, so it is looked for.
  await rm(join(mirror, `${tile}.p`), { recursive: true });
  await truncate(join(mirror, tile), TOO_MANY_BYTES); // sparse: it takes no room on the disk

  const { code, stdout, stderr } = await auditseal('verify', mirror, '--json');
  const { status, findings } = JSON.parse(stdout) as {
    readonly status: string;
    readonly findings: readonly { readonly object: string }[];
  };
  expect({ code, stderr, status }).toEqual({ code: 1, stderr: '', status: 'violated' });
  expect(findings.map(({ object }) => object)).toEqual(expect.arrayContaining([changed, tile]));
  expect(findings.find(({ object }) => object === tile)).toMatchObject({
    code: 'tile-mismatch',
    detail: expect.stringContaining('too large') as string,
  });
});
