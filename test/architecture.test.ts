import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/** What the files of each room may import: their own room, and these beginnings of paths or package names. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  'src/core/': ['node:crypto', 'node:zlib', 'node:buffer'],
  'src/ports/telemetry.ts': [],
  'src/ports/store.ts': ['src/core/', 'src/ports/telemetry.ts'],
  'src/config/config.ts': ['src/core/'],
  'src/pipeline/': ['src/core/', 'src/ports/store.ts', 'node:crypto', 'node:util', 'node:zlib'],
  'src/adapters/': ['src/core/', 'src/ports/store.ts', 'src/config/config.ts', 'src/pipeline/', '@azure/', 'node:'],
  'src/workers/': ['src/pipeline/', 'src/adapters/', 'node:worker_threads'],
  'src/app.ts': [
    'src/adapters/',
    'src/pipeline/',
    'src/ports/store.ts',
    'src/config/config.ts',
    'node:timers/promises',
  ],
  'src/cli/': ['src/core/', 'src/pipeline/', 'src/adapters/', 'src/ports/store.ts', '@azure/', 'node:'],
  'functions/': ['src/app.ts', 'src/adapters/', '@azure/functions'],
  'web/': ['@noble/curves', '@noble/hashes'],
  'local/': ['node:', '@azure/', '@noble/', 'rhea', 'azurite/'],
};

/** Lines that a file may have at most. */
const LINES: readonly (readonly [string, number])[] = [
  ['src/core/', 250],
  ['functions/', 40],
  ['', 400],
];

const roomOf = (file: string): string | undefined => Object.keys(ALLOWED).find((room) => file.startsWith(room));

const sources = ['functions', 'src', 'local', 'web', 'bench', 'tools', 'test']
  .flatMap((folder) => readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true }))
  .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.name.endsWith('.d.ts'))
  .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)).replaceAll('\\', '/'));

/** importsOf gives what each file imports, types included: esbuild drops those, so the import statements are read. */
function importsOf(file: string): string[] {
  const text = readFileSync(join(ROOT, file), 'utf8');
  const statements = /^(?:import|export)\b[^;'"]*?\bfrom\s+'([^']+)'|^import\s+'([^']+)'|\bimport\(\s*'([^']+)'\s*\)/gm;
  return [...text.matchAll(statements)].map(([, from, bare, dynamic]) => {
    const path = (from ?? bare ?? dynamic) as string;
    return path.startsWith('.') ? posix.join(posix.dirname(file), path) : path;
  });
}

describe('architecture', () => {
  test('every source file of the product stands in a room that has rules', () => {
    const product = sources.filter((file) => /^(src|functions|local|web)\//.test(file));
    expect(product.length).toBeGreaterThan(50);
    expect(product.filter((file) => roomOf(file) === undefined)).toEqual([]);
  });

  test('imports go one way', () => {
    const forbidden = sources.flatMap((file) => {
      const room = roomOf(file);
      if (room === undefined) return [];
      const allowed = [room, ...(ALLOWED[room] ?? [])];
      return importsOf(file)
        .filter((target) => !allowed.some((start) => target.startsWith(start)))
        .map((target) => `${file} -> ${target}`);
    });
    expect(forbidden).toEqual([]);
  });

  test('the rule finds a wrong import', () => {
    expect(importsOf('src/core/merkle/tree.ts')).toContain('src/core/hash.ts');
    expect(importsOf('src/adapters/blobStore.ts').some((target) => target.startsWith('@azure/'))).toBe(true);
  });

  test('files stay short', () => {
    const long = sources.flatMap((file) => {
      const [, most] = LINES.find(([start]) => file.startsWith(start)) as readonly [string, number];
      const lines = readFileSync(join(ROOT, file), 'utf8').trimEnd().split('\n').length;
      return lines > most ? [`${file}: ${lines} lines, at most ${most}`] : [];
    });
    expect(long).toEqual([]);
  });

  test('the ingest bundle loads no client of the hub, of identities or of keys at its start', async () => {
    const { metafile } = await build({
      absWorkingDir: ROOT,
      entryPoints: ['functions/ingest.ts'],
      bundle: true,
      splitting: true,
      write: false,
      metafile: true,
      outdir: 'dist',
      platform: 'node',
      format: 'esm',
      external: ['@azure/functions-core'],
      logLevel: 'silent',
    });
    const entry = Object.keys(metafile.outputs).find(
      (name) => metafile.outputs[name]?.entryPoint === 'functions/ingest.ts',
    );
    const reached = new Set<string>();
    const visit = (output: string): void => {
      if (reached.has(output)) return;
      reached.add(output);
      for (const { path, kind } of metafile.outputs[output]?.imports ?? []) {
        if (kind === 'import-statement' && metafile.outputs[path] !== undefined) visit(path);
      }
    };
    visit(entry as string);
    const inputs = [...reached].flatMap((output) => Object.keys(metafile.outputs[output]?.inputs ?? {}));
    expect(inputs).toContain('src/core/segment/seal.ts');
    expect(inputs.filter((input) => /@azure\/(event-hubs|identity|keyvault|msal|arm-)/.test(input))).toEqual([]);
  });
});
