// Runs one of the project's programs on a machine that has nothing but some Node from 18 up: installs the
// packages when they differ from the lock file, and gets a newer Node, in a folder of its own, when the present
// one lacks what the sources need (type stripping, Zstandard and import.meta.main: 22.18 or newer of 22, or 24.2).
//
//   node tools/bootstrap.mjs [node options] <program> [arguments]
//
// Plain JavaScript without dependencies, because it runs before anything is installed.
import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as zlib from 'node:zlib';
import { install, isInstalled } from './install.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

const say = (text) => process.stderr.write(`auditseal: ${text}\n`);

/** fetchInto installs what a folder's lock file names, or ends. */
async function fetchInto(folder, what) {
  try {
    await install(folder, what, say);
  } catch (error) {
    say(error.message.replaceAll('\n', '\n  '));
    process.exit(70);
  }
}

/** suitableNode is the path of a Node that runs the sources: this one, or the one that tools/node pins. */
async function suitableNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > 24 || (major === 24 && minor >= 2) || (major === 22 && minor >= 18)) return process.execPath;
  const lacks = 'zstdDecompressSync' in zlib ? 'something of 22.18 or 24.2' : 'Zstandard';
  const folder = join(root, 'tools', 'node');
  const modules = join(folder, 'node_modules');
  const find = () =>
    (existsSync(modules) ? readdirSync(modules) : [])
      .map((name) => join(modules, name, 'bin', process.platform === 'win32' ? 'node.exe' : 'node'))
      .find((path) => /[/\\]node-[^/\\]+[/\\]bin[/\\]/.test(path) && existsSync(path));
  if (find() === undefined || !isInstalled(folder))
    await fetchInto(folder, `a newer Node (your Node ${process.versions.node} lacks ${lacks}; about 50 MB)`);
  const path = find();
  if (path !== undefined) return path;
  say(`npm has no Node for ${process.platform}-${process.arch}; install Node 22.18 or newer and run this again`);
  process.exit(70);
}

/**
 * npm prints two lines of its own on standard output before a script, unless it is told to be silent: what reads a result
 * there gets them too. On a terminal they disturb nobody.
 */
function warnOfBanner() {
  const { npm_lifecycle_event: script, npm_config_user_agent: agent, npm_config_loglevel: level } = process.env;
  const isResult = script === 'cli' || (script === 'start' && process.argv.includes('--json'));
  if (!isResult || process.stdout.isTTY || agent?.startsWith('npm/') !== true || level === 'silent') return;
  const instead = script === 'cli' ? 'npm run -s cli -- …' : 'npm start -s -- …';
  say(`npm printed two lines of its own before this result; without them: ${instead}`);
}

warnOfBanner();
const node = await suitableNode();
if (!isInstalled(root)) await fetchInto(root, 'the packages that this needs (about 160 MB)');

const child = spawn(node, ['--disable-warning=ExperimentalWarning', ...process.argv.slice(2)], {
  stdio: 'inherit',
  // `npm run` starts scripts in the project's root and keeps the caller's folder in INIT_CWD.
  env: { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH ?? ''}` },
});
// Ctrl-C reaches the child through the terminal; other signals are passed on.
process.on('SIGINT', () => {});
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
child.on('error', (error) => {
  say(`${node} can't be started: ${error.message}; install Node 22.18 or newer and run this again`);
  process.exit(70);
});
child.on('exit', (code, signal) => {
  if (signal !== null) {
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  } else process.exit(code ?? 70);
});
