import { copyFile, cp, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatVerifierKey } from '../../src/core/note/verifierKey.ts';
import { forgeChain } from '../support/forge.ts';
import { writeLogMirror } from '../support/logMirror.ts';
import { KEY, keyOf } from '../support/logs.ts';
import { auditseal } from '../support/program.ts';
import type { Ended } from '../support/program.ts';

const VKEY = formatVerifierKey(KEY.verifierKey);
const CHECKPOINT = 'checkpoints/000000000002';

let folder = '';
let mirror = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'auditseal-test-'));
  mirror = join(folder, 'mirror');
  await writeLogMirror(mirror, forgeChain(5));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const verify = (...args: readonly string[]): Promise<Ended> => auditseal('verify', mirror, ...args);

interface Report {
  readonly status: string;
  readonly log: { readonly checkpoints: number; readonly signatures: number; readonly tiles: number };
  readonly findings: readonly { readonly code: string; readonly object: string }[];
}

async function report(...args: readonly string[]): Promise<Report & { code: number | null }> {
  const { code, stdout } = await verify(...args, '--json');
  return { code, ...(JSON.parse(stdout) as Report) };
}

test('signatures, tiles and a kept checkpoint are checked, and the kept one is brought up to date', async () => {
  const kept = join(folder, 'kept');
  const first = await report('--key', VKEY, '--anchor', kept);
  expect(first).toMatchObject({ code: 0, status: 'verified', findings: [], log: { checkpoints: 3 } });
  // Those of the history, and the published one.
  expect(first.log.signatures).toBe(4);
  expect(first.log.tiles).toBeGreaterThan(0);
  expect(await readFile(kept)).toEqual(await readFile(join(mirror, CHECKPOINT)));
  // And now the kept one's.
  const { stdout } = await verify('--key', VKEY, '--anchor', kept);
  expect(stdout).toMatch(
    /log: \d+ entries, 3 checkpoints, 5 signatures verified, \d+ tiles compared; 0 segments not in it yet/,
  );
});

test('a history that was cut behind the kept checkpoint is found, and the kept one stays', async () => {
  const kept = join(folder, 'kept');
  await copyFile(join(mirror, CHECKPOINT), kept);
  const before = await readFile(kept);
  for (const part of ['checkpoints', 'batches']) {
    const names = (await readdir(join(mirror, part))).sort();
    await rm(join(mirror, part, names.at(-1) as string));
  }
  await rm(join(mirror, 'tlog'), { recursive: true });
  const cut = await report('--key', VKEY, '--anchor', kept);
  expect(cut).toMatchObject({ code: 1, status: 'violated' });
  expect(cut.findings.map(({ code }) => code)).toContain('checkpoint-inconsistent');
  expect(await readFile(kept)).toEqual(before);
});

test('a checkpoint that no trusted key signed, and a tile that lies, are named', async () => {
  const stranger = await report('--key', formatVerifierKey(keyOf(9).verifierKey));
  expect(stranger.code).toBe(1);
  expect(stranger.findings).toContainEqual(expect.objectContaining({ code: 'checkpoint-invalid', object: CHECKPOINT }));

  const [tile] = (await readdir(join(mirror, 'tlog', 'tile', '0'), { recursive: true })).filter((name) =>
    /\d$/.test(name),
  );
  const path = join(mirror, 'tlog', 'tile', '0', '000.p');
  expect(tile).toBeDefined();
  const elsewhere = join(folder, 'elsewhere');
  await cp(join(mirror, 'tlog'), elsewhere, { recursive: true });
  for (const width of await readdir(path)) {
    const bytes = await readFile(join(path, width));
    bytes[0] = (bytes[0] as number) ^ 1;
    await writeFile(join(path, width), bytes);
  }
  const lying = await report('--key', VKEY);
  expect(lying).toMatchObject({ code: 1, status: 'violated' });
  expect(lying.findings.map(({ code }) => code)).toContain('tile-mismatch');
  expect(await report('--key', VKEY, '--tlog', elsewhere)).toMatchObject({ code: 0, findings: [] });
});

test('--anchor without a key is a wrong usage', async () => {
  const { code, stderr } = await verify('--anchor', join(folder, 'kept'));
  expect({ code, stderr }).toMatchObject({
    code: 64,
    stderr: expect.stringContaining('--anchor needs a --key') as string,
  });
});

test('mirror --tlog copies tiles and checkpoint, so that the copy verifies as the ledger does', async () => {
  const copy = join(folder, 'copy');
  const source = mirror;
  const copyAll = (): Promise<Ended> => auditseal('mirror', source, copy, '--tlog', join(source, 'tlog'), '--json');
  const mirrored = await copyAll();
  expect(mirrored).toMatchObject({ code: 0, stderr: '' });
  const names = async (root: string): Promise<string[]> => (await readdir(root, { recursive: true })).sort();
  expect(await names(copy)).toEqual(await names(mirror));
  mirror = copy;
  expect(await report('--key', VKEY)).toMatchObject({ code: 0, findings: [], log: { signatures: 4 } });
  const again = await copyAll();
  expect(JSON.parse(again.stdout)).toMatchObject({ copied: 0, failed: [] });
});
