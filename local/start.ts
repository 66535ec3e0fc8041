/** `npm start`: real log bodies in at an event hub, out as sealed segments, rechecked, attacked and found intact. */
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ContainerClient } from '@azure/storage-blob';
import { attackContainer, tamperMirror } from './attack.ts';
import { addRawBytes, readBodies, sendBodies } from './feed.ts';
import type { Feed } from './feed.ts';
import { Narration } from './narration.ts';
import { Sealing } from './sealing.ts';
import { HUB_NAME, startStack } from './stack.ts';
import type { Stack, StackOptions } from './stack.ts';
import { HELP, parseStartOptions } from './startOptions.ts';
import type { StartOptions } from './startOptions.ts';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const CLI = join(ROOT, 'dist', 'cli', 'auditseal.mjs');

/** What the checks of this program print as JSON; only what is shown here. */
interface Report {
  readonly status: string;
  readonly checked: Readonly<Record<'segments' | 'records' | 'events' | 'storedBytes', number>>;
  readonly findings: readonly { readonly code: string; readonly object: string; readonly detail: string }[];
}

/** run starts a Node program and gives its exit code and standard output. What it says otherwise goes to standard error. */
async function run(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<{ code: number; stdout: string }> {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', ...args], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 2],
    env: { ...process.env, ...env },
  });
  const chunks: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code: code ?? 2, stdout: Buffer.concat(chunks).toString('utf8') }));
  });
}

async function recheck(target: string): Promise<{ code: number; report: Report }> {
  const { code, stdout } = await run([CLI, 'verify', target, '--json']);
  return { code, report: JSON.parse(stdout) as Report };
}

/** serve runs the stand-ins alone until it is told to stop. */
async function serve(options: StartOptions, say: Narration): Promise<number> {
  const stack = await startStack({ ...stackOptions(options), wellKnown: true });
  say.serving(stack);
  await interruption();
  say.step('Stopping');
  await stack.close();
  return 0;
}

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
  const bodies = await readBodies(options.input ?? join(ROOT, 'local', 'examples'), options.input === undefined);
  say.step('Starting an event hub, a write-once store and the Functions app on 127.0.0.1');
  const { code: buildCode } = await run([join('tools', 'build.ts')]);
  if (buildCode !== 0) throw new Error('the app could not be built');
  const work = await mkdtemp(join(tmpdir(), 'auditseal-'));
  const stack = await startStack(stackOptions(options));
  const interrupted = interruption();
  const stopped = interrupted.then(() => 'stopped' as const);
  try {
    const done = await Promise.race([show(stack, bodies, options, work, say), stopped]);
    if (done === 'stopped') return 130;
    if (!options.once) {
      say.stayUp(stack);
      await interrupted;
    }
    return done;
  } finally {
    say.step('Stopping');
    await stack.close();
    await rm(work, { recursive: true, force: true });
  }
}

/** show does what a user comes to see, and returns the recheck's exit code. */
async function show(
  stack: Stack,
  bodies: Awaited<ReturnType<typeof readBodies>>,
  options: StartOptions,
  work: string,
  say: Narration,
): Promise<number> {
  const sealing = new Sealing((progress) => say.sealing(progress));
  const host = await stack.startHost((line) => sealing.add(line));

  say.step(`Sending ${bodies.length * options.repeat} events: ${options.input ?? 'log bodies of many Azure services'}`);
  const feed: Feed = await sendBodies(stack.hub.connectionString(), HUB_NAME, bodies, options.repeat, (events, bytes) =>
    say.sent(events, bytes),
  );
  const rawBytes = await addRawBytes(options.dataDir, feed.bytes);
  await Promise.race([sealing.until(feed.last), host.exited.then(() => Promise.reject(new Error('the host ended')))]);
  say.sealed(feed, sealing.progress);

  say.step('Rechecking every chain from the stored bytes (function verify)');
  const checked = await host.runTimer('verify');
  if (checked.outcome !== 'succeeded') throw new Error(`function verify failed: ${checked.error?.message ?? ''}`);
  const target = stack.sasUrl('rl');
  const container = new ContainerClient(target);
  const names = await namesOf(container);

  const page = names.findLast((name) => name.endsWith('.html'));
  if (page !== undefined) say.page(container.getBlobClient(page).url);
  const segment = names.find((name) => name.startsWith('segments/')) as string;
  say.step('Attacking the store, as an identity that has every right');
  const attempts = await attackContainer(stack.owner, segment);
  for (const attempt of attempts) say.attempt(attempt);

  say.step('Rechecking again, from outside (auditseal verify)');
  const { code, report } = await recheck(target);
  say.report(report);

  const mirror = options.out ?? join(work, 'mirror');
  const copied = await run([CLI, 'mirror', target, mirror, '--json']);
  if (copied.code !== 0) throw new Error(`the mirror is not whole: ${copied.stdout}`);
  say.step('Changing one bit in a copy of the ledger');
  const tampered = join(work, 'tampered');
  const changed = await tamperMirror(mirror, tampered);
  say.tampered(changed, (await recheck(tampered)).report);

  if (options.json) {
    say.summary({
      events: report.checked.events,
      records: report.checked.records,
      segments: report.checked.segments,
      rawBytes,
      storedBytes: report.checked.storedBytes,
      status: report.status,
      findings: report.findings,
      mirror: options.out ?? null,
    });
  }
  const wentThrough = attempts.filter(({ outcome }) => outcome === 'went through');
  if (wentThrough.length > 0)
    throw new Error(`attacks went through: ${wentThrough.map(({ attack }) => attack).join(', ')}`);
  return code;
}

async function namesOf(container: ContainerClient): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of container.listBlobsFlat()) names.push(name);
  return names;
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
