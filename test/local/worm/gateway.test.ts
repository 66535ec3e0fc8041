import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { BlobServiceClient } from '@azure/storage-blob';
import { startWormGateway } from '../../../local/worm/gateway.ts';
import { ACCOUNT, CREDENTIAL, DAY_MS, GROUP, KEY, OPTIONS, SUBSCRIPTION, outcomeOf, startStack } from './harness.ts';
import type { Stack } from './harness.ts';

describe('what the gateway passes through', () => {
  let stack: Stack;
  let service: BlobServiceClient;

  beforeAll(async () => {
    stack = await startStack();
    service = new BlobServiceClient(stack.gateway.blobUrl, CREDENTIAL, OPTIONS);
  });

  afterAll(async () => {
    await stack.close();
  });

  test('names, metadata, properties, tags and ranges arrive as they were sent', async () => {
    const container = service.getContainerClient('names');
    await container.create({ metadata: { purpose: 'test' } });
    await stack.putPolicy('names', 1);
    const names = [
      'plain',
      'a/b/c.txt',
      'with space',
      'pct%25',
      'ümläut/日本',
      "quote's",
      'plus+and&amp=?#',
      'tilde~(x)!*',
    ];
    for (const name of names) {
      const body = Buffer.from(`content of ${name}`);
      await container.getBlockBlobClient(name).upload(body, body.length, {
        metadata: { name: encodeURIComponent(name) },
        blobHTTPHeaders: { blobContentType: 'text/plain; charset=utf-8', blobCacheControl: 'no-store' },
        tags: { kind: 'segment' },
      });
      expect(await outcomeOf(container.getBlockBlobClient(name).upload('x', 1))).toBe('409 BlobImmutableDueToPolicy');
    }
    const listed: string[] = [];
    for await (const page of container.listBlobsFlat({ includeMetadata: true }).byPage({ maxPageSize: 3 })) {
      for (const blob of page.segment.blobItems) {
        expect(blob.metadata).toEqual({ name: encodeURIComponent(blob.name) });
        listed.push(blob.name);
      }
    }
    expect(listed.sort()).toEqual([...names].sort());
    const range = await container.getBlobClient('a/b/c.txt').download(11, 5);
    expect(await textOf(range.readableStreamBody)).toBe('a/b/c');
    expect(range.contentType).toBe('text/plain; charset=utf-8');
    expect((await container.getBlobClient('plain').getTags()).tags).toEqual({ kind: 'segment' });
  });

  test('bodies stream both ways, far larger than any buffer', async () => {
    const container = service.getContainerClient('large');
    await container.create();
    await stack.putPolicy('large', 1);
    const size = 48 * 1024 * 1024;
    const chunk = Buffer.alloc(1024 * 1024, 'streamed ');
    const body = (): NodeJS.ReadableStream => Readable.from(Array.from({ length: size / chunk.length }, () => chunk));
    const blob = container.getBlockBlobClient('large');
    await blob.upload(body, size);
    let received = 0;
    const { readableStreamBody } = await blob.download();
    for await (const part of readableStreamBody ?? []) received += part.length;
    expect(received).toBe(size);
    const staged = container.getBlockBlobClient('staged');
    await staged.uploadStream(Readable.from([chunk, chunk, chunk]), 1024 * 1024, 2);
    expect((await staged.getProperties()).contentLength).toBe(3 * chunk.length);
  });

  test('a large body that is refused before it is read ends in the refusal, not in a broken connection', async () => {
    const container = service.getContainerClient('refused');
    await container.create();
    const blob = container.getBlockBlobClient('blob');
    await blob.upload('content', 7);
    await stack.putPolicy('refused', 1);
    const large = Buffer.alloc(32 * 1024 * 1024);
    for (const refused of [
      async () => blob.stageBlock('AAAA', large, large.length),
      async () => blob.upload(large, large.length, { conditions: { ifMatch: '*' } }),
      async () => blob.upload(large, large.length),
    ]) {
      expect(await outcomeOf(refused())).toBe('409 BlobImmutableDueToPolicy');
    }
    expect((await blob.downloadToBuffer()).toString()).toBe('content');
  });

  test('answers that say not modified or precondition failed have no extra body', async () => {
    const container = service.getContainerClient('conditions');
    await container.create();
    const blob = container.getBlockBlobClient('blob');
    const { etag = '' } = await blob.upload('content', 7);
    expect(await outcomeOf(blob.download(0, undefined, { conditions: { ifNoneMatch: etag } }))).toMatch(/^304 /);
    expect(await outcomeOf(blob.upload('x', 1, { conditions: { ifMatch: '"other"' } }))).toBe('412 ConditionNotMet');
    expect(await blob.exists()).toBe(true);
    expect(await container.getBlobClient('none').exists()).toBe(false);
  });

  test('container properties and lists tell policies and holds', async () => {
    const flags = { neither: [false, false], policy: [true, false], hold: [false, true], both: [true, true] };
    for (const [suffix, [hasPolicy, hasHold]] of Object.entries(flags)) {
      const name = `guards-${suffix}`;
      await service.getContainerClient(name).create({ metadata: { haslegalhold: 'false' } });
      if (hasPolicy === true) await stack.putPolicy(name, 1);
      if (hasHold === true) await stack.arm.blobContainers.setLegalHold(GROUP, ACCOUNT, name, { tags: ['abc'] });
      const properties = await service.getContainerClient(name).getProperties();
      expect([properties.hasImmutabilityPolicy, properties.hasLegalHold]).toEqual([hasPolicy, hasHold]);
    }
    const listed: Record<string, unknown> = {};
    for await (const { name, properties } of service.listContainers({ prefix: 'guards-', includeMetadata: true })) {
      listed[name.slice('guards-'.length)] = [properties.hasImmutabilityPolicy, properties.hasLegalHold];
    }
    expect(listed).toEqual(flags);
  });
});

