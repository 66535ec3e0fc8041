import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';

/** SnapshotRequest is a file of parameters, and what it is deployed to. */
export interface SnapshotRequest {
  /** absolute; another one for each question, because the server remembers what it has read */
  readonly path: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Evaluated is what a file of parameters deploys, or why the compiler refuses it. */
export type Evaluated = { readonly snapshot: string } | { readonly refusal: string };

interface Diagnostic {
  readonly level: string;
  readonly code: string;
  readonly message: string;
}

interface Answer {
  readonly id: number;
  readonly result?: { readonly snapshot?: string; readonly diagnostics?: readonly Diagnostic[] };
  readonly error?: { readonly message: string; readonly data?: { readonly message?: string } };
}

const HEAD_END = '\r\n\r\n';

/**
 * CompilerServer asks one process of the compiler again and again, by JSON-RPC with a Content-Length before each message (`bicep jsonrpc`).
 * Starting takes it several seconds of processor time, and a question after that a tenth.
 */
export class CompilerServer {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #waiting = new Map<number, (answer: Answer | undefined) => void>();
  #read = Buffer.alloc(0);
  #asked = 0;

  constructor(compiler: string) {
    this.#child = spawn(compiler, ['jsonrpc', '--stdio'], { stdio: ['pipe', 'pipe', 'ignore'] });
    this.#child.stdout.on('data', (bytes: Buffer) => this.#take(bytes));
    const end = (): void => this.#waiting.forEach((answer) => answer(undefined));
    this.#child.on('error', end).on('exit', end);
    this.#child.stdin.on('error', end);
  }

  /** evaluate throws only where there is no compiler any more. */
  async evaluate({ path, metadata }: SnapshotRequest): Promise<Evaluated> {
    const { result, error } = await this.#ask('bicep/getSnapshot', { path, metadata });
    if (result?.snapshot !== undefined) return { snapshot: result.snapshot };
    const said = error?.data?.message ?? error?.message ?? 'no answer';
    // What is wrong with the text of a file it says only when asked for that.
    const { result: compiled } = await this.#ask('bicep/compileParams', { path, parameterOverrides: {} });
    const wrong = (compiled?.diagnostics ?? []).filter(({ level }) => level === 'Error');
    return { refusal: [said, ...wrong.map(({ code, message }) => `${code}: ${message}`)].join('\n') };
  }

  async #ask(method: string, params: object): Promise<Answer> {
    const id = (this.#asked += 1);
    const message = Buffer.from(JSON.stringify({ jsonrpc: '2.0', id, method, params }));
    const answer = await new Promise<Answer | undefined>((resolve) => {
      this.#waiting.set(id, resolve);
      this.#child.stdin.write(Buffer.concat([Buffer.from(`Content-Length: ${message.length}${HEAD_END}`), message]));
      if (this.#child.exitCode !== null || this.#child.signalCode !== null) resolve(undefined);
    });
    this.#waiting.delete(id);
    if (answer === undefined) throw new Error('the compiler has ended');
    return answer;
  }

  #take(bytes: Buffer): void {
    this.#read = Buffer.concat([this.#read, bytes]);
    for (;;) {
      const head = this.#read.indexOf(HEAD_END);
      const [, length = NaN] = /Content-Length: (\d+)/i.exec(this.#read.toString('latin1', 0, Math.max(0, head))) ?? [];
      const start = head + HEAD_END.length;
      if (head < 0 || !(this.#read.length >= start + Number(length))) return;
      const answer = JSON.parse(this.#read.toString('utf8', start, start + Number(length))) as Answer;
      this.#read = this.#read.subarray(start + Number(length));
      this.#waiting.get(answer.id)?.(answer);
    }
  }

  close = (): boolean => this.#child.kill();
}
