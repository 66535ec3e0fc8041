import http from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { once } from 'node:events';
import { createArm } from './arm.ts';
import { DEFAULT_ACCOUNT } from './armAccount.ts';
import { explanation } from './browserPage.ts';
import { createDataPlane } from './dataPlane.ts';
import { refuse, storageAnswer } from './errors.ts';
import { createSharedKey } from './sharedKey.ts';
import { createUpstream, sendAnswer } from './upstream.ts';
import { loadWormState } from './wormState.ts';
import { createArmResources } from '../arm/resources.ts';
import type { ArmResources } from '../arm/resources.ts';

/** WormGateway is Azurite with container-level immutability, as the blob service and as Azure Resource Manager show it. */
export interface WormGateway {
  /** http://127.0.0.1:PORT/ACCOUNT, for the clients of the blob service. */
  readonly blobUrl: string;
  /** http://127.0.0.1:PORT; requests of the management plane go to armUrl + /subscriptions/… or /providers/… */
  readonly armUrl: string;
  /** what Azure Resource Manager shows besides the account */
  readonly resources: ArmResources;
  close(): Promise<void>;
}

export interface WormGatewayOptions {
  /** Azurite's URL, and the name and key (base64) of its account. */
  readonly upstream: string;
  readonly account: string;
  readonly key: string;
  /** Where Azure Resource Manager shows the account. */
  readonly subscriptionId: string;
  readonly resourceGroup: string;
  /** Keeps policies, holds and histories over a restart. */
  readonly dataDir?: string;
  /** Milliseconds since the Unix epoch; retention is judged by it. */
  readonly now?: () => number;
  readonly port?: number;
}

const KEEP_ALIVE_MS = 60_000;

/** startWormGateway starts the gateway on 127.0.0.1. Close it before Azurite. */
export async function startWormGateway(options: WormGatewayOptions): Promise<WormGateway> {
  const { account, now = Date.now } = options;
  const sharedKey = createSharedKey(account, options.key);
  const upstream = createUpstream(options.upstream, sharedKey);
  const state = await loadWormState(DEFAULT_ACCOUNT, options.dataDir);
  const dataPlane = createDataPlane({ account, upstream, sharedKey, state, now });
  const resources = createArmResources();
  const arm = createArm({ ...options, upstream, state, resources, now });

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const page = explanation(request);
    if (page !== undefined) response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(page);
    else if (/^\/(subscriptions|providers)(\/|\?|$)/i.test(request.url ?? ''))
      sendAnswer(response, await arm(request), request.method);
    else await dataPlane.serve(request, response);
  };
  const silent = new Set<Socket>(); // connections without a request so far: closing the server would wait for them
  const server = http.createServer((request, response) => {
    silent.delete(request.socket);
    response.on('close', () => {
      if (!server.listening) server.closeIdleConnections();
    });
    serve(request, response).catch((error: unknown) => {
      const message = error instanceof Error ? error.message : String(error);
      if (response.headersSent) response.destroy();
      else sendAnswer(response, storageAnswer(refuse(500, 'InternalError', message)), request.method);
    });
  });
  server.on('connection', (socket: Socket) => {
    silent.add(socket);
    socket.on('close', () => silent.delete(socket));
  });
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the gateway has no port');
  const armUrl = `http://127.0.0.1:${address.port}`;
  return {
    armUrl,
    resources,
    blobUrl: `${armUrl}/${account}`,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      for (const socket of silent) socket.destroy();
      await closed;
      upstream.close();
    },
  };
}
