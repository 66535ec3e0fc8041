import type { IncomingMessage } from 'node:http';

/** explanation tells a person who opened the account or a container in a browser what is there; undefined for every other request. */
export function explanation({ method, url = '/', headers }: IncomingMessage): string | undefined {
  const parsed = URL.parse(url, 'http://127.0.0.1');
  if (parsed === null) return undefined;
  const { pathname, searchParams } = parsed;
  const parts = pathname.split('/').filter((part) => part !== '');
  const isAsked = method === 'GET' && (headers.accept ?? '').includes('text/html');
  // An operation of the blob service names one; a blob has a name behind its container's.
  if (!isAsked || parts.length > 2 || searchParams.has('comp') || searchParams.has('restype')) return undefined;
  const what = parts.length === 2 ? 'a container' : 'a storage account';
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>A stand-in for Azure Storage</title>
</head>
<body>
<main>
<h1>A stand-in for Azure Storage</h1>
<p>This is the address of ${what}. It is for programs: a browser can't show what is in it.</p>
<p>Give the whole address, with what follows its question mark, to <code>auditseal status</code>, <code>auditseal verify</code>,
<code>auditseal find</code> or <code>auditseal mirror</code>. The page that <code>npm start</code> names first shows how the ledger stands.</p>
</main>
</body>
</html>
`;
}
