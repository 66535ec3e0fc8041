import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { readBodies, sendBodies } from '../../local/demo/feed.ts';
import { Sealing } from '../../local/demo/sealing.ts';
import { HUB_NAME, NO_TIMERS, startStack } from '../../local/stack.ts';
import type { Stack } from '../../local/stack.ts';
import { formatSignerKey } from '../../src/core/note/signerKey.ts';
import { formatVerifierKey } from '../../src/core/note/verifierKey.ts';
import { AUDITOR, KEY } from '../support/logs.ts';
import { CLI, ROOT, auditseal } from '../support/program.ts';
import { witnessKey } from '../support/witnesses.ts';

const LOG = formatVerifierKey(KEY.verifierKey);

let folder: string;
let stack: Stack | undefined;
const running = new Set<ChildProcess>();
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'auditseal-test-'));
});
afterEach(async () => {
  await stack?.close();
  for (const child of running) {
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
  }
  await rm(folder, { recursive: true });
});

/** start starts a witness, and gives its line of a policy. */
async function start(number: number): Promise<string> {
  const keyFile = join(folder, `w${number}.key`);
  await writeFile(keyFile, `${formatSignerKey(witnessKey(number))}\n`);
  const args = ['witness', '--key', keyFile, '--state', join(folder, `w${number}.state`), '--log', LOG];
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', CLI, ...args], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  running.add(child);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<string> => (await lines.next()).value?.slice(5) ?? '';
  return `witness w${number} ${await next()} ${await next()}`;
}

test('the app has its checkpoint cosigned by the witnesses of its settings, and both checks see it', async () => {
  const witnesses = await Promise.all([1, 2].map(start));
  // Nobody listens at the third one's address.
  const third = (await start(3)).replace(/:\d+$/, ':1');
  const policy = [`log ${LOG}`, ...witnesses, third, 'group g 2 w1 w2 w3', 'quorum g'];
  const file = join(folder, 'policy');
  await writeFile(file, `${policy.join('\n')}\n`);
  stack = await startStack({
    appDir: ROOT,
    partitions: 1,
    settings: {
      ...NO_TIMERS,
      LEDGER_ORIGIN: KEY.verifierKey.keyName,
      LEDGER_SIGNER_KEY: formatSignerKey(KEY),
      AUDITOR_SIGNER_KEY: formatSignerKey(AUDITOR),
      WITNESS_POLICY: policy.join(';'),
    },
  });
  const sealing = new Sealing(() => {});
  const said: string[] = [];
  const host = await stack.startHost((line) => {
    said.push(JSON.stringify(line));
    sealing.add(line);
  });
  const bodies = await readBodies(join(ROOT, 'local', 'examples'), true);
  await sealing.until((await sendBodies(stack.hub.connectionString(), HUB_NAME, bodies, 1, () => {})).last);
  expect((await host.runTimer('integrate')).outcome).toBe('succeeded');
  expect((await host.runTimer('verify')).outcome).toBe('succeeded');
  const cosignatures: string[] = [];
  for await (const { name } of stack.owner.listBlobsFlat({ prefix: 'cosignatures/' })) cosignatures.push(name);
  expect(cosignatures).toHaveLength(2);
  expect(said.join('\n')).toContain('a witness did not cosign');
  const checked = await auditseal('verify', stack.sasUrl('rl'), '--policy', file, '--json');
  expect(checked.stderr).toBe('');
  expect(JSON.parse(checked.stdout)).toMatchObject({
    status: 'verified',
    log: { cosignatures: { verified: 2, quorum: { number: 1, witnesses: ['w1', 'w2'] } } },
  });
  const reports: string[] = [];
  for await (const { name } of stack.owner.listBlobsFlat({ prefix: 'reports/' })) reports.push(name);
  const bytes = await stack.owner
    .getBlobClient(reports.find((name) => name.endsWith('.json')) ?? '')
    .downloadToBuffer();
  expect(bytes.toString('utf8')).toContain('"quorum":{"number":1,"witnesses":["w1","w2"]}');
});
