import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startAppVault } from '../../local/keyVault/appVault.ts';
import type { AppVault } from '../../local/keyVault/appVault.ts';
import { parseSignerKey } from '../../src/core/note/signerKey.ts';
import { formatVerifierKey, parseVerifierKey } from '../../src/core/note/verifierKey.ts';
import { CLI, runNode } from '../support/program.ts';
import type { Ended } from '../support/program.ts';

const NAME = 'logs.example.com/prod';

let stand: AppVault;
let url = '';
beforeAll(async () => {
  stand = await startAppVault();
  url = stand.vault.keyUrl('log');
});
afterAll(() => stand.close());

/** keygen asks on a machine that has an identity, unless that is taken away. */
const keygen = (args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> =>
  runNode([CLI, 'keygen', ...args], { ...stand.settings, ...env });

test('--vault-key prints the verifier key of what is in the vault, the same each time and another after a rotation', async () => {
  const { code, stdout, stderr } = await keygen(['--name', NAME, '--vault-key', url]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const key = parseVerifierKey(stdout.trim());
  expect(key).toMatchObject({ keyName: NAME, type: 'ecdsa' });
  expect(stdout).toBe(`${stand.vault.verifierKey('log', NAME)}\n`);
  const rotated = await stand.vault.rotate('log');
  expect((await keygen(['--name', NAME, '--vault-key', url])).stdout).toBe(stdout);
  const other = parseVerifierKey((await keygen(['--name', NAME, '--vault-key', rotated])).stdout.trim());
  expect(other.keyId).not.toBe(key.keyId);
});

test.each(['auditor', 'operator'])('--%s makes the key of one, or prints the one in the vault', async (role) => {
  const folder = await mkdtemp(join(tmpdir(), 'auditseal-test-'));
  try {
    const file = join(folder, 'own.key');
    const made = await keygen(['--name', NAME, `--${role}`, '--out', file]);
    expect(made).toMatchObject({ code: 0, stderr: '' });
    const { verifierKey } = parseSignerKey((await readFile(file, 'utf8')).trim());
    expect(verifierKey.keyName).toBe(`${NAME}/${role}`);
    expect(made.stdout).toBe(`${formatVerifierKey(verifierKey)}\n`);
    const vault = await keygen(['--name', NAME, `--${role}`, '--vault-key', stand.vault.keyUrl('auditor')]);
    expect(vault.stdout).toBe(`${stand.verifierKey('auditor', `${NAME}/${role}`)}\n`);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test.each([`${NAME}/sealer`, `${NAME}/auditor`, `${NAME}/operator`])(
  'no key is made for a ledger called %s',
  async (name) => {
    const ended = await keygen(['--name', name, '--out', 'no/such/folder/log.key']);
    expect(ended).toMatchObject({ code: 64, stdout: '' });
    expect(ended.stderr).toContain('the name of a ledger ends neither in /sealer nor in /auditor nor in /operator');
  },
);

test.each<[string, () => string, number, string]>([
  [
    'a URL without a version',
    () => url.replace(/\/[^/]+$/, ''),
    64,
    '--vault-key: the URL of a vault key must name its version',
  ],
  ['a key that is not there', () => url.replace('/log/', '/nothing/'), 2, '404 KeyNotFound'],
])('%s', async (_what, keyUrl, code, said) => {
  const ended = await keygen(['--name', NAME, '--vault-key', keyUrl()]);
  expect(ended).toMatchObject({ code, stdout: '' });
  expect(ended.stderr).toContain(said);
});

test('a key on another curve', async () => {
  const ended = await keygen(['--name', NAME, '--vault-key', await stand.vault.createKey('wide', 'P-384')]);
  expect(ended).toMatchObject({ code: 2, stdout: '' });
  expect(ended.stderr).toContain('not a key on P-256');
});

test('a vault whose certificate this machine does not know', async () => {
  const ended = await keygen(['--name', NAME, '--vault-key', url], { NODE_EXTRA_CA_CERTS: '' });
  expect(ended).toMatchObject({ code: 2, stdout: '' });
  expect(ended.stderr).toMatch(/can't read the key .*certificate/);
});

test.each([[[]], [['--vault-key', 'URL', '--out', 'no/such/folder/log.key']]])(
  'neither or both of what it can do: %j',
  async (args) => {
    const ended = await keygen(['--name', NAME, ...args]);
    expect(ended).toMatchObject({ code: 64, stdout: '' });
    expect(ended.stderr).toContain('give --out or --vault-key, one of the two');
  },
);
