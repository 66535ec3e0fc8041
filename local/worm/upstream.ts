import http from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { refuse, storageAnswer } from './errors.ts';
import type { Answer } from './errors.ts';
import type { SharedKey, SignedParts } from './sharedKey.ts';

/** Reply is an answer of Azurite, read whole. */
export interface Reply {
  readonly status: number;
  readonly reason: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Judge may replace an answer of Azurite by another, from its status and headers. */
export type Judge = (status: number, headers: http.IncomingHttpHeaders) => Promise<Answer | undefined>;

/** Upstream is Azurite, as the gateway reaches it. */
export interface Upstream {
  /** forward streams a request to Azurite and the answer back. Its promise resolves when the exchange has ended. */
  forward(request: IncomingMessage, response: ServerResponse, headers: RawHeaders, judge?: Judge): Promise<void>;
  /** send sends a small request as it is and reads the answer whole. */
  send(parts: SignedParts, body?: string | Buffer): Promise<Reply>;
  /** ask sends a request of the gateway's own, signed with the account's key. */
  ask(method: string, target: string, headers?: Readonly<Record<string, string>>): Promise<Reply>;
  close(): void;
}

/** RawHeaders are names and values in turn, in the order and spelling in which they came. */
export type RawHeaders = readonly string[];

/** API_VERSION is the version of the gateway's own requests. */
export const API_VERSION = '2026-06-06';

const HOP_HEADERS = new Set(['connection', 'keep-alive', 'proxy-connection', 'upgrade', 'expect', 'trailer', 'te']);

/** createUpstream makes the connection pool to Azurite. */
export function createUpstream(url: string, sharedKey: SharedKey): Upstream {
  const { hostname: host, port } = new URL(url);
  const agent = new http.Agent({ keepAlive: true, maxSockets: 256 });

  const send = async (parts: SignedParts, body: string | Buffer = ''): Promise<Reply> =>
    new Promise((resolve, reject) => {
      const headers = definedHeaders(parts.headers);
      const request = http.request(
        { agent, host, port, method: parts.method, path: parts.target, headers },
        (reply) => {
          const chunks: Buffer[] = [];
          reply.on('data', (chunk: Buffer) => chunks.push(chunk));
          reply.on('error', reject);
          reply.on('end', () => {
            const { statusCode: status = 500, statusMessage: reason = '' } = reply;
            resolve({ status, reason, headers: reply.headers, body: Buffer.concat(chunks) });
          });
        },
      );
      request.on('error', reject);
      request.end(body);
    });

  return {
    forward: async (request, response, headers, judge) => {
      const onward = http.request({
        agent,
        host,
        port,
        method: request.method,
        path: request.url,
        headers: withoutHopHeaders(headers),
      });
      await exchange(request, response, onward, judge);
    },
    send,
    ask: async (method, target, headers = {}) => {
      const own = {
        ...headers,
        'x-ms-date': new Date().toUTCString(),
        'x-ms-version': API_VERSION,
        'content-length': '0',
      };
      const authorization = sharedKey.authorizationOf({ method, target, headers: own });
      return send({ method, target, headers: { ...own, authorization } });
    },
    close: () => {
      agent.destroy();
    },
  };
}

/** sendAnswer writes a complete response. */
export function sendAnswer(response: ServerResponse, answer: Answer, method: string | undefined): void {
  const body = Buffer.from(answer.body);
  const headers = { ...answer.headers, 'content-length': body.length };
  if (answer.reason === undefined) response.writeHead(answer.status, headers);
  else response.writeHead(answer.status, answer.reason, headers);
  response.end(method === 'HEAD' ? undefined : body);
}

/** answerOf passes on a reply of Azurite as the gateway's own answer. */
export function answerOf(reply: Reply): Answer {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(reply.headers)) {
    if (HOP_HEADERS.has(name) || name === 'transfer-encoding' || name === 'content-length' || value === undefined)
      continue;
    headers[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return { status: reply.status, reason: reply.reason, headers, body: reply.body };
}

async function exchange(
  request: IncomingMessage,
  response: ServerResponse,
  onward: http.ClientRequest,
  judge: Judge | undefined,
): Promise<void> {
  await new Promise<void>((resolve) => {
    let isAnswered = false;
    const fail = (error: Error): void => {
      onward.destroy();
      if (response.headersSent) response.destroy(error);
      else sendAnswer(response, storageAnswer(unreachable(error)), request.method);
    };
    response.on('close', () => {
      if (!response.writableFinished) onward.destroy(); // the client went away
      resolve();
    });
    request.on('error', fail);
    onward.on('error', (error) => {
      if (!isAnswered) fail(error); // after an early answer, Azurite may close without reading the rest of the body
    });
    onward.on('response', (reply) => {
      isAnswered = true;
      reply.on('error', fail);
      passOn(reply, request, response, judge).catch(fail);
    });
    request.pipe(onward);
  });
}

async function passOn(
  reply: IncomingMessage,
  request: IncomingMessage,
  response: ServerResponse,
  judge: Judge | undefined,
): Promise<void> {
  const { statusCode: status = 500, statusMessage: reason = '' } = reply;
  const instead = await judge?.(status, reply.headers);
  if (instead === undefined) {
    response.writeHead(status, reason, withoutHopHeaders(reply.rawHeaders));
    reply.pipe(response);
  } else {
    reply.resume();
    sendAnswer(response, instead, request.method);
  }
}

function withoutHopHeaders(raw: RawHeaders): string[] {
  const kept: string[] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] ?? '';
    if (!HOP_HEADERS.has(name.toLowerCase())) kept.push(name, raw[i + 1] ?? '');
  }
  return kept;
}

function definedHeaders(headers: SignedParts['headers']): Record<string, string | string[]> {
  const defined: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(headers)) if (value !== undefined) defined[name] = value;
  return defined;
}

const unreachable = (error: Error): ReturnType<typeof refuse> =>
  refuse(500, 'InternalError', `The gateway lost Azurite: ${error.message}`);
