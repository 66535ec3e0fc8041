/**
 * Compiles wasm/ into src/core/wasm/module.ts, with the compiler that tools/wasm pins, which it installs first on need:
 * `node tools/bootstrap.mjs tools/buildKernel.ts`. With `--check` it writes nothing, and fails if the file is another one.
 */
import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { install, isInstalled } from './install.mjs';
import { ROOT } from './pages/markedBlock.ts';

const COMPILER = join(ROOT, 'tools', 'wasm');
const MODULE = join('src', 'core', 'wasm', 'module.ts');
/** Above this it would no longer be a small part of the bundles that start often. */
const MOST_BYTES = 10_000;
/** Of 64 KiB. What wasm/ declares must fit; more there never is. */
const PAGES = '80';

if (!isInstalled(COMPILER))
  await install(COMPILER, "the kernel's compiler", (text) => void process.stderr.write(`${text}\n`));

const folder = await mkdtemp(join(tmpdir(), 'auditseal-kernel-'));
let compiled: Buffer;
try {
  const out = join(folder, 'kernel.wasm');
  const options = `-O3 --runtime stub --noAssert --enable simd --enable bulk-memory --initialMemory ${PAGES} --maximumMemory ${PAGES}`;
  execFileSync(
    process.execPath,
    [
      join(COMPILER, 'node_modules', 'assemblyscript', 'bin', 'asc.js'),
      'wasm/index.ts',
      '--outFile',
      out,
      ...options.split(' '),
    ],
    { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'] },
  );
  compiled = await readFile(out);
} finally {
  await rm(folder, { recursive: true, force: true });
}
if (compiled.length > MOST_BYTES) throw new Error(`the module has ${compiled.length} bytes, more than ${MOST_BYTES}`);

const text = `// Made by tools/buildKernel.ts from wasm/; not to be changed by hand.

/** MODULE is the compiled kernel in base64. */
export const MODULE =
  '${compiled.toString('base64')}';
`;
const path = join(ROOT, MODULE);
if (!process.argv.includes('--check')) await writeFile(path, text);
else if ((await readFile(path, 'utf8')) !== text) {
  process.stderr.write(`${MODULE} is not what wasm/ compiles to: run node tools/bootstrap.mjs tools/buildKernel.ts\n`);
  process.exitCode = 1;
}
process.stdout.write(`${MODULE}: ${compiled.length} bytes\n`);
