import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { MAX_WITNESS_REQUEST_BYTES } from '../core/note/witnessRequest.ts';
import type { Logger } from '../ports/host.ts';
import type { AnsweringWitness } from '../ports/signing.ts';

/** WitnessServer is a witness that listens. */
export interface WitnessServer {
  /** of both prefixes: what is submitted and what is monitored */
  readonly url: string;
  /** close refuses new requests, lets those under way end, and cuts off what takes too long. */
  close(): Promise<void>;
}

const REQUEST_TIMEOUT_MS = 10_000;
const KEEP_ALIVE_MS = 30_000;
const STOP_TIMEOUT_MS = 3_000;
const MAX_CONNECTIONS = 256;
const MAX_HEADER_BYTES = 8 * 1024;

const ADD_PATH = '/add-checkpoint';
const NEWEST_PATH = /^\/([0-9a-f]{64})\/checkpoint$/;

/** listenAsWitness serves a witness over HTTP. It rejects if it can't listen on the address; port 0 is any free port. */
export async function listenAsWitness(
  witness: AnsweringWitness,
  address: { readonly host: string; readonly port: number },
  log: Logger,
): Promise<WitnessServer> {
  const options = {
    requestTimeout: REQUEST_TIMEOUT_MS,
    headersTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    maxHeaderSize: MAX_HEADER_BYTES,
    connectionsCheckingInterval: 1000,
  };
  const server = createServer(options, (request, response) => {
    answer(witness, request, response).catch((error: unknown) => {
      // A request that its sender broke off is no fault of ours.
      if (!request.complete && request.destroyed) return;
      log.error('a request could not be answered', { error: error instanceof Error ? error.message : String(error) });
      if (!response.headersSent)
        send(response, 503, 'text/plain; charset=utf-8', "the witness can't answer now; try again later\n");
    });
  });
  server.maxConnections = MAX_CONNECTIONS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(address.port, address.host, () => resolve());
  });
  const { address: host, port, family } = server.address() as AddressInfo;
  return {
    url: `http://${family === 'IPv6' ? `[${host}]` : host}:${port}`,
    close: () => close(server),
  };
}

async function answer(witness: AnsweringWitness, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method = '', url = '' } = request;
  const [, originHash] = NEWEST_PATH.exec(url) ?? [];
  const allowed = url === ADD_PATH ? ['POST'] : originHash === undefined ? [] : ['GET', 'HEAD'];
  if (allowed.length === 0) return refuse(request, response, 404, 'there is nothing at this path');
  if (!allowed.includes(method)) {
    response.setHeader('allow', allowed.join(', '));
    return refuse(request, response, 405, `expected the method ${allowed.join(' or ')}, got ${method}`);
  }
  if (originHash !== undefined) {
    const { status, contentType, body } = await witness.newestCheckpoint(originHash);
    return send(response, status, contentType, body);
  }
  const body = await readBody(request);
  if (body === undefined)
    return refuse(request, response, 413, `the request is too large: at most ${MAX_WITNESS_REQUEST_BYTES} bytes`);
  const { status, contentType, body: answered } = await witness.addCheckpoint(body);
  send(response, status, contentType, answered);
}

/** readBody gives the whole body, or undefined as soon as it is too large. */
async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  if (Number(request.headers['content-length'] ?? 0) > MAX_WITNESS_REQUEST_BYTES) return undefined;
  const chunks: Buffer[] = [];
  let length = 0;
  // The request outlives this loop when it is left early: the answer goes out on its connection.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > MAX_WITNESS_REQUEST_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** refuse answers without having read the body, so that the connection can't be used again. */
function refuse(request: IncomingMessage, response: ServerResponse, status: number, why: string): void {
  if (!request.complete) response.setHeader('connection', 'close');
  send(response, status, 'text/plain; charset=utf-8', `${why}\n`);
}

function send(response: ServerResponse, status: number, contentType: string, body: string | Buffer): void {
  response.writeHead(status, {
    'content-type': contentType,
    'content-length': Buffer.byteLength(body),
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-store',
  });
  response.end(body);
}

async function close(server: Server): Promise<void> {
  const cutOff = setTimeout(() => server.closeAllConnections(), STOP_TIMEOUT_MS);
  try {
    await new Promise<void>((resolve, reject) => {
      server.close((error) => (error === undefined ? resolve() : reject(error)));
    });
  } finally {
    clearTimeout(cutOff);
  }
}
