import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from './program.ts';

/** The folders that pin a Node for each kind of machine, by major version. */
const FOLDERS: Readonly<Record<string, string>> = { 18: 'node18', 22: 'node22', 24: 'node' };

const isWindows = process.platform === 'win32';

/** Longer than this nobody installs a Node: whoever holds the lock then is gone. */
const LOCK_MS = 300_000;

const majorOf = (version: string): string | undefined => /^v?(\d+)\./.exec(version)?.[1];

/**
 * nodeOfMajor gives the path of a Node of a major version: this one, or one that is installed with npm first. Where npm has
 * none for this kind of machine there is none.
 */
export function nodeOfMajor(major: string): string | undefined {
  if (majorOf(process.versions.node) === major) return process.execPath;
  const name = FOLDERS[major];
  if (name === undefined) throw new Error(`no folder of tools/ pins Node ${major}`);
  const folder = join(ROOT, 'tools', name);
  return (
    installedIn(folder, major) ??
    alone(folder, () => {
      if (installedIn(folder, major) === undefined) install(folder);
      return installedIn(folder, major);
    })
  );
}

/** installedIn gives the Node in a folder, if it is one that the folder pins and of that major version. */
function installedIn(folder: string, major: string): string | undefined {
  const { optionalDependencies: pinned } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    optionalDependencies: Readonly<Record<string, string>>;
  };
  for (const [name, version] of Object.entries(pinned)) {
    const path = join(folder, 'node_modules', name, 'bin', isWindows ? 'node.exe' : 'node');
    if (majorOf(version) !== major || !existsSync(path)) continue;
    if (spawnSync(path, ['--version'], { encoding: 'utf8' }).stdout?.trim() === `v${version}`) return path;
  }
  return undefined;
}

function install(folder: string): void {
  const { status, stderr } = spawnSync(isWindows ? 'npm.cmd' : 'npm', ['ci', '--loglevel=error'], {
    cwd: folder,
    shell: isWindows,
    encoding: 'utf8',
    env: Object.fromEntries(
      Object.entries(process.env).filter(([each]) => !/^npm_(lifecycle|package|command)/.test(each)),
    ),
  });
  if (status !== 0) throw new Error(`npm ci in ${folder} ended with ${String(status)}: ${stderr}`);
}

/** alone runs something while no other process of the tests runs it for the same folder: files of tests run side by side. */
function alone<T>(folder: string, run: () => T): T {
  const lock = join(tmpdir(), `auditseal-${createHash('sha256').update(folder).digest('hex').slice(0, 16)}.lock`);
  const pause = new Int32Array(new SharedArrayBuffer(4));
  for (;;) {
    try {
      mkdirSync(lock);
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      const since = statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
      if (Date.now() - since > LOCK_MS) rmSync(lock, { recursive: true, force: true });
      Atomics.wait(pause, 0, 0, 200);
    }
  }
  try {
    return run();
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}
