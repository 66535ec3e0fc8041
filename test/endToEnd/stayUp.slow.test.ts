import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openCheckpoint } from '../../src/core/note/checkpoint.ts';
import { parseEvidence, verifyEvidence } from '../../src/core/objects/evidence.ts';
import { parseVerifierKey } from '../../src/core/note/verifierKey.ts';
import { ROOT } from '../support/program.ts';

let folder = '';
let child: ChildProcess | undefined;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'auditseal-test-'));
});
afterEach(async () => {
  child?.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

/** start runs `npm start`, with its temporary files in `folder`, until it says `until` or ends. */
async function start(until: string, ...args: readonly string[]) {
  const started = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', 'local/start.ts', ...args], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NODE_OPTIONS: '', TMPDIR: folder },
  });
  child = started;
  let told = '';
  const ended = new Promise<number | null>((resolve) => started.on('close', resolve));
  await new Promise<void>((resolve, reject) => {
    started.stdout.setEncoding('utf8').on('data', (text: string) => {
      told += text;
      if (told.includes(until)) resolve();
    });
    void ended.then((code) => reject(new Error(`it ended with ${code}: ${told}`)));
  });
  return {
    told: () => told,
    interrupt: async (): Promise<number | null> => {
      started.kill('SIGINT');
      return ended;
    },
  };
}

test('what it prints while it stays up is there: log, tile, evidence, pages, key; an interruption ends it', async () => {
  const up = await start('show ./mirror');
  try {
    const addressOf = (thing: string): string =>
      new RegExp(`^  ${thing} +(\\S+)$`, 'm').exec(up.told())?.[1] ?? `no ${thing} in ${up.told()}`;
    const bytesOf = async (thing: string): Promise<Buffer> => {
      const answer = await fetch(addressOf(thing));
      expect([thing, answer.status]).toEqual([thing, 200]);
      return Buffer.from(await answer.arrayBuffer());
    };
    const key = parseVerifierKey(addressOf('verifier key'));
    const { checkpoint } = openCheckpoint(await bytesOf('log'), key.keyName, [key]);
    expect(await bytesOf('a tile of it')).toHaveLength(32 * checkpoint.size);
    const evidence = await bytesOf('evidence');
    expect(verifyEvidence(parseEvidence(evidence), [key])).toMatchObject({ ok: true, seal: { record: 0 } });
    expect(await readFile(addressOf('as a file'))).toEqual(evidence);
    const page = (await bytesOf('report page')).toString();
    expect(page).toContain(`${key.keyName}+${key.keyId}`);
    expect(await readFile(fileURLToPath(addressOf('check page')), 'utf8')).toMatch(/^<!doctype html>/i);
  } finally {
    expect(await up.interrupt()).toBe(0);
  }
  expect(await readdir(folder)).toEqual([]);
});

test.each(['Sending', 'Tampering'])('interrupted at %s it ends at once and leaves nothing', async (step) => {
  const running = await start(step, '--once');
  expect(await running.interrupt()).toBe(130);
  expect(running.told()).toMatch(/\nStopping\n$/);
  expect(await readdir(folder)).toEqual([]);
});
