import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { invocationsOf, NO_TIMERS, watchHost } from './support.ts';
import type { Watched } from './support.ts';

let host: Watched;
beforeAll(async () => {
  host = await watchHost({ ...NO_TIMERS, HOOKS: '1', 'AzureWebJobs.silent.Disabled': 'false' });
});
afterAll(async () => {
  await host.stop();
});

const call = (path: string, init?: RequestInit): Promise<Response> => fetch(host.httpUrl + path, init);

test('passes bytes, parameters, query and headers in both directions', async () => {
  const body = Buffer.from(Array.from({ length: 4096 }, (_, i) => (i * 7) % 256));
  const answer = await call('/api/echo/a%20b/c/d?q=1&q=2', { method: 'POST', body });
  expect(answer.status).toBe(201);
  expect(Buffer.from(await answer.arrayBuffer()).equals(body)).toBe(true);
  expect(answer.headers.get('x-rest')).toBe('c/d');
  expect(answer.headers.get('x-query')).toBe('1,2');
  expect(answer.headers.get('x-method')).toBe('POST');
  expect(answer.headers.get('x-url')).toBe(`${host.httpUrl}/api/echo/a%20b/c/d?q=1&q=2`);
  expect(answer.headers.getSetCookie()).toEqual(['a=b%20c; max-age=60; path=/; samesite=strict; httponly']);
});

test("keeps a body of zero bytes and one that isn't UTF-8", async () => {
  for (const body of [Buffer.alloc(0), Buffer.from([0xff, 0xfe, 0x00])]) {
    const answer = await call('/api/echo/x', { method: 'POST', body });
    expect(Buffer.from(await answer.arrayBuffer()).equals(body)).toBe(true);
  }
});

test.each([
  ['the more precise route', '/api/echo/known', 'GET', 200],
  ['an unknown route', '/api/unknown', 'GET', 404],
  ['a route without the prefix', '/echo/x', 'GET', 404],
  ['another method', '/api/echo/x', 'DELETE', 404],
  ['a function that throws', '/api/broken', 'GET', 500],
  ['a function that answers nothing', '/api/silent', 'GET', 204],
  ['a guarded function without the key', '/api/guarded', 'GET', 401],
  ['the admin endpoint without the key', '/admin/functions/nightly', 'POST', 401],
  ["a path that can't be decoded", '/api/echo/%zz', 'GET', 400],
])('answers %s', async (_what, path, method, status) => {
  expect((await call(path, { method })).status).toBe(status);
});

test('opens a guarded function with the key, in the header or in the query', async () => {
  const inHeader = await call('/api/guarded', { headers: { 'x-functions-key': host.key } });
  expect(await inHeader.json()).toEqual({ ok: true });
  expect((await call(`/api/guarded?code=${host.key}`)).status).toBe(200);
  expect((await call('/api/guarded?code=wrong')).status).toBe(401);
});

test('refuses a body above the limit before reading it', async () => {
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    const sent = request(`${host.httpUrl}/api/echo/x`, { method: 'POST', headers: { 'content-length': '104857601' } });
    sent.on('response', resolve).on('error', reject).flushHeaders();
  });
  const answer = await answered;
  expect(answer.statusCode).toBe(413);
  answer.destroy();
});

test("reports invocations, the app's logs with their level, and errors with their message", async () => {
  await call('/api/echo/logged');
  await call('/api/broken');
  await host.until((lines) => invocationsOf(lines, 'broken').length > 0);
  const [broken] = invocationsOf(host.lines, 'broken');
  expect(broken).toMatchObject({ outcome: 'failed', error: { message: 'told to break' } });
  expect(broken?.error?.stack).toContain('http.mjs');
  expect(host.lines).toContainEqual(
    expect.objectContaining({
      type: 'log',
      level: 'warning',
      category: 'user',
      function: 'echo',
      message: 'echo logged',
    }),
  );
  expect(host.lines).toContainEqual(
    expect.objectContaining({ type: 'log', category: 'console', message: 'hook broken error told to break' }),
  );
});

test('leaves disabled functions out', async () => {
  expect(host.functions).toEqual(['echo', 'known', 'silent', 'broken', 'guarded']);
  await expect(host.runTimer('nightly')).rejects.toThrow('HTTP 404');
});

test('ends with code 1 when the app has an error nobody catches', async () => {
  const late = await watchHost({ ...NO_TIMERS, BAD: 'late' });
  expect(await late.exited).toBe(1);
  expect(late.lines).toContainEqual(
    expect.objectContaining({ type: 'error', message: expect.stringContaining('nobody catches this') }),
  );
});
