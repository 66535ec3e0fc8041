/** `npm start`: real log bodies in at an event hub, out as sealed segments and a signed log, rechecked, proved, attacked. */
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Demonstration } from './demo/demonstration.ts';
import { readBodies } from './demo/feed.ts';
import { Narration } from './demo/narration.ts';
import { Programs, ROOT } from './demo/programs.ts';
import { startStack } from './stack.ts';
import type { StackOptions } from './stack.ts';
import { HELP, parseStartOptions } from './demo/startOptions.ts';
import type { StartOptions } from './demo/startOptions.ts';

/** serve runs the stand-ins alone until it is told to stop. */
async function serve(options: StartOptions, say: Narration): Promise<number> {
  const stack = await startStack({ ...stackOptions(options), wellKnown: true });
  say.serving(stack);
  await interruption();
  say.stopping();
  await stack.close();
  return 0;
}

/** isTaken tells whether a folder has files, or its evidence a file. */
const isTaken = async (out: string): Promise<boolean> =>
  (await readdir(out).catch(() => [])).length > 0 ||
  (await stat(`${out}.evidence.json`).catch(() => undefined)) !== undefined;

const interruption = (): Promise<void> =>
  new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });

const stackOptions = ({ partitions, dataDir, keyVault }: StartOptions): StackOptions => ({
  appDir: ROOT,
  partitions,
  hasVault: keyVault,
  ...(dataDir !== undefined && { dataDir }),
});

async function main(options: StartOptions, say: Narration): Promise<number> {
  if (options.serve) return serve(options, say);
  if (options.out !== undefined && options.dataDir === undefined && (await isTaken(options.out)))
    throw new Error(`--out: ${options.out} is there already, and this start makes another ledger: name another folder`);
  const bodies = await readBodies(options.input ?? join(ROOT, 'local', 'examples'), options.input === undefined);
  say.step('Starting an event hub, a write-once store and the Functions app on 127.0.0.1');
  const programs = new Programs();
  const { code: buildCode } = await programs.run(join('tools', 'build.ts'));
  if (buildCode !== 0) throw new Error('the app could not be built');
  const work = await mkdtemp(join(tmpdir(), 'auditseal-'));
  const stack = await startStack(stackOptions(options));
  const interrupted = interruption();
  const stopped = interrupted.then(() => 'stopped' as const);
  const demonstration = new Demonstration({ stack, programs, work, say, options });
  try {
    const done = await Promise.race([demonstration.run(bodies), stopped]);
    if (done === 'stopped') return 130;
    if (!options.once) {
      if ((await Promise.race([demonstration.stayUp(), stopped])) === 'stopped') return done;
      await interrupted;
    }
    return done;
  } finally {
    say.stopping();
    await demonstration.stop();
    await stack.close();
    await rm(work, { recursive: true, force: true });
  }
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
    process.stderr.write(`auditseal: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 70;
  }
}
