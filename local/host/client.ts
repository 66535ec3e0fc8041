import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { HostLine, InvocationLine, ReadyLine } from './hostLine.ts';

export type { HostLine, InvocationLine } from './hostLine.ts';

/** HostProcess is a running Functions host. */
export interface HostProcess {
  readonly pid: number;
  readonly httpUrl: string;
  /** key opens functions whose authLevel isn't anonymous, and the admin endpoint; send it as x-functions-key. */
  readonly key: string;
  readonly functions: readonly string[];
  /** onLine calls listener for every line from now on, until the returned function is called. */
  onLine(listener: (line: HostLine) => void): () => void;
  /** stop ends the host cleanly and resolves with its exit code. */
  stop(): Promise<number>;
  /** kill ends the host as a power cut would; exited tells when it is gone. */
  kill(): void;
  /** exited resolves when the process has ended, with its exit code, or -1 after a signal. */
  readonly exited: Promise<number>;
  /** runTimer invokes a timer function now, through the admin endpoint, and resolves when it has ended. */
  runTimer(name: string): Promise<InvocationLine>;
}

// Of a host that dies, the last words are enough.
const STDERR_KEPT = 16_384;

/**
 * startHost starts a host in a process of its own and resolves when its triggers have been started. The host doesn't
 * outlive this process. A host that refuses to start rejects with what it wrote on standard error.
 */
export async function startHost(options: {
  appDir: string;
  settings: Readonly<Record<string, string>>;
  httpPort?: number;
  /** node is the program that runs the host; that of this process when not given. */
  node?: string;
  /** onLine is called for every line, the first ones included. */
  onLine?: (line: HostLine) => void;
}): Promise<HostProcess> {
  const folder = await mkdtemp(join(tmpdir(), 'auditseal-host-'));
  const settingsPath = join(folder, 'settings.json');
  // Settings hold keys.
  await writeFile(settingsPath, JSON.stringify({ IsEncrypted: false, Values: options.settings }), { mode: 0o600 });
  const main = fileURLToPath(new URL('main.ts', import.meta.url));
  const args = ['--disable-warning=ExperimentalWarning', main, '--app', options.appDir, '--settings', settingsPath];
  if (options.httpPort !== undefined) args.push('--http-port', String(options.httpPort));
  // What is Node's own it reads at its start; the rest is not for everybody who lists processes.
  const own = Object.entries(options.settings).filter(([name]) => name.startsWith('NODE_'));
  const env = { ...process.env, ...Object.fromEntries(own) };
  const child = spawn(options.node ?? process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe', 'ipc'], env });
  const listeners = new Set<(line: HostLine) => void>();
  if (options.onLine !== undefined) listeners.add(options.onLine);
  const { exited, errors } = watch(child, listeners);
  try {
    const ready = await untilReady(exited, errors, listeners);
    return hostProcess(child, ready, exited, listeners);
  } finally {
    await rm(folder, { recursive: true });
  }
}

function watch(child: ChildProcess, listeners: Set<(line: HostLine) => void>) {
  let text = '';
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    text = (text + chunk).slice(-STDERR_KEPT);
  });
  if (child.stdout === null) throw new TypeError('the host has no standard output');
  createInterface({ input: child.stdout }).on('line', (line) => {
    // The host is of the same source tree: its lines have the type they are written with.
    const parsed: HostLine = JSON.parse(line);
    for (const listener of listeners) listener(parsed);
  });
  // 'close' comes after the last line, 'exit' may come before it.
  const exited = new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? -1));
  });
  return { exited, errors: () => text.trim() };
}

async function untilReady(
  exited: Promise<number>,
  errors: () => string,
  listeners: Set<(line: HostLine) => void>,
): Promise<ReadyLine> {
  const { promise, resolve, reject } = Promise.withResolvers<ReadyLine>();
  const listener = (line: HostLine): void => {
    if (line.type === 'ready') resolve(line);
  };
  listeners.add(listener);
  exited.then((code) => reject(new Error(`the host ended with code ${String(code)}: ${errors()}`)), reject);
  return promise.finally(() => listeners.delete(listener));
}

function hostProcess(
  child: ChildProcess,
  ready: ReadyLine,
  exited: Promise<number>,
  listeners: Set<(line: HostLine) => void>,
): HostProcess {
  const onLine = (listener: (line: HostLine) => void): (() => void) => {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  };
  return {
    pid: child.pid ?? -1,
    httpUrl: ready.url,
    key: ready.key,
    functions: ready.functions,
    exited,
    onLine,
    async stop() {
      child.kill('SIGTERM');
      return exited;
    },
    kill: () => void child.kill('SIGKILL'),
    async runTimer(name) {
      // The invocation may end before the answer to the request is here.
      const ended = new Map<string, InvocationLine>();
      const { promise, resolve, reject } = Promise.withResolvers<InvocationLine>();
      let invocationId: string | undefined;
      const off = onLine((line) => {
        if (line.type !== 'invocation') return;
        ended.set(line.invocationId, line);
        if (line.invocationId === invocationId) resolve(line);
      });
      exited.then(() => reject(new Error(`the host ended while ${name} ran`)), reject);
      try {
        const url = `${ready.url}/admin/functions/${encodeURIComponent(name)}`;
        const response = await fetch(url, { method: 'POST', headers: { 'x-functions-key': ready.key }, body: '{}' });
        if (response.status !== 202) throw new Error(`timer ${name} can't be run: HTTP ${String(response.status)}`);
        const accepted: { invocationId: string } = JSON.parse(await response.text());
        ({ invocationId } = accepted);
        const line = ended.get(invocationId);
        if (line !== undefined) resolve(line);
        return await promise;
      } finally {
        off();
        // A host that ends later rejects a promise nobody waits for any more.
        promise.catch(() => undefined);
      }
    },
  };
}
