import { request as httpRequest } from 'node:http';
import { createHmac } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import {
  AccountSASPermissions,
  BlobSASPermissions,
  ContainerClient,
  StorageSharedKeyCredential,
  generateAccountSASQueryParameters,
  generateBlobSASQueryParameters,
} from '@azure/storage-blob';
import { ACCOUNT, CREDENTIAL, DAY_MS, KEY, OPTIONS, outcomeOf, pictureOf, sasOf, startStack } from './harness.ts';
import type { Stack } from './harness.ts';

const CONTAINER = 'guarded';
const BLOB = 'folder/blob';
const MUTATIONS: readonly (readonly [method: string, query: string, headers: Record<string, string>])[] = [
  ['PUT', '', { 'x-ms-blob-type': 'BlockBlob' }],
  ['PUT', '', { 'x-ms-blob-type': 'BlockBlob', 'if-none-match': '*' }],
  ['PUT', '', { 'x-ms-blob-type': 'BlockBlob', 'if-match': '*' }],
  ['PUT', '', { 'x-ms-blob-type': 'AppendBlob' }],
  ['PUT', 'comp=block&blockid=AAAA', {}],
  ['PUT', 'comp=blocklist', {}],
  ['PUT', 'comp=appendblock', {}],
  ['PUT', 'comp=metadata', { 'x-ms-meta-a': 'b' }],
  ['PUT', 'comp=properties', {}],
  ['PUT', 'comp=tags', {}],
  ['PUT', 'comp=snapshot', {}],
  ['PUT', 'comp=lease', { 'x-ms-lease-action': 'acquire', 'x-ms-lease-duration': '-1' }],
  ['PUT', 'comp=undelete', {}],
  ['PUT', 'comp=expiry', { 'x-ms-expiry-option': 'NeverExpire' }],
  ['PUT', 'comp=seal', {}],
  ['DELETE', '', {}],
];

let stack: Stack;
let before: unknown[];

beforeAll(async () => {
  stack = await startStack();
  const container = stack.container(CONTAINER);
  await container.create();
  await container.getBlockBlobClient(BLOB).upload('content', 7, { metadata: { root: 'kept' } });
  await stack.container('open').create();
  await stack.putPolicy(CONTAINER, 30);
  before = await pictureOf(container);
});

afterEach(async () => {
  const after = await pictureOf(stack.container(CONTAINER));
  if (!isDeepStrictEqual(after, before)) throw new Error('the guarded blob was changed');
});

afterAll(async () => {
  await stack.close();
});

describe('who has no right learns nothing of the policy', () => {
  const forgedSas = (): string =>
    sasOf(CONTAINER, 'racwdlt').replace(/sig=[^&]*/, 'sig=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA%3D');
  const credentials: readonly (readonly [string, () => string, Record<string, string>])[] = [
    ['no credential', () => '', {}],
    ['a forged shared key', () => '', { authorization: `SharedKey ${ACCOUNT}:${Buffer.alloc(32).toString('base64')}` }],
    ['a shared key of another account', () => '', { authorization: 'SharedKey other:AAAA' }],
    ['a shared key without signature', () => '', { authorization: 'SharedKey' }],
    ['a bearer token', () => '', { authorization: 'Bearer token' }],
    ['a SAS with a forged signature', forgedSas, {}],
    ['an expired SAS', () => sasOf(CONTAINER, 'racwdlt').replace(/se=20\d\d/, 'se=2001'), {}],
    ['a SAS of another container', () => sasOf('open', 'racwdlt'), {}],
    ['a SAS with rights added', () => sasOf(CONTAINER, 'r').replace(/sp=r/, 'sp=racwdlt'), {}],
  ];

  test.each(credentials)('%s', async (_label, query, headers) => {
    for (const [method, comp, own] of MUTATIONS) {
      const answer = await send(method, [comp, query()], { ...own, ...headers, 'x-ms-date': new Date().toUTCString() });
      expect([method, comp, answer.status]).toEqual([method, comp, 403]);
      expect(`${answer.code} ${answer.body}`).toMatch(/Authorization|Authenti/);
      expect(`${answer.code} ${answer.body}`).not.toMatch(/mmutab|Overwrite|AlreadyExists/);
    }
  });

  test('a client with a wrong key', async () => {
    const wrong = new StorageSharedKeyCredential(ACCOUNT, Buffer.alloc(64, 'x').toString('base64'));
    const blob = new ContainerClient(`${stack.gateway.blobUrl}/${CONTAINER}`, wrong, OPTIONS).getBlockBlobClient(BLOB);
    expect(await outcomeOf(blob.upload('changed', 7))).toBe('403 AuthorizationFailure');
    expect(await outcomeOf(blob.delete())).toBe('403 AuthorizationFailure');
    expect(await outcomeOf(blob.upload('changed', 7, { conditions: { ifNoneMatch: '*' } }))).toBe(
      '403 AuthorizationFailure',
    );
  });

  test('a valid signature over another request', async () => {
    const answer = await send('DELETE', [], signed('GET', `/${ACCOUNT}/${CONTAINER}/${BLOB}`));
    expect([answer.status, answer.code]).toEqual([403, 'AuthorizationFailure']);
  });
});

