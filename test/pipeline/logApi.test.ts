import { createHash } from 'node:crypto';
import { AuditsealError } from '../../src/core/errors.ts';
import { parseEvidence, verifyEvidence } from '../../src/core/evidence.ts';
import { answerEvidence, answerLog } from '../../src/pipeline/logApi.ts';
import type { LogResponse } from '../../src/pipeline/logApi.ts';
import { forge, forgeChain, nameOf } from '../support/forge.ts';
import { KeptLog } from '../support/keptLog.ts';
import { KEY, integrateOf } from '../support/logs.ts';
import { MemoryStore } from '../support/memoryStore.ts';
import { MemoryTiles } from '../support/memoryTiles.ts';

const store = new MemoryStore(forgeChain(200));
const tiles = new MemoryTiles();
beforeAll(async () => {
  await integrateOf(store, tiles, { limits: { objects: 50, storedBytes: 1e9 } }).run(new KeptLog());
});

/** OnlyRead gives the tiles, and keeps what was asked for. */
class OnlyRead {
  readonly names: string[] = [];
  read = (name: string): Promise<Buffer | undefined> => {
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
      expect({ status, body }).toEqual({ status: 200, body: bytes });
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
    [404, '0', '200'],
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
