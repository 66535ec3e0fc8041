import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { AuditsealError } from '../../src/core/errors.ts';
import { parseEvidence, verifyEvidence } from '../../src/core/objects/evidence.ts';
import { answerEvidence, answerLog } from '../../src/prove/api.ts';
import type { LogResponse } from '../../src/prove/api.ts';
import type { TooLarge } from '../../src/ports/store.ts';
import { forge, forgeChain, nameOf } from '../support/forge.ts';
import { KeptLog } from '../support/keptLog.ts';
import { KEY, integrateOf } from '../support/logs.ts';
import { MemoryStore } from '../support/memoryStore.ts';
import { MemoryTiles } from '../support/memoryTiles.ts';

// More than a full bundle.
const store = new MemoryStore(forgeChain(280));
const tiles = new MemoryTiles();
beforeAll(async () => {
  await integrateOf(store, tiles, { limits: { objects: 50, storedBytes: 1e9 } }).run(new KeptLog());
});

/** OnlyRead gives the tiles, and keeps what was asked for. */
class OnlyRead {
  readonly names: string[] = [];
  read = (name: string): Promise<Buffer | TooLarge | undefined> => {
    this.names.push(name);
    return tiles.read(name);
  };
}

const get = (path: string, ifNoneMatch?: string): Promise<LogResponse> =>
  answerLog(tiles, { path, ...(ifNoneMatch !== undefined && { ifNoneMatch }) });

const TEXT = 'text/plain; charset=utf-8';
const tagOf = (bytes: Uint8Array): string => `"${createHash('sha256').update(bytes).digest('hex')}"`;

