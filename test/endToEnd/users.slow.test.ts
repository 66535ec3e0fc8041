import { spawn } from 'node:child_process';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import type { Browser, Page } from 'playwright-core';
import { openCheckpoint } from '../../src/core/note/checkpoint.ts';
import { parseVerifierKey } from '../../src/core/note/verifierKey.ts';
import { parseEvidence, verifyEvidence } from '../../src/core/objects/evidence.ts';
import { anchorsOf, readPage } from '../docs/pages.ts';
import { ROOT } from '../support/program.ts';
import { startUntil } from '../support/started.ts';
import type { Started } from '../support/started.ts';
import { CHROMIUM, hasChromium } from '../web/support.ts';

// The ways of those who use it, in the order in which they come: who tries it, who operates it, who responds, who audits. A contributor's
// two commands are this test's own.

/** A command that a user pastes, as it ends. */
interface Pasted {
  readonly code: number | null;
  readonly out: string;
}

let [folder, work] = ['', ''];
let up: Started;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'auditseal-run-'));
  work = await mkdtemp(join(tmpdir(), 'auditseal-work-'));
  up = await startUntil(' -- lock ', folder);
});
afterAll(async () => {
  const code = await up.interrupt();
  const left = await readdir(folder);
  await Promise.all([folder, work].map((path) => rm(path, { recursive: true })));
  if (code !== 0 || left.length > 0) throw new Error(`it ended with ${code}, and left ${left.join(', ') || 'nothing'}`);
});

