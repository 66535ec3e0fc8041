import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { command as checkCommand } from '../../src/cli/commands/check.ts';
import { command as verifyCommand } from '../../src/cli/commands/verify.ts';
import { parseTlogProof } from '../../src/core/note/tlogProof.ts';
import { parseEvidence } from '../../src/core/objects/evidence.ts';
import type { Report } from '../../src/core/objects/report.ts';
import { sceneOf } from '../support/attackScene.ts';
import type { Scene } from '../support/attackScene.ts';
import { ATTACKS } from '../support/attacks.ts';
import { EVIDENCE_ATTACKS } from '../support/evidenceAttacks.ts';
import { inProcess } from '../support/program.ts';

// The tables of docs/threat-model.md are made of these attacks and of what they say is found.

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'auditseal-test-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const pathOf = (name: string): string => join(folder, name);

/** writeScene writes what a verifier has: a mirror, and the checkpoint that he kept. */
async function writeScene({ objects, kept }: Scene): Promise<void> {
  for (const [name, bytes] of objects) {
    await mkdir(dirname(join(folder, 'mirror', name)), { recursive: true });
    await writeFile(join(folder, 'mirror', name), bytes);
  }
  await writeFile(pathOf('kept'), kept);
}

interface Outcome {
  readonly code: number;
  readonly status: string;
  readonly said: readonly string[];
  readonly notChecked: string;
}

async function verify(...options: readonly string[]): Promise<Outcome> {
  const args = [pathOf('mirror'), '--threads', '1', '--json', ...options];
  const { code, out } = await inProcess(() => verifyCommand.run(args));
  const { status, findings, notChecked, unreadable } = JSON.parse(out) as Report;
  expect(unreadable).toEqual([]);
  const said = findings.map(({ code, object }) => `${code} ${object.replace(`${folder}/`, '')}`);
  return { code, status, said: said.sort(), notChecked: notChecked.join('; ') };
}

const outcome = (finds: readonly string[]): Omit<Outcome, 'notChecked'> => ({
  code: finds.length > 0 ? 1 : 0,
  status: finds.length > 0 ? 'violated' : 'verified',
  said: [...finds].sort(),
});

test('without an attack nothing is found, and the record is proved', async () => {
  const scene = await sceneOf();
  await writeScene(scene);
  const { key } = scene;
  for (const options of [[], ['--key', key], ['--key', key, '--anchor', pathOf('kept')]])
    expect(await verify(...options)).toMatchObject(outcome([]));
});

test.each(ATTACKS)('$name: $does', async ({ make, finds, says }) => {
  const scene = await sceneOf();
  await make(scene);
  await writeScene(scene);
  const { key } = scene;
  const means = [[], ['--key', key], ['--key', key, '--anchor', pathOf('kept')]];
  for (const [i, options] of means.entries()) {
    const found = await verify(...options);
    expect(found).toMatchObject(outcome(finds[i] as readonly string[]));
    if (says !== undefined && found.said.length === 0) expect(found.notChecked).toContain(says);
  }
});

test.each(EVIDENCE_ATTACKS)('evidence, $name: $does', async ({ forge, check, finds }) => {
  const scene = await sceneOf();
  const file = await forge(scene);
  await writeFile(pathOf('evidence'), file);
  const { proof } = parseEvidence(file);
  await writeScene({ ...scene, kept: Buffer.from(parseTlogProof(proof).checkpoint) });
  const run = async (...options: readonly string[]): Promise<readonly [string, number]> => {
    const { code, out } = await inProcess(() => checkCommand.run([pathOf('evidence'), '--json', ...options]));
    return [(JSON.parse(out) as { status: string }).status, code];
  };
  expect(await run()).toEqual(['unchecked', 2]);
  expect(await run('--key', scene.key)).toEqual(check);
  expect(await verify('--key', scene.key, '--anchor', pathOf('kept'))).toMatchObject(outcome(finds));
});

test('every attack of the tables has a name of its own', () => {
  const names = [...ATTACKS, ...EVIDENCE_ATTACKS].map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
});
