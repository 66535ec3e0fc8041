import { BlobBatch, BlobBatchClient, BlobServiceClient } from '@azure/storage-blob';
import type { ContainerClient } from '@azure/storage-blob';
import { CREDENTIAL, DAY_MS, OPTIONS, outcomeOf, pictureOf, sasOf, startStack } from './harness.ts';
import type { Stack } from './harness.ts';

let stack: Stack;
let open: ContainerClient;
let guarded: ContainerClient;
let batches: BlobBatchClient;

beforeAll(async () => {
  stack = await startStack();
  open = stack.container('open');
  guarded = stack.container('guarded');
  await open.create();
  await guarded.create();
  batches = new BlobServiceClient(stack.gateway.blobUrl, CREDENTIAL, OPTIONS).getBlobBatchClient();
});

afterAll(async () => {
  await stack.close();
});

test('without any policy a batch is passed through', async () => {
  await open.getBlockBlobClient('gone').upload('x', 1);
  const { subResponses } = await batches.deleteBlobs([open.getBlobClient('gone'), open.getBlobClient('never')]);
  expect(subResponses.map(({ status }) => status)).toEqual([202, 404]);
});

describe('with a policy', () => {
  beforeAll(async () => {
    for (const name of ['a', 'b', 'ü ~ %']) await guarded.getBlockBlobClient(name).upload('content', 7);
    await stack.putPolicy('guarded', 30);
  });

  test('each part is answered for itself: refused, gone, not there, refused', async () => {
    await open.getBlockBlobClient('gone').upload('x', 1);
    const before = await pictureOf(guarded);
    const blobs = [
      guarded.getBlobClient('a'),
      open.getBlobClient('gone'),
      guarded.getBlobClient('never'),
      open.getBlobClient('never'),
      guarded.getBlobClient('ü ~ %'),
    ];
    const { subResponses, subResponsesFailedCount, subResponsesSucceededCount } = await batches.deleteBlobs(blobs);
    expect(subResponses.map(({ status, errorCode }) => `${status} ${errorCode}`)).toEqual([
      '409 BlobImmutableDueToPolicy',
      '202 undefined',
      '404 BlobNotFound',
      '404 BlobNotFound',
      '409 BlobImmutableDueToPolicy',
    ]);
    expect([subResponsesSucceededCount, subResponsesFailedCount]).toEqual([1, 4]);
    expect(subResponses[0]?.bodyAsText).toContain('<Code>BlobImmutableDueToPolicy</Code>');
    expect(await open.getBlobClient('gone').exists()).toBe(false);
    expect(await pictureOf(guarded)).toEqual(before);
  });

  test('all parts refused', async () => {
    const before = await pictureOf(guarded);
    const { subResponses } = await batches.deleteBlobs([guarded.getBlobClient('a'), guarded.getBlobClient('b')]);
    expect(subResponses.map(({ status }) => status)).toEqual([409, 409]);
    expect(await pictureOf(guarded)).toEqual(before);
  });

  test('tiers can be set', async () => {
    const { subResponses } = await batches.setBlobsAccessTier(
      [guarded.getBlobClient('a'), guarded.getBlobClient('b')],
      'Cool',
    );
    expect(subResponses.map(({ status }) => status)).toEqual([200, 200]);
    expect((await guarded.getBlobClient('a').getProperties()).accessTier).toBe('Cool');
  });

  test('a SAS has its rights in a batch and no more', async () => {
    const before = await pictureOf(guarded);
    for (const [permissions, status, code] of [
      ['racwdl', 409, 'BlobImmutableDueToPolicy'],
      ['rcl', 403, 'AuthorizationPermissionMismatch'],
    ] as const) {
      const container = stack.sasContainer('guarded', permissions);
      const batch = new BlobBatch();
      await batch.deleteBlob(container.getBlobClient('a'));
      const { subResponses } = await new BlobBatchClient(container.url, undefined, OPTIONS).submitBatch(batch);
      expect(subResponses.map((part) => [part.status, part.errorCode])).toEqual([[status, code]]);
    }
    const forged = stack.sasContainer('guarded', 'racwdl').url.replace(/sig=[^&]*/, 'sig=AAAA');
    const batch = new BlobBatch();
    await batch.deleteBlob(guarded.getBlobClient('a'));
    expect(await outcomeOf(new BlobBatchClient(forged, undefined, OPTIONS).submitBatch(batch))).toBe(
      '403 AuthorizationFailure',
    );
    expect(await pictureOf(guarded)).toEqual(before);
  });

  test('a part that is neither a deletion nor a tier is refused', async () => {
    const before = await pictureOf(guarded);
    const part = (line: string, header: string): string =>
      `--b\r\nContent-Type: application/http\r\nContent-ID: 0\r\n\r\n${line} HTTP/1.1\r\n${header}\r\n\r\n--b--`;
    const path = new URL(guarded.getBlobClient('a').url).pathname;
    const sas = sasOf('guarded', 'racwdlt');
    for (const body of [
      part(`PUT ${path}?comp=metadata&${sas}`, 'x-ms-meta-a: b'),
      part(`PUT ${path}?${sas}`, 'x-ms-blob-type: BlockBlob'),
      part(`GET ${path}?${sas}`, 'x-http-method: DELETE'),
      part(`DELETE ${path}?${sas}`, 'malformed'),
      'not a batch',
    ]) {
      const response = await fetch(`${stack.gateway.blobUrl}/guarded?restype=container&comp=batch&${sas}`, {
        method: 'POST',
        headers: { 'content-type': 'multipart/mixed; boundary=b', 'x-ms-version': '2026-06-06' },
        body,
      });
      expect(`${response.status} ${await response.text()}`).toMatch(/^(202 [^]*HTTP\/1.1 400|400 )/);
    }
    expect(await pictureOf(guarded)).toEqual(before);
  });

  test('an expired blob goes', async () => {
    stack.clock.aheadMs = 31 * DAY_MS;
    const { subResponses } = await batches.deleteBlobs([guarded.getBlobClient('a'), guarded.getBlobClient('ü ~ %')]);
    stack.clock.aheadMs = 0;
    expect(subResponses.map(({ status }) => status)).toEqual([202, 202]);
    expect((await pictureOf(guarded)).length).toBe(1);
  });
});
