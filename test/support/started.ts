import { spawn } from 'node:child_process';
import { ROOT } from './program.ts';

/** Started is an `npm start` that runs. */
export interface Started {
  /** what it has printed on standard output */
  told(): string;
  /** addressOf gives the address of a thing that it names */
  addressOf(thing: string): string;
  /** command gives a command that it told, by the words that it begins with behind `npm run -s cli --` */
  command(begin: string): string;
  interrupt(): Promise<number | null>;
  kill(): void;
}

/** startStack runs `npm start`, with its temporary files in `folder`, until it says `until` or ends. */
export async function startUntil(until: string, folder: string, ...args: readonly string[]): Promise<Started> {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', 'local/start.ts', ...args], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NODE_OPTIONS: '', TMPDIR: folder },
  });
  let told = '';
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  await new Promise<void>((resolve, reject) => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      told += text;
      if (told.includes(until)) resolve();
    });
    void ended.then((code) => reject(new Error(`it ended with ${code}: ${told}`)));
  });
  const find = (form: RegExp): string => form.exec(told)?.[1] ?? `nothing like ${form.source} in ${told}`;
  return {
    told: () => told,
    addressOf: (thing) => find(new RegExp(`^  ${thing} +(\\S+)$`, 'm')),
    command: (begin) => find(new RegExp(`^ *(npm run -s cli -- ${begin} .*)$`, 'm')),
    interrupt: async () => {
      child.kill('SIGINT');
      return ended;
    },
    kill: () => void child.kill('SIGKILL'),
  };
}
