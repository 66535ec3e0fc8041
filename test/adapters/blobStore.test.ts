import { ContainerClient } from '@azure/storage-blob';
import { BlobStore } from '../../src/adapters/blobStore.ts';
import { isSame } from '../../src/ports/store.ts';
import { startStack } from '../local/worm/harness.ts';
import type { Stack } from '../local/worm/harness.ts';
import { check, saidOf } from '../support/checking.ts';
import { deriveChain } from '../support/derive.ts';
import { startFaultProxy } from '../support/faultProxy.ts';
import type { FaultProxy, ProxyFault } from '../support/faultProxy.ts';
import { TRUST, nameOf } from '../support/forge.ts';
import { eventsBetween, ingestOf, sealAll } from '../support/hub.ts';
import { KeptLog } from '../support/keptLog.ts';
import { KEY, integrateOf } from '../support/logs.ts';
import { MemoryTiles } from '../support/memoryTiles.ts';
import { Random } from '../support/random.ts';
import { splitReferenceSegment } from '../support/referenceSignature.ts';

// Retries as in production, only sooner.
const OPTIONS = { retryOptions: { maxTries: 4, retryDelayInMs: 1, maxRetryDelayInMs: 4 } };
let stack: Stack;
let proxy: FaultProxy;
let count = 0;

beforeAll(async () => {
  stack = await startStack();
  proxy = await startFaultProxy(stack.gateway.blobUrl);
});
afterAll(async () => {
  await proxy.close();
  await stack.close();
});
beforeEach(() => {
  proxy.faultOf = () => undefined;
  proxy.seen.length = 0;
});

/** open makes a container under a policy, and gives it as the writer sees it through the proxy. */
async function open(rights = 'rcl', timeoutMs?: number): Promise<{ store: BlobStore; owner: ContainerClient }> {
  const name = `store${count++}`;
  const owner = stack.container(name);
  await owner.create();
  await stack.putPolicy(name, 10);
  const client = new ContainerClient(proxy.url(stack.sasContainer(name, rights).url), undefined, OPTIONS);
  return { store: new BlobStore(client, timeoutMs), owner };
}

/** everyFirst fails the first try of each request. */
function everyFirst(fault: ProxyFault): () => ProxyFault | undefined {
  let tries = 0;
  return () => (tries++ % 2 === 0 ? fault : undefined);
}

async function bytesOf(owner: ContainerClient): Promise<Map<string, Buffer>> {
  const objects = new Map<string, Buffer>();
  for await (const { name } of owner.listBlobsFlat()) {
    objects.set(name, await owner.getBlobClient(name).downloadToBuffer());
  }
  return objects;
}

test('a segment is one Put Blob, with its metadata, and content types tell what an object is', async () => {
  const { store, owner } = await open();
  const ingest = ingestOf(store);
  await sealAll(ingest, eventsBetween(0, 1));
  proxy.seen.length = 0;
  await sealAll(ingest, eventsBetween(2, 3));
  expect(proxy.seen).toEqual([expect.stringMatching(/^PUT .*segments\/0\/000000000001\.jsonl\.zst$/)]);
  const { metadata, contentType, contentLength } = await owner.getBlobClient(nameOf(1)).getProperties();
  const stored = (await store.read(nameOf(1))) as Buffer;
  expect([contentType, contentLength]).toEqual(['application/zstd', stored.length]);
  const { frames } = splitReferenceSegment(stored, nameOf(1), TRUST);
  expect(metadata).toEqual({ signature: stored.subarray(frames.length + 8).toString('base64') });
});

