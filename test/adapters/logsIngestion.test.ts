import { AggregateAuthenticationError, AuthenticationError, CredentialUnavailableError } from '@azure/identity';
import { AggregateLogsUploadError } from '@azure/monitor-ingestion';
import { ForwardScene, START } from '../support/forwardScene.ts';
import { IngestedRows, STREAM, openIngestedRows } from '../../src/adapters/logsIngestion.ts';
import { MAX_POST_BYTES } from '../../src/ports/forward.ts';
import type { Posted, Row } from '../../src/ports/forward.ts';

let scene: ForwardScene;
beforeAll(async () => {
  scene = await ForwardScene.begin();
});
afterAll(() => scene.end());

const row = (n: number, bytes = 0): Row => ({
  TimeGenerated: new Date(START).toISOString(),
  Record: n,
  Raw: 'x'.repeat(bytes),
});

test('what has room in one request is one request of the client, and the service takes it', async () => {
  const rows = Array.from({ length: 15 }, (_, n) => row(n, 63_203));
  expect(Buffer.byteLength(JSON.stringify(rows))).toBeGreaterThan(MAX_POST_BYTES - 1000);
  expect(await scene.sink().post(rows)).toEqual({ is: 'taken' });
  expect(scene.service.answered).toEqual(new Map([[204, 1]]));
  expect(scene.service.rows.map((taken) => taken['Record'])).toEqual(rows.map((given) => given['Record']));
});

test('many small rows are one request too', async () => {
  const before = scene.service.answered.get(204) ?? 0;
  const rows = Array.from({ length: 11_000 }, (_, n) => row(n));
  expect(Buffer.byteLength(JSON.stringify(rows))).toBeGreaterThan(700_000);
  expect(await scene.sink().post(rows)).toEqual({ is: 'taken' });
  expect(scene.service.answered.get(204)).toBe(before + 1);
});

test.each([
  [400, 'rejected'],
  [413, 'rejected'],
  [401, 'refused'],
  [403, 'refused'],
  [404, 'refused'],
  [429, 'throttled'],
  [500, 'unavailable'],
  [503, 'unavailable'],
] as const)('%i is %s, asked once, and what is said of it names the status', async (status, is) => {
  let requests = 0;
  scene.service.fault = () => ((requests += 1), { status });
  const posted = await scene.sink().post([row(1)]);
  expect(posted).toMatchObject({ is, why: expect.stringContaining(`the service answered ${status}`) as unknown });
  expect(requests).toBe(1);
  scene.service.fault = () => undefined;
});

test.each([
  ['17', 17_000],
  [new Date(START + 30_000).toUTCString(), 30_000],
  [new Date(START - 30_000).toUTCString(), 0],
  ['86400', 600_000],
  ['soon', 10_000],
  [undefined, 10_000],
])('Retry-After %s is so many milliseconds', async (retryAfter, afterMs) => {
  scene.now = START;
  scene.service.fault = () => ({ status: 429, ...(retryAfter !== undefined && { retryAfter }) });
  expect(await scene.sink().post([row(1)])).toMatchObject({ is: 'throttled', afterMs });
  scene.service.fault = () => undefined;
});

test('a connection that ends, a service that is not there, and one that nobody trusts are unavailable', async () => {
  scene.service.fault = () => ({ ends: 'before' });
  const said: Posted[] = [await scene.sink().post([row(1)])];
  scene.service.fault = () => undefined;
  const credential = { getToken: async () => ({ token: 'x', expiresOnTimestamp: Date.now() + 3_600_000 }) };
  const open = (endpoint: string) => openIngestedRows({ endpoint, rule: scene.service.rule }, credential, Date.now);
  said.push(await open('https://127.0.0.1:9').post([row(1)]), await open(scene.service.endpoint).post([row(1)]));
  expect(said.map(({ is }) => is)).toEqual(['unavailable', 'unavailable', 'unavailable']);
});

test.each([
  new CredentialUnavailableError('secret'),
  new AuthenticationError(400, { error: 'invalid_client', error_description: 'secret' }),
  new AuthenticationError(401, { error: 'invalid_client', error_description: 'secret' }),
  new AggregateAuthenticationError([new CredentialUnavailableError('secret')]),
])('without a token it says so, and no row is rejected: %#', async (fault) => {
  const getToken = (): Promise<never> => Promise.reject(fault);
  const { endpoint, rule } = scene.service;
  const posted = await openIngestedRows({ endpoint, rule }, { getToken }, Date.now).post([row(1)]);
  expect(posted).toEqual({ is: 'refused', why: expect.stringMatching(/identity is missing or wrong$/) as unknown });
});

test('where who gives tokens is out, that passes', async () => {
  const getToken = (): Promise<never> => Promise.reject(new AuthenticationError(503, { error: 'out' }));
  const { endpoint, rule } = scene.service;
  const posted = await openIngestedRows({ endpoint, rule }, { getToken }, Date.now).post([row(1)]);
  expect(posted.is).toBe('unavailable');
});

test('rows of which a part was taken count as not taken, and nothing of them is repeated in words', async () => {
  const cause = Object.assign(new Error('row "secret"'), { statusCode: 500, code: 'a row: secret' });
  const client = {
    upload: () => Promise.reject(new AggregateLogsUploadError([{ failedLogs: [{ Record: 2 }], cause }])),
  };
  const posted = await new IngestedRows(client, 'dcr', Date.now).post([row(1), row(2)]);
  expect(posted).toEqual({ is: 'unavailable', why: 'the service answered 500' });
});

test('columns that the stream does not declare are dropped, as the service does', async () => {
  await scene.sink().post([{ ...row(7), Other: 'x' }]);
  expect(scene.service.rows.at(-1)).not.toHaveProperty('Other');
  expect(STREAM).toMatch(/^Custom-\w+_CL$/);
});
