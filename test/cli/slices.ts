import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from '../../src/cli/command.ts';
import { command as mirror } from '../../src/cli/commands/mirror.ts';
import { command as verify } from '../../src/cli/commands/verify.ts';
import { AuditsealError } from '../../src/core/errors.ts';
import { formatVerifierKey } from '../../src/core/note/verifierKey.ts';
import { writeMirror } from '../support/logMirror.ts';
import { KEY } from '../support/logs.ts';
import { inProcess } from '../support/program.ts';
import { momentOf, sliceScene } from '../support/sliceScene.ts';

export const key = `--key=${formatVerifierKey(KEY.verifierKey)}`;
export const span = (from: number, to: number): string[] => [`--from=${momentOf(from)}`, `--to=${momentOf(to)}`];
export const MIDDLE = span(3, 9);
/** Partition 10 is sealed until a time within it. */
export const AS_FAR_AS_SEALED = {
  code: 2,
  out: expect.stringContaining('verified, in that interval alone, which is NOT COMPLETE') as string,
};

let folder: string;
/** a mirror of the whole ledger, and where slices are made */
export let whole: string;
export let slice: string;

/** prepareSlices makes the mirror before all tests of a file, and an empty folder for a slice before each. */
export function prepareSlices(): void {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'auditseal-test-'));
    whole = join(folder, 'whole');
    await writeMirror(whole, await sliceScene());
  });
  afterAll(() => rm(folder, { recursive: true }));
  beforeEach(async () => {
    slice = await mkdtemp(join(folder, 'slice-'));
  });
}

/** run gives a command's exit status and what it printed; of a fault what it would end with. */
export async function run(command: Command, ...args: string[]): Promise<{ code: number; out: string }> {
  try {
    return await inProcess(() => command.run(args));
  } catch (error) {
    if (!(error instanceof AuditsealError)) throw error;
    return { code: error.code === 'USAGE' ? 64 : 2, out: error.message };
  }
}

export const cut = (...more: string[]): Promise<{ code: number; out: string }> =>
  run(mirror, whole, slice, ...MIDDLE, key, ...more);
export const check = (...args: string[]): Promise<{ code: number; out: string }> =>
  run(verify, slice, key, '--threads=1', ...args);
export const segmentsIn = async (path: string): Promise<string[]> =>
  (await readdir(join(path, 'segments'), { recursive: true })).filter((name) => name.endsWith('.zst')).sort();
