import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';

/** What one part of the page may use. Whatever is not named, a network above all, the browser refuses. */
const POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'";

/**
 * buildPage makes the browser's evidence checker: one HTML file with its script and style inside, allowed by their hashes
 * alone.
 */
export async function buildPage(out: string): Promise<{ path: string; contents: Uint8Array }> {
  const { outputFiles } = await build({
    entryPoints: ['web/check/main.ts', 'web/check/style.css'],
    outdir: out,
    bundle: true,
    minify: true,
    platform: 'browser',
    target: ['chrome111', 'firefox113', 'safari16.4'],
    format: 'esm',
    charset: 'utf8',
    legalComments: 'none',
    // The settings of the type checker are not for the build, which also runs where there are none.
    tsconfigRaw: {},
    logLevel: 'warning',
    write: false,
  });
  const partOf = (ending: string): string => outputFiles.find(({ path }) => path.endsWith(ending))?.text.trim() ?? '';
  const parts = { script: partOf('.js'), style: partOf('.css') };
  const hashes = Object.entries(parts).map(([name, text]) => {
    if (text === '' || /<\/(?:script|style)|<!--/i.test(text)) throw new Error(`the page's ${name} can't go inline`);
    return `${name}-src 'sha256-${createHash('sha256').update(text).digest('base64')}'`;
  });
  const policy = [POLICY, ...hashes].join('; ');
  const page = (await readFile('web/check/page.html', 'utf8'))
    .replace('{{policy}}', () => policy)
    .replace('<style></style>', () => `<style>${parts.style}</style>`)
    .replace('<script type="module"></script>', () => `<script type="module">${parts.script}</script>`);
  return { path: join(process.cwd(), out, 'web', 'check.html'), contents: Buffer.from(page) };
}
