/** Starts a blob service that is far away, prints where it is as one line of JSON, and ends with its standard input. */
import { Agent, createServer, request } from 'node:http';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { StorageSharedKeyCredential } from '@azure/storage-blob';
import { startAzurite } from '../local/azurite.ts';
import { startWormGateway } from '../local/worm/gateway.ts';

/** FarStore is where the service is: near, and behind a way of that many milliseconds. */
export interface FarStore {
  readonly near: string;
  readonly far: string;
}

export const ACCOUNT = 'benchaccount';
const KEY = Buffer.alloc(64, 'k').toString('base64');
export const CREDENTIAL = new StorageSharedKeyCredential(ACCOUNT, KEY);
/** LATENCY_MS is how long an answer waits on its way. */
export const LATENCY_MS = 20;

interface Kept {
  readonly status: number;
  readonly headers: readonly string[];
  readonly body: Buffer;
}

/**
 * delayed passes requests on to the gateway, each after the latency. What it once gave is given again, because Azurite takes some
 * milliseconds of processor time a request: it would be what is measured. Nothing may change behind it.
 */
function delayed(gateway: URL): RequestListener {
  const agent = new Agent({ keepAlive: true });
  const kept = new Map<string, Kept>();
  const answer = (response: ServerResponse, { status, headers, body }: Kept): void => {
    response.writeHead(status, [...headers]).end(body);
  };
  const ask = (incoming: IncomingMessage, key: string, response: ServerResponse): void => {
    const { method, url: path, headers } = incoming;
    const onward = request(
      { agent, hostname: gateway.hostname, port: gateway.port, method, path, headers },
      (reply) => {
        const chunks: Buffer[] = [];
        reply.on('data', (chunk: Buffer) => chunks.push(chunk));
        reply.on('end', () => {
          const one = { status: reply.statusCode ?? 500, headers: reply.rawHeaders, body: Buffer.concat(chunks) };
          kept.set(key, one);
          answer(response, one);
        });
      },
    );
    onward.on('error', () => response.destroy());
    incoming.pipe(onward);
  };
  return (incoming, response) => {
    const { method, url, headers } = incoming;
    const key = [method, url, headers['x-ms-range'], headers['range']].join(' ');
    setTimeout(() => {
      const known = kept.get(key);
      if (known === undefined) return ask(incoming, key, response);
      incoming.resume();
      return answer(response, known);
    }, LATENCY_MS);
  };
}

if (import.meta.main) {
  const azurite = await startAzurite({ account: ACCOUNT, key: KEY });
  const gateway = await startWormGateway({
    upstream: azurite.url,
    account: ACCOUNT,
    key: KEY,
    subscriptionId: '00000000-0000-0000-0000-0000000000bb',
    resourceGroup: 'bench',
  });
  const server = createServer(delayed(new URL(gateway.blobUrl)));
  server.keepAliveTimeout = 60_000;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const far = `http://127.0.0.1:${(server.address() as AddressInfo).port}/${ACCOUNT}`;
  process.stdout.write(`${JSON.stringify({ near: gateway.blobUrl, far } satisfies FarStore)}\n`);
  process.stdin.resume().on('end', () => process.exit(0));
}
