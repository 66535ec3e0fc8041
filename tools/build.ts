/** Makes what runs without node_modules: dist/functions (the app), dist/cli, dist/workers, dist/web (a page). */
import { mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { build } from 'esbuild';
import { buildPage } from './buildPage.ts';

const OUT = 'dist';

const { outputFiles } = await build({
  // Every output is one folder below dist/, so that relative addresses between them hold.
  entryPoints: {
    'functions/api': 'functions/api.ts',
    'functions/ingest': 'functions/ingest.ts',
    'functions/integrate': 'functions/integrate.ts',
    'functions/posture': 'functions/posture.ts',
    'functions/verify': 'functions/verify.ts',
    'cli/auditseal': 'src/cli/auditseal.ts',
    'workers/segmentWorker': 'src/workers/segmentWorker.ts',
    'workers/digestWorker': 'src/workers/digestWorker.ts',
  },
  outdir: OUT,
  outExtension: { '.js': '.mjs' },
  chunkNames: 'chunks/[name]-[hash]',
  bundle: true,
  splitting: true,
  minify: true,
  keepNames: true,
  sourcemap: true,
  sourcesContent: false,
  platform: 'node',
  target: 'node22',
  format: 'esm',
  // The Functions host brings it.
  external: ['@azure/functions-core'],
  // CommonJS packages in an ES module bundle ask for require.
  banner: {
    js: "import { createRequire as bundleRequire } from 'node:module';const require = bundleRequire(import.meta.url);",
  },
  logLevel: 'warning',
  write: false,
});

// Only what differs is written, and each file appears whole: a program that runs from dist/ is not disturbed by a build
// that changes nothing, such as that of a second `npm start`.
const files = [...outputFiles, await buildPage(OUT)];
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
