import { spawn, spawnSync } from 'node:child_process';
import type { SpawnOptions } from 'node:child_process';
import type { Readable } from 'node:stream';

/** NODE is how a program of ours is started: the same Node, sources included. */
export const NODE: readonly [string, string] = [process.execPath, '--disable-warning=ExperimentalWarning'];

/** canRun tells whether a command is there and succeeds. */
export const canRun = (command: readonly string[]): boolean =>
  spawnSync(command[0] as string, command.slice(1), { stdio: 'ignore' }).status === 0;

/** run runs a program to its end and rejects unless it exits with 0. Its output goes nowhere; what it says else, on. */
export async function run(command: readonly string[], options: SpawnOptions = {}): Promise<void> {
  await ended(command, spawn(command[0] as string, command.slice(1), { stdio: ['ignore', 'ignore', 2], ...options }));
}

/** readResult runs a program of ours to its end and gives what it wrote, as JSON, to the file descriptor 3. */
export async function readResult<T>(command: readonly string[], options: SpawnOptions = {}): Promise<T> {
  const child = spawn(command[0] as string, command.slice(1), { ...options, stdio: ['ignore', 'ignore', 2, 'pipe'] });
  const chunks: Buffer[] = [];
  (child.stdio[3] as Readable).on('data', (chunk: Buffer) => chunks.push(chunk));
  await ended(command, child);
  return JSON.parse(Buffer.concat(chunks).toString('utf8')) as T;
}

async function ended(command: readonly string[], child: ReturnType<typeof spawn>): Promise<void> {
  const code = await new Promise<number | NodeJS.Signals | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status, signal) => resolve(status ?? signal));
  });
  if (code !== 0) throw new Error(`${command.join(' ').slice(0, 200)} ended with ${String(code)}`);
}
