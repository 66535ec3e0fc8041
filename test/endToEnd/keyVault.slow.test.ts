import { join } from 'node:path';
import { readBodies, sendBodies } from '../../local/demo/feed.ts';
import { Sealing } from '../../local/demo/sealing.ts';
import { startHost } from '../../local/host/client.ts';
import type { HostLine, HostProcess } from '../../local/host/client.ts';
import { HUB_NAME, NO_TIMERS, startStack } from '../../local/stack.ts';
import type { Stack } from '../../local/stack.ts';
import { openCheckpoint } from '../../src/core/note/checkpoint.ts';
import { parseSignerKey } from '../../src/core/note/signerKey.ts';
import { parseVerifierKey } from '../../src/core/note/verifierKey.ts';
import type { VerifierKey } from '../../src/core/note/verifierKey.ts';
import type { Report } from '../../src/core/objects/report.ts';
import { openReport } from '../../src/core/objects/reportFile.ts';
import { CLI, ROOT, runNode } from '../support/program.ts';

let stack: Stack;
let sealing: Sealing;
const hosts: HostProcess[] = [];
beforeEach(async () => {
  stack = await startStack({ appDir: ROOT, partitions: 1, hasVault: true, settings: NO_TIMERS });
  sealing = new Sealing(() => {});
});
afterEach(async () => {
  await Promise.all(hosts.splice(0).map((host) => host.stop()));
  await stack.close();
});

const setting = (name: string): string => stack.settings[name] as string;

/** hostWith starts a host whose settings differ from the stack's; undefined takes one away. */
async function hostWith(changes: Readonly<Record<string, string | undefined>> = {}): Promise<HostProcess> {
  const settings = Object.entries({ ...stack.settings, ...changes }).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  const onLine = (line: HostLine): void => sealing.add(line);
  const host = await startHost({ appDir: ROOT, settings: Object.fromEntries(settings), onLine });
  hosts.push(host);
  return host;
}

async function seal(): Promise<void> {
  const bodies = (await readBodies(join(ROOT, 'local', 'examples'), true)).slice(0, 1);
  const feed = await sendBodies(stack.hub.connectionString(), HUB_NAME, bodies, 1, () => {});
  await sealing.until(feed.last);
}

async function names(prefix: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { name } of stack.owner.listBlobsFlat({ prefix })) found.push(name);
  return found;
}

const read = (name: string): Promise<Buffer> => stack.owner.getBlobClient(name).downloadToBuffer();

/** vaultKey asks for the vault's key as an operator does, from a machine that has an identity. */
async function vaultKey(url = setting('SIGNER__keyUrl')): Promise<VerifierKey> {
  const env = Object.fromEntries(
    ['NODE_EXTRA_CA_CERTS', 'IDENTITY_ENDPOINT', 'IDENTITY_HEADER'].map((name) => [name, setting(name)]),
  );
  const args = [CLI, 'keygen', '--name', setting('LEDGER_ORIGIN'), '--vault-key', url];
  const { code, stdout, stderr } = await runNode(args, env);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return parseVerifierKey(stdout.trim());
}

/** newestReport opens the newest report of a check with the auditor's key in the vault, which alone signs reports here. */
async function newestReport(): Promise<Report> {
  const auditors = { ledger: setting('LEDGER_ORIGIN'), verifiers: [parseVerifierKey(stack.auditorKey)] };
  expect(auditors.verifiers[0]?.type).toBe('ecdsa');
  const all = (await names('reports/')).filter((name) => name.endsWith('.json'));
  const opened = await Promise.all(all.map(async (name) => openReport(await read(name), name, auditors)));
  return opened.findLast(({ kind }) => kind === 'integrity') as Report;
}

test('the built app signs with a secret and a key in a vault, over TLS and with a managed identity', async () => {
  const host = await hostWith();
  await seal();
  expect(await host.runTimer('integrate')).toMatchObject({ outcome: 'succeeded' });
  const [secret, shown] = [parseSignerKey(setting('LEDGER_SIGNER_KEY')).verifierKey, await vaultKey()];
  expect([secret.type, shown.type]).toEqual(['ed25519', 'ecdsa']);
  const first = await read('checkpoints/000000000000');
  for (const key of [secret, shown])
    expect(openCheckpoint(first, key.keyName, [key]).signatures).toMatchObject([{ keyId: key.keyId }]);

  // The vault refuses: the order is final, nothing is signed, and the next run goes on from there.
  await seal();
  stack.vault?.failNext(403);
  const failed = await host.runTimer('integrate');
  expect(failed).toMatchObject({ outcome: 'failed', error: { message: expect.stringContaining('403') as string } });
  expect([await names('batches/'), await names('checkpoints/')].map(({ length }) => length)).toEqual([3, 2]);
  expect(await host.runTimer('integrate')).toMatchObject({ outcome: 'succeeded' });
  // One more says how far the index reaches, as the second one does: after a fault the app begins anew.
  expect([await names('batches/'), await names('checkpoints/')].map(({ length }) => length)).toEqual([4, 4]);

  expect(await host.runTimer('verify')).toMatchObject({ outcome: 'succeeded' });
  expect(await newestReport()).toMatchObject({ status: 'verified', findings: [], log: { checkpoints: 4 } });
  expect(await host.stop()).toBe(0);

  // An app that only verifies, by what the vault shows: it signs nothing.
  const shownOnly = {
    LEDGER_SIGNER_KEY: undefined,
    SIGNER__keyUrl: undefined,
    LEDGER_VERIFIER_KEYS: setting('SIGNER__keyUrl'),
  };
  const auditor = await hostWith(shownOnly);
  expect(await auditor.runTimer('verify')).toMatchObject({ outcome: 'succeeded' });
  expect(await newestReport()).toMatchObject({ status: 'verified', findings: [] });
  const refused = await auditor.runTimer('integrate');
  expect(refused).toMatchObject({
    outcome: 'failed',
    error: {
      message: expect.stringMatching(/LEDGER_SIGNER_KEY: is missing; ingest and integrate sign with it/) as string,
    },
  });
});

test('a vault that is away when the app starts: nothing is sealed without a certificate, and all comes back', async () => {
  await hostWith();
  stack.vault?.failNext(403);
  const failures: string[] = [];
  const host = hosts[0] as HostProcess;
  host.onLine((line) => {
    if (line.type === 'invocation' && line.outcome === 'failed') failures.push(line.error?.message ?? '');
  });
  await seal();
  expect(failures).toEqual([expect.stringMatching(/can't read the key https:.*403/)]);
  for (const timer of ['integrate', 'verify'])
    expect(await host.runTimer(timer)).toMatchObject({ outcome: 'succeeded' });
  expect(await newestReport()).toMatchObject({ status: 'verified', findings: [], checked: { segments: 1 } });
});
