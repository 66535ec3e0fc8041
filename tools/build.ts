/** Makes what runs without node_modules: dist/functions (the app), dist/cli, dist/threads, dist/web (a page), and notices. */
import { mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { buildPage } from './buildPage.ts';
import { APP_ENTRIES, bundle } from './bundle.ts';
import { NOTICES, noticesOf } from './notices.ts';

const OUT = 'dist';

const bundled = await bundle({
  entryPoints: { ...APP_ENTRIES, 'cli/auditseal': 'src/cli/main.ts' },
  outdir: OUT,
  sourcemap: true,
});

// Only what differs is written, and each file appears whole: a program that runs from dist/ is not disturbed by a build
// that changes nothing, such as that of a second `npm start`.
const page = await buildPage(OUT);
const notices = await noticesOf([...bundled.inputs, ...page.inputs]);
const files = [
  ...bundled.files,
  { path: page.path, contents: page.contents },
  { path: join(process.cwd(), OUT, NOTICES), contents: Buffer.from(notices) },
];
for (const { path, contents } of files) {
  const present = await readFile(path).catch(() => undefined);
  if (present?.equals(contents) === true) continue;
  await mkdir(dirname(path), { recursive: true });
  const partial = `${path}.${process.pid}.partial`;
  await writeFile(partial, contents);
  await rename(partial, path);
}
const wanted = new Set(files.map(({ path }) => relative(process.cwd(), path)));
for (const entry of await readdir(OUT, { recursive: true, withFileTypes: true })) {
  const path = join(entry.parentPath, entry.name);
  if (entry.isFile() && !wanted.has(path) && !path.endsWith('.partial')) await rm(path, { force: true });
}
