import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { APP_ENTRIES, bundle } from '../tools/bundle.ts';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/**
 * What the files of each room may import: their own room, and these beginnings of paths or package names. A room inside
 * another one is named before it. The steps (ingest, integrate, verify, prove, find, guard, routing, status, forward) know nothing of each other;
 * query and export are built on find.
 */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  'src/core/': ['node:crypto', 'node:zlib', 'node:buffer'],
  'src/ports/': ['src/core/'],
  'src/config/': ['src/core/', 'valibot'],
  'src/ledger/': ['src/core/', 'src/ports/'],
  'src/page/': ['src/core/'],
  'src/ingest/': ['src/ledger/', 'src/ports/', 'src/core/'],
  'src/integrate/': ['src/ledger/', 'src/ports/', 'src/core/', 'node:timers/promises'],
  'src/verify/': ['src/page/', 'src/ledger/', 'src/ports/', 'src/core/'],
  'src/prove/': ['src/ledger/', 'src/ports/', 'src/core/', 'node:util', 'node:zlib'],
  'src/find/': ['src/ledger/', 'src/ports/', 'src/core/'],
  'src/export/': ['src/find/', 'src/core/', 'hyparquet', 'node:buffer'],
  'src/query/': ['src/find/', 'src/ports/', 'src/core/', 'node:buffer'],
  'src/forward/': ['src/ledger/', 'src/ports/', 'src/core/'],
  'src/guard/': ['src/page/', 'src/ledger/', 'src/ports/', 'src/core/'],
  'src/routing/': ['src/ledger/', 'src/config/azureIds.ts', 'src/ports/', 'src/core/'],
  'src/status/': ['src/page/', 'src/ledger/', 'src/ports/', 'src/core/'],
  'src/doctor/': [
    'src/prove/',
    'src/integrate/',
    'src/guard/',
    'src/ledger/',
    'src/config/',
    'src/ports/',
    'src/core/',
    'node:timers/promises',
  ],
  'src/witness/': ['src/ports/', 'src/core/'],
  // The SQL engine is loaded on use alone, by these files.
  'src/adapters/duckDb': ['src/config/secrets.ts', 'src/ports/', 'src/core/', '@duckdb/node-api', 'node:'],
  'src/adapters/': ['src/config/', 'src/ports/', 'src/core/', '@azure/', 'rhea', 'node:'],
  'src/threads/': ['src/prove/', 'src/ledger/', 'src/ports/', 'src/core/', 'node:'],
  'src/app/': ['src/', 'node:os', 'node:timers/promises'],
  'src/app.ts': ['src/'],
  // Of package.json the version.
  'src/cli/': ['src/', '@azure/', 'node:', 'package.json'],
  'functions/': ['src/app.ts', 'src/adapters/', '@azure/functions'],
  'web/': ['@noble/curves', '@noble/hashes'],
  'local/': ['node:', '@azure/', '@noble/', 'rhea', 'azurite/', 'croner'],
};

/** What nobody but the one named after it may import: nothing in src knows app.ts, and app.ts no command line. */
const CLOSED: Readonly<Record<string, readonly string[]>> = {
  'src/app/': ['src/app.ts'],
  'src/app.ts': ['functions/'],
  'src/cli/': ['src/cli/', 'test/', 'bench/', 'tools/', 'local/'],
};

/** Lines that a file may have at most. */
const LINES: readonly (readonly [string, number])[] = [
  ['src/core/', 250],
  ['functions/', 40],
  ['', 400],
];

type Graph = ReadonlyMap<string, readonly string[]>;

const roomOf = (file: string): string | undefined => Object.keys(ALLOWED).find((room) => file.startsWith(room));

const sources = ['functions', 'src', 'local', 'web', 'bench', 'tools', 'test']
  .flatMap((folder) => readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true }))
  .filter((entry) => entry.isFile() && /(?<!\.d)\.ts$/.test(entry.name) && !entry.parentPath.includes('node_modules'))
  .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)).replaceAll('\\', '/'));

