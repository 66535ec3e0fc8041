import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { remoteWitness } from '../../src/adapters/witnessClient.ts';
import { createSignerKey, formatSignerKey } from '../../src/core/note/signerKey.ts';
import { formatVerifierKey, parseVerifierKey } from '../../src/core/note/verifierKey.ts';
import type { Cosigned } from '../../src/ports/signing.ts';
import { CLI, ROOT, auditseal } from '../support/program.ts';
import type { Ended } from '../support/program.ts';
import { LOG_KEY, TestLog, WITNESS_KEY } from '../support/witnessLog.ts';

const LOG = formatVerifierKey(LOG_KEY.verifierKey);
const OTHER = createSignerKey('audit.example.com/log2', Buffer.alloc(32, 2));
const log = new TestLog();
const fork = new TestLog(LOG_KEY, 2);

let folder: string;
let keyFile: string;
let stateFile: string;
const running = new Set<ChildProcess>();

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'auditseal-test-'));
  keyFile = join(folder, 'witness.key');
  stateFile = join(folder, 'witness.state');
  await writeFile(keyFile, `${formatSignerKey(WITNESS_KEY)}\n`);
});
afterEach(async () => {
  for (const child of running) await stop(child, 'SIGKILL');
  await rm(folder, { recursive: true });
});

interface Running {
  readonly child: ChildProcess;
  readonly key: string;
  readonly url: string;
}