describe('the log', () => {
  test('every file is served with its bytes, type and age', async () => {
    expect(tiles.objects.size).toBeGreaterThan(8);
    for (const [name, bytes] of tiles.objects) {
      const { status, headers, body } = await get(name);
      expect([status, bytes.equals(body as Uint8Array)]).toEqual([200, true]);
      const isCheckpoint = name === 'checkpoint';
      expect(headers).toMatchObject({
        'content-type': isCheckpoint ? TEXT : 'application/octet-stream',
        'cache-control': isCheckpoint ? 'public, max-age=2' : 'public, max-age=31536000, immutable',
        'x-content-type-options': 'nosniff',
        etag: tagOf(bytes),
      });
    }
  });

  test('who has the bytes gets none', async () => {
    const etag = tagOf(tiles.objects.get('checkpoint') as Buffer);
    for (const tags of [etag, `W/${etag}`, `"x", ${etag}`, '*']) {
      const { status, headers, body } = await get('checkpoint', tags);
      expect({ status, body }).toEqual({ status: 304, body: undefined });
      expect(headers).toMatchObject({ etag, 'cache-control': 'public, max-age=2' });
      expect(headers).not.toHaveProperty('content-type');
    }
    for (const tags of ['', '"x"', etag.slice(1, -1)]) expect((await get('checkpoint', tags)).status).toBe(200);
  });

  const BUNDLE = 'tile/entries/000';
  const bundleFor = (acceptEncoding: string | undefined, ifNoneMatch?: string): Promise<LogResponse> =>
    answerLog(tiles, {
      path: BUNDLE,
      ...(acceptEncoding !== undefined && { acceptEncoding }),
      ...(ifNoneMatch !== undefined && { ifNoneMatch }),
    });

  test.each([
    'gzip',
    'GZIP',
    'x-gzip',
    'br, gzip',
    'gzip;q=0.5',
    ' gzip ; q=1.000 ,identity;q=0.5',
    'gzip;q=0.5, identity;q=0.5',
    '*',
    'identity;q=0, *;q=0.001',
  ])('entries are compressed for a client that accepts %j', async (acceptEncoding) => {
    const { status, headers, body } = await bundleFor(acceptEncoding);
    const bytes = tiles.objects.get(BUNDLE) as Buffer;
    expect(gunzipSync(body as Uint8Array).equals(bytes)).toBe(true);
    expect((body as Uint8Array).length).toBeLessThan(bytes.length / 2);
    expect({ status, headers }).toMatchObject({
      status: 200,
      headers: {
        'content-encoding': 'gzip',
        'content-type': 'application/octet-stream',
        'cache-control': 'public, max-age=31536000, immutable',
        vary: 'accept-encoding',
        etag: tagOf(bytes).replace(/"$/, '-gzip"'),
      },
    });
  });

  test.each([
    undefined,
    '',
    'br',
    'identity',
    'gzip;q=0',
    'gzip;q=0.000, *',
    '*;q=0',
    'gzip;q=0.5, identity',
    'gzip;q=2',
    'gzip;level=9',
    'gzipped',
    'gzip gzip',
  ])('entries are sent as they are to a client that accepts %j', async (acceptEncoding) => {
    const { status, headers, body } = await bundleFor(acceptEncoding);
    const bytes = tiles.objects.get(BUNDLE) as Buffer;
    expect([status, bytes.equals(body as Uint8Array)]).toEqual([200, true]);
    expect(headers).toMatchObject({ vary: 'accept-encoding', etag: tagOf(bytes) });
    expect(headers).not.toHaveProperty('content-encoding');
  });

  test('each representation has a tag of its own', async () => {
    const plain = tagOf(tiles.objects.get(BUNDLE) as Buffer);
    const zipped = plain.replace(/"$/, '-gzip"');
    for (const [accepts, tag, status] of [
      ['gzip', zipped, 304],
      ['gzip', `W/${zipped}`, 304],
      ['gzip', plain, 200],
      ['gzip', `${plain}, ${zipped}`, 304],
      [undefined, plain, 304],
      [undefined, zipped, 200],
    ] as const) {
      const answer = await bundleFor(accepts, tag);
      expect([accepts, tag, answer.status]).toEqual([accepts, tag, status]);
      expect(answer.headers).toMatchObject({ vary: 'accept-encoding', etag: accepts === 'gzip' ? zipped : plain });
      expect(answer.body === undefined).toBe(status === 304);
      if (status === 304) expect(answer.headers).not.toHaveProperty('content-encoding');
    }
  });

  test('tiles and the checkpoint are never compressed', async () => {
    for (const path of ['checkpoint', 'tile/0/000.p/51']) {
      const { status, headers } = await answerLog(tiles, { path, acceptEncoding: 'gzip' });
      expect(status).toBe(200);
      expect(headers).not.toHaveProperty('content-encoding');
      expect(headers).not.toHaveProperty('vary');
    }
  });

  test.each([
    'tile/0/999',
    'tile/0/000.p/3',
    'tile/1/000.p/255',
    'tile/63/000',
    'tile/entries/x001/234',
    'tile/entries/x999/x999/x999/999',
  ])('%s is a good name, and none is there: 404, for no cache', async (path) => {
    const { status, headers } = await get(path);
    expect({ status, type: headers['content-type'] }).toEqual({ status: 404, type: TEXT });
    expect(headers['cache-control']).toBe('no-store');
  });

  test.each([
    [404, ''],
    [404, '/'],
    [404, '/checkpoint'],
    [404, 'checkpoint/'],
    [404, 'Checkpoint'],
    [404, 'checkpoint\0'],
    [404, 'checkpoints/000000000000'],
    [404, nameOf(0)],
    [404, '../ledger/checkpoints/000000000000'],
    [404, '..\\checkpoint'],
    [404, 'evidence'],
    [404, '%2e%2e/checkpoint'],
    [404, 'https://example.com/checkpoint'],
    [404, '__proto__'],
    [400, 'tile'],
    [400, 'tile/'],
    [400, 'tile/0/0'],
    [400, 'tile/0/0001'],
    [400, 'tile/00/000'],
    [400, 'tile/64/000'],
    [400, 'tile/-1/000'],
    [400, 'tile/0/x000/001'],
    [400, 'tile/0/000.p/0'],
    [400, 'tile/0/000.p/256'],
    [400, 'tile/0/000.p/007'],
    [400, 'tile/0/000.P/7'],
    [400, 'tile/0/000\n'],
    [400, 'tile/0/000/'],
    [400, 'tile//000'],
    [400, 'tile/0/../../checkpoint'],
    [400, 'tile/0/..%2f..%2fcheckpoint'],
    [400, 'tile/0/000?x'],
    [400, 'tile/entries/'],
    [400, 'tile/entries/../0/000'],
    [400, 'tile/entries/x001/x234/x067'],
    [400, `tile/0/${'x000/'.repeat(5000)}000`],
    [400, 'tile/0/٠٠٠'],
  ])('%d for %j, and nothing is read', async (status, path) => {
    const only = new OnlyRead();
    const answer = await answerLog(only, { path });
    expect(answer.status).toBe(status);
    expect(answer.headers).toMatchObject({ 'content-type': TEXT, 'cache-control': 'no-store' });
    expect(only.names).toEqual([]);
  });

  test('503 while the store is away, and a refusal is a fault', async () => {
    const failing = (code: 'STORE_UNAVAILABLE' | 'STORE_REFUSED'): Promise<LogResponse> =>
      answerLog({ read: () => Promise.reject(new AuditsealError(code, 'secret')) }, { path: 'checkpoint' });
    const { status, headers, body } = await failing('STORE_UNAVAILABLE');
    expect({ status, again: headers['retry-after'] }).toEqual({ status: 503, again: '5' });
    expect(Buffer.from(body as Uint8Array).toString()).not.toContain('secret');
    await expect(failing('STORE_REFUSED')).rejects.toThrow('secret');
  });
});

describe('evidence', () => {
  const deps = { store, tiles, verifiers: [KEY.verifierKey] };

  test('proves the record that was asked for', async () => {
    const { status, headers, body } = await answerEvidence(deps, { partition: '0', record: '137' });
    expect(status).toBe(200);
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      'cache-control': 'private, no-cache',
      'content-disposition': 'attachment; filename="record-0-137.evidence.json"',
    });
    const result = verifyEvidence(parseEvidence(body as Uint8Array), [KEY.verifierKey]);
    expect(result).toMatchObject({ ok: true, seal: { record: 137 } });
    const again = await answerEvidence(deps, { partition: '0', record: '137', ifNoneMatch: headers['etag'] as string });
    expect(again.status).toBe(304);
  });

  test.each([
    [400, null, null],
    [400, '0', null],
    [400, null, '0'],
    [400, '', '0'],
    [400, '0', ''],
    [400, '00', '0'],
    [400, '../1', '0'],
    [400, '0,1', '0'],
    [400, '0', '01'],
    [400, '0', '-1'],
    [400, '0', '1e3'],
    [400, '0', '9007199254740993'],
    [404, '0', '280'],
    [404, '0', '9007199254740991'],
    [404, '7', '0'],
    [404, '99999', '0'],
  ])('%d for partition %j and record %j', async (status, partition, record) => {
    expect((await answerEvidence(deps, { partition, record })).status).toBe(status);
  });

  test('409 where the segment is not what the log says', async () => {
    const changed = new MemoryStore(store.objects);
    changed.objects.set(nameOf(5), forge({ index: 5, record: 5, events: [99] }).stored);
    const { status } = await answerEvidence({ ...deps, store: changed }, { partition: '0', record: '5' });
    expect(status).toBe(409);
  });
});
