import { createHash } from 'node:crypto';
import http from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import https from 'node:https';
import { once } from 'node:events';
import type { Certificate } from './certificate.ts';
import { loadKeyStore, publicPoint, signDigest } from './keyStore.ts';
import type { Curve, StoredKey } from './keyStore.ts';

/** KeyVault is a vault that reads keys and signs digests with them, as Azure Key Vault does over HTTP. */
export interface KeyVault {
  /** http://127.0.0.1:PORT, or https with a certificate */
  readonly url: string;
  /** The same with https, which the real clients insist on; localKeyVaultOptions brings them here all the same. */
  readonly vaultUrl: string;
  hasKey(name: string): boolean;
  /** keyUrl gives the URL of the newest version of a key, with that version, as Azure names it. */
  keyUrl(name: string): string;
  /** verifierKey prints the newest version of a key as a log of that name is verified with it. c2sp.org/signed-note. */
  verifierKey(name: string, logName: string): string;
  /** createKey makes a key, and gives the URL of its first version. */
  createKey(name: string, curve?: Curve): Promise<string>;
  /** rotate makes a new version of a key, and gives its URL. The old versions go on signing. */
  rotate(name: string): Promise<string>;
  /** failNext answers the next requests that carry a token with a status instead of carrying them out. */
  failNext(status: FailStatus, options?: { readonly times?: number; readonly retryAfterSeconds?: number }): void;
  close(): Promise<void>;
}

/** FailStatus is a status that failNext can be asked for. */
export type FailStatus = keyof typeof FAILURES;

export interface KeyVaultOptions {
  /** Keeps the keys over a restart, in a file that only its owner may read. */
  readonly dataDir?: string;
  readonly port?: number;
  /** shown over TLS; without one it is plain http */
  readonly certificate?: Certificate;
  /** tells whether a token is good for a resource; without it any token is */
  readonly isToken?: (token: string, resource: string) => boolean;
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

const MAX_BODY_BYTES = 64 * 1024;

/** The real clients send a token only to hosts below that of the resource, and 127.0.0.1 ends like this one. */
const RESOURCE = 'local://0.0.1';

const CHALLENGE =
  'Bearer authorization="https://login.microsoftonline.com/00000000-0000-0000-0000-000000000000", ' +
  `resource="${RESOURCE}"`;

/** What DER puts before the coordinates of a point on P-256. */
const P256_SPKI = Buffer.from('3059301306072a8648ce3d020106082a8648ce3d03010703420004', 'hex');

const FAILURES = {
  403: ['Forbidden', 'Caller is not authorized to perform action on resource.', 'ForbiddenByRbac'],
  404: ['KeyNotFound', 'A key with (name/id) was not found in this key vault.'],
  429: ['Throttled', 'Request was not processed because too many requests were received.'],
  500: ['InternalServerError', 'An error occurred in the vault.'],
  503: ['ServiceUnavailable', 'The vault is not available.'],
} as const;

const refuse = (status: number, code: string, message: string, inner?: string): Answer => ({
  status,
  body: { error: { code, message, ...(inner !== undefined && { innererror: { code: inner } }) } },
});

/** startKeyVault starts a vault on 127.0.0.1. */
export async function startKeyVault(options: KeyVaultOptions = {}): Promise<KeyVault> {
  const { dataDir, port = 0, certificate, isToken = () => true } = options;
  const store = await loadKeyStore(dataDir);
  const failures: Answer[] = [];
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    answer(request).then(
      (given) => {
        send(response, given);
      },
      (error: unknown) => {
        send(response, refuse(500, 'InternalServerError', error instanceof Error ? error.message : String(error)));
      },
    );
  };
  const server = certificate === undefined ? http.createServer(listener) : https.createServer(certificate, listener);
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the vault has no port');
  const host = `127.0.0.1:${address.port}`;
  const urlOf = ({ name, version }: StoredKey): string => `https://${host}/keys/${name}/${version}`;
  const newest = (name: string): StoredKey => {
    const key = store.find(name);
    if (key === undefined) throw new Error(`the vault has no key ${name}: create it first`);
    return key;
  };

