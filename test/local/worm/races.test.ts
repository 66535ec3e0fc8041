import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { BlobServiceClient, BlockBlobClient } from '@azure/storage-blob';
import { ACCOUNT, CREDENTIAL, DAY_MS, GROUP, OPTIONS, outcomeOf, pictureOf, startStack } from './harness.ts';
import type { Stack } from './harness.ts';

const WRITERS = 12;
const SIZE = 64 * 1024;

let stack: Stack;

beforeAll(async () => {
  stack = await startStack();
  await stack.container('race').create();
  await stack.container('race').getBlockBlobClient('source').upload('source', 6);
  await stack.putPolicy('race', 30);
});

afterAll(async () => {
  await stack.close();
});

describe('of many writers of one new name exactly one wins, and its bytes stay', () => {
  const none = { conditions: { ifNoneMatch: '*' } };
  const bodyOf = (i: number): Buffer => Buffer.alloc(SIZE, 65 + i);

  test.each([
    ['all with the key, without condition', (): string => 'key', (): object => ({})],
    ['all with the key, If-None-Match: *', (): string => 'key', (): object => none],
    ['all create-only, without condition', (): string => 'rcl', (): object => ({})],
    ['all create-only, If-None-Match: *', (): string => 'rcl', (): object => none],
    [
      'mixed',
      (i: number): string => ['key', 'rcl', 'racwd'][i % 3] ?? 'key',
      (i: number): object => (i % 2 === 0 ? none : {}),
    ],
  ])('%s', async (label, identity, options) => {
    const name = label.replaceAll(/\W+/g, '-');
    const outcomes = await Promise.all(
      Array.from({ length: WRITERS }, async (_unused, i) => {
        const permissions = identity(i);
        const container = permissions === 'key' ? stack.container('race') : stack.sasContainer('race', permissions);
        return outcomeOf(container.getBlockBlobClient(name).upload(bodyOf(i), SIZE, options(i)));
      }),
    );
    expect(outcomes.filter((outcome) => outcome === 'ok')).toHaveLength(1);
    expect(new Set(outcomes.filter((outcome) => outcome !== 'ok'))).not.toContain('500 InternalError');
    for (const outcome of outcomes) {
      expect(outcome).toMatch(
        /^(ok|409 BlobAlreadyExists|409 BlobImmutableDueToPolicy|403 UnauthorizedBlobOverwrite)$/,
      );
    }
    const stored = await stack.container('race').getBlobClient(name).downloadToBuffer();
    expect(digest(stored)).toBe(digest(bodyOf(outcomes.indexOf('ok'))));
  });

  test('put, block list, copy, append blob and page blob at once', async () => {
    const blob = stack.container('race').getBlobClient('kinds');
    const source = stack.sasContainer('race', 'r').getBlobClient('source').url;
    await blob.getBlockBlobClient().stageBlock('AAAA', 'block', 5);
    const outcomes = await Promise.all(
      [
        blob.getBlockBlobClient().upload('put', 3),
        blob.getBlockBlobClient().commitBlockList(['AAAA']),
        blob.syncCopyFromURL(source),
        blob.beginCopyFromURL(source),
        blob.getAppendBlobClient().create(),
        blob.getPageBlobClient().create(512),
      ].map(outcomeOf),
    );
    expect(outcomes.filter((outcome) => outcome === 'ok')).toHaveLength(1);
    const { etag } = await blob.getProperties();
    expect(await outcomeOf(blob.getBlockBlobClient().upload('late', 4))).toBe('409 BlobImmutableDueToPolicy');
    expect((await blob.getProperties()).etag).toBe(etag);
  });
});

test('an interrupted upload leaves no blob, and the name free', async () => {
  const blob = stack.container('race').getBlockBlobClient('interrupted');
  const abort = new AbortController();
  const body = (): NodeJS.ReadableStream =>
    Readable.from(
      (async function* stalls() {
        yield Buffer.alloc(1024 * 1024);
        abort.abort();
        await new Promise(() => undefined);
      })(),
    );
  const outcome = await blob
    .upload(body, 8 * 1024 * 1024, { abortSignal: abort.signal })
    .catch((error: unknown) => error);
  expect(String(outcome)).toMatch(/AbortError/);
  expect(await blob.exists()).toBe(false);
  expect(await outcomeOf(blob.upload('whole', 5))).toBe('ok');
});

test('of many deletions of an expired blob exactly one wins', async () => {
  const container = stack.container('expiring');
  await container.create();
  const blob = container.getBlockBlobClient('blob');
  await blob.upload('old', 3);
  await stack.lockedPolicy('expiring', 1);
  stack.clock.aheadMs = 2 * DAY_MS;
  const outcomes = await Promise.all(Array.from({ length: WRITERS }, async () => outcomeOf(blob.delete())));
  stack.clock.aheadMs = 0;
  expect(outcomes.filter((outcome) => outcome === 'ok')).toHaveLength(1);
  for (const outcome of outcomes) expect(outcome).toMatch(/^(ok|404 BlobNotFound|412 ConditionNotMet)$/);
});

describe('a blob that took the name of an expired one while that was judged', () => {
  let hooked: Stack;
  let beforeDelete = async (): Promise<void> => Promise.resolve();

  beforeAll(async () => {
    hooked = await startStack(undefined, async (method) => {
      if (method === 'DELETE' || method === 'POST') await beforeDelete();
    });
  });

  afterAll(async () => {
    await hooked.close();
  });

  test.each(['alone', 'in a batch'])('is not deleted in its stead, %s', async (how) => {
    const name = how.replaceAll(' ', '-');
    const container = hooked.container(name);
    await container.create();
    const blob = container.getBlockBlobClient('blob');
    await blob.upload('expired', 7);
    await hooked.lockedPolicy(name, 1);
    hooked.clock.aheadMs = 2 * DAY_MS;
    const direct = new BlockBlobClient(`${hooked.azuriteUrl}/${ACCOUNT}/${name}/blob`, CREDENTIAL, OPTIONS);
    beforeDelete = async () => {
      await direct.upload('new', 3);
    };
    if (how === 'alone') {
      expect(await outcomeOf(blob.delete())).toBe('412 ConditionNotMet');
    } else {
      const batches = new BlobServiceClient(hooked.gateway.blobUrl, CREDENTIAL, OPTIONS).getBlobBatchClient();
      const { subResponses } = await batches.deleteBlobs([blob]);
      expect(subResponses.map(({ status }) => status)).toEqual([412]);
    }
    expect((await blob.downloadToBuffer()).toString()).toBe('new');
  });
});

test('a hold guards from the moment its request is answered', async () => {
  for (let round = 0; round < 10; round++) {
    const name = `moment${round}`;
    const container = stack.container(name);
    await container.create();
    const blob = container.getBlockBlobClient('blob');
    await blob.upload('content', 7);
    await stack.arm.blobContainers.setLegalHold(GROUP, ACCOUNT, name, { tags: ['now'] });
    const before = await pictureOf(container);
    expect(await outcomeOf(blob.upload('changed', 7))).toBe('409 BlobImmutableDueToLegalHold');
    expect(await pictureOf(container)).toEqual(before);
  }
});

const digest = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
