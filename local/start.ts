/** `npm start`: real log bodies in at an event hub, out as sealed segments and a signed log, rechecked, proved, attacked. */
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Demonstration } from './demo/demonstration.ts';
import { readBodies } from './demo/feed.ts';
import type { Body } from './demo/feed.ts';
import { Narration } from './demo/narration.ts';
import { Programs, ROOT } from './demo/programs.ts';
import { startStack } from './stack.ts';
import type { StackOptions } from './stack.ts';
import { HELP, parseStartOptions } from './demo/startOptions.ts';
import type { StartOptions } from './demo/startOptions.ts';

/** What a shell gives for a program that Ctrl-C ended. */
const INTERRUPTED = 130;

/** serve runs the stand-ins alone until it is told to stop. */
async function serve(options: StartOptions, say: Narration, interruption: Interruption): Promise<number> {
  const stack = await startStack({ ...stackOptions(options), wellKnown: true });
  say.serving(stack);
  await interruption.came;
  say.stopping();
  await stack.close();
  return 0;
}

/** Interruption is that somebody wants this to end, or that nobody is there to see it any more. */
class Interruption {
  readonly came: Promise<'stopped'>;
  hasCome = false;

  constructor() {
    const { promise, resolve } = Promise.withResolvers<'stopped'>();
    const come = (): void => {
      this.hasCome = true;
      resolve('stopped');
    };
    this.came = promise;
    // A second Ctrl-C ends it at once. The others may come twice, from a terminal that closes and from whoever started this.
    process.once('SIGINT', come);
    for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, come);
    // The terminal is gone, or what a pipe led to. What is said from here on, nobody hears.
    process.stdout.on('error', come);
    process.stderr.on('error', () => {});
  }
}

/** isTaken tells whether a folder has files, or its evidence a file. */
const isTaken = async (out: string): Promise<boolean> =>
  (await readdir(out).catch(() => [])).length > 0 ||
  (await stat(`${out}.evidence.json`).catch(() => undefined)) !== undefined;

const stackOptions = ({ partitions, dataDir, keyVault }: StartOptions): StackOptions => ({
  appDir: ROOT,
  partitions,
  hasVault: keyVault,
  ...(dataDir !== undefined && { dataDir }),
});

async function main(options: StartOptions, say: Narration): Promise<number> {
  const interruption = new Interruption();
  if (options.serve) return serve(options, say, interruption);
  if (options.out !== undefined && options.dataDir === undefined && (await isTaken(options.out)))
    throw new Error(`--out: ${options.out} is there already, and this start makes another ledger: name another folder`);
  const bodies = await readInput(options);
  say.step('Starting an event hub, a write-once store and the Functions app on 127.0.0.1');
  const programs = new Programs();
  const { code: buildCode } = await programs.run(join('tools', 'build.ts'));
  if (interruption.hasCome) return INTERRUPTED;
  if (buildCode !== 0) throw new Error('the app could not be built');
  const work = await mkdtemp(join(tmpdir(), 'auditseal-'));
  try {
    return await demonstrate(options, say, { programs, work, interruption }, bodies);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

interface Means {
  readonly programs: Programs;
  /** a folder for what is gone afterwards */
  readonly work: string;
  readonly interruption: Interruption;
}

async function demonstrate(
  options: StartOptions,
  say: Narration,
  { programs, work, interruption }: Means,
  bodies: readonly Body[],
): Promise<number> {
  const stack = await startStack(stackOptions(options));
  const demonstration = new Demonstration({ stack, programs, work, say, options });
  try {
    if (interruption.hasCome) return INTERRUPTED;
    const done = await Promise.race([demonstration.run(bodies), interruption.came]);
    if (done === 'stopped') return INTERRUPTED;
    if (!options.once) {
      if ((await Promise.race([demonstration.stayUp(), interruption.came])) === 'stopped') return done;
      await interruption.came;
    }
    return done;
  } finally {
    say.stopping();
    await demonstration.stop();
    await stack.close();
  }
}

const MOST_NAMED = 3;

/** readInput reads what is to be sent, and tells what of the folder isn't. */
async function readInput({ input }: StartOptions): Promise<Body[]> {
  const left: string[] = [];
  const leaveOut = (path: string, kind: string): void => void left.push(`${path} (${kind})`);
  const bodies = await readBodies(input ?? join(ROOT, 'local', 'examples'), input === undefined, leaveOut);
  if (left.length > 0) {
    const more = left.length > MOST_NAMED ? ` and ${left.length - MOST_NAMED} more` : '';
    process.stderr.write(`auditseal: --input: not sent: ${left.slice(0, MOST_NAMED).join(', ')}${more}\n`);
  }
  return bodies;
}

/** explain says what went wrong, and what to do about a port that another program has. */
function explain(error: unknown): string {
  const { code, message, port } = error as NodeJS.ErrnoException & { readonly port?: number };
  if (code !== 'EADDRINUSE' || port === undefined) return error instanceof Error ? message : String(error);
  const who = {
    linux: `ss -ltnp 'sport = :${port}'`,
    darwin: `lsof -nP -iTCP:${port} -sTCP:LISTEN`,
    win32: `netstat -ano | findstr :${port}`,
  };
  const ask = who[process.platform as keyof typeof who] as string | undefined;
  return (
    `port ${port} of 127.0.0.1 is taken, and --serve needs it, as it is in local.settings.example.json. ` +
    `End the program that has it (often another --serve, Azurite on 10000, or RabbitMQ on 5672)` +
    `${ask === undefined ? '' : `: ${ask} names it`}. Without --serve free ports are used`
  );
}

const options = parseStartOptions(process.argv.slice(2), process.env['INIT_CWD'] ?? process.cwd());
if (options === 'help') process.stdout.write(HELP);
else if ('wrong' in options) {
  process.stderr.write(`auditseal: ${options.wrong}\n\n${HELP}`);
  process.exitCode = 64;
} else {
  try {
    process.exitCode = await main(options, new Narration(options.json));
  } catch (error) {
    process.stderr.write(`auditseal: ${explain(error)}\n`);
    process.exitCode = 70;
  }
}
