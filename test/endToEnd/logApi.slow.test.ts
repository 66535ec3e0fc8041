import { join } from 'node:path';
import { readBodies, sendBodies } from '../../local/demo/feed.ts';
import { Sealing } from '../../local/demo/sealing.ts';
import { HUB_NAME, NO_TIMERS, startStack } from '../../local/stack.ts';
import type { Stack } from '../../local/stack.ts';
import { openCheckpoint } from '../../src/core/note/checkpoint.ts';
import { parseEvidence, verifyEvidence } from '../../src/core/objects/evidence.ts';
import { leafHash } from '../../src/core/hash.ts';
import { parseSignerKey } from '../../src/core/note/signerKey.ts';
import { decodeBundle, decodeTile } from '../../src/core/merkle/tile.ts';
import { formatVerifierKey } from '../../src/core/note/verifierKey.ts';
import { ROOT, auditseal } from '../support/program.ts';

let stack: Stack;
beforeEach(async () => {
  stack = await startStack({ appDir: ROOT, partitions: 2, settings: NO_TIMERS });
});
afterEach(() => stack.close());

test('a third party reads the log over HTTP, and evidence with a key, and makes the same from the containers', async () => {
  const sealing = new Sealing(() => {});
  const host = await stack.startHost((line) => sealing.add(line));
  const get = (path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Response> =>
    fetch(`${host.httpUrl}/api/${path}`, { method, headers });
  expect((await get('log/checkpoint')).status).toBe(404);

  const bodies = await readBodies(join(ROOT, 'local', 'examples'), true);
  const feed = await sendBodies(stack.hub.connectionString(), HUB_NAME, bodies, 1, () => {});
  await sealing.until(feed.last);
  expect((await host.runTimer('integrate')).outcome).toBe('succeeded');

  const { verifierKey } = parseSignerKey(stack.settings['LEDGER_SIGNER_KEY'] ?? '');
  const answer = await get('log/checkpoint');
  expect(answer.headers.get('content-type')).toBe('text/plain; charset=utf-8');
  const note = Buffer.from(await answer.arrayBuffer());
  const { size } = openCheckpoint(note, verifierKey.keyName, [verifierKey]).checkpoint;
  const etag = answer.headers.get('etag') as string;
  const again = await get('log/checkpoint', { 'if-none-match': etag });
  expect([again.status, again.headers.get('etag'), await again.text()]).toEqual([304, etag, '']);
  const head = await get('log/checkpoint', {}, 'HEAD');
  expect([head.status, head.headers.get('etag'), await head.text()]).toEqual([200, etag, '']);

  const bytesOf = async (path: string): Promise<Buffer> => {
    const answered = await get(path);
    expect([answered.status, answered.headers.get('content-type')]).toEqual([200, 'application/octet-stream']);
    expect(answered.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    return Buffer.from(await answered.arrayBuffer());
  };
  const entries = decodeBundle(await bytesOf(`log/tile/entries/000.p/${size}`), size);
  expect(decodeTile(await bytesOf(`log/tile/0/000.p/${size}`), size)).toEqual(entries.map(leafHash));

  for (const [path, status] of [
    ['log/', 404],
    ['log/..%2f..%2fledger', 404],
    ['log/%2e%2e/evidence', 401],
    ['log/tile/0/000.p/0', 400],
    ['log/tile/0/..%5c..%5ccheckpoint', 400],
    ['log/tile/0/999', 404],
    ['evidence?partition=0&record=0', 401],
  ] as const)
    expect([path, (await get(path)).status]).toEqual([path, status]);

  const key = { 'x-functions-key': host.key };
  const evidence = await get('evidence?partition=1&record=0', key);
  expect([evidence.status, evidence.headers.get('content-type')]).toEqual([200, 'application/json']);
  const bytes = Buffer.from(await evidence.arrayBuffer());
  const result = verifyEvidence(parseEvidence(bytes), [verifierKey]);
  expect(result).toMatchObject({ ok: true, seal: { record: 0 }, entry: { partition: '1' } });
  const urlOf = (setting: string, container: string): string => {
    const [, endpoint, sas] =
      /BlobEndpoint=([^;]+);SharedAccessSignature=(.+)/.exec(stack.settings[setting] ?? '') ?? [];
    return `${endpoint}/${container}?${sas}`;
  };
  const target = [urlOf('LEDGER', 'ledger'), '--tlog', urlOf('TLOG', 'tlog'), '--key', formatVerifierKey(verifierKey)];
  const proved = await auditseal('prove', ...target, '--partition', '1', '--record', '0');
  expect(proved).toEqual({ code: 0, stdout: bytes.toString(), stderr: '' });
  expect((await get('evidence?partition=1&record=999999', key)).status).toBe(404);
  expect((await get('evidence?partition=x&record=0', key)).status).toBe(400);
});
