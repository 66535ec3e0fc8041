import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import type { BuildOptions } from 'esbuild';
import { inputsOf } from './bundle.ts';
import { noticesOf } from './notices.ts';

/** What one part of the page may use. Whatever is not named, a network above all, the browser refuses. */
const POLICY =
  "default-src 'none'; base-uri 'none'; form-action 'none'; worker-src blob:; require-trusted-types-for 'script'; trusted-types auditseal";

/**
 * asPrinted writes a page as a browser prints the document that it makes of it (`outerHTML`), so that the page can compute
 * its own SHA-256. A test compares the two.
 */
const asPrinted = (page: string): string =>
  page
    .replace(/<[a-z][^>]*>/g, (tag) => tag.replace(/\s+/g, ' ').replace(/ ?\/?>$/, '>'))
    .replace(/ (hidden|multiple|webkitdirectory)(?=[ >])/g, ' $1=""')
    .replace(/^<!doctype html>\s*(<html[^>]*>)\s*/, '<!doctype html>$1')
    .replace(/\s*<\/body>\s*<\/html>\s*$/, '</body></html>');

/**
 * buildPage makes the browser's checker: one HTML file with its script and style inside, allowed by their hashes alone. The
 * worker that checks mirrors and answers is text within the script. Whoever passes the page on passes on the licences of what is
 * in it, because they are a comment of it.
 */
export async function buildPage(
  out: string,
): Promise<{ path: string; contents: Uint8Array; inputs: readonly string[] }> {
  const common = {
    outdir: out,
    bundle: true,
    minify: true,
    platform: 'browser' as const,
    target: ['chrome111', 'firefox113', 'safari16.4'],
    charset: 'utf8' as const,
    legalComments: 'none' as const,
    // The settings of the type checker are not for the build, which also runs where there are none.
    tsconfigRaw: {},
    logLevel: 'warning' as const,
    write: false as const,
    metafile: true as const,
  } satisfies BuildOptions & { write: false; metafile: true };
  const worker = await build({ ...common, entryPoints: ['web/check/worker.ts'], format: 'iife' });
  const { outputFiles, metafile } = await build({
    ...common,
    entryPoints: ['web/check/main.ts', 'web/check/style.css'],
    format: 'esm',
    define: {
      WORKER_SOURCE: JSON.stringify(worker.outputFiles[0]?.text),
      PAGE_VERSION: JSON.stringify((JSON.parse(await readFile('package.json', 'utf8')) as { version: string }).version),
    },
  });
  const partOf = (ending: string): string => outputFiles.find(({ path }) => path.endsWith(ending))?.text.trim() ?? '';
  const parts = { script: partOf('.js'), style: partOf('.css') };
  const hashes = Object.entries(parts).map(([name, text]) => {
    if (text === '' || /<\/(?:script|style)|<!--/i.test(text)) throw new Error(`the page's ${name} can't go inline`);
    return `${name}-src 'sha256-${createHash('sha256').update(text).digest('base64')}'`;
  });
  const inputs = [...inputsOf(worker.metafile), ...inputsOf(metafile)];
  const notices = await noticesOf(inputs);
  if (notices.includes('--\x3e')) throw new Error("the notices can't go into a comment");
  const policy = [POLICY, ...hashes].join('; ');
  const page = asPrinted(await readFile('web/check/page.html', 'utf8'))
    .replace('{{policy}}', () => policy)
    .replace('<style></style>', () => `<style>${parts.style}</style>`)
    .replace('</head>', () => `<!--\n${notices}-->\n  </head>`)
    .replace('<script type="module"></script>', () => `<script type="module">${parts.script}</script>`);
  return { path: join(process.cwd(), out, 'web', 'check.html'), contents: Buffer.from(page), inputs };
}