/** start starts a witness and gives what it printed once it listens. */
async function start(...options: readonly string[]): Promise<Running> {
  const args = ['--disable-warning=ExperimentalWarning', CLI, 'witness', '--key', keyFile, '--state', stateFile];
  const child = spawn(process.execPath, [...args, '--log', LOG, ...options], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  running.add(child);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<string> => (await lines.next()).value?.slice(5) ?? '';
  return { child, key: await next(), url: await next() };
}

async function stop(child: ChildProcess, signal: 'SIGTERM' | 'SIGINT' | 'SIGKILL'): Promise<number | null> {
  running.delete(child);
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  const ended = once(child, 'exit');
  child.kill(signal);
  const [code] = (await ended) as [number | null];
  return code;
}

const ask = ({ key, url }: Running, size: number, of = log): Promise<Cosigned> =>
  remoteWitness({ verifierKey: parseVerifierKey(key), url }).cosign({
    checkpoint: of.checkpoint(size),
    knownSize: 0,
    proveConsistency: async (from, to) => of.proof(from, to),
  });

const REFUSED = { isCosigned: false, why: expect.stringContaining('422') as string };

const fails = (...args: string[]): Promise<Ended> => auditseal('witness', ...args);

describe('auditseal witness', () => {
  test('that is killed remembers, whatever happens when', async () => {
    for (const [size, isCosigned] of [
      [3, true],
      [2, false],
      [5, true],
      [5, true],
      [4, false],
    ] as const) {
      const witness = await start();
      expect(witness.key).toBe('witness.example.com/w1+564bb631+BNqH7hDtmL18oACVeH+R+E8DXKKZF1xFfakoniFdmwcA');
      expect(await ask(witness, size)).toMatchObject({ isCosigned });
      expect(await ask(witness, 8, fork)).toMatchObject(REFUSED);
      await stop(witness.child, 'SIGKILL');
    }
  });

  test('that is killed while requests race has forgotten nothing that it answered', async () => {
    for (let round = 1; round <= 3; round++) {
      const witness = await start();
      const sizes = [1, 2, 3, 4, 5].map((i) => i + round * 5);
      const answered: number[] = [];
      const asked = sizes.map(async (size) => {
        if ((await ask(witness, size)).isCosigned) answered.push(size);
      });
      await Promise.race(asked);
      await stop(witness.child, 'SIGKILL');
      await Promise.all(asked);
      const again = await start();
      const known = await ask(again, 1);
      if (known.isCosigned) throw new Error('it was rolled back');
      expect(known.witnessSize).toBeGreaterThanOrEqual(Math.max(...answered));
      expect(await ask(again, 40, fork)).toMatchObject({ isCosigned: false });
      await stop(again.child, 'SIGKILL');
    }
  });

  test.each(['SIGTERM', 'SIGINT'] as const)('listens on this machine only, and stops on %s', async (signal) => {
    const witness = await start();
    expect(witness.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect((await ask(witness, 3)).isCosigned).toBe(true);
    expect(await stop(witness.child, signal)).toBe(0);
  });

  describe('that finds another process at its state file', () => {
    const refused = {
      code: 2,
      stdout: '',
      stderr: expect.stringContaining('witness.state is in use by another process') as string,
    };
    const startAgain = (state = stateFile): Promise<Ended> => fails('--key', keyFile, '--state', state, '--log', LOG);

    test('does not listen, and starts once that one has ended, however it did', async () => {
      for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
        const first = await start();
        expect(await startAgain()).toEqual(refused);
        expect(await ask(first, 3)).toMatchObject({ isCosigned: true });
        await stop(first.child, signal);
      }
      const last = await start();
      expect(await ask(last, 8, fork)).toMatchObject(REFUSED);
      expect(await ask(last, 2)).toMatchObject({ isCosigned: false, witnessSize: 3 });
    });

    test('does not listen while that one hangs in the middle of its requests, and forgets none of them', async () => {
      const first = await start();
      const asked = [1, 2, 3].map((size) => ask(first, size));
      await Promise.race(asked);
      first.child.kill('SIGSTOP');
      expect(await startAgain()).toEqual(refused);
      const link = join(folder, 'link');
      await symlink(stateFile, link);
      expect(await startAgain(link)).toMatchObject({ code: 2, stdout: '' });
      first.child.kill('SIGCONT');
      await Promise.all(asked);
      expect(await ask(first, 4)).toMatchObject({ isCosigned: true });
      first.child.kill('SIGSTOP');
      await stop(first.child, 'SIGKILL');
      const last = await start();
      expect(await ask(last, 8, fork)).toMatchObject(REFUSED);
      expect(await ask(last, 2)).toMatchObject({ isCosigned: false, witnessSize: 4 });
    });

    test('is one of many that start at once: one listens', async () => {
      const started = await Promise.all([1, 2, 3, 4].map(() => start()));
      const listening = started.filter(({ url }) => url !== '');
      expect(listening).toHaveLength(1);
      expect(await ask(listening[0] as Running, 3)).toMatchObject({ isCosigned: true });
    });
  });

  test('cosigns nothing once an older state was put back under it', async () => {
    const witness = await start();
    await ask(witness, 3);
    const older = await readFile(stateFile);
    await ask(witness, 5);
    await writeFile(stateFile, older);
    for (const of of [log, fork])
      expect(await ask(witness, 8, of)).toMatchObject({
        isCosigned: false,
        why: expect.stringContaining('503') as string,
      });
    expect(await stop(witness.child, 'SIGTERM')).toBe(0);
    expect(await readFile(stateFile)).toEqual(older);
  });

  test('listens where it is told', async () => {
    const witness = await start('--listen', '[::1]:0', '--log', formatVerifierKey(OTHER.verifierKey));
    expect(witness.url).toMatch(/^http:\/\/\[::1\]:\d+$/);
    expect((await ask(witness, 3)).isCosigned).toBe(true);
    const port = new URL(witness.url).port;
    const otherState = join(folder, 'other.state');
    const second = await fails('--key', keyFile, '--state', otherState, '--log', LOG, '--listen', `[::1]:${port}`);
    expect(second).toMatchObject({ code: 2, stderr: expect.stringContaining('EADDRINUSE') as string });
    expect(await stop(witness.child, 'SIGTERM')).toBe(0);
  });

  test('does not start on a state that is damaged, empty or of another version, and leaves it alone', async () => {
    const witness = await start();
    await ask(witness, 3);
    await stop(witness.child, 'SIGTERM');
    const good = await readFile(stateFile);
    for (const [bad, why] of [
      [good.subarray(0, good.length / 2), 'is damaged; put back its newest copy, or retire the key'],
      [Buffer.alloc(0), 'is damaged'],
      [Buffer.from(good.toString().replace('/v1', '/v2')), 'got auditseal-witness/v2; use the release that wrote it'],
    ] as const) {
      await writeFile(stateFile, bad);
      const { code, stdout, stderr } = await fails('--key', keyFile, '--state', stateFile, '--log', LOG);
      expect([code, stdout, stderr]).toEqual([2, '', expect.stringContaining(why)]);
      expect(await readFile(stateFile)).toEqual(bad);
    }
  });

  test('says what is wrong with its command line', async () => {
    const all = ['--key', keyFile, '--state', stateFile, '--log', LOG];
    const loop = join(folder, 'loop');
    await symlink('loop', loop);
    const witnessKey = 'witness.example.com/w1+564bb631+BNqH7hDtmL18oACVeH+R+E8DXKKZF1xFfakoniFdmwcA';
    for (const [args, status, why] of [
      [[], 64, '--key, --state and at least one --log'],
      [all.slice(0, 4), 64, 'at least one --log'],
      [[...all, 'x'], 64, 'no arguments'],
      [[...all, '--log', 'x'], 64, '--log: the key is not'],
      [[...all, '--log', witnessKey], 64, 'of a witness'],
      [[...all, '--listen', '8080'], 64, '--listen'],
      [[...all, '--listen', '127.0.0.1:65536'], 64, 'port'],
      [[...all, '--key', join(folder, 'none')], 2, "can't be read"],
      [[...all, '--key', stateFile], 2, "can't be read"],
      [[...all, '--key', join(ROOT, 'README.md')], 2, 'holds no key'],
      [[...all, '--key', join(ROOT, 'knip.json')], 2, 'the signer key does not begin with'],
      [[...all, '--state', folder], 2, 'is a folder: expected a file'],
      [[...all, '--state', join(folder, 'none', 'state')], 2, "can't be used (ENOENT)"],
      [[...all, '--state', join(keyFile, 'state')], 2, "can't be used (ENOTDIR)"],
      [[...all, '--state', loop], 2, "can't be used (ELOOP)"],
      [[...all, '--state', '/proc/self/mem'], 2, "can't be used"],
    ] as const) {
      const { code, stderr, stdout } = await fails(...args);
      expect([code, stderr, stdout]).toEqual([status, expect.stringContaining(why), '']);
    }
  });

  test('explains itself', async () => {
    const { code, stdout } = await fails('--help');
    expect([code, stdout]).toEqual([0, expect.stringContaining('--listen HOST:PORT')]);
    expect((await auditseal('--help')).stdout).toContain('auditseal witness');
  });
});
