import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ContainerSASPermissions, generateBlobSASQueryParameters } from '@azure/storage-blob';
import { BlobStore } from '../../src/adapters/blobStore.ts';
import type { Report } from '../../src/core/objects/report.ts';
import { CREDENTIAL, startStack } from '../local/worm/harness.ts';
import type { Stack } from '../local/worm/harness.ts';
import { startFaultProxy } from '../support/faultProxy.ts';
import { eventsBetween, ingestOf, sealAll } from '../support/hub.ts';
import { auditseal } from '../support/program.ts';

let stack: Stack;
let work: string;
const urlOf = (rights: string, name = 'ledger'): string => stack.sasContainer(name, rights).url;

beforeAll(async () => {
  stack = await startStack();
  work = await mkdtemp(join(tmpdir(), 'auditseal-test-'));
  await stack.container('ledger').create();
  await stack.putPolicy('ledger', 10);
  await stack.container('empty').create();
  const store = new BlobStore(stack.sasContainer('ledger', 'rcl'));
  await sealAll(ingestOf(store, { maxSegmentBytes: 50 }), eventsBetween(0, 9));
});
afterAll(async () => {
  await stack.close();
  await rm(work, { recursive: true });
});

test('verify, show and mirror take a container by its URL with the rights to read and list alone', async () => {
  const target = urlOf('rl');
  const verified = await auditseal('verify', target, '--json');
  expect(verified.code).toBe(0);
  expect(JSON.parse(verified.stdout)).toMatchObject({ status: 'verified', checked: { events: 10 } });
  const shown = await auditseal('show', target, '0', '7', '--raw');
  expect([shown.code, shown.stdout]).toEqual([0, '{"n":7,"t":7}']);
  const folder = join(work, 'mirror');
  expect((await auditseal('mirror', target, folder)).code).toBe(0);
  expect((await auditseal('verify', folder)).code).toBe(0);
});

test.each<[string, () => string, RegExp]>([
  ['a container that does not exist', () => urlOf('rl', 'nothing'), /container nothing does not exist/],
  ['a token without the right to list', () => urlOf('r'), /rights to read/],
  ['a token without the right to read', () => urlOf('l'), /rights to read/],
  ['a token that has expired', () => expired(), /403/],
  ['a token that was changed', () => urlOf('rl').replace('sp=rl', 'sp=rwl'), /403/],
  ['a store that is not there', () => 'http://127.0.0.1:1/account/ledger?sig=x', /no answer \(ECONNREFUSED\)/],
])('%s: 2, with the reason and without the token', async (_what, target, why) => {
  const { code, stdout, stderr } = await auditseal('verify', target());
  expect([code, `${stdout}${stderr}`]).toEqual([2, expect.stringMatching(why)]);
  expect(`${stdout}${stderr}`).not.toContain('sig=');
});

test('a mirror of a container with hostile names is whole, again too, and a check of it names each', async () => {
  const owner = stack.container('hostile');
  await owner.create();
  const store = new BlobStore(stack.sasContainer('hostile', 'rcl'));
  await sealAll(ingestOf(store, { maxSegmentBytes: 50 }), eventsBetween(0, 3));
  const names = [
    'segments',
    'tlog',
    'tlog/checkpoint',
    'Name',
    'name',
    'a',
    'a/b',
    'a:b',
    'nul',
    'ends.',
    'x'.repeat(300),
  ];
  for (const name of [...names, 'new\u202eline']) await owner.getBlockBlobClient(name).upload('x', 1);
  const mirror = join(work, 'hostile');
  const copied = await auditseal('mirror', urlOf('rl', 'hostile'), mirror, '--json');
  expect([copied.code, JSON.parse(copied.stdout)]).toMatchObject([0, { failed: [] }]);
  const again = await auditseal('mirror', urlOf('rl', 'hostile'), mirror, '--json');
  expect([again.code, JSON.parse(again.stdout)]).toMatchObject([0, { copied: 0, failed: [] }]);
  expect((await readdir(mirror)).sort()).toEqual(['foreign', 'segments']);
  const checked = await auditseal('verify', mirror, '--json');
  expect(checked.code).toBe(1);
  const { findings } = JSON.parse(checked.stdout) as Report;
  expect(findings.map(({ code, object }) => `${code} ${object}`).sort()).toEqual(
    [...names, 'new\u202eline'].map((name) => `foreign-object ${name}`).sort(),
  );
  expect((await auditseal('verify', mirror)).stdout).toContain('foreign-object: new\\u202eline');
});

test('an empty container: 2', async () => {
  const { code, stdout } = await auditseal('verify', urlOf('rl', 'empty'));
  expect([code, stdout]).toEqual([2, expect.stringMatching(/^unverified/)]);
});

test('a segment that the store does not give: 2, named, and no finding', async () => {
  const proxy = await startFaultProxy(stack.gateway.blobUrl);
  try {
    proxy.faultOf = ({ method, path }) => (method === 'GET' && path.includes('000000000002.') ? 'broken' : undefined);
    const { code, stdout } = await auditseal('verify', proxy.url(urlOf('rl')), '--json');
    expect(code).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({
      status: 'unverified',
      findings: [],
      unreadable: [{ object: 'segments/0/000000000002.jsonl.zst' }],
    });
  } finally {
    await proxy.close();
  }
});

function expired(): string {
  const values = {
    containerName: 'ledger',
    permissions: ContainerSASPermissions.parse('rl'),
    startsOn: new Date(Date.now() - 7_200_000),
    expiresOn: new Date(Date.now() - 3_600_000),
  };
  return `${stack.gateway.blobUrl}/ledger?${generateBlobSASQueryParameters(values, CREDENTIAL).toString()}`;
}
