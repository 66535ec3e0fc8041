import { randomUUID, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FunctionSpec, HttpTrigger } from './functionSpec.ts';
import type { Emit } from './hostLine.ts';
import { MAX_BODY_BYTES, readBody, requestData, writeResponse } from './httpMessages.ts';
import type { Input, Invoker } from './invoker.ts';
import { Refusal, messageOf } from './refusal.ts';
import { compareRoutes, matchRoute } from './route.ts';
import type { TimerListener } from './timerListener.ts';

export interface HttpServer {
  readonly url: string;
  /** stop closes the port and waits for requests that are being answered. */
  stop(): Promise<void>;
}

export interface HttpDeps {
  readonly port: number;
  readonly key: string;
  readonly functions: readonly FunctionSpec<HttpTrigger>[];
  readonly timers: ReadonlyMap<string, TimerListener>;
  readonly invoker: Invoker;
  readonly emit: Emit;
}

interface Match {
  readonly spec: FunctionSpec<HttpTrigger>;
  readonly params: Readonly<Record<string, string>>;
}

/** serveHttp answers the app's HTTP functions and the admin endpoint on 127.0.0.1. */
export async function serveHttp(deps: HttpDeps): Promise<HttpServer> {
  const { emit, invoker } = deps;
  const answering = new Set<Promise<void>>();
  const functions = [...deps.functions].sort((a, b) => compareRoutes(a.trigger.route, b.trigger.route));
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      emit({ type: 'error', message: `${request.method ?? ''} ${request.url ?? ''}: ${messageOf(error)}` });
      if (response.headersSent) response.destroy();
      else response.writeHead(500).end();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(new Refusal(64, `the HTTP port can't be opened: ${error.message}`)));
    server.listen(deps.port, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('the HTTP server has no port');

  return {
    url: `http://127.0.0.1:${String(address.port)}`,
    stop: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      await Promise.allSettled(answering);
      // What is left has sent no whole request: it would keep the port for as long as it likes.
      server.closeAllConnections();
      await closed;
    },
  };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = urlOf(request);
    if (url === undefined) return finish(response, 400);
    const admin = /^\/admin\/functions\/([^/]+)$/i.exec(url.pathname);
    if (admin?.[1] !== undefined) return runTimer(admin[1], request, url, response);
    const match = url.pathname.toLowerCase().startsWith('/admin/') ? undefined : find(request, url);
    if (match === undefined) return finish(response, 404);
    if (!match.spec.trigger.isAnonymous && !hasKey(request, url)) return finish(response, 401);
    const body = await readBody(request);
    if (body === undefined) return refuseBody(response);
    const input: Input = { data: () => requestData(request, url, match.params, body) };
    const answered = invokeFor(match.spec, input, response).finally(() => answering.delete(answered));
    answering.add(answered);
    await answered;
  }

  async function invokeFor(spec: FunctionSpec<HttpTrigger>, input: Input, response: ServerResponse): Promise<void> {
    // A client that goes away during the invocation closes the response, too.
    const closed = new Promise<void>((resolve) => response.once('close', () => resolve()));
    const outcome = await invoker.invoke(spec, input);
    if (outcome.ok) writeResponse(response, outcome.returnValue);
    else finish(response, 500);
    await closed;
  }

  function find(request: IncomingMessage, url: URL): Match | undefined {
    for (const spec of functions) {
      if (!spec.trigger.methods.includes(request.method ?? 'GET')) continue;
      const params = matchRoute(spec.trigger.route, url.pathname);
      if (params !== undefined) return { spec, params };
    }
    return undefined;
  }

  /** runTimer answers 202 at once like the real host; the invocation line with the same id tells how it ended. */
  async function runTimer(name: string, request: IncomingMessage, url: URL, response: ServerResponse): Promise<void> {
    if (request.method !== 'POST') return finish(response, 404);
    if (!hasKey(request, url)) return finish(response, 401);
    if ((await readBody(request)) === undefined) return refuseBody(response);
    const wanted = decodeURIComponent(name).toLowerCase();
    const timer = [...deps.timers].find(([timerName]) => timerName.toLowerCase() === wanted)?.[1];
    if (timer === undefined) return finish(response, 404);
    const invocationId = randomUUID();
    timer
      .runNow(invocationId)
      .catch((error: unknown) => emit({ type: 'error', function: name, message: messageOf(error) }));
    response.writeHead(202, { 'content-type': 'application/json' }).end(JSON.stringify({ invocationId }));
  }

  function hasKey(request: IncomingMessage, url: URL): boolean {
    const given = Buffer.from(String(request.headers['x-functions-key'] ?? url.searchParams.get('code') ?? ''));
    const wanted = Buffer.from(deps.key);
    return given.length === wanted.length && timingSafeEqual(given, wanted);
  }
}

function urlOf(request: IncomingMessage): URL | undefined {
  try {
    const url = new URL(`http://${request.headers.host ?? '127.0.0.1'}${request.url ?? '/'}`);
    decodeURIComponent(url.pathname);
    return url;
  } catch {
    return undefined;
  }
}

function finish(response: ServerResponse, status: number): void {
  response.writeHead(status).end();
}

function refuseBody(response: ServerResponse): void {
  // The rest of the body is of no use, and reading it would be what the limit forbids.
  response.writeHead(413, { connection: 'close' }).end(`a body may have ${String(MAX_BODY_BYTES)} bytes\n`);
}
