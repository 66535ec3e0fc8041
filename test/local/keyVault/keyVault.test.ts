import { createHash, createPublicKey, verify } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CryptographyClient, KeyClient } from '@azure/keyvault-keys';
import { localKeyVaultOptions } from '../../../local/keyVault/clientOptions.ts';
import { startKeyVault } from '../../../local/keyVault/keyVault.ts';
import type { KeyVault } from '../../../local/keyVault/keyVault.ts';

const scopes: unknown[] = [];
const credential = {
  getToken: async (scope: string | string[]) => {
    scopes.push(scope);
    return Promise.resolve({ token: 'test', expiresOnTimestamp: Date.now() + 3_600_000 });
  },
};
const TEXT = Buffer.from('what is signed\n');
const digest = createHash('sha256').update(TEXT).digest();

let vault: KeyVault;
let keys: KeyClient;
const cryptography = (keyUrl: string): CryptographyClient =>
  new CryptographyClient(keyUrl, credential, localKeyVaultOptions());

/** isSignature tells whether node:crypto takes what the vault signed, with the key that the vault shows. */
async function isSignature(keyUrl: string, signature: Uint8Array): Promise<boolean> {
  const [, , , , name = '', version = ''] = keyUrl.split('/');
  const { key } = await keys.getKey(name, { version });
  const [x, y] = [key?.x, key?.y].map((part) => Buffer.from(part ?? []).toString('base64url')) as [string, string];
  const publicKey = createPublicKey({ key: { kty: 'EC', crv: 'P-256', x, y }, format: 'jwk' });
  return verify('sha256', TEXT, { key: publicKey, dsaEncoding: 'ieee-p1363' }, signature);
}

beforeEach(async () => {
  vault = await startKeyVault();
  keys = new KeyClient(vault.vaultUrl, credential, localKeyVaultOptions());
});

afterEach(async () => vault.close());

test('a request without a token is challenged, and the real client answers the challenge', async () => {
  const keyUrl = await vault.createKey('signer');
  const path = new URL(keyUrl).pathname;
  const response = await fetch(`${vault.url}${path}?api-version=2025-07-01`);
  expect(response.status).toBe(401);
  expect(response.headers.get('www-authenticate')).toContain('resource="local://0.0.1"');
  scopes.length = 0;
  await keys.getKey('signer');
  expect(scopes).toEqual([['local://0.0.1/.default']]);
});

test('signs a digest, for node:crypto to verify', async () => {
  const keyUrl = await vault.createKey('signer');
  const { result, keyID } = await cryptography(keyUrl).sign('ES256', digest);
  expect(keyID).toBe(keyUrl);
  expect(result.length).toBe(64);
  expect(await isSignature(keyUrl, result)).toBe(true);
});

test('signatures have a high or a low s, as plain ECDSA gives them', async () => {
  const client = cryptography(await vault.createKey('signer'));
  const highBits = new Set<boolean>();
  for (let i = 0; i < 64; i++) {
    const { result } = await client.sign('ES256', createHash('sha256').update(String(i)).digest());
    highBits.add((result[32] as number) >= 0x80);
  }
  expect(highBits.size).toBe(2);
});

test('a new version is the newest, and the old one goes on', async () => {
  const first = await vault.createKey('signer');
  const second = await vault.rotate('signer');
  expect(second).not.toBe(first);
  expect(vault.keyUrl('signer')).toBe(second);
  expect((await keys.getKey('signer')).id).toBe(second);
  const version = first.split('/').at(-1) as string;
  expect((await keys.getKey('signer', { version })).id).toBe(first);
  const { result } = await cryptography(first).sign('ES256', digest);
  expect(await isSignature(first, result)).toBe(true);
  expect(await isSignature(second, result)).toBe(false);
});

test('refuses what Azure refuses', async () => {
  const keyUrl = await vault.createKey('signer');
  const other = await vault.createKey('wide', 'P-384');
  await expect(keys.getKey('nobody')).rejects.toMatchObject({ statusCode: 404, code: 'KeyNotFound' });
  await expect(keys.getKey('signer', { version: '0'.repeat(32) })).rejects.toMatchObject({ statusCode: 404 });
  const refused = { statusCode: 400, code: 'BadParameter' };
  await expect(cryptography(keyUrl).sign('ES256', digest.subarray(1))).rejects.toMatchObject(refused);
  await expect(cryptography(keyUrl).sign('ES384', digest)).rejects.toMatchObject(refused);
  await expect(cryptography(other).sign('ES256', digest)).rejects.toMatchObject(refused);
  await expect(keys.createKey('made-by-client', 'EC')).rejects.toMatchObject({ statusCode: 501 });
});

test('fails as often as told, and then goes on', async () => {
  await vault.createKey('signer');
  vault.failNext(403);
  await expect(keys.getKey('signer')).rejects.toMatchObject({ statusCode: 403, code: 'Forbidden' });
  vault.failNext(429, { times: 2, retryAfterSeconds: 0 });
  expect((await keys.getKey('signer')).name).toBe('signer');
  vault.failNext(429);
  await expect(keys.getKey('signer')).rejects.toMatchObject({ statusCode: 429, code: 'Throttled' });
  expect((await keys.getKey('signer')).name).toBe('signer');
});

test('names are taken once, and only what exists is rotated', async () => {
  await vault.createKey('signer');
  await expect(vault.createKey('signer')).rejects.toThrow('rotate');
  await expect(vault.createKey('a/b')).rejects.toThrow('hyphens');
  await expect(vault.rotate('nobody')).rejects.toThrow('create it first');
});

describe('with a folder', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'auditseal-vault-'));
  });
  afterEach(async () => rm(folder, { recursive: true }));

  test('keys survive a restart, and only their owner may read them', async () => {
    const before = await startKeyVault({ dataDir: join(folder, 'vault') });
    const made = await Promise.all(['one', 'two', 'three'].map(async (name) => before.createKey(name)));
    const rotated = await before.rotate('one');
    await before.close();
    expect((await stat(join(folder, 'vault', 'keys.json'))).mode & 0o777).toBe(0o600);
    const port = Number(new URL(before.url).port);
    const after = await startKeyVault({ dataDir: join(folder, 'vault'), port });
    try {
      expect(['one', 'two', 'three'].map((name) => after.keyUrl(name))).toEqual([rotated, made[1], made[2]]);
      const client = new KeyClient(after.vaultUrl, credential, localKeyVaultOptions());
      expect((await client.getKey('one', { version: made[0]?.split('/').at(-1) as string })).id).toBe(made[0]);
    } finally {
      await after.close();
    }
  });

  test('a damaged file is named, and kept', async () => {
    await writeFile(join(folder, 'keys.json'), '[{');
    await expect(startKeyVault({ dataDir: folder })).rejects.toThrow(join(folder, 'keys.json'));
    expect(await readFile(join(folder, 'keys.json'), 'utf8')).toBe('[{');
  });
});
