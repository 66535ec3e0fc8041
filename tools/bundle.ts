import { build } from 'esbuild';
import type { BuildOptions, Metafile, OutputFile } from 'esbuild';

/** What runs on Azure: the functions, and the threads that they start. */
export const APP_ENTRIES = {
  'functions/api': 'functions/api.ts',
  'functions/forward': 'functions/forward.ts',
  'functions/ingest': 'functions/ingest.ts',
  'functions/integrate': 'functions/integrate.ts',
  'functions/terminate': 'functions/terminate.ts',
  'functions/watch': 'functions/watch.ts',
  'functions/posture': 'functions/posture.ts',
  'functions/recheck': 'functions/recheck.ts',
  'functions/verify': 'functions/verify.ts',
  'threads/evidenceWorker': 'src/threads/evidenceWorker.ts',
  'threads/worker': 'src/threads/worker.ts',
};

/** Bundled is what a bundle came to, in memory: its files, and the paths of the sources that are in them. */
export interface Bundled {
  readonly files: readonly Pick<OutputFile, 'path' | 'contents'>[];
  readonly inputs: readonly string[];
}

/** bundle makes ES modules that need no node_modules. Every output is one folder below `outdir`. */
export async function bundle(options: Pick<BuildOptions, 'entryPoints' | 'outdir' | 'sourcemap'>): Promise<Bundled> {
  const { outputFiles, metafile } = await build({
    ...options,
    minify: true,
    outExtension: { '.js': '.mjs' },
    chunkNames: 'chunks/[name]-[hash]',
    bundle: true,
    splitting: true,
    keepNames: true,
    sourcesContent: false,
    // Paths count in the names of chunks: a node_modules that is a link gives the same files as one that is a folder.
    preserveSymlinks: true,
    platform: 'node',
    target: 'node22',
    format: 'esm',
    // The Functions host brings the first; the second, a native library, is installed by whoever wants to query.
    external: ['@azure/functions-core', '@duckdb/node-api'],
    // CommonJS packages in an ES module bundle ask for require.
    banner: {
      js: "import { createRequire as bundleRequire } from 'node:module';const require = bundleRequire(import.meta.url);",
    },
    logLevel: 'warning',
    write: false,
    metafile: true,
  });
  return { files: outputFiles, inputs: inputsOf(metafile) };
}

/** inputsOf gives the paths of the sources that something is left of in the outputs. */
export const inputsOf = ({ outputs }: Metafile): string[] =>
  Object.values(outputs).flatMap(({ inputs }) =>
    Object.entries(inputs).flatMap(([path, { bytesInOutput }]) => (bytesInOutput > 0 ? [path] : [])),
  );
