/** Makes the bundles that run without node_modules: dist/functions (the app), dist/cli, dist/workers. */
import { rm } from 'node:fs/promises';
import { build } from 'esbuild';

await rm('dist', { recursive: true, force: true });
await build({
  // Every output is one folder below dist/, so that relative addresses between them hold.
  entryPoints: {
    'functions/ingest': 'functions/ingest.ts',
    'functions/verify': 'functions/verify.ts',
    'cli/auditseal': 'src/cli/auditseal.ts',
    'workers/segmentWorker': 'src/workers/segmentWorker.ts',
  },
  outdir: 'dist',
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
});
