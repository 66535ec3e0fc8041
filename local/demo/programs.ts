import { spawn } from 'node:child_process';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** ROOT is the folder of this checkout. */
export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

export interface Ended {
  /** exit code; 2 if a signal ended it */
  readonly code: number;
  /** standard output. What a program says otherwise goes to standard error. */
  readonly stdout: string;
}

/** Programs runs Node programs of this checkout, as a user would from its folder. */
export class Programs {
  readonly #running = new Map<() => void, Promise<unknown>>();
  #isStopped = false;

  async run(...args: readonly string[]): Promise<Ended> {
    if (this.#isStopped) throw new Error('no program is started any more');
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', ...args], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 2],
    });
    const chunks: Buffer[] = [];
    child.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk));
    const ended = new Promise<Ended>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code) => resolve({ code: code ?? 2, stdout: Buffer.concat(chunks).toString('utf8') }));
    });
    const end = (): void => void child.kill();
    this.#running.set(end, ended);
    return ended.finally(() => this.#running.delete(end));
  }

  /** stop ends the programs that still run, and resolves when they are gone. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    const running = [...this.#running];
    for (const [end] of running) end();
    await Promise.allSettled(running.map(([, ended]) => ended));
  }
}