describe('rights are those of the operation', () => {
  test.each([
    ['r', 'PUT', '', '403 AuthorizationPermissionMismatch'],
    ['c', 'PUT', '', '403 UnauthorizedBlobOverwrite'],
    ['w', 'PUT', '', '409 BlobImmutableDueToPolicy'],
    ['d', 'PUT', '', '403 AuthorizationPermissionMismatch'],
    ['d', 'DELETE', '', '409 BlobImmutableDueToPolicy'],
    ['w', 'DELETE', '', '403 AuthorizationPermissionMismatch'],
    ['a', 'PUT', 'comp=appendblock', '409 BlobImmutableDueToPolicy'],
    ['c', 'PUT', 'comp=appendblock', '403 AuthorizationPermissionMismatch'],
    ['t', 'PUT', 'comp=tags', '409 BlobImmutableDueToPolicy'],
    ['w', 'PUT', 'comp=tags', '403 AuthorizationPermissionMismatch'],
    ['w', 'PUT', 'comp=expiry', '409 BlobImmutableDueToPolicy'],
    ['c', 'PUT', 'comp=expiry', '403 AuthorizationPermissionMismatch'],
  ])('a SAS with %s: %s %s', async (permissions, method, comp, outcome) => {
    const headers: Record<string, string> = comp === '' && method === 'PUT' ? { 'x-ms-blob-type': 'BlockBlob' } : {};
    const answer = await send(method, [comp, sasOf(CONTAINER, permissions)], headers);
    expect(`${answer.status} ${answer.code}`).toBe(outcome);
  });

  test('an overwrite by a create-only SAS has its own code without a policy, too', async () => {
    await stack.container('open').getBlockBlobClient('taken').upload('content', 7);
    const blob = stack.sasContainer('open', 'rcl').getBlockBlobClient('taken');
    expect(await outcomeOf(blob.upload('changed', 7))).toBe('403 UnauthorizedBlobOverwrite');
    expect((await blob.downloadToBuffer()).toString()).toBe('content');
  });
});

