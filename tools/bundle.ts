import { build } from 'esbuild';
import type { BuildOptions, OutputFile } from 'esbuild';

/** What runs on Azure: the functions, and the threads that they start. */
export const APP_ENTRIES = {
  'functions/api': 'functions/api.ts',
  'functions/ingest': 'functions/ingest.ts',
  'functions/integrate': 'functions/integrate.ts',
  'functions/terminate': 'functions/terminate.ts',
  'functions/watch': 'functions/watch.ts',
  'functions/posture': 'functions/posture.ts',
  'functions/verify': 'functions/verify.ts',
  'threads/evidenceWorker': 'src/threads/evidenceWorker.ts',
  'threads/worker': 'src/threads/worker.ts',
};

/** bundle makes ES modules that need no node_modules, in memory. Every output is one folder below `outdir`. */
export async function bundle(
  options: Pick<BuildOptions, 'entryPoints' | 'outdir' | 'sourcemap'>,
): Promise<OutputFile[]> {
  const { outputFiles } = await build({
    ...options,
    minify: true,
    outExtension: { '.js': '.mjs' },
    chunkNames: 'chunks/[name]-[hash]',
    bundle: true,
    splitting: true,
    keepNames: true,
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
  return outputFiles;
}
