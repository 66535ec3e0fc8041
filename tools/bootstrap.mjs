// Runs one of the project's programs on a machine that has nothing but some Node from 18 up: installs the
// packages when they differ from the lock file, and gets a newer Node, in a folder of its own, when the present
// one lacks what the sources need (type stripping and Zstandard: 22.18 or newer).
//
//   node tools/bootstrap.mjs [node options] <program> [arguments]
//
// Plain JavaScript without dependencies, because it runs before anything is installed.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

const readJson = (path) => {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
};

/** isInstalled says whether node_modules holds just what the lock file names (npm keeps its own record there). */
function isInstalled(folder) {
  const wanted = readJson(join(folder, 'package-lock.json'))?.packages;
  const present = readJson(join(folder, 'node_modules', '.package-lock.json'))?.packages;
  if (wanted === undefined || present === undefined) return false;
  for (const [path, entry] of Object.entries(present)) {
    if (wanted[path]?.version !== entry.version || wanted[path]?.integrity !== entry.integrity) return false;
  }
  return Object.entries(wanted).every(
    ([path, entry]) => present[path] !== undefined || entry.optional || !path.startsWith('node_modules/'),
  );
}

function install(folder, what) {
  if (isInstalled(folder)) return;
  process.stderr.write(`auditseal: installing ${what} (once, about half a minute)\n`);
  const npm = process.env.npm_execpath?.endsWith('.js')
    ? [process.execPath, process.env.npm_execpath]
    : [process.platform === 'win32' ? 'npm.cmd' : 'npm'];
  const { status, error } = spawnSync(npm[0], [...npm.slice(1), 'ci', '--loglevel=error', '--no-fund', '--no-audit'], {
    cwd: folder,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32' && npm.length === 1,
    // A nested npm must not take over this one's settings (`npm_config_prefix`, `npm_config_global`, a script's name).
    env: Object.fromEntries(
      Object.entries(process.env).filter(([name]) => !/^npm_(lifecycle|package|command)/.test(name)),
    ),
  });
  if (error !== undefined || status !== 0) {
    process.stderr.write(
      `auditseal: \`npm ci\` in ${folder} failed${error ? ` (${error.message})` : ` with status ${status}`}; ` +
        'see its message above, and check the network or the registry that npm is set to use\n',
    );
    process.exit(70);
  }
}

/** suitableNode is the path of a Node that runs the sources: this one, or the one that tools/node pins. */
function suitableNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major >= 24 || (major === 22 && minor >= 18)) return process.execPath;
  const folder = join(root, 'tools', 'node');
  install(folder, `Node 24 beside your Node ${process.versions.node}, which lacks Zstandard`);
  const modules = join(folder, 'node_modules');
  for (const name of existsSync(modules) ? readdirSync(modules) : []) {
    const path = join(modules, name, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
    if (name.startsWith('node-') && existsSync(path)) return path;
  }
  process.stderr.write(
    `auditseal: npm has no Node for ${process.platform}-${process.arch} here; install Node 22.18 or newer and run this again\n`,
  );
  process.exit(70);
}

const node = suitableNode();
install(root, 'packages');

const child = spawn(node, ['--disable-warning=ExperimentalWarning', ...process.argv.slice(2)], {
  stdio: 'inherit',
  // `npm run` starts scripts in the project's root and keeps the caller's folder in INIT_CWD.
  env: { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH ?? ''}` },
});
// Ctrl-C reaches the child through the terminal; other signals are passed on.
process.on('SIGINT', () => {});
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
child.on('exit', (code, signal) => {
  if (signal !== null) {
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  } else process.exit(code ?? 70);
});