describe('other kinds of SAS', () => {
  const expiresOn = new Date(Date.now() + DAY_MS);
  const outcomesOf = async (query: string): Promise<string[]> => {
    const url = `${stack.gateway.blobUrl}/${CONTAINER}?${query}`;
    const blob = new ContainerClient(url, undefined, OPTIONS).getBlockBlobClient(BLOB);
    return [await outcomeOf(blob.upload('changed', 7)), await outcomeOf(blob.delete())];
  };

  test.each([
    ['rwdlac', ['409 BlobImmutableDueToPolicy', '409 BlobImmutableDueToPolicy']],
    ['rlc', ['403 UnauthorizedBlobOverwrite', '403 AuthorizationPermissionMismatch']],
  ])('an account SAS with %s', async (permissions, outcomes) => {
    const values = {
      expiresOn,
      permissions: AccountSASPermissions.parse(permissions),
      resourceTypes: 'sco',
      services: 'b',
    };
    expect(await outcomesOf(generateAccountSASQueryParameters(values, CREDENTIAL).toString())).toEqual(outcomes);
  });

  test.each([
    ['rcwd', ['409 BlobImmutableDueToPolicy', '409 BlobImmutableDueToPolicy']],
    ['rc', ['403 UnauthorizedBlobOverwrite', '403 AuthorizationPermissionMismatch']],
  ])('a SAS of the blob with %s', async (permissions, outcomes) => {
    const values = {
      containerName: CONTAINER,
      blobName: BLOB,
      expiresOn,
      permissions: BlobSASPermissions.parse(permissions),
    };
    expect(await outcomesOf(generateBlobSASQueryParameters(values, CREDENTIAL).toString())).toEqual(outcomes);
  });

  test('a SAS by a stored access policy', async () => {
    const accessPolicy = { expiresOn, startsOn: new Date(0), permissions: 'racwd' };
    await stack.container(CONTAINER).setAccessPolicy(undefined, [{ id: 'writer', accessPolicy }]);
    const query = generateBlobSASQueryParameters(
      { containerName: CONTAINER, identifier: 'writer' },
      CREDENTIAL,
    ).toString();
    expect(await outcomesOf(query)).toEqual(['409 BlobImmutableDueToPolicy', '409 BlobImmutableDueToPolicy']);
    expect(await outcomesOf(query.replace(/sig=[^&]*/, 'sig=AAAA'))).toEqual([
      '403 AuthorizationFailure',
      '403 AuthorizationFailure',
    ]);
  });
});

describe('no other spelling of a request gets around the policy', () => {
  const path = `/${ACCOUNT}/${CONTAINER}/${BLOB}`;
  const put = { 'x-ms-blob-type': 'BlockBlob' };
  const chunked = { 'x-ms-copy-source': 'http://x/y', 'transfer-encoding': 'chunked' };
  const rows: readonly (readonly [string, string, string, Record<string, string>, RegExp])[] = [
    ['an encoded slash after the account', 'PUT', `/${ACCOUNT}%2F${CONTAINER}/${BLOB}`, put, /^409 BlobImmutable|^403/],
    ['an encoded slash after the container', 'PUT', `/${ACCOUNT}/${CONTAINER}%2F${BLOB}`, put, /^409 BlobImmutable/],
    ['an encoded letter', 'PUT', path.replace('guarded', 'gu%61rded'), put, /^409 BlobImmutable/],
    ['an encoded backslash', 'PUT', path.replace('folder/', 'folder%5C'), put, /^409 BlobImmutable/],
    ['a backslash', 'PUT', path.replace('folder/', 'folder\\'), put, /^400 InvalidUri/],
    ['a fragment', 'PUT', `${path}#x`, put, /^400/],
    ['an absolute URL', 'PUT', `http://127.0.0.1${path}`, put, /^400 InvalidUri/],
    ['a broken escape', 'PUT', `${path}%C3`, put, /^400 InvalidUri/],
    ['the secondary account', 'PUT', path.replace(ACCOUNT, `${ACCOUNT}-secondary`), put, /^409 BlobImmutable|^403/],
    ['a method in a header', 'GET', path, { 'x-http-method': 'DELETE' }, /^400 UnsupportedHeader/],
    ['two comp parameters', 'PUT', `${path}?comp=tier&comp=metadata`, put, /^400 InvalidQueryParameterValue/],
    ['a comp parameter in brackets', 'PUT', `${path}?comp[]=metadata`, put, /^400 InvalidQueryParameterValue/],
    ['a comp parameter in capitals', 'PUT', `${path}?COMP=tier`, put, /^400 InvalidQueryParameterValue/],
    ['an encoded comp parameter', 'PUT', `${path}?c%6fmp=metadata`, {}, /^409 BlobImmutable/],
    ['very many parameters', 'PUT', `${path}?${many()}&comp=tier`, put, /^400 InvalidQueryParameterValue/],
    [
      'Set Tier that is a Put Blob',
      'PUT',
      `${path}?comp=tier`,
      { ...put, 'x-ms-access-tier': 'Hot' },
      /^400 Unsupported/,
    ],
    ['Set Tier that is a copy', 'PUT', `${path}?comp=tier`, { 'x-ms-copy-source': 'http://x/y' }, /^400 Unsupported/],
    ['Put Block that is a copy', 'PUT', `${path}?comp=block`, { 'x-ms-copy-source': 'http://x/y' }, /^400 Missing/],
    ['Append Block that is a copy', 'PUT', `${path}?comp=appendblock`, chunked, /^411 Missing/],
    ['an unknown comp', 'PUT', `${path}?comp=unheard`, put, /^400 UnsupportedHeader/],
    ['an unknown comp without type', 'PUT', `${path}?comp=unheard`, {}, /^409 BlobImmutable/],
    ['a restype on a blob', 'PUT', `${path}?restype=container`, put, /^409 BlobImmutable/],
    [
      'a version that is not there',
      'DELETE',
      `${path}?versionid=2020-01-01T00%3A00%3A00.0000000Z`,
      {},
      /^409 BlobImmutable/,
    ],
  ];
  test.each(rows)('%s', async (_label, method, target, headers, outcome) => {
    const mark = target.includes('?') ? '&' : '?';
    const answer = await sendTo(method, `${target}${mark}${sasOf(CONTAINER, 'racwdlt')}`, headers);
    expect(`${answer.status} ${answer.code}`).toMatch(outcome);
    const owner = await sendTo(method, target, signed(method, target, headers));
    expect(owner.status).toBeGreaterThanOrEqual(400);
  });

  function many(): string {
    return Array.from({ length: 1000 }, (_unused, i) => `p${i}=1`).join('&');
  }
});

