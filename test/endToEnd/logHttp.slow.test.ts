import { once } from 'node:events';
import { request } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { ContainerClient } from '@azure/storage-blob';
import { NO_TIMERS, startStack } from '../../local/stack.ts';
import type { Stack } from '../../local/stack.ts';
import { BlobStore } from '../../src/adapters/blobStore.ts';
import { BlobTileStore } from '../../src/adapters/blobTileStore.ts';
import { forgeChain } from '../support/forge.ts';
import { KeptLog } from '../support/keptLog.ts';
import { integrateOf } from '../support/logs.ts';
import { MemoryStore } from '../support/memoryStore.ts';
import { MemoryTiles } from '../support/memoryTiles.ts';
import { ROOT } from '../support/program.ts';

const SECRET = 'of the ledger, and of nobody else';

let stack: Stack;
let url = '';
const tiles = new MemoryTiles();
beforeAll(async () => {
  await integrateOf(new MemoryStore(forgeChain(280)), tiles).run(new KeptLog());
  stack = await startStack({ appDir: ROOT, partitions: 1, settings: NO_TIMERS });
  const containerOf = (setting: string, name: string): ContainerClient => {
    const [, endpoint, sas] =
      /BlobEndpoint=([^;]+);SharedAccessSignature=(.+)/.exec(stack.settings[setting] ?? '') ?? [];
    return new ContainerClient(`${endpoint}/${name}?${sas}`);
  };
  const served = new BlobTileStore(containerOf('TLOG', 'tlog'));
  for (const [name, bytes] of tiles.objects) await served.write(name, bytes);
  await new BlobStore(containerOf('LEDGER', 'ledger')).create('checkpoint', Buffer.from(SECRET));
  url = (await stack.startHost(() => {})).httpUrl;
});
afterAll(() => stack.close());

interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** ask sends a path as it is: fetch would tidy it up, and unpack the answer. */
async function ask(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
  const { hostname, port } = new URL(url);
  const sent = request({ hostname, port, path: `/api/${path}`, headers, method, agent: false });
  sent.end();
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  const pieces: Buffer[] = [];
  for await (const piece of answer as AsyncIterable<Buffer>) pieces.push(piece);
  return { status: answer.statusCode, headers: answer.headers, body: Buffer.concat(pieces) };
}

const bytesOf = (name: string): Buffer => tiles.objects.get(name) as Buffer;
const IMMUTABLE = 'public, max-age=31536000, immutable';

test.each([
  ['checkpoint', 'text/plain; charset=utf-8', 'public, max-age=2'],
  ['tile/0/000', 'application/octet-stream', IMMUTABLE],
  ['tile/0/001.p/28', 'application/octet-stream', IMMUTABLE],
  ['tile/1/000.p/1', 'application/octet-stream', IMMUTABLE],
  ['tile/entries/000', 'application/octet-stream', IMMUTABLE],
  ['tile/entries/001.p/28', 'application/octet-stream', IMMUTABLE],
])('%s has its bytes, type and age; HEAD has the same headers, and no body', async (name, type, age) => {
  const { status, headers, body } = await ask(`log/${name}`);
  expect([status, body.equals(bytesOf(name))]).toEqual([200, true]);
  expect(headers).toMatchObject({ 'content-type': type, 'cache-control': age, 'x-content-type-options': 'nosniff' });
  const head = await ask(`log/${name}`, {}, 'HEAD');
  expect([head.status, head.body.length]).toEqual([200, 0]);
  const same = ['content-type', 'cache-control', 'etag', 'vary'] as const;
  for (const field of same) expect([field, head.headers[field]]).toEqual([field, headers[field]]);
  expect(await ask(`log/${name}`, { 'if-none-match': headers.etag as string })).toMatchObject({
    status: 304,
    body: Buffer.alloc(0),
    headers: { etag: headers.etag, 'cache-control': age },
  });
});

test('an entry bundle is compressed for who asks for that, and for nobody else', async () => {
  const name = 'tile/entries/000';
  const plain = await ask(`log/${name}`);
  expect(plain.headers['content-encoding']).toBeUndefined();
  const zipped = await ask(`log/${name}`, { 'accept-encoding': 'gzip, identity' });
  expect(zipped.headers).toMatchObject({ 'content-encoding': 'gzip', vary: 'accept-encoding' });
  expect(gunzipSync(zipped.body).equals(bytesOf(name))).toBe(true);
  expect(zipped.body.length).toBeLessThan(plain.body.length / 2);
  expect(zipped.headers.etag).not.toBe(plain.headers.etag);
  const again = { 'accept-encoding': 'gzip', 'if-none-match': zipped.headers.etag as string };
  expect((await ask(`log/${name}`, again)).status).toBe(304);
  expect((await ask(`log/${name}`, { 'if-none-match': zipped.headers.etag as string })).status).toBe(200);
  const head = await ask(`log/${name}`, { 'accept-encoding': 'gzip' }, 'HEAD');
  expect([head.status, head.headers['content-encoding'], head.body.length]).toEqual([200, 'gzip', 0]);
});

const LEDGERS = 'ledger/checkpoint';
test.each<[number, string]>([
  [404, 'log'],
  [404, 'log/'],
  [404, 'log/Checkpoint'],
  [404, 'log/checkpoint%00'],
  [404, 'log/checkpoint%0a'],
  [404, 'log/checkpoint.json'],
  [404, `log/..%2f${LEDGERS}`],
  [404, `log/..%2F..%2F${LEDGERS}`],
  [404, `log/%2e%2e%2f${LEDGERS}`],
  [404, `log/%252e%252e%252f${LEDGERS}`],
  [404, `log/..%5c${LEDGERS}`],
  [404, `log/..\\${LEDGERS}`],
  [404, `log/../../${LEDGERS}`],
  [404, `log/%2e%2e/%2e%2e/${LEDGERS}`],
  [400, 'log/%c0%ae%c0%ae/checkpoint'],
  [404, 'log/segments/0/000000000000.jsonl.zst'],
  [404, 'log/https:%2f%2fexample.com%2fcheckpoint'],
  [404, 'log/tile/0/999'],
  [404, 'log/tile/0/000.p/26'],
  [400, 'log/tile'],
  [400, 'log/tile/0/000%00'],
  [400, 'log/tile/0/000%2f..%2f..%2f..%2fcheckpoint'],
  [400, 'log/tile/0/..%5c..%5ccheckpoint'],
  [400, 'log/tile/0/x000/000'],
  [400, 'log/tile/0/000.p/256'],
  [400, 'log/tile/64/000'],
  [400, 'log/tile/entries/%2e%2e%2fcheckpoint'],
  [400, `log/tile/0/${'x000/'.repeat(1500)}000`],
  [431, `log/tile/0/${'x000/'.repeat(6000)}000`],
  [400, 'log/%'],
  [400, 'log/%zz'],
])('%d for %s', async (status, path) => {
  const answer = await ask(path);
  expect([path, answer.status]).toEqual([path, status]);
  expect(answer.body.toString()).not.toContain(SECRET);
});

test('slashes that are doubled lead to what the log serves anyway, or nowhere', async () => {
  for (const path of ['log//checkpoint', 'log/tile//0/000', '/log/checkpoint', `log//..//${LEDGERS}`]) {
    const { status, body } = await ask(path);
    const isPublic = [...tiles.objects.values()].some((bytes) => bytes.equals(body));
    expect([path, isPublic || status === 400 || status === 404]).toEqual([path, true]);
  }
});
