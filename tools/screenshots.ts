/**
 * Takes pictures of every page, from a real run, in both colour schemes and three widths: `node tools/screenshots.ts DIR`. It also writes
 * the picture of the README, docs/status.png. It needs a Chromium: CHROMIUM names it, by default /usr/bin/chromium.
 */
import { spawn } from 'node:child_process';
import { cp, mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import type { Browser, Page } from 'playwright-core';
import { ROOT } from './pages/markedBlock.ts';

const WIDTHS = [390, 820, 1280];
const SCHEMES = ['light', 'dark'] as const;
const PICTURE = { width: 1280, height: 940 };

/** Shot is a page as it is to be shown. */
interface Shot {
  readonly name: string;
  readonly url: string;
  /** what is done on the page before */
  readonly act?: (page: Page) => Promise<void>;
}

/** Run is `npm start`, staying up. */
interface Run {
  addressOf(thing: string): string;
  /** command gives a command that it told, with its beginning */
  command(begin: string): string;
  stop(): Promise<void>;
}

async function startRun(): Promise<Run> {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', 'local/start.ts'], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let told = '';
  const ended = new Promise<void>((done) => child.on('close', () => done()));
  await new Promise<void>((done, fail) => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      told += text;
      if (/ -- lock .*\n/.test(told)) done();
    });
    void ended.then(() => fail(new Error(`npm start ended: ${told}`)));
  });
  const find = (form: RegExp, what: string): string => {
    const [, found] = form.exec(told) ?? [];
    if (found === undefined) throw new Error(`npm start names no ${what}`);
    return found;
  };
  return {
    addressOf: (thing) => find(new RegExp(`^  ${thing} +(\\S+)$`, 'm'), thing),
    command: (begin) => find(new RegExp(`^ *(npm run -s cli -- ${begin} .*)$`, 'm'), begin),
    stop: async () => {
      child.kill('SIGINT');
      await ended;
    },
  };
}

/** shell runs a command as a reader types it; whatever it ends with, what it printed counts. */
async function shell(command: string): Promise<string> {
  const child = spawn('bash', ['-c', command], { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] });
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  await new Promise<void>((done) => child.on('close', () => done()));
  return out;
}

/** settle locks the policy and the account, and has posture, verify and integrate run, so that all is well. */
async function settle(run: Run): Promise<void> {
  await shell(`${run.command('lock')} --confirm ledger`);
  const [, account = '', arm = ''] = /--resource-id "([^"]+)" --arm (\S+)/.exec(run.command('posture')) ?? [];
  const lock = `${arm}${account}/providers/Microsoft.Authorization/locks/keep?api-version=2020-05-01`;
  await fetch(lock, {
    method: 'PUT',
    headers: { 'content-type': 'application/json', authorization: 'Bearer nobody' },
    body: JSON.stringify({ properties: { level: 'CanNotDelete' } }),
  });
  const evidence = new URL(run.addressOf('evidence'));
  for (const name of ['posture', 'integrate', 'verify', 'integrate', 'verify']) {
    const headers = { 'x-functions-key': evidence.searchParams.get('code') ?? '' };
    await fetch(`${evidence.origin}/admin/functions/${name}`, { method: 'POST', headers });
    await new Promise((done) => setTimeout(done, 4000));
  }
}

const choose =
  (file: string, keys: readonly string[]) =>
  async (page: Page): Promise<void> => {
    await page.fill('#keys', keys.join('\n'));
    await page.setInputFiles('#file', file);
    await page.waitForSelector('#result h2');
  };

const chooseFolder =
  (folder: string, keys: readonly string[]) =>
  async (page: Page): Promise<void> => {
    await page.fill('#keys', keys.join('\n'));
    await page.setInputFiles('#folder', folder);
    await page.waitForSelector('#result h2', { timeout: 60_000 });
  };

/** shotsOf names every page of a run, with the files that it made in a folder. */
async function shotsOf(run: Run, folder: string): Promise<readonly Shot[]> {
  const keys = [run.addressOf('verifier key'), run.addressOf("auditor's key")];
  const trust = `--key "${keys[0]}" --auditor-key "${keys[1]}"`;
  const mirror = join(folder, 'mirror');
  const evidence = join(folder, 'record.json');
  await shell(run.command('mirror').replace('./mirror', mirror));
  await cp(run.addressOf('as a file'), evidence);
  await shell(
    `npm run -s cli -- find ${mirror} --operation SecretGet --key "${keys[0]}" --prove ${join(folder, 'answer')}`,
  );
  const refuted = join(folder, 'refuted.json');
  await writeFile(refuted, (await readFile(evidence, 'utf8')).replace('West Europe', 'East Europe'));
  const answer = join(folder, 'answer', 'answer.json');
  const certificates = [
    ['certificate-proved', evidence, trust],
    ['certificate-refuted', refuted, trust],
    ['certificate-unvouched', evidence, ''],
    ['certificate-answer', answer, trust],
  ] as const;
  for (const [name, file, given] of certificates)
    await shell(`npm run -s cli -- check ${file} ${given} --html ${join(folder, `${name}.html`)}`);
  const reports = (await readdir(join(mirror, 'reports'))).filter((name) => name.endsWith('.html')).sort();
  const isKind = async (name: string, kind: string): Promise<boolean> =>
    (await readFile(join(mirror, 'reports', name), 'utf8')).includes(`<strong>Auditseal</strong> ${kind}`);
  const newest = async (kind: string): Promise<string> => {
    for (const name of reports.toReversed()) if (await isKind(name, kind)) return join(mirror, 'reports', name);
    throw new Error(`there is no ${kind}`);
  };
  const check = pathToFileURL(join(ROOT, 'dist', 'web', 'check.html')).href;
  const file = (path: string): string => pathToFileURL(path).href;
  return [
    { name: 'status', url: run.addressOf('overview') },
    { name: 'report-status', url: file(await newest('status')) },
    { name: 'report-integrity', url: file(await newest('integrity report')) },
    { name: 'report-posture', url: file(await newest('posture report')) },
    { name: 'check', url: check },
    { name: 'check-proved', url: check, act: choose(evidence, keys) },
    { name: 'check-refuted', url: check, act: choose(refuted, keys) },
    { name: 'check-unvouched', url: check, act: choose(evidence, []) },
    { name: 'check-answer', url: check, act: choose(answer, keys) },
    { name: 'check-mirror', url: check, act: chooseFolder(mirror, keys) },
    ...certificates.map(([name]) => ({ name, url: file(join(folder, `${name}.html`)) })),
    { name: 'container', url: new URL(run.addressOf('ledger')).origin },
  ];
}

async function take(browser: Browser, { name, url, act }: Shot, folder: string): Promise<void> {
  for (const colorScheme of SCHEMES)
    for (const width of WIDTHS) {
      const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
      await page.goto(url);
      await act?.(page);
      await page.screenshot({ path: join(folder, `${name}-${colorScheme}-${width}.png`), fullPage: true });
      await page.close();
    }
}

async function main(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await shell('node tools/bootstrap.mjs tools/build.ts');
  const run = await startRun();
  const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
  try {
    await settle(run);
    const page = await browser.newPage({ viewport: PICTURE, colorScheme: 'light' });
    await page.goto(run.addressOf('overview'));
    await page.screenshot({ path: join(ROOT, 'docs', 'status.png') });
    for (const shot of await shotsOf(run, folder)) await take(browser, shot, folder);
  } finally {
    await browser.close();
    await run.stop();
  }
}

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error('usage: node tools/screenshots.ts DIR, a folder for the pictures');
await main(resolve(process.env['INIT_CWD'] ?? '.', folder));