/** importsIn gives what a file imports, types included: esbuild drops those, so the import statements are read. */
function importsIn(file: string, text: string): string[] {
  const statements = /^(?:import|export)\b[^;'"]*?\bfrom\s+'([^']+)'|^import\s+'([^']+)'|\bimport\(\s*'([^']+)'\s*\)/gm;
  return [...text.matchAll(statements)].map(([, from, bare, dynamic]) => {
    const path = (from ?? bare ?? dynamic) as string;
    return path.startsWith('.') ? posix.join(posix.dirname(file), path) : path;
  });
}

const graph: Graph = new Map(
  sources.map((file) => [file, importsIn(file, readFileSync(join(ROOT, file), 'utf8'))] as const),
);

/** forbiddenIn gives the imports that go where their room must not. */
const forbiddenIn = (graph: Graph): string[] =>
  [...graph].flatMap(([file, targets]) => {
    const room = roomOf(file);
    return targets
      .filter((target) => {
        const closed = Object.keys(CLOSED).find((start) => target.startsWith(start));
        if (closed !== undefined && ![closed, ...(CLOSED[closed] ?? [])].some((start) => file.startsWith(start)))
          return true;
        return room !== undefined && ![room, ...(ALLOWED[room] ?? [])].some((start) => target.startsWith(start));
      })
      .map((target) => `${file} -> ${target}`);
  });

/** circlesIn gives each set of files that import each other, directly or around corners (Tarjan 1972). */
function circlesIn(graph: Graph): string[][] {
  const circles: string[][] = [];
  const order = new Map<string, number>();
  const lowest = new Map<string, number>();
  const path: string[] = [];
  const visit = (file: string): number => {
    order.set(file, order.size);
    let low = order.get(file) as number;
    path.push(file);
    for (const target of graph.get(file) ?? []) {
      if (!graph.has(target)) continue;
      if (!order.has(target)) low = Math.min(low, visit(target));
      else if (path.includes(target)) low = Math.min(low, lowest.get(target) ?? (order.get(target) as number));
    }
    lowest.set(file, low);
    if (low !== order.get(file)) return low;
    const circle = path.splice(path.indexOf(file));
    if (circle.length > 1 || (graph.get(file) ?? []).includes(file)) circles.push(circle.toSorted());
    return low;
  };
  for (const file of graph.keys()) if (!order.has(file)) visit(file);
  return circles;
}

describe('architecture', () => {
  test('every source file of the product stands in a room that has rules', () => {
    const product = sources.filter((file) => /^(src|functions|local|web)\//.test(file));
    expect(product.length).toBeGreaterThan(50);
    expect(product.filter((file) => roomOf(file) === undefined)).toEqual([]);
  });

  test('imports go one way', () => expect(forbiddenIn(graph)).toEqual([]));

  test('no files import each other in a circle', () => expect(circlesIn(graph)).toEqual([]));

  test.each([
    ['core that knows a cloud', 'src/core/hash.ts', '@azure/storage-blob'],
    ['core that reads files', 'src/core/hash.ts', 'node:fs'],
    ['an adapter that knows a step', 'src/adapters/blobStore.ts', 'src/verify/verify.ts'],
    ['a step that knows another', 'src/ingest/ingest.ts', 'src/integrate/state.ts'],
    ['a step that knows a cloud', 'src/prove/prove.ts', 'src/adapters/blobStore.ts'],
    ['forwarding that knows its service', 'src/forward/forward.ts', 'src/adapters/logsIngestion.ts'],
    ['ledger that knows a step', 'src/ledger/batches.ts', 'src/guard/job.ts'],
    ['a step that knows the app', 'src/verify/job.ts', 'src/app.ts'],
    ['the app that knows the command line', 'src/app.ts', 'src/cli/output.ts'],
    ['a function that knows a step', 'functions/verify.ts', 'src/verify/job.ts'],
    ['a stand-in that knows the product', 'local/stack.ts', 'src/core/hash.ts'],
    ['the page that knows the product', 'web/verify/note.ts', 'src/core/note/note.ts'],
  ])('the rule finds %s', (_what, file, target) => {
    expect(forbiddenIn(new Map([[file, [target]]]))).toEqual([`${file} -> ${target}`]);
  });

  test('the rule finds a circle, also around a corner', () => {
    const circle = new Map([
      ['a', ['b']],
      ['b', ['c', 'd']],
      ['c', ['a']],
      ['d', ['e']],
      ['e', []],
      ['f', ['f']],
    ]);
    expect(circlesIn(circle)).toEqual([['a', 'b', 'c'], ['f']]);
  });

  test('imports are read whatever form they have', () => {
    const text = [
      "import { a } from './a.ts';",
      "import type {\n  B,\n} from '../b.ts';",
      "export * from './c.ts';",
      "import 'node:fs';",
      "const d = await import('./d.ts');",
    ].join('\n');
    expect(importsIn('src/x/y.ts', text)).toEqual(['src/x/a.ts', 'src/b.ts', 'src/x/c.ts', 'node:fs', 'src/x/d.ts']);
  });

  // A trigger's handler hands on what it got; whatever decides something stands in src/.
  test.each(sources.filter((file) => file.startsWith('functions/')))('%s holds no logic', (file) => {
    const code = readFileSync(join(ROOT, file), 'utf8').replaceAll(/^\s*\/\/.*$/gm, '');
    expect(code.match(/\b(if|for|while|switch|try|catch|function|class)\b\s*[({A-Za-z]| \? /g)).toBeNull();
  });

  test('one file of the product knows WebAssembly', () => {
    const knowing = sources.filter(
      (file) =>
        /^(src|functions)\//.test(file) && /\bWebAssembly\.|\bMODULE\b/.test(readFileSync(join(ROOT, file), 'utf8')),
    );
    expect(knowing).toEqual(['src/core/wasm/kernel.ts', 'src/core/wasm/module.ts']);
  });

  test('files stay short', () => {
    const long = sources.flatMap((file) => {
      const [, most] = LINES.find(([start]) => file.startsWith(start)) as readonly [string, number];
      const lines = readFileSync(join(ROOT, file), 'utf8').trimEnd().split('\n').length;
      return lines > most ? [`${file}: ${lines} lines, at most ${most}`] : [];
    });
    expect(long).toEqual([]);
  });

  test('the ingest bundle loads no client of the hub, of identities or of keys at its start, and nothing that hands records on', async () => {
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
    expect(inputs).toEqual(expect.arrayContaining(['src/core/segment/seal.ts', 'src/core/wasm/module.ts']));
    const late =
      /@azure\/(event-hubs|identity|keyvault|msal|arm-|monitor-ingestion)|\/rhea\/|src\/(forward|app\/forwarding)/;
    expect(inputs.filter((input) => late.test(input))).toEqual([]);
    // They are somewhere in what was made, so that the rule can find them.
    const all = Object.values(metafile.outputs).flatMap((output) => Object.keys(output.inputs));
    for (const part of ['src/forward/forward.ts', 'src/adapters/logsIngestion.ts', 'src/adapters/hubReader.ts'])
      expect(all).toContain(part);
  });

  // It is a native library of 70 MB, which only whoever queries installs.
  test('the SQL engine is in no bundle, and nothing that runs on Azure asks for it', async () => {
    const bundled = await bundle({
      entryPoints: { ...APP_ENTRIES, 'cli/auditseal': 'src/cli/main.ts' },
      outdir: 'dist',
    });
    expect(bundled.inputs.filter((input) => input.includes('duckdb'))).toEqual([]);
    const textOf = new Map(
      bundled.files.map(({ path, contents }) => [relative(join(ROOT, 'dist'), path), Buffer.from(contents).toString()]),
    );
    const asking = [...textOf].filter(([, text]) => text.includes('@duckdb/node-api')).map(([name]) => name);
    expect(asking.length).toBeGreaterThan(0);
    const reached = new Set<string>();
    const visit = (name: string): void => {
      if (reached.has(name)) return;
      reached.add(name);
      for (const [, from = ''] of (textOf.get(name) ?? '').matchAll(/["']((?:\.\.?\/)+[\w/.-]+\.mjs)["']/g))
        visit(posix.join(posix.dirname(name), from));
    };
    for (const entry of Object.keys(APP_ENTRIES)) visit(`${entry}.mjs`);
    expect(reached.size).toBeGreaterThan(Object.keys(APP_ENTRIES).length);
    expect(asking.filter((name) => reached.has(name))).toEqual([]);
    // The command line asks when somebody queries, and not before.
    for (const name of asking) expect(textOf.get(name)).not.toMatch(/from\s*["']@duckdb\/node-api["']/);
  });
});
