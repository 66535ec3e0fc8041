import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/**
 * What the proxy does to a request: answers 503 or 500 itself, drops the connection before the request goes through or after
 * (so that only the response is lost), never answers, cuts the response's body in the middle, or answers as Azure does to who reads
 * a blob without the key that a customer gave it (409; to a HEAD, the code stands in a header alone).
 */
export type ProxyFault = 'busy' | 'broken' | 'encrypted' | 'dropBefore' | 'dropAfter' | 'hang' | 'cutBody';

const ANSWERS = {
  busy: [503, 'ServerBusy'],
  broken: [500, 'InternalError'],
  encrypted: [409, 'BlobUsesCustomerSpecifiedEncryption'],
} as const;

/** FaultProxy stands between a storage client and the store. */
export interface FaultProxy {
  /** url gives the address of something of the store as seen through the proxy. */
  url(original: string): string;
  /** decides what happens to each request */
  faultOf: (request: { readonly method: string; readonly path: string }) => ProxyFault | undefined;
  /** method and path of every request so far */
  readonly seen: string[];
  /** how many requests are under way, this one included */
  readonly underway: number;
  /** how long each request takes at least */
  latencyMs: number;
  close(): Promise<void>;
}

/** startFaultProxy starts a proxy in front of the server at `upstream` (http://host:port). */
export async function startFaultProxy(upstream: string): Promise<FaultProxy> {
  const { hostname, port } = new URL(upstream);
  const server = createServer((incoming, outgoing) => void handle(incoming, outgoing));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const requests = new Set<ServerResponse>();
  const proxy: FaultProxy = {
    url: (original) => original.replace(new URL(original).origin, address),
    faultOf: () => undefined,
    seen: [],
    get underway() {
      return requests.size;
    },
    latencyMs: 0,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };

  async function handle(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const { method = '', url: path = '' } = incoming;
    proxy.seen.push(`${method} ${path.split('?')[0]}`);
    requests.add(outgoing);
    outgoing.once('close', () => requests.delete(outgoing));
    if (proxy.latencyMs > 0) await delay(proxy.latencyMs);
    const fault = proxy.faultOf({ method, path });
    if (fault === 'dropBefore') return void outgoing.destroy();
    if (fault === 'hang') return;
    if (fault === 'busy' || fault === 'broken' || fault === 'encrypted') {
      incoming.resume();
      const [status, code] = ANSWERS[fault];
      const headers = { 'x-ms-error-code': code, 'content-type': 'application/xml' };
      return void outgoing.writeHead(status, headers).end(`<Error><Code>${code}</Code><Message>no</Message></Error>`);
    }
    const onward = request({ hostname, port, method, path, headers: incoming.headers }, (reply) => {
      if (fault === 'dropAfter') return void outgoing.destroy();
      outgoing.writeHead(reply.statusCode ?? 500, reply.rawHeaders);
      if (fault === 'cutBody') return void reply.once('data', (chunk: Buffer) => cut(outgoing, chunk));
      reply.pipe(outgoing);
    });
    onward.on('error', () => outgoing.destroy());
    incoming.pipe(onward);
  }
  return proxy;
}

function cut(outgoing: ServerResponse, chunk: Buffer): void {
  outgoing.write(chunk.subarray(0, Math.floor(chunk.length / 2)), () => outgoing.destroy());
}