describe('passing faults are retried', () => {
  test.each<ProxyFault>(['busy', 'broken', 'dropBefore'])('%s before each request', async (fault) => {
    const { store } = await open();
    proxy.faultOf = everyFirst(fault);
    expect(await store.exists('a')).toBe(false);
    expect(await store.create('a', Buffer.from('abc'))).toBe('created');
    expect((await store.read('a'))?.toString()).toBe('abc');
    const names: string[] = [];
    for await (const { name } of store.list('')) names.push(name);
    expect(names).toEqual(['a']);
  });

  test('a write whose response was lost is told as a name that is taken, and is there', async () => {
    const { store } = await open();
    let drops = 1;
    proxy.faultOf = ({ method }) => (method === 'PUT' && drops-- > 0 ? 'dropAfter' : undefined);
    expect(await store.create('a', Buffer.from('abc'))).toBe('exists');
    expect((await store.read('a'))?.toString()).toBe('abc');
  });

  test('a download that is cut off in the middle goes on', async () => {
    const { store } = await open();
    const bytes = Buffer.alloc(300_000, 'abcdefg');
    await store.create('a', bytes);
    let cuts = 2;
    proxy.faultOf = ({ method }) => (method === 'GET' && cuts-- > 0 ? 'cutBody' : undefined);
    expect(isSame(await store.read('a'), bytes)).toBe(true);
  });
});

