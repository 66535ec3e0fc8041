import { spawn } from 'node:child_process';
import { Refusal } from './refusal.ts';

/** Answer is how a program ended, and what it said. */
export interface Answer {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

type Program = 'az' | 'azd';

/** Tools runs the programs that talk to Azure. A program that isn't there gives undefined. */
export interface Tools {
  run(program: Program, args: readonly string[]): Promise<Answer | undefined>;
}

/** Hook is a step before or after a command of azd. It throws a Refusal to stop that command. */
export type Hook = (
  tools: Tools,
  env: Readonly<Record<string, string | undefined>>,
  print: (line: string) => void,
) => Promise<void>;

/** realTools are the programs of this machine. */
export const realTools = (): Tools => ({ run: runProgram });

function runProgram(program: Program, args: readonly string[]): Promise<Answer | undefined> {
  const isWindows = process.platform === 'win32';
  // On Windows az is a batch file, which only a shell starts; its arguments here are names that were checked before.
  const child = spawn(isWindows && program === 'az' ? 'az.cmd' : program, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    shell: isWindows && program === 'az',
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  return new Promise((resolve, reject) => {
    child.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') resolve(undefined);
      else reject(error);
    });
    child.once('close', (code) => resolve({ code: code ?? 70, stdout, stderr }));
  });
}

const WHERE: Readonly<Record<Program, string>> = {
  az: 'install the Azure CLI (https://aka.ms/install-azure-cli), then run `az login`',
  azd: 'install the Azure Developer CLI (https://aka.ms/install-azd), then run `azd auth login`',
};

/** ask runs a program that must be there, whatever its exit code. */
export async function ask(tools: Tools, program: Program, args: readonly string[]): Promise<Answer> {
  const answer = await tools.run(program, args);
  if (answer === undefined) throw new Refusal(`${program} is missing: ${WHERE[program]}`);
  return answer;
}

/** askJson runs az and reads the JSON that it prints. What az refuses is a Refusal with its own words. */
export async function askJson(tools: Tools, args: readonly string[], what: string): Promise<unknown> {
  const answer = await ask(tools, 'az', [...args, '--output', 'json']);
  if (answer.code !== 0) throw new Refusal(`${what} can't be found out: ${wordsOf(answer)}`);
  const value = jsonIn(answer.stdout);
  if (value === undefined)
    throw new Refusal(
      `${what} can't be found out: az printed something else than JSON; run \`az upgrade\`, and try again`,
    );
  return value;
}

/** jsonIn reads what a program printed, and gives undefined if it is no JSON. */
export function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** wordsOf gives what a program complained of: the first lines of it. */
export function wordsOf({ code, stderr }: Answer): string {
  const lines = stderr.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('WARNING'));
  return lines.slice(0, 3).join(' ').trim() || `exit status ${code}, and no message`;
}

/** memberOf reads a member of what az printed, whatever that is. */
export const memberOf = (value: unknown, ...path: readonly string[]): unknown =>
  path.reduce<unknown>(
    (at, name) => (typeof at === 'object' && at !== null ? (at as Record<string, unknown>)[name] : undefined),
    value,
  );
