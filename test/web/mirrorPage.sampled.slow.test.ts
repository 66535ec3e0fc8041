import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { chromium } from 'playwright-core';
import type { Browser, Page } from 'playwright-core';
import { formatVerifierKey } from '../../src/core/note/verifierKey.ts';
import { FOREIGN, acknowledge, integrate, planted } from '../support/acknowledged.ts';
import { forgeAction } from '../support/actions.ts';
import { SECOND } from '../support/loggedLedger.ts';
import { OPERATOR, keyOf } from '../support/logs.ts';
import { picked } from '../support/sample.ts';
import { LEDGER, timeOf } from '../support/forge.ts';
import { signFrames } from '../support/sign.ts';
import { DAMAGE } from './damage.ts';
import { BOMB, flip, segment } from './damageTools.ts';
import { AUDITOR_KEY, MIRROR_KEY, MIRROR_KEYS, NOW, WITNESS_KEYS, coreVerdict, mirrorOf } from './mirrors.ts';
import type { Mirror, Verdict } from './mirrors.ts';
import { CHROMIUM, PAGE, hasChromium, offPaper, poorContrast } from './support.ts';

const withBrowser = hasChromium ? describe : (_name: string, _body: () => void): void => undefined;

if (!hasChromium) test('that there is no browser is said elsewhere', () => expect(hasChromium).toBe(false));

