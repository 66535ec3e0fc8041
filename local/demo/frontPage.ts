import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { ContainerClient, RestError } from '@azure/storage-blob';
import { ROOT } from './programs.ts';

/** FrontPage is what a browser gets of a running stack. */
export interface FrontPage {
  /** http://127.0.0.1:PORT */
  readonly url: string;
  close(): Promise<void>;
}

/** FrontPageDeps is what it shows. */
export interface FrontPageDeps {
  /** the container's address, with the right to read */
  readonly ledger: string;
  /** makes the page of how the ledger stands; `reports` and `runbook` are where its links lead */
  readonly status: (links: { readonly reports: string; readonly runbook: string }) => Promise<Buffer>;
}

const escaped = (text: string): string => text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);

/** runbookPage shows the runbook as it is written, with an anchor at each heading, named as GitHub names them. */
function runbookPage(markdown: string): Buffer {
  const parts = markdown.split(/^(#{2,3} .*)$/m).map((part) => {
    const [, title] = /^#{2,3} (.*)$/.exec(part) ?? [];
    if (title === undefined) return part.trim() === '' ? '' : `<pre>${escaped(part.trim())}</pre>`;
    const anchor = title
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-');
    return `<h2 id="${escaped(anchor)}">${escaped(title)}</h2>`;
  });
  const style =
    'body{max-width:60rem;margin:2rem auto;padding:0 1rem;font-family:sans-serif}pre{white-space:pre-wrap;font:inherit}';
  return Buffer.from(
    `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark"><title>Runbook</title><style>${style}</style></head><body><main><h1>Runbook</h1>${parts.join('\n')}</main></body></html>`,
  );
}

/** How long a page of how the ledger stands is shown before it is made anew. */
const FRESH_MS = 10_000;

const HTML = 'text/html; charset=utf-8';
/** Whoever may write into the container could give something else the name of a report's page. */
const NO_SCRIPTS = "sandbox; default-src 'none'; style-src 'unsafe-inline'";

interface Answer {
  readonly type: string;
  readonly body: Buffer;
  /** it comes from the container */
  readonly isForeign?: boolean;
}

/**
 * startFrontPage serves on 127.0.0.1: `/` how the ledger stands, made anew when it is asked for; `/reports/NUMBER.html` the pages of its
 * reports; `/check.html`, which checks files and mirrors; `/runbook`, the runbook as text.
 */
export async function startFrontPage({ ledger, status }: FrontPageDeps): Promise<FrontPage> {
  const container = new ContainerClient(ledger);
  let made: { readonly at: number; readonly page: Promise<Buffer> } | undefined;
  const statusPage = (): Promise<Buffer> => {
    if (made === undefined || Date.now() - made.at > FRESH_MS) {
      const page = status({ reports: '/reports/', runbook: '/runbook' });
      made = { at: Date.now(), page };
      page.catch(() => (made = undefined)); // whoever asked is told; the next one asks again
    }
    return made.page;
  };
  const answer = async (path: string): Promise<Answer | undefined> => {
    if (path === '/') return { type: HTML, body: await statusPage() };
    if (path === '/check.html') return { type: HTML, body: await readFile(join(ROOT, 'dist', 'web', 'check.html')) };
    if (path === '/runbook')
      return { type: HTML, body: runbookPage(await readFile(join(ROOT, 'docs', 'runbook.md'), 'utf8')) };
    if (!/^\/reports\/\d{12}\.html$/.test(path)) return undefined;
    const [page, report] = await Promise.all(
      [path, path.replace(/html$/, 'json')].map((one) => container.getBlobClient(one.slice(1)).downloadToBuffer()),
    );
    // Whoever may create blobs can take the name of a page: it is the one whose hash its report states.
    const [, stated] = /"page":"([0-9a-f]{64})"/.exec(report?.toString('latin1') ?? '') ?? [];
    if (page === undefined || createHash('sha256').update(page).digest('hex') !== stated) return undefined;
    return { type: HTML, body: page, isForeign: true };
  };
  const server = createServer((request, response) => {
    const say = (code: number, type: string, body: Buffer | string, isForeign = false): void => {
      const headers = {
        'content-type': type,
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
        ...(isForeign && { 'content-security-policy': NO_SCRIPTS }),
      };
      response.writeHead(code, headers).end(request.method === 'HEAD' ? undefined : body);
    };
    if (request.method !== 'GET' && request.method !== 'HEAD') return say(405, 'text/plain', 'only GET\n');
    // Another name for this machine would let a page from elsewhere read what is here.
    if (request.headers.host !== own) return say(421, 'text/plain', `ask for http://${own}/\n`);
    answer((request.url ?? '/').replace(/[?#].*$/, '')).then(
      (found) =>
        found === undefined
          ? say(404, 'text/plain', 'There are /, /reports/NUMBER.html, /check.html and /runbook.\n')
          : say(200, found.type, found.body, found.isForeign),
      (error: unknown) => {
        const isGone = error instanceof RestError && error.statusCode === 404;
        say(isGone ? 404 : 503, 'text/plain', `${isGone ? 'there is no such report' : String(error)}\n`);
      },
    );
  });
  let own = '';
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the page has no port');
  own = `127.0.0.1:${address.port}`;
  return {
    url: `http://${own}`,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
