import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';

/** ManagedIdentity gives tokens to whoever knows its secret, as the identity of a function app does on Azure. */
export interface ManagedIdentity {
  /** settings that a program needs to find it */
  readonly settings: { readonly IDENTITY_ENDPOINT: string; readonly IDENTITY_HEADER: string };
  /** isToken tells whether it gave this token for this resource. */
  readonly isToken: (token: string, resource: string) => boolean;
  close(): Promise<void>;
}

const TOKEN_SECONDS = 86_400;

/** startManagedIdentity starts an identity on 127.0.0.1. */
export async function startManagedIdentity(): Promise<ManagedIdentity> {
  const secret = randomBytes(16).toString('hex');
  const given = new Map<string, string>();
  const server = http.createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://127.0.0.1');
    const resource = searchParams.get('resource');
    const send = (status: number, body: unknown): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    if (request.method !== 'GET' || pathname !== '/msi/token')
      return send(404, { message: 'there is only a token here' });
    if (request.headers['x-identity-header'] !== secret) return send(401, { message: 'X-IDENTITY-HEADER is wrong' });
    if (searchParams.get('api-version') !== '2019-08-01' || resource === null)
      return send(400, { message: 'give api-version=2019-08-01 and resource' });
    const token = randomBytes(32).toString('base64url');
    given.set(token, resource);
    const expires = Math.floor(Date.now() / 1000) + TOKEN_SECONDS;
    return send(200, { access_token: token, expires_on: String(expires), resource, token_type: 'Bearer' });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the identity has no port');
  return {
    settings: { IDENTITY_ENDPOINT: `http://127.0.0.1:${address.port}/msi/token`, IDENTITY_HEADER: secret },
    isToken: (token, resource) => given.get(token) === resource,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