describe('life of the gateway', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'worm-'));
  });

  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  test('blobs, policies, holds and histories survive a restart', async () => {
    const first = await startStack(folder);
    const container = first.container('kept');
    await container.create();
    await container.getBlockBlobClient('blob').upload('content', 7);
    await first.lockedPolicy('kept', 7);
    await first.arm.blobContainers.setLegalHold(GROUP, ACCOUNT, 'kept', { tags: ['case1', 'case2'] });
    await first.arm.storageAccounts.update(GROUP, ACCOUNT, { minimumTlsVersion: 'TLS1_0' });
    const before = await first.arm.blobContainers.get(GROUP, ACCOUNT, 'kept');
    await first.close();

    const second = await startStack(folder);
    const after = await second.arm.blobContainers.get(GROUP, ACCOUNT, 'kept');
    expect(after).toEqual(before);
    expect((await second.arm.storageAccounts.getProperties(GROUP, ACCOUNT)).minimumTlsVersion).toBe('TLS1_0');
    const blob = second.container('kept').getBlockBlobClient('blob');
    expect((await blob.downloadToBuffer()).toString()).toBe('content');
    expect(await outcomeOf(blob.delete())).toBe('409 BlobImmutableDueToLegalHold');
    await second.arm.blobContainers.clearLegalHold(GROUP, ACCOUNT, 'kept', { tags: ['case1', 'case2'] });
    expect(await outcomeOf(blob.delete())).toBe('409 BlobImmutableDueToPolicy');
    second.clock.aheadMs = 8 * DAY_MS;
    expect(await outcomeOf(blob.delete())).toBe('ok');
    await second.close();
  });

  test('a damaged state file stops the start with its name; a half-written draft does not', async () => {
    const options = {
      upstream: 'http://127.0.0.1:9',
      account: ACCOUNT,
      key: KEY,
      subscriptionId: SUBSCRIPTION,
      resourceGroup: GROUP,
      dataDir: folder,
    };
    await writeFile(join(folder, 'worm.json.new'), '{"containers":');
    await (await startWormGateway(options)).close();
    await writeFile(join(folder, 'worm.json'), '{"containers":');
    await expect(startWormGateway(options)).rejects.toThrow(/worm\.json can't be read/);
    expect(await readFile(join(folder, 'worm.json'), 'utf8')).toBe('{"containers":');
  });

  test('closing does not wait for idle connections, but for requests under way', async () => {
    const stack = await startStack();
    const { hostname, port } = new URL(stack.gateway.armUrl);
    const idle = createConnection({ host: hostname, port: Number(port) });
    await once(idle, 'connect');
    await stack.container('closing').create();
    const upload = httpRequest(stack.sasContainer('closing', 'c').getBlobClient('blob').url, {
      method: 'PUT',
      headers: {
        'x-ms-version': '2026-06-06',
        'x-ms-blob-type': 'BlockBlob',
        'content-length': '7',
        expect: '100-continue',
      },
    });
    upload.flushHeaders();
    await once(upload, 'continue');
    const answered = once(upload, 'response');
    const closed = stack.close();
    upload.end('content');
    const [response] = await answered;
    response.resume();
    expect(response).toMatchObject({ statusCode: 201 });
    await closed;
    idle.destroy();
  });

  test('without Azurite a request is answered with an error, not left hanging', async () => {
    const gateway = await startWormGateway({
      upstream: 'http://127.0.0.1:9',
      account: ACCOUNT,
      key: KEY,
      subscriptionId: SUBSCRIPTION,
      resourceGroup: GROUP,
    });
    const container = new BlobServiceClient(gateway.blobUrl, CREDENTIAL, OPTIONS).getContainerClient('any');
    expect(await outcomeOf(container.getBlockBlobClient('x').upload('x', 1))).toBe('500 InternalError');
    expect(await outcomeOf(container.getProperties())).toBe('500 InternalError');
    await gateway.close();
  });
});

async function textOf(stream: NodeJS.ReadableStream | undefined): Promise<string> {
  let text = '';
  for await (const chunk of stream ?? []) text += chunk.toString();
  return text;
}
