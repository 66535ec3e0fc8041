import { mkdir, mkdtemp, open, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { segmentName } from '../../src/core/objects/names.ts';
import { forgeChain } from '../support/forge.ts';
import { integrateOf } from '../support/logs.ts';
import { KeptLog } from '../support/keptLog.ts';
import { writeMirror } from '../support/logMirror.ts';
import { MemoryStore } from '../support/memoryStore.ts';
import { MemoryTiles } from '../support/memoryTiles.ts';
import { runNode } from '../support/program.ts';

/** More than any object of a ledger may have. */
const TOO_MANY_BYTES = 200 * 1024 * 1024;
/** Enough entries for one full tile. */
const SEGMENTS = 260;

let folder = '';
let mirror = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'auditseal-test-'));
  mirror = join(folder, 'mirror');
  const store = new MemoryStore(forgeChain(SEGMENTS));
  const tiles = new MemoryTiles();
  await integrateOf(store, tiles, { limits: { objects: 200, storedBytes: 1e9 } }).run(new KeptLog());
  await writeMirror(mirror, { store, tiles });
});
afterEach(() => rm(folder, { recursive: true, force: true }));

interface Report {
  readonly status: string;
  readonly findings: readonly { readonly code: string; readonly object: string; readonly detail: string }[];
}

async function verify(...args: readonly string[]): Promise<Report & { readonly code: number | null }> {
  const { code, stdout, stderr } = await runNode(['src/cli/main.ts', 'verify', mirror, '--json', ...args]);
  expect(stderr).toBe('');
  return { code, ...(JSON.parse(stdout) as Report) };
}

async function makeTooLarge(name: string): Promise<void> {
  const path = join(mirror, name);
  await mkdir(dirname(path), { recursive: true });
  await (await open(path, 'a')).close();
  await truncate(path, TOO_MANY_BYTES); // sparse: it takes no room on the disk
}

async function flipBit(name: string): Promise<void> {
  const path = join(mirror, name);
  const bytes = await readFile(path);
  bytes.writeUInt8(bytes.readUInt8(bytes.length >> 1) ^ 1, bytes.length >> 1);
  await writeFile(path, bytes);
}

// Whoever may write tiles, or create blobs, must not silence what is found of all others.
test('a tile that is too large is a finding, and hides no other', async () => {
  const [changed, tile] = [segmentName('0', 7), 'tlog/tile/0/000'];
  await flipBit(changed);
  // Partial tiles may be dropped once the full one is there, so it is looked for.
  await rm(join(mirror, `${tile}.p`), { recursive: true });
  await makeTooLarge(tile);
  const report = await verify();
  expect(report).toMatchObject({ code: 1, status: 'violated' });
  expect(report.findings.map(({ object }) => object)).toEqual(expect.arrayContaining([changed, tile]));
  expect(report.findings.find(({ object }) => object === tile)).toMatchObject({
    code: 'tile-mismatch',
    detail: expect.stringContaining('too large') as string,
  });
});

test.each([
  ['checkpoints/000000000000', 'checkpoint-invalid'],
  ['batches/000000000001.jsonl', 'entry-mismatch'],
  ['cosignatures/000000000000/01234567', 'cosignature-invalid'],
  ['actions/000000000000.json', 'foreign-object'],
  ['reports/000000000000.json', 'foreign-object'],
  [segmentName('0', 9), 'segment-malformed'],
  [segmentName('0', SEGMENTS), 'segment-malformed'],
  ['tlog/checkpoint', 'checkpoint-invalid'],
  ['tlog/tile/entries/000', 'tile-mismatch'],
])('a %s that is too large is a %s, and hides no other', async (name, code) => {
  const changed = segmentName('0', 7);
  await flipBit(changed);
  await makeTooLarge(name);
  const report = await verify();
  expect(report).toMatchObject({ code: 1, status: 'violated' });
  expect(report.findings).toContainEqual(expect.objectContaining({ object: changed }));
  expect(report.findings).toContainEqual(
    expect.objectContaining({ code, object: name, detail: expect.stringContaining('too large') as string }),
  );
});
