import { createHmac, timingSafeEqual } from 'node:crypto';
import { splitTarget } from './target.ts';

/** SignedParts is what a shared-key signature covers. Header names are in lower case. */
export interface SignedParts {
  readonly method: string;
  readonly target: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** SharedKey signs and verifies requests with an account's key. */
export interface SharedKey {
  /** authorizationOf gives the value of the Authorization header. */
  authorizationOf(parts: SignedParts): string;
  /** isSigned tells whether the request carries the right signature. */
  isSigned(parts: SignedParts): boolean;
}

const STANDARD_HEADERS = [
  'content-encoding',
  'content-language',
  'content-length',
  'content-md5',
  'content-type',
  'date',
  'if-modified-since',
  'if-match',
  'if-none-match',
  'if-unmodified-since',
  'range',
];

/** createSharedKey makes the SharedKey of an account, for keys in base64. */
export function createSharedKey(account: string, key: string): SharedKey {
  const secret = Buffer.from(key, 'base64');
  const authorizationOf = (parts: SignedParts): string => {
    const signature = createHmac('sha256', secret).update(stringToSign(account, parts), 'utf8').digest('base64');
    return `SharedKey ${account}:${signature}`;
  };
  const isSigned = (parts: SignedParts): boolean => {
    const given = Buffer.from(headerText(parts, 'authorization'));
    const expected = Buffer.from(authorizationOf(parts));
    return given.length === expected.length && timingSafeEqual(given, expected);
  };
  return { authorizationOf, isSigned };
}

/** stringToSign follows "Authorize with Shared Key" for the blob service, version 2015-02-21 and later. */
function stringToSign(account: string, parts: SignedParts): string {
  const standard = STANDARD_HEADERS.map((name) => {
    const value = headerText(parts, name);
    return name === 'content-length' && value === '0' ? '' : value;
  });
  const own = Object.keys(parts.headers)
    .filter((name) => name.startsWith('x-ms-'))
    .sort((a, b) => a.localeCompare(b))
    .map((name) => `${name}:${headerText(parts, name).trimStart()}`);
  const [path, query] = splitTarget(parts.target);
  const parameters = [...new URLSearchParams(query)]
    .map(([name, value]) => `${name.toLowerCase()}:${value}`)
    .sort((a, b) => (a.slice(0, a.indexOf(':')) < b.slice(0, b.indexOf(':')) ? -1 : 1));
  return [parts.method, ...standard, ...own, `/${account}${path}`, ...parameters].join('\n');
}

function headerText(parts: SignedParts, name: string): string {
  const value = parts.headers[name];
  return Array.isArray(value) ? value.join(',') : (value ?? '');
}