/** paste runs a command in the checkout, as a terminal does. */
async function paste(command: string): Promise<Pasted> {
  const child = spawn('bash', ['-c', command], { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (out += text));
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { code, out };
}

/** expectEnd says all that a command printed, where it ended in another way: a check of one line would hide why. */
function expectEnd({ code, out }: Pasted, wanted: number, says: RegExp): void {
  if (code !== wanted) throw new Error(`it ended with ${code}, not with ${wanted}:\n${out}`);
  expect(out).toMatch(says);
}

/** runFunctions has functions of the app run, one after the other, as a timer would. */
async function runFunctions(...names: readonly string[]): Promise<void> {
  const evidence = new URL(up.addressOf('evidence'));
  for (const name of names) {
    const headers = { 'x-functions-key': evidence.searchParams.get('code') ?? '' };
    const answer = await fetch(`${evidence.origin}/admin/functions/${name}`, { method: 'POST', headers });
    expect(answer.status).toBe(202);
  }
}

/** until asks again until an answer is what is waited for, or a minute is over; then it gives the last one. */
async function until(ask: () => Promise<Pasted>, isDone: (pasted: Pasted) => boolean): Promise<Pasted> {
  for (let tries = 0; ; tries++) {
    const pasted = await ask();
    if (isDone(pasted) || tries === 20) return pasted;
    await new Promise((resolve) => setTimeout(resolve, 3000));
  }
}

const bytesOf = async (address: string): Promise<Buffer> => {
  const answer = await fetch(address);
  expect([address, answer.status]).toEqual([address, 200]);
  return Buffer.from(await answer.arrayBuffer());
};

test('who tries it finds what it names: log, tile, evidence, pages', async () => {
  const key = parseVerifierKey(up.addressOf('verifier key'));
  const { checkpoint } = openCheckpoint(await bytesOf(up.addressOf('log')), key.keyName, [key]);
  expect(await bytesOf(up.addressOf('a tile of it'))).toHaveLength(32 * checkpoint.size);
  const evidence = await bytesOf(up.addressOf('evidence'));
  expect(verifyEvidence(parseEvidence(evidence), [key])).toMatchObject({ ok: true, seal: { record: 0 } });
  expect(await readFile(up.addressOf('as a file'))).toEqual(evidence);
  const overview = (await bytesOf(up.addressOf('overview'))).toString();
  expect(overview).toContain('<h1 id="status">Attention</h1>');
  expect(overview).toContain('<a href="/runbook#policy-unlocked">');
  expect((await bytesOf(`${up.addressOf('overview')}runbook`)).toString()).toContain('<h2 id="policy-unlocked">');
  const [, report = ''] = /<a href="(\/reports\/\d{12}\.html)">/.exec(overview) ?? [];
  expect((await bytesOf(new URL(report, up.addressOf('overview')).href)).toString()).toContain('Auditseal');
  expect((await bytesOf(up.addressOf('check page'))).equals(await readFile('dist/web/check.html'))).toBe(true);
  expect((await fetch(`${up.addressOf('overview')}reports/000000000999.html`)).status).toBe(404);
  expect((await fetch(`${up.addressOf('overview')}etc/passwd`)).status).toBe(404);
});

test('who opens a container in a browser reads what it is, and programs get what they ask for', async () => {
  const [address = ''] = up.addressOf('ledger').split('?');
  const asked = await fetch(address, { headers: { accept: 'text/html' } });
  expect(await asked.text()).toContain('stand-in for Azure Storage');
  const listed = await fetch(`${up.addressOf('ledger')}&restype=container&comp=list`);
  expect(await listed.text()).toContain('<EnumerationResults');
});

test.each([
  ['verify', 0, /^verified: auditseal\.localhost\/ledger/],
  ['find', 0, /^found 33 of 166 records in 4 segments/m],
  ['check', 0, /^proved: this is record 0 of partition 0/m],
  ['posture', 1, /^violated: posture of ledger/],
  ['status', 1, /^attention: auditseal\.localhost\/ledger, as of [^\n]*\n {2}policy-unlocked: /],
])('the command %s can be pasted as it is told', async (begin, code, says) => {
  const pasted = await paste(up.command(begin));
  expectEnd(pasted, code, says);
});

test('who operates it gets from what the status says to what to do, does it, and sees it done', async () => {
  const { out } = await paste(up.command('status'));
  const [, section = ''] = /what to do: docs\/runbook\.md, #([a-z-]+)/.exec(out) ?? [];
  expect(anchorsOf(readPage('docs/runbook.md'))).toContain(section);
  expect(readPage('docs/runbook.md').split(`## ${section}\n`)[1]?.split('\n## ')[0]).toContain('auditseal lock');
  expect((await paste(up.command('hold set'))).out).toContain('hold        117, set by');
  const locked = await paste(`${up.command('lock')} --confirm ledger`);
  expectEnd(locked, 0, /Locked, 365 days/);
  await runFunctions('posture');
  const after = await until(
    () => paste(up.command('status')),
    ({ code }) => code === 0,
  );
  expect(after.out).toMatch(/^all well: auditseal\.localhost\/ledger/);
  expect(after.out).toContain('retention policy: Locked, 365 days, 5 extensions left');
  expect(after.out).toContain('legal holds: 117');
});

describe('who audits it', () => {
  let browser: Browser | undefined;
  let page: Page | undefined;
  const keys = (): string[] => [up.addressOf('verifier key'), up.addressOf("auditor's key")];
  const trust = (): string => `--key "${keys()[0]}" --auditor-key "${keys()[1]}"`;

  beforeAll(async () => {
    await runFunctions('integrate', 'verify', 'integrate');
    if (!hasChromium) return;
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-gpu'] });
  });
  afterAll(() => browser?.close());

  /** verdictOf gives the headline of the page's result. */
  async function verdictOf(
    kit: string,
    input: '#file' | '#folder',
    path: string,
    given: readonly string[],
  ): Promise<string> {
    if (browser === undefined) throw new Error('there is no browser');
    page = await browser.newPage();
    await page.goto(pathToFileURL(join(kit, 'check.html')).href);
    await page.fill('#keys', given.join('\n'));
    await page.setInputFiles(input, path);
    await page.waitForSelector('#result h2', { timeout: 60_000 });
    const headline = (await page.textContent('#result h2')) ?? '';
    await page.close();
    return headline.trim();
  }

  test('gets a folder without keys, checks it by the page alone and by the command line, and is told a wrong folder', async () => {
    const kit = join(work, 'kit');
    const { ledger, tlog } = { ledger: up.addressOf('ledger'), tlog: up.addressOf('its tiles') };
    const made = await paste(`npm run -s cli -- kit "${kit}" --from "${ledger}" --tlog "${tlog}" ${trust()}`);
    expectEnd(made, 0, /give the keys to the auditor another way/);
    const readme = await readFile(join(kit, 'READ-ME-FIRST.txt'), 'utf8');
    for (const key of keys()) expect(readme).not.toContain(key);
    const checked = await paste(`npm run -s cli -- verify "${kit}/mirror" ${trust()} --since "${kit}/report.json"`);
    expectEnd(checked, 0, /^verified/);
    const wrong = await paste(`npm run -s cli -- verify "${kit}" ${trust()}`);
    expectEnd(wrong, 2, /wrong folder/);
    if (!hasChromium) return;
    expect(await verdictOf(kit, '#folder', join(kit, 'mirror'), keys())).toMatch(/^Verified/);
    expect(await verdictOf(kit, '#folder', join(kit, 'mirror', 'segments'), keys())).toMatch(/wrong folder/);
  });

  test('gets one file, and is told of a key that is none and of a changed record', async () => {
    const kit = join(work, 'kitOfEvidence');
    const file = up.addressOf('as a file');
    expectEnd(await paste(`npm run -s cli -- kit "${kit}" --evidence "${file}" ${trust()}`), 0, /^good: /m);
    const changed = join(work, 'changed.json');
    await writeFile(changed, (await readFile(file, 'utf8')).replace('West Europe', 'East Europe'));
    const refuted = await paste(`npm run -s cli -- check "${changed}" ${trust()} --html "${work}/refuted.html"`);
    expectEnd(refuted, 1, /^refuted: /);
    expect(await readFile(join(work, 'refuted.html'), 'utf8')).toContain('REFUTED: THIS IS NO PROOF');
    if (!hasChromium) return;
    expect(await verdictOf(kit, '#file', join(kit, 'evidence.json'), keys())).toMatch(/^Proved/);
    expect(await verdictOf(kit, '#file', changed, keys())).toMatch(/^Not proved/);
    expect(await verdictOf(kit, '#file', join(kit, 'evidence.json'), ['junk'])).not.toMatch(/^Proved/);
  });
});

test('who responds finds an event, proves that none is missing, and what is checked says so', async () => {
  const mirror = join(work, 'mirror');
  expectEnd(await paste(up.command('mirror').replace('./mirror', `"${mirror}"`)), 0, /objects copied/);
  expect((await paste(up.command('show').replace('./mirror', `"${mirror}"`))).out).toContain('record hash');
  const key = `--key "${up.addressOf('verifier key')}"`;
  const answer = join(work, 'answer');
  const find = `npm run -s cli -- find "${mirror}" --operation SecretGet ${key} --prove "${answer}"`;
  expectEnd(await paste(find), 0, /^found 33 of 166 records/m);
  const auditor = `--auditor-key "${up.addressOf("auditor's key")}"`;
  const checked = await paste(`npm run -s cli -- check "${answer}" ${key} ${auditor}`);
  expectEnd(checked, 0, /proved: these 27 records, and no other,/);
});
