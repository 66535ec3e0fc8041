import { createHmac, timingSafeEqual } from 'node:crypto';
import { pathOf } from './address.ts';

/** SharedAccessKey is a name and the secret that signs tokens. */
export interface SharedAccessKey {
  readonly name: string;
  readonly key: string;
}

/** checkSasToken returns why a token doesn't give its bearer an audience, or undefined when it does. */
export function checkSasToken(
  token: string,
  audience: string,
  { name, key }: SharedAccessKey,
  now: number,
): string | undefined {
  const [scheme, query = ''] = token.split(' ', 2);
  const fields = new Map(
    query.split('&').map((field) => [field.split('=', 1)[0], field.slice(field.indexOf('=') + 1)]),
  );
  const resource = fields.get('sr') ?? '';
  const expiry = fields.get('se') ?? '';
  const signature = fields.get('sig') ?? '';
  if (scheme !== 'SharedAccessSignature' || signature === '')
    return 'MalformedToken: it is no shared access signature.';
  if (decode(fields.get('skn') ?? '') !== name) return `InvalidSignature: there is no key of that name.`;
  const expected = createHmac('sha256', key).update(`${resource}\n${expiry}`).digest();
  const given = Buffer.from(decode(signature), 'base64');
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
    return 'InvalidSignature: the token has an invalid signature.';
  }
  if (!(Number(expiry) * 1000 > now)) return `ExpiredToken: the token expired at ${expiry}.`;
  if (!isWithin(pathOf(audience), pathOf(decode(resource))))
    return 'InvalidAudience: the token is for another resource.';
  return undefined;
}

/** isWithin tells whether a path is, or lies under, another. */
export function isWithin(path: string, parent: string): boolean {
  return parent === '' || path === parent || path.startsWith(`${parent}/`);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) return ''; // not percent-encoded text: equal to nothing that is asked for
    throw error;
  }
}