describe('lasting faults are final', () => {
  test.each<[ProxyFault, RegExp]>([
    ['busy', /503/],
    ['broken', /500/],
    ['dropBefore', /no answer/],
    ['hang', /abort/i],
  ])('%s: STORE_UNAVAILABLE that says which operation', async (fault, why) => {
    const { store } = await open('rcl', fault === 'hang' ? 200 : undefined);
    await store.create('a', Buffer.from('abc'));
    proxy.faultOf = () => fault;
    const operations: [string, () => Promise<unknown>][] = [
      ["can't create b", () => store.create('b', Buffer.from('x'))],
      ["can't read a", () => store.read('a')],
      ["can't look up a", () => store.exists('a')],
      ["can't list x/", () => store.list('x/')[Symbol.asyncIterator]().next()],
      ["can't list y/", () => store.children('y/')[Symbol.asyncIterator]().next()],
    ];
    for (const [what, run] of operations) {
      const ended = run();
      await expect(ended).rejects.toMatchObject({
        code: 'STORE_UNAVAILABLE',
        message: expect.stringContaining(what) as string,
      });
      await expect(ended).rejects.toThrow(why);
    }
  });

  test('a body that is cut off again and again is never taken for the whole', async () => {
    const { store } = await open();
    await store.create('a', Buffer.alloc(300_000, 'abcdefg'));
    proxy.faultOf = ({ method }) => (method === 'GET' ? 'cutBody' : undefined);
    await expect(store.read('a')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });
});

describe('what the identity may not do', () => {
  test('a name that is taken is told from a missing right', async () => {
    const { store, owner } = await open('rcl');
    await store.create('a', Buffer.from('first'));
    expect(await store.create('a', Buffer.from('second'))).toBe('exists');
    const reader = new BlobStore(
      new ContainerClient(stack.sasContainer(owner.containerName, 'rl').url, undefined, OPTIONS),
    );
    await expect(reader.create('b', Buffer.from('x'))).rejects.toMatchObject({ code: 'STORE_REFUSED' });
    expect(await reader.create('a', Buffer.from('x'))).toBe('exists');
  });

  test('even an identity that may overwrite does not, in a container without a policy', async () => {
    const owner = stack.container(`open${count++}`);
    await owner.create();
    const store = new BlobStore(owner);
    await store.create('a', Buffer.from('first'));
    expect(await store.create('a', Buffer.from('second'))).toBe('exists');
    expect((await store.read('a'))?.toString()).toBe('first');
  });

  test('a container that is not there, and a token without rights, are refusals that a human has to mend', async () => {
    const missing = new BlobStore(new ContainerClient(stack.sasContainer('missing', 'rcl').url, undefined, OPTIONS));
    await expect(missing.create('a', Buffer.from('x'))).rejects.toMatchObject({ code: 'STORE_REFUSED' });
    await expect(missing.read('a')).rejects.toThrow(/container missing does not exist/);
    const { store } = await open('c');
    await expect(store.read('a')).rejects.toThrow(/rights to read, create and list/);
    await expect(store.list('')[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: 'STORE_REFUSED' });
  });

  test('messages never hold the token', async () => {
    const { store } = await open('c');
    const error = await store.read('a').catch((caught: Error) => caught);
    expect(JSON.stringify([(error as Error).message])).not.toMatch(/sig=|sv=/);
  });
});

test('something planted with a content encoding is read as it is stored', async () => {
  const { store, owner } = await open();
  const bytes = Buffer.from('not gzip at all');
  await owner.getBlockBlobClient('a').upload(bytes, bytes.length, { blobHTTPHeaders: { blobContentEncoding: 'gzip' } });
  expect(await store.read('a')).toEqual(bytes);
});

test('a blob with a key that a customer gave is foreign, and stops neither sealing nor the log', async () => {
  const { store, owner } = await open();
  await sealAll(ingestOf(store), eventsBetween(0, 1));
  const planted = [nameOf(1), nameOf(0, '77')];
  for (const name of planted) await owner.getBlockBlobClient(name).upload('x', 1);
  proxy.faultOf = ({ method, path }) =>
    ['GET', 'HEAD'].includes(method) && planted.some((name) => path.includes(name)) ? 'encrypted' : undefined;
  expect(await store.metadata(nameOf(1))).toEqual({});
  expect(await store.exists(nameOf(1))).toBe(true);
  expect(await store.read(nameOf(1))).toBe('encrypted');
  expect(await store.readEnd(nameOf(1), 100)).toBe('encrypted');
  await sealAll(ingestOf(store), eventsBetween(0, 3));
  expect(await integrateOf(store, new MemoryTiles()).run(new KeptLog())).toMatchObject({ segments: 2, foreign: 1 });
  const report = await check(store, { verifiers: [KEY.verifierKey] });
  expect(report.unreadable).toEqual([]);
  expect(saidOf(report)).toEqual(planted.map((name) => `foreign-object ${name}`).sort());
});

test('names whose characters mean something in a URL or in XML are taken as they are', async () => {
  const { store } = await open();
  const names = ['a b', 'a%20b', 'a?b=c', 'a#b', 'a&b+c', '<a>"\'', 'é/ü', 'a:b', '~', 'x'.repeat(300)];
  for (const name of names) expect(await store.create(name, Buffer.from(name))).toBe('created');
  const listed: string[] = [];
  for await (const { name } of store.list('')) listed.push(name);
  expect(listed.sort()).toEqual(names.toSorted());
  for (const name of names) expect((await store.read(name))?.toString()).toBe(name);
});

test('ingest through a store that fails at random seals every event once, in order', async () => {
  const { store, owner } = await open();
  const random = new Random(7);
  const faults: readonly ProxyFault[] = ['busy', 'broken', 'dropBefore', 'dropAfter', 'cutBody'];
  proxy.faultOf = ({ method }) => {
    const fault = faults[random.below(20)];
    return fault === 'cutBody' && method !== 'GET' ? undefined : fault;
  };
  const hosts = [ingestOf(store, { maxSegmentBytes: 90 }), ingestOf(store, { maxSegmentBytes: 200 })];
  await Promise.all(
    hosts.map(async (ingest, host) => {
      for (let first = 0; first < 60;) {
        const last = Math.min(first + 4 + host * 3, 59);
        try {
          await sealAll(ingest, eventsBetween(first, last));
          first = last + 1;
        } catch (error) {
          if (!['STORE_UNAVAILABLE', 'CHAIN_CONTENDED'].includes((error as { code?: string }).code ?? '')) throw error;
        }
      }
    }),
  );
  proxy.faultOf = () => undefined;
  const chain = deriveChain(await bytesOf(owner));
  expect(chain.events.map(({ number }) => number)).toEqual(Array.from({ length: 60 }, (_, i) => i));
  expect(chain.foreign).toEqual([]);
  expect(await check(store)).toMatchObject({ status: 'verified', checked: { events: 60 } });
});
