import type { IncomingMessage, ServerResponse } from 'node:http';
import type { HttpCookie, HttpData, TypedData } from './coreApi.ts';

/** MAX_BODY_BYTES is the real host's default for a request body. */
export const MAX_BODY_BYTES = 104_857_600;

/** readBody collects a request's body, or returns undefined as soon as it is known to be too long. */
export async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  if (Number(request.headers['content-length'] ?? 0) > MAX_BODY_BYTES) return undefined;
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > MAX_BODY_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** requestData builds what the host sends to an HTTP function. */
export function requestData(
  request: IncomingMessage,
  url: URL,
  params: Readonly<Record<string, string>>,
  body: Buffer,
): TypedData {
  const headers = Object.entries(request.headers).map(([name, value]): [string, string] => [
    name,
    Array.isArray(value) ? value.join(', ') : (value ?? ''),
  ]);
  const query = new Map<string, string>();
  for (const [name, value] of url.searchParams) {
    const before = query.get(name);
    query.set(name, before === undefined ? value : `${before},${value}`);
  }
  return {
    http: {
      method: request.method ?? 'GET',
      url: url.href,
      nullableHeaders: nullable(headers),
      nullableQuery: nullable(query),
      nullableParams: nullable(Object.entries(params)),
      ...(body.length === 0 ? {} : { body: { bytes: body } }),
    },
  };
}

/** writeResponse sends what a function answered; a function that answers nothing gives 204. */
export function writeResponse(response: ServerResponse, returnValue: TypedData | undefined): void {
  const answer: HttpData | undefined = returnValue?.http;
  if (answer === undefined) {
    response.writeHead(204).end();
    return;
  }
  for (const [name, value] of Object.entries(answer.headers ?? {})) {
    // The server frames the body itself: a length or encoding of the app's could contradict it.
    if (!/^(content-length|transfer-encoding|connection)$/i.test(name)) response.setHeader(name, value);
  }
  const cookies = (answer.cookies ?? []).map(formatCookie);
  if (cookies.length > 0) response.appendHeader('set-cookie', cookies);
  response.statusCode = Number(answer.statusCode ?? 200);
  response.end(answer.body?.bytes ?? answer.body?.string ?? '');
}

function nullable(entries: Iterable<readonly [string, string]>): Record<string, { value: string }> {
  return Object.fromEntries([...entries].map(([name, value]) => [name, { value }]));
}

function formatCookie(cookie: HttpCookie): string {
  const parts = [`${cookie.name}=${encodeURIComponent(cookie.value)}`];
  if (cookie.expires) parts.push(`expires=${new Date(cookie.expires.value.seconds * 1000).toUTCString()}`);
  if (cookie.maxAge) parts.push(`max-age=${String(cookie.maxAge.value)}`);
  if (cookie.domain) parts.push(`domain=${cookie.domain.value}`);
  parts.push(`path=${cookie.path?.value ?? '/'}`);
  if (cookie.secure?.value === true) parts.push('secure');
  if (cookie.sameSite !== undefined && cookie.sameSite !== 'none') {
    parts.push(`samesite=${cookie.sameSite === 'explicitNone' ? 'none' : cookie.sameSite}`);
  }
  if (cookie.httpOnly?.value === true) parts.push('httponly');
  return parts.join('; ');
}
