import { cp, mkdir, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { command as mirror } from '../../src/cli/commands/mirror.ts';
import { command as verify } from '../../src/cli/commands/verify.ts';
import { formatVerifierKey } from '../../src/core/note/verifierKey.ts';
import { parseSlice } from '../../src/core/objects/slice.ts';
import { nameOf } from '../support/forge.ts';
import { writeMirror } from '../support/logMirror.ts';
import { KEY } from '../support/logs.ts';
import { inProcess } from '../support/program.ts';
import { momentOf, sliceScene } from '../support/sliceScene.ts';

// What keeps a slice from being whole, and what doesn't.

const key = `--key=${formatVerifierKey(KEY.verifierKey)}`;
const INTERVAL = [`--from=${momentOf(3)}`, `--to=${momentOf(9)}`, '--partition=0', '--partition=1'];

let folder: string;
let source: string;
let slice: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'auditseal-test-'));
  await writeMirror(join(folder, 'whole'), await sliceScene());
});
afterAll(() => rm(folder, { recursive: true }));
beforeEach(async () => {
  source = await mkdtemp(join(folder, 'source-'));
  slice = await mkdtemp(join(folder, 'slice-'));
  await cp(join(folder, 'whole'), source, { recursive: true });
});

const copy = (): Promise<{ code: number; out: string }> =>
  inProcess(() => mirror.run([source, slice, ...INTERVAL, key]));
const entriesOf = async (): Promise<number> => parseSlice(await readFile(join(slice, 'slice.json'))).entries;

test.each([
  'cosignatures/000000000001/deadbeef-0123456789abcdef',
  'actions/000000000099.json',
  'batches/000000000099.jsonl',
])('what anybody may have put under %s, and nobody can copy, keeps no segment back', async (name) => {
  await mkdir(dirname(join(source, name)), { recursive: true });
  await writeFile(join(source, name), '');
  await truncate(join(source, name), 210_000_000);
  const { code, out } = await copy();
  expect([code, out]).toEqual([2, expect.stringContaining(`not copied: ${name}: it is too large`)]);
  expect(out).toMatch(/\d segments of the 31 that the log has\n/);
  expect(await entriesOf()).toBeGreaterThan(31);
  expect((await inProcess(() => verify.run([slice, ...INTERVAL, key, '--threads=1']))).code).toBe(0);
});

test('a copy that lacks a segment does not call itself whole', async () => {
  await rm(join(source, nameOf(4)));
  const { code, out } = await copy();
  expect([code, out]).toEqual([2, expect.stringContaining(`not copied: ${nameOf(4)}`)]);
  expect(out).toContain('it is no whole slice yet');
  expect(await entriesOf()).toBe(0);
  expect((await inProcess(() => verify.run([slice, ...INTERVAL, key, '--threads=1']))).code).toBe(1);
});
