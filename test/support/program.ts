import { spawn } from 'node:child_process';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** runNode runs a Node program of the project as a process of its own and gives its exit code and what it printed. */
export async function runNode(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', ...args], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NODE_OPTIONS: '', ...env },
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}

/** CLI is the command line as it is installed, which build.mjs has built before the tests. */
export const CLI = 'dist/cli/auditseal.mjs';

/** auditseal runs it in the project's folder. */
export const auditseal = (...args: readonly string[]): Promise<Ended> => runNode([CLI, ...args]);

/** inProcess runs a command without a process of its own, and gives its exit code and what it printed anywhere. */
export async function inProcess(command: () => Promise<number>): Promise<{ code: number; out: string }> {
  let out = '';
  const keep = (text: unknown): boolean => {
    out += String(text);
    return true;
  };
  const streams = [process.stdout, process.stderr];
  for (const stream of streams) stream.write = keep;
  try {
    return { code: await command(), out };
  } finally {
    // Their own method is the class's; what stands before it goes.
    for (const stream of streams) Reflect.deleteProperty(stream, 'write');
  }
}
