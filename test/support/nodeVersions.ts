import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './program.ts';

/** The folders that pin a Node for each kind of machine, by major version. */
const FOLDERS: Readonly<Record<string, string>> = { 18: 'node18', 22: 'node22', 24: 'node' };

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
  const isWindows = process.platform === 'win32';
  const { status, stderr } = spawnSync(isWindows ? 'npm.cmd' : 'npm', ['ci', '--loglevel=error'], {
    cwd: folder,
    shell: isWindows,
    encoding: 'utf8',
    env: Object.fromEntries(
      Object.entries(process.env).filter(([each]) => !/^npm_(lifecycle|package|command)/.test(each)),
    ),
  });
  if (status !== 0) throw new Error(`npm ci in ${folder} ended with ${String(status)}: ${stderr}`);
  const modules = join(folder, 'node_modules');
  const paths = (existsSync(modules) ? readdirSync(modules) : []).map((each) =>
    join(modules, each, 'bin', isWindows ? 'node.exe' : 'node'),
  );
  return paths.find(
    (path) => existsSync(path) && majorOf(spawnSync(path, ['--version'], { encoding: 'utf8' }).stdout) === major,
  );
}