withBrowser('a mirror in the page', () => {
  let browser: Browser;
  let page: Page;
  let folder: string;
  let good: Mirror;
  /** What must never be: errors, refused content, requests. */
  let seen: string[];

  beforeAll(async () => {
    good = await mirrorOf();
    browser = await chromium.launch({
      executablePath: CHROMIUM,
      args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--no-first-run'],
    });
  });
  afterAll(() => browser.close());

  beforeEach(async () => {
    seen = [];
    folder = await mkdtemp(join(tmpdir(), 'auditseal-mirror-'));
    page = await browser.newPage();
    await page.clock.setFixedTime(NOW);
    page.on('console', (message) => seen.push(`console: ${message.text()}`));
    page.on('pageerror', (error) => seen.push(`error: ${error.message}`));
    page.on('request', (request) => {
      if (request.url() !== PAGE && !request.url().startsWith('blob:')) seen.push(`request: ${request.url()}`);
    });
    await page.goto(PAGE);
  });
  afterEach(async () => {
    await page.close();
    await rm(folder, { recursive: true });
    if (seen.length > 0) throw new Error(seen.join('\n'));
  });

  const write = async (mirror: Mirror): Promise<void> => {
    for (const [name, bytes] of mirror) {
      await mkdir(dirname(join(folder, name)), { recursive: true });
      await writeFile(join(folder, name), bytes);
    }
  };
  const status = async (): Promise<string | null> => {
    await page.waitForSelector('#status');
    return page.getAttribute('#status', 'data-status');
  };
  const verdict = async (): Promise<Verdict> => {
    const shown = await status();
    const rows = await page.locator('#findings tbody tr').evaluateAll((rows) =>
      rows.map((row) =>
        [...row.children]
          .slice(0, 2)
          .map((cell) => cell.textContent)
          .join(' '),
      ),
    );
    return { status: String(shown), found: [...new Set(rows)].sort() };
  };
  const check = async (mirror: Mirror, ...keys: string[]): Promise<Verdict> => {
    await write(mirror);
    await page.fill('#keys', keys.join('\n'));
    await page.setInputFiles('#folder', folder);
    return verdict();
  };

  const drop = async (): Promise<void> => {
    const devtools = await page.context().newCDPSession(page);
    for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
      const data = { items: [], files: [folder], dragOperationsMask: 1 };
      await devtools.send('Input.dispatchDragEvent', { type, x: 300, y: 300, data });
    }
  };
  const again = (): Promise<void> => page.getByRole('button', { name: 'Check the folder again' }).click();

  test('that is whole is verified under a key of the user, with counts and what was not checked', async () => {
    expect(await check(good, MIRROR_KEY)).toEqual({ status: 'verified', found: [] });
    const said = await page.innerText('#result');
    expect(said).toMatch(
      /Each of the \d checkpoints that were compared is signed with a key that you gave: logs\.example\.com\/audit \(key ID [0-9a-f]{8}\)/,
    );
    expect(said).toContain('12 records');
    expect(await page.locator('#partitions tbody tr').count()).toBe(2);
    expect(await page.innerText('#not-checked')).toContain('compare the newest one with one that you kept');
    expect(await page.getByRole('status').textContent()).toBe('Verified');
    expect(await page.isVisible('#stop')).toBe(false);
  });

  test('is cosigned by the witnesses whose keys are given, and no number of them is demanded', async () => {
    expect(await check(good, MIRROR_KEYS)).toEqual({ status: 'verified', found: [] });
    const said = await page.innerText('#result');
    expect(said).toContain(
      'Of the one witness whose key you gave, 1 cosigned the newest checkpoint: w1.example (key ID ',
    );
    expect(said).toContain('2 verified with keys that you gave; 1 not verified');
    expect(await page.innerText('#not-checked')).toContain('no quorum');
    await page.fill('#keys', WITNESS_KEYS[0] as string);
    await page.getByRole('button', { name: 'Check the folder again' }).click();
    await page.waitForSelector('#status.unverified');
    expect(await page.innerText('#status')).toContain('1 cosigned the newest checkpoint');
    expect(await page.innerText('#status')).toContain('proves nothing about who signed');
  });

  test('says who signed, which keys the ledger announces itself, and whose reports it went by', async () => {
    const shown = (): Promise<string> => page.innerText('section[aria-labelledby=facts-title]');
    expect(await check(good, MIRROR_KEY, AUDITOR_KEY)).toEqual({ status: 'verified', found: [] });
    expect(await shown()).toMatch(/Checkpoints signed by\s+logs\.example\.com\/audit \(key ID/);
    expect(await shown()).toContain(MIRROR_KEY);
    expect(await shown()).toMatch(/Reports signed by\s+logs\.example\.com\/audit\/auditor \(key ID/);
    expect(await shown()).toMatch(/Earlier report\s+reports\/000000000000\.json/);
    await page.fill('#keys', '');
    await page.getByRole('button', { name: 'Check the folder again' }).click();
    await page.waitForSelector('#status.unverified');
    expect(await shown()).toContain('by keys that were taken from the ledger itself');
    expect(await shown()).toMatch(/Reports signed by\s+nobody whose key you gave/);
    expect(await page.innerText('#not-checked')).toContain('no verifier key of the log was given');
    expect(await page.innerText('#not-checked')).toContain('no key of the auditor was given');
  });

  test('without a key of the user agrees with itself only; the key may be given later', async () => {
    expect((await check(good)).status).toBe('unverified');
    expect(await page.innerText('#status')).toContain('proves nothing about who signed');
    expect(await page.innerText('#status')).toContain('logs.example.com/audit (key ID ');
    await page.fill('#keys', MIRROR_KEY);
    await page.getByRole('button', { name: 'Check the folder again' }).click();
    await page.waitForSelector('#status.verified');
    await page.fill('#keys', formatVerifierKey(keyOf(9).verifierKey));
    await page.getByRole('button', { name: 'Check the folder again' }).click();
    await page.waitForSelector('#status.violated');
    expect(await page.innerText('#findings')).toContain('foreign-object');
    expect(await page.innerText('#status')).toContain('proves nothing about who signed');
  });

  test('shows of a foreign name what would not be seen: spaces at its ends and beside others too', async () => {
    await check(new Map([...good, ['aaa\u200b/b  c ', Buffer.from('x')] as const]), MIRROR_KEY);
    expect(await page.innerText('#findings td')).toBe('aaa\\u200b/b\\u0020\\u0020c\\u0020');
  });

  test('says whose key it went by in every verdict: the right one, another one, and that of the auditor or a witness alone', async () => {
    const mirror = new Map(good);
    mirror.delete(segment(1, 3));
    expect((await check(mirror, MIRROR_KEY)).status).toBe('violated');
    expect(await page.innerText('#status')).toMatch(
      /is signed with a key that you gave: logs\.example\.com\/audit \(key ID/,
    );
    expect(await page.innerText('#result')).not.toMatch(/claim|no verifier key of the log|Who made this ledger/);
    flip(mirror, 'checkpoints/000000000001', 120);
    expect((await check(mirror, MIRROR_KEY)).status).toBe('violated');
    expect(await page.innerText('#status')).toContain(
      'not named below as checkpoint-invalid is signed with a key that',
    );
    expect(await page.innerText('#result')).not.toMatch(/claim|no verifier key of the log|Who made this ledger/);
    expect((await check(good, formatVerifierKey(keyOf(9).verifierKey))).status).toBe('violated');
    expect(await page.innerText('#status')).toContain('None of the keys that you gave signed a checkpoint');
    expect((await check(good, AUDITOR_KEY, WITNESS_KEYS[0] as string)).status).toBe('unverified');
    expect(await page.innerText('#status')).toContain('Nothing that you gave is a key of the log itself');
  });

  test('with foreign objects alone is whole as far as it was checked, and not verified', async () => {
    const mirror = new Map([...good, ['<b>stranger</b>', Buffer.from('x')] as const]);
    expect(await check(mirror, MIRROR_KEY)).toEqual({ status: 'violated', found: ['foreign-object <b>stranger</b>'] });
    expect(await page.innerText('#status h2')).toBe(
      'The record is whole as far as it was checked, but a foreign object lies in the container',
    );
    expect(await page.innerText('#status')).toContain('Status: violated. All that the newest signed checkpoint covers');
    expect(await page.locator('#status.beside').count()).toBe(1);
    expect(await page.innerText('#status')).not.toContain('or has changed one that no checkpoint covers yet');
    for (let i = 0; i < 30; i++) mirror.set(`aaa/${i}`, Buffer.from('x'));
    mirror.set(segment(0, 6), Buffer.from('x'));
    expect((await check(mirror, MIRROR_KEY)).status).toBe('violated');
    expect(await page.locator('#findings tbody tr').first().innerText()).toContain(segment(0, 6));
    expect(await page.innerText('#status')).toContain('or has changed one that no checkpoint covers yet');
    await page.fill('#keys', '');
    await again();
    await status();
    expect(await page.innerText('#status h2')).toBe('Violated: 32 errors');
    mirror.delete(segment(1, 3));
    await rm(join(folder, segment(1, 3)));
    expect((await check(mirror, MIRROR_KEY)).status).toBe('violated');
    expect(await page.innerText('#status h2')).toMatch(/^Violated: 3\d errors$/);
  });

  test.each(picked(DAMAGE, 2, 2))('with $name gets the verdict of the command line', async ({ damage }) => {
    const mirror = new Map(good);
    damage(mirror);
    const wanted = await coreVerdict(mirror);
    const shown = { ...wanted, found: wanted.found.map((found) => found.replace('\u202e', '\\u202e')) };
    expect(await check(mirror, MIRROR_KEYS)).toEqual(shown);
    expect(await page.locator('#result img, #result script').count()).toBe(0);
    expect(await page.innerText('#result')).not.toContain('\u202e');
  });

  test('with an attempt of long ago without an outcome agrees with itself, and says that it is to be looked at', async () => {
    const [name, action] = forgeAction(0, { kind: 'lock', days: 365 }, 'attempted', -200_000_000);
    const bare = [...good].filter(([name]) => name.startsWith('segments/'));
    expect(await check(new Map([...bare, [name, action]]))).toEqual({
      status: 'unverified',
      found: [`action-unfinished ${name}`],
    });
    expect(await page.innerText('#status')).toContain('It agrees with itself, but nothing is signed');
    expect(await page.innerText('#status')).toContain('nothing was found wrong but one thing to look at, in the table');
    expect(await page.innerText('#findings')).toContain('A warning: at 2019-');
  });

  test('shows whole what an operator says of a finding', async () => {
    const ledger = await planted();
    const words = { who: 'n'.repeat(1000), why: 'y'.repeat(1000) };
    await acknowledge(ledger, 'foreign-object', FOREIGN, OPERATOR, words);
    await integrate(ledger, SECOND + 21);
    expect((await check(new Map(ledger.store.objects), MIRROR_KEY)).status).toBe('verified');
    const said = await page.innerText('#findings');
    expect([said.includes(words.who), said.includes(words.why)]).toEqual([true, true]);
  });

  test('with more foreign objects than are listed hides no other finding behind them, and shows and counts all when asked', async () => {
    const mirror = new Map(good);
    mirror.delete(segment(1, 3));
    for (let i = 0; i < 1005; i++) mirror.set(`aaa/${i}`, Buffer.from('x'));
    const { found } = await check(mirror, MIRROR_KEY);
    expect(found.some((row) => row === `segment-missing ${segment(1, 3)}`)).toBe(true);
    const rows = page.locator('#findings tbody tr');
    expect(await rows.first().innerText()).toContain('segment-missing');
    expect(await rows.filter({ hasText: 'foreign-object' }).count()).toBe(20);
    expect(await page.innerText('#counts')).toContain('foreign-object: 1,005 errors. This page keeps the first 1,000');
    expect(await page.innerText('.rest')).toBe('Not shown: 980 more findings of foreign-object.');
    await page.getByRole('button', { name: /^Show and print all/ }).click();
    expect(await rows.filter({ hasText: 'foreign-object' }).count()).toBe(1000);
    expect(await rows.first().innerText()).toContain('segment-missing');
    expect(await page.locator('.rest').count()).toBe(0);
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('findings-title');
  });

  test('that is dropped is read like a chosen one, folders within folders', async () => {
    await write(good);
    await page.fill('#keys', MIRROR_KEY);
    await drop();
    expect(await verdict()).toEqual({ status: 'verified', found: [] });
    expect(await page.innerText('#result')).toContain('12 records');
  });

  test('loses its verdict as soon as a key is changed, and while it is checked too', async () => {
    expect((await check(good, MIRROR_KEY)).status).toBe('verified');
    await page.locator('#keys').press('Backspace');
    expect(await page.innerText('#result')).toBe('');
    expect(await page.title()).toBe('Auditseal: check evidence, an answer or a mirror');
    expect(await page.innerText('#busy')).toMatch(/^You changed the keys, .*Press “Check the folder again”/);
    expect(await page.getByRole('status').textContent()).toMatch(/^You changed the keys/);
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('keys');
    await page.emulateMedia({ media: 'print' });
    expect(await page.isVisible('#busy')).toBe(true);
    await page.emulateMedia({ media: 'screen' });
    await page.fill('#keys', MIRROR_KEY);
    await page.evaluate(async () => {
      document.getElementById('again')?.click();
      // What is due at once happens, but no answer of the worker comes in between.
      for (let i = 0; i < 10; i++) await Promise.resolve();
      document.getElementById('keys')?.dispatchEvent(new Event('input'));
    });
    expect(await page.innerText('#busy')).toMatch(/^You changed the keys/);
    expect(await page.isVisible('#stop')).toBe(false);
    await again();
    expect(await verdict()).toEqual({ status: 'verified', found: [] });
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('status');
  });

  test('that was dropped is listed and read again when it is checked again', async () => {
    await write(good);
    await page.fill('#keys', MIRROR_KEY);
    await drop();
    expect((await verdict()).status).toBe('verified');
    await writeFile(join(folder, 'stranger'), 'x');
    await rm(join(folder, segment(1, 3)));
    await again();
    await page.waitForSelector('#status.violated');
    const { found } = await verdict();
    expect(found).toEqual(expect.arrayContaining(['foreign-object stranger', `segment-missing ${segment(1, 3)}`]));
    await rm(folder, { recursive: true });
    await again();
    expect(await status()).toBe('unverified');
    expect(await page.innerText('#status')).toContain('the folder can’t be read');
    await mkdir(folder);
  });

  test('that was chosen and has changed since is not checked as it was, and the page says how it is checked anew', async () => {
    expect((await check(good, MIRROR_KEY)).status).toBe('verified');
    await writeFile(join(folder, segment(1, 3)), 'x');
    await rm(join(folder, segment(1, 2)));
    await again();
    await page.waitForSelector('#status.unverified, #status.violated');
    expect(await page.innerText('#unreadable')).toContain(segment(1, 3));
    expect(await page.innerText('#unreadable')).toContain(segment(1, 2));
    expect(await page.innerText('#result')).toContain('choose the folder again to check it as it is now');
    expect(await page.innerText('#again-hint')).toContain('The browser listed the folder once, when you chose it');
    const [chooser] = await Promise.all([page.waitForEvent('filechooser'), page.click('#folder')]);
    expect(await page.inputValue('#folder')).toBe('');
    await chooser.setFiles(folder);
    await page.waitForSelector('#status.violated');
    expect((await verdict()).found).toContain(`segment-missing ${segment(1, 2)}`);
  });

  test('that is no ledger is not verified', async () => {
    expect((await check(new Map([['readme.txt', Buffer.from('x')]]), MIRROR_KEY)).status).toBe('unverified');
    expect(await page.innerText('#status')).toContain('choose the folder that holds the folder segments');
  });

  test('can be stopped, and checked again', async () => {
    // 192 MiB of one byte, in a segment that a thief of a session signed, take a while.
    const slow = new Map(good);
    const [root, prev] = ['ab'.repeat(32), 'cd'.repeat(32)];
    const said = { root, prev, record: 6, incarnation: 0, event: 6, sealed: timeOf(1_000_006) };
    slow.set(segment(0, 6), signFrames(BOMB, segment(0, 6), said, { ledger: LEDGER }));
    await write(slow);
    await page.setInputFiles('#folder', folder);
    await page.click('#stop');
    expect(await page.innerText('#busy')).toContain('Stopped');
    expect(await page.locator('#status').count()).toBe(0);
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('again');
    await page.keyboard.press('Enter');
    expect(await status()).toBe('violated');
  });

  test('prints whole, with the folder and its counts, the keys and whose they are', async () => {
    const mirror = new Map([...good, [`${'a'.repeat(200)}/${'b'.repeat(200)}`, Buffer.from('x')] as const]);
    expect((await check(mirror, MIRROR_KEYS)).status).toBe('violated');
    expect(await offPaper(page)).toEqual([]);
    const parts = page.locator('section[aria-labelledby=this-check-title], section[aria-labelledby=keys-given-title]');
    const printed = (await parts.allInnerTexts()).join('\n');
    expect(printed).toContain(folder.split('/').at(-1));
    expect(printed).toContain(`${mirror.size} files, `);
    expect(printed).toContain(`Of a log: ${MIRROR_KEY}`);
    expect(printed).toContain(`Of an auditor: ${AUDITOR_KEY}`);
    expect(printed).toContain(`Of a witness: ${WITNESS_KEYS[0]}`);
    expect(printed).toContain(new Date(NOW).toISOString());
  });

  test.each(['light', 'dark'] as const)('can be read in %s colours, and by a screen reader', async (colorScheme) => {
    await page.emulateMedia({ colorScheme });
    const mirror = new Map([...good, ['aaa\u200b', Buffer.from('x')] as const]);
    expect((await check(mirror, MIRROR_KEY)).status).toBe('violated');
    expect(await poorContrast(page)).toEqual([]);
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('status');
    const title = await page.innerText('#status h2');
    expect(await page.getByRole('status').textContent()).toBe(title);
    expect(await page.getByRole('region', { name: title }).count()).toBe(1);
    expect(await page.getByRole('table', { name: 'What was found' }).count()).toBe(1);
    expect(await page.locator('th:not([scope])').count()).toBe(0);
    expect(await page.getByRole('rowheader', { name: 'foreign-object' }).count()).toBe(1);
    mirror.delete(segment(1, 3));
    await rm(join(folder, segment(1, 3)));
    expect((await check(mirror, MIRROR_KEY)).status).toBe('violated');
    expect(await poorContrast(page)).toEqual([]);
  });

  test('fits a narrow screen, with its findings', async () => {
    await page.setViewportSize({ width: 390, height: 800 });
    const mirror = new Map(good);
    for (const { damage } of DAMAGE.slice(0, 6)) damage(mirror);
    expect((await check(mirror, MIRROR_KEY)).status).toBe('violated');
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
    expect(await page.getByLabel('Or choose a mirror folder').count()).toBe(1);
  });
});