  async function answer(request: IncomingMessage): Promise<Answer> {
    const body = await readBody(request);
    const [, token] = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '') ?? [];
    if (token === undefined || !isToken(token, RESOURCE)) {
      return {
        ...refuse(401, 'Unauthorized', 'AKV10000: Request is missing a Bearer or PoP token.'),
        headers: { 'www-authenticate': CHALLENGE },
      };
    }
    const failure = failures.shift();
    if (failure !== undefined) return failure;
    const { pathname, searchParams } = new URL(request.url ?? '/', `http://${host}`);
    if (!searchParams.has('api-version')) return refuse(400, 'BadParameter', 'api-version must be specified');
    const [matched, name = '', version = '', action = ''] =
      /^\/keys\/([0-9A-Za-z-]{1,127})(?:\/([0-9a-f]{32})?(?:\/(\w+))?)?$/.exec(pathname) ?? [];
    const asked = `${request.method} ${action}`;
    if (matched === undefined || (asked !== 'GET ' && asked !== 'POST sign')) {
      return refuse(
        501,
        'NotImplemented',
        `this stand-in reads keys and signs; it has no ${request.method} ${pathname}`,
      );
    }
    const key = store.find(name, version === '' ? undefined : version);
    if (key === undefined) {
      return refuse(404, 'KeyNotFound', `A key with (name/id) ${name}/${version} was not found in this key vault.`);
    }
    return action === 'sign' ? signAnswer(key, urlOf(key), body) : { status: 200, body: bundleOf(key, urlOf(key)) };
  }

  return {
    url: `${certificate === undefined ? 'http' : 'https'}://${host}`,
    vaultUrl: `https://${host}`,
    hasKey: (name) => store.find(name) !== undefined,
    keyUrl: (name) => urlOf(newest(name)),
    verifierKey: (name, logName) => {
      const { x, y } = publicPoint(newest(name));
      const spki = Buffer.concat([P256_SPKI, x, y]);
      const id = createHash('sha256').update(spki).digest('hex').slice(0, 8);
      return `${logName}+${id}+${Buffer.concat([Buffer.of(2), spki]).toString('base64')}`;
    },
    createKey: async (name, curve = 'P-256') => {
      if (!/^[0-9A-Za-z-]{1,127}$/.test(name)) throw new Error(`${name} can't name a key: letters, digits and hyphens`);
      if (store.find(name) !== undefined) throw new Error(`the vault has a key ${name}: rotate makes a new version`);
      return urlOf(await store.add(name, curve));
    },
    rotate: async (name) => urlOf(await store.add(name, newest(name).curve)),
    failNext: (status, { times = 1, retryAfterSeconds } = {}) => {
      const [code, message, inner] = FAILURES[status];
      const headers = retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) };
      failures.push(...Array.from({ length: times }, () => ({ ...refuse(status, code, message, inner), headers })));
    },
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function bundleOf(key: StoredKey, kid: string): unknown {
  const { x, y } = publicPoint(key);
  return {
    key: {
      kid,
      kty: 'EC',
      key_ops: ['sign', 'verify'],
      crv: key.curve,
      x: x.toString('base64url'),
      y: y.toString('base64url'),
    },
    attributes: { enabled: true, created: key.created, updated: key.created, recoveryLevel: 'Recoverable' },
  };
}

function signAnswer(key: StoredKey, kid: string, body: string): Answer {
  let asked: { readonly alg?: unknown; readonly value?: unknown };
  try {
    asked = Object(JSON.parse(body)) as typeof asked;
  } catch {
    return refuse(400, 'BadParameter', 'the body is no JSON');
  }
  const { alg, value } = asked;
  if (typeof value !== 'string' || !/^[\w-]*$/.test(value)) {
    return refuse(400, 'BadParameter', 'Property value is not base64url');
  }
  const signed = signDigest(key, alg, Buffer.from(value, 'base64url'));
  if (typeof signed === 'string') return refuse(400, 'BadParameter', signed);
  return { status: 200, body: { kid, value: signed.toString('base64url') } };
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    chunks.push(chunk as Buffer);
    bytes += (chunk as Buffer).length;
    if (bytes > MAX_BODY_BYTES) throw new Error(`a body has at most ${MAX_BODY_BYTES} bytes`);
  }
  return Buffer.concat(chunks).toString();
}

function send(response: ServerResponse, { status, body, headers }: Answer): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers });
  response.end(JSON.stringify(body));
}
