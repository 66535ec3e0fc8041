import { once } from 'node:events';
import https from 'node:https';
import type { IncomingMessage } from 'node:http';
import { gzipSync } from 'node:zlib';
import { startIngestion } from '../../../local/ingestion/ingestion.ts';
import type { Ingestion } from '../../../local/ingestion/ingestion.ts';
import { localCertificate } from '../../../local/keyVault/certificate.ts';

const NOW = Date.parse('2026-11-22T00:00:30.000Z');
const certificate = localCertificate();
let service: Ingestion;
beforeEach(async () => {
  service = await startIngestion({
    certificate,
    isToken: (token, resource) => token === 'good' && resource === 'https://monitor.azure.com',
    columns: { TimeGenerated: 'datetime', Raw: 'string' },
    stream: 'Custom-X_CL',
    now: () => NOW,
  });
});
afterEach(() => service.close());

interface Asked {
  readonly path?: string;
  readonly token?: string;
  readonly isPlain?: boolean;
}

/** post gives the status, and what Retry-After says. */
async function post(
  body: string,
  { path = pathOf(), token = 'good', isPlain = false }: Asked = {},
): Promise<unknown[]> {
  const request = https.request(`${service.endpoint}${path}`, {
    method: 'POST',
    ca: certificate.cert,
    headers: { authorization: `Bearer ${token}`, ...(!isPlain && { 'content-encoding': 'gzip' }) },
  });
  request.end(isPlain ? body : gzipSync(body));
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  response.resume();
  return [response.statusCode, response.headers['retry-after']];
}

const pathOf = (rule = service.rule, stream = 'Custom-X_CL', version = '2023-01-01'): string =>
  `/dataCollectionRules/${rule}/streams/${stream}?api-version=${version}`;

test('rows come as the table has them: unknown columns dropped, long values cut, old times replaced', async () => {
  const rows = [
    { TimeGenerated: '2026-11-21T00:00:00.000Z', Raw: 'x'.repeat(70_000), Other: 1 },
    { TimeGenerated: '2026-11-19T00:00:00.000Z' },
    { TimeGenerated: '2026-11-24T00:00:00.000Z' },
  ];
  expect(await post(JSON.stringify(rows))).toEqual([204, undefined]);
  expect(await post(JSON.stringify(rows.slice(0, 1)), { isPlain: true })).toEqual([204, undefined]);
  const came = '2026-11-22T00:00:30.000Z';
  expect(service.rows.map(({ TimeGenerated }) => TimeGenerated)).toEqual([
    rows[0]?.TimeGenerated,
    came,
    came,
    rows[0]?.TimeGenerated,
  ]);
  expect(service.rows[0]).toEqual({ TimeGenerated: rows[0]?.TimeGenerated, Raw: 'x'.repeat(65_536) });
});

test.each<[string, string, () => Asked, number]>([
  ['no token', '[]', () => ({ token: 'other' }), 401],
  ['another rule', '[]', () => ({ path: pathOf('dcr-1') }), 404],
  ['another stream', '[]', () => ({ path: pathOf(service.rule, 'Custom-Y_CL') }), 404],
  ['another version', '[]', () => ({ path: pathOf(service.rule, 'Custom-X_CL', '2021-11-01-preview') }), 400],
  ['no JSON', '[{]', () => ({}), 400],
  ['no array', '{}', () => ({}), 400],
  ['no objects', '[1]', () => ({}), 400],
  ['more than a mebibyte', JSON.stringify([{ Raw: 'x'.repeat(1024 * 1024) }]), () => ({}), 413],
])('%s is refused', async (_what, body, asked, status) => {
  expect((await post(body, asked()))[0]).toBe(status);
  expect(service.rows).toEqual([]);
});

test('the 12,001st request of a minute has to wait for the next one', async () => {
  const agent = new https.Agent({ keepAlive: true, maxSockets: 8, ca: certificate.cert });
  const one = async (): Promise<number | undefined> => {
    const request = https.request(`${service.endpoint}${pathOf()}`, {
      method: 'POST',
      agent,
      headers: { authorization: 'Bearer good' },
    });
    request.end('[]');
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    response.resume();
    await once(response, 'end');
    return response.statusCode;
  };
  for (let sent = 0; sent < 12_000; sent += 500)
    expect(new Set(await Promise.all(Array.from({ length: 500 }, one)))).toEqual(new Set([204]));
  agent.destroy();
  expect(await post('[]')).toEqual([429, '30']);
});