interface Answer {
  readonly status: number;
  readonly code: string;
  readonly body: string;
}

async function send(method: string, query: readonly string[], headers: Record<string, string>): Promise<Answer> {
  const target = `/${ACCOUNT}/${CONTAINER}/${BLOB}?${query.filter((part) => part !== '').join('&')}`;
  return sendTo(method, target, headers);
}

/** sendTo writes a request target as it is; no URL parser puts it in order. */
async function sendTo(method: string, path: string, headers: Record<string, string>): Promise<Answer> {
  const { hostname: host, port } = new URL(stack.gateway.armUrl);
  return new Promise((resolve, reject) => {
    const length = headers['transfer-encoding'] === undefined ? { 'content-length': '0' } : {};
    const all = { 'x-ms-version': '2026-06-06', ...length, ...headers };
    const request = httpRequest({ host, port, method, path, headers: all }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (text: string) => (body += text));
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, code: String(response.headers['x-ms-error-code']), body });
      });
    });
    request.on('error', reject);
    request.end();
  });
}

/** signed gives the headers of a request signed with the account's key. */
function signed(method: string, target: string, headers: Record<string, string> = {}): Record<string, string> {
  const all: Record<string, string> = {
    ...headers,
    'x-ms-date': new Date().toUTCString(),
    'x-ms-version': '2026-06-06',
  };
  const [path = '', query = ''] = target.split('?');
  const own = Object.keys(all)
    .filter((name) => name.startsWith('x-ms-'))
    .sort()
    .map((name) => `${name}:${all[name]}`);
  const parameters = [...new URLSearchParams(query)].map(([name, value]) => `${name}:${value}`).sort();
  const text = [method, ...Array.from({ length: 11 }, () => ''), ...own, `/${ACCOUNT}${path}`, ...parameters].join(
    '\n',
  );
  const signature = createHmac('sha256', Buffer.from(KEY, 'base64')).update(text).digest('base64');
  return { ...all, authorization: `SharedKey ${ACCOUNT}:${signature}` };
}
