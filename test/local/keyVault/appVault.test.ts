import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import https from 'node:https';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startAppVault } from '../../../local/keyVault/appVault.ts';
import type { AppVault } from '../../../local/keyVault/appVault.ts';

let stand: AppVault;
beforeEach(async () => {
  stand = await startAppVault();
});
afterEach(() => stand.close());

const setting = (name: string): string => stand.settings[name] as string;

/** askVault gives the status of a request for the key, or the code of the fault. */
async function askVault(token: string, ca: Buffer | undefined): Promise<string | number> {
  const request = https.get(`${setting('SIGNER__keyUrl')}?api-version=2025-07-01`, {
    headers: { authorization: `Bearer ${token}` },
    ...(ca !== undefined && { ca }),
  });
  try {
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    response.resume();
    return response.statusCode as number;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code as string;
  }
}

async function askIdentity(query: string, secret = setting('IDENTITY_HEADER')): Promise<Response> {
  return fetch(`${setting('IDENTITY_ENDPOINT')}?${query}`, { headers: { 'x-identity-header': secret } });
}

test('over TLS, to whoever trusts its certificate, and with a token that its identity gave for it', async () => {
  const ca = await readFile(setting('NODE_EXTRA_CA_CERTS'));
  const tokenFor = async (resource: string): Promise<string> => {
    const answer = await askIdentity(`api-version=2019-08-01&resource=${encodeURIComponent(resource)}`);
    return ((await answer.json()) as { access_token: string }).access_token;
  };
  const token = await tokenFor('local://0.0.1');
  expect(await askVault(token, ca)).toBe(200);
  expect(await askVault(token, undefined)).toBe('DEPTH_ZERO_SELF_SIGNED_CERT');
  expect(await askVault('made-up', ca)).toBe(401);
  expect(await askVault(await tokenFor('https://storage.azure.com'), ca)).toBe(401);
});

test('the identity gives no token without its secret, or to a question that Azure would not answer', async () => {
  const good = 'api-version=2019-08-01&resource=local%3A%2F%2F0.0.1';
  const answers = [
    await askIdentity(good),
    await askIdentity(good, 'guessed'),
    await askIdentity('api-version=2017-09-01&resource=x'),
    await askIdentity('api-version=2019-08-01'),
  ];
  expect(answers.map(({ status }) => status)).toEqual([200, 401, 400, 400]);
});

test('with a folder it is the same key after a restart, also at another port', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'auditseal-test-'));
  try {
    const paths: string[] = [];
    for (let start = 0; start < 2; start++) {
      const kept = await startAppVault(folder);
      paths.push(new URL(kept.settings['SIGNER__keyUrl'] as string).pathname);
      await kept.close();
    }
    expect(paths[1]).toBe(paths[0]);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('what it wrote for others to trust is gone with it', async () => {
  const kept = await startAppVault();
  await kept.close();
  await expect(readFile(kept.settings['NODE_EXTRA_CA_CERTS'] as string)).rejects.toMatchObject({ code: 'ENOENT' });
});
