import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { chromium } from 'playwright-core';
import type { Browser, Page } from 'playwright-core';
import type { LedgerInterval } from '../../src/core/objects/slice.ts';
import { nameOf } from '../support/forge.ts';
import { momentOf, sliceScene } from '../support/sliceScene.ts';
import { MIRROR_KEY } from './mirrors.ts';
import type { Mirror } from './mirrors.ts';
import { mirrorOfLedger, sliceOf } from './slices.ts';
import { CHROMIUM, PAGE, hasChromium, offPaper, poorContrast } from './support.ts';

const withBrowser = hasChromium ? describe : (_name: string, _body: () => void): void => undefined;

if (!hasChromium) test('that there is no browser is said elsewhere', () => expect(hasChromium).toBe(false));

withBrowser('a slice in the page', () => {
  const interval: LedgerInterval = { from: momentOf(3), to: momentOf(9), partitions: ['0', '1'] };
  let browser: Browser;
  let page: Page;
  let folder: string;
  let whole: Mirror;
  let slice: Mirror;
  /** What must never be: errors, refused content, requests. */
  let seen: string[];

  beforeAll(async () => {
    whole = mirrorOfLedger(await sliceScene());
    slice = await sliceOf(whole, interval);
    browser = await chromium.launch({
      executablePath: CHROMIUM,
      args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--no-first-run'],
    });
  });
  afterAll(() => browser.close());
  beforeEach(async () => {
    seen = [];
    folder = await mkdtemp(join(tmpdir(), 'auditseal-slice-'));
    page = await browser.newPage();
    page.on('console', (message) => seen.push(`console: ${message.text()}`));
    page.on('pageerror', (error) => seen.push(`error: ${error.message}`));
    page.on('request', (request) => {
      if (request.url() !== PAGE && !request.url().startsWith('blob:')) seen.push(`request: ${request.url()}`);
    });
    await page.goto(PAGE);
    await page.fill('#keys', MIRROR_KEY);
  });
  afterEach(async () => {
    await page.close();
    await rm(folder, { recursive: true });
    if (seen.length > 0) throw new Error(seen.join('\n'));
  });

  const open = async (name: string, mirror: Mirror): Promise<void> => {
    for (const [file, bytes] of mirror) {
      await mkdir(dirname(join(folder, name, file)), { recursive: true });
      await writeFile(join(folder, name, file), bytes);
    }
    await page.setInputFiles('#folder', join(folder, name));
  };
  const title = async (): Promise<string> => {
    await page.waitForSelector('#status');
    return page.innerText('#verdict');
  };
  const again = (): Promise<void> => page.getByRole('button', { name: 'Check the folder again' }).click();
  const fields = (): Promise<string[]> =>
    Promise.all(['#interval-from', '#interval-to', '#interval-partitions'].map((field) => page.inputValue(field)));

  test('fills in what it says that it is, and the heading says that only that was checked, and who says so', async () => {
    await open('slice', slice);
    expect(await title()).toBe(
      'Only an interval was checked, which the folder itself names: verified, with 3 findings acknowledged',
    );
    expect(await fields()).toEqual([interval.from, interval.to, '0, 1']);
    const said = await page.innerText('#status');
    expect(said).toContain(
      `the interval from ${interval.from} to ${interval.to}, of partitions 0, 1: 10 segments of the 31`,
    );
    expect(said).toContain('compare that with the interval that you should have');
    const whose = 'by when the event hub got the events';
    for (const place of ['#status', '#interval-hint', '#this-check-title + dl']) {
      expect(await page.innerText(place)).toContain(whose);
    }
    expect(await page.innerText('#partitions')).toContain(`Index 3 to 9; sealed until ${momentOf(12.1)}`);
    expect(await page.innerText('#this-check-title + dl')).toContain(`only the interval from ${interval.from}`);
    expect(await page.innerText('#not-checked')).toContain('21 segments outside of the interval');
    expect(await page.getByRole('status').textContent()).toContain('Only an interval was checked');
    const paper = await page.evaluate(() =>
      [...document.adoptedStyleSheets[0]!.cssRules].map((rule) => rule.cssText).join(),
    );
    expect(paper).toContain('Verified, of one interval alone');
    expect(await poorContrast(page)).toEqual([]);
    expect(await offPaper(page)).toEqual([]);
  });

  test('that is not complete to its end says so in the heading and on paper, and has no green tick', async () => {
    await open('open', await sliceOf(whole, { ...interval, partitions: null }));
    expect(await title()).toBe(
      'Only an interval was checked, which the folder itself names, and it is not complete: what is sealed of it is verified, with 3 findings acknowledged',
    );
    expect(await page.getAttribute('#status', 'class')).toBe('status beside');
    expect(await page.innerText('#status')).toContain('nothing is sealed up to there of partition 10');
    const paper = await page.evaluate(() =>
      [...document.adoptedStyleSheets[0]!.cssRules].map((rule) => rule.cssText).join(),
    );
    expect(paper).toContain('Result: NOT COMPLETE');
    expect(await page.textContent('.banner')).toContain('NOT COMPLETE');
    expect(await poorContrast(page)).toEqual([]);
    expect(await offPaper(page)).toEqual([]);
  });

  test('that lacks a segment at either end is violated, and a folder that narrows its own interval says so in it', async () => {
    for (const [name, index] of [
      ['first', 3],
      ['last', 9],
    ] as const) {
      const without = new Map(slice);
      without.delete(nameOf(index));
      await open(name, without);
      expect(await title()).toContain('Only an interval was checked, which the folder itself names: violated: 1 error');
      expect(await page.innerText('#findings')).toContain(nameOf(index));
      expect(await page.getAttribute('#status', 'data-status')).toBe('violated');
    }
    // Who says another interval than the folder is believed.
    await page.fill('#interval-to', momentOf(8.5));
    expect(await page.locator('#status').count()).toBe(0);
    await page.fill('#interval-partitions', '1');
    await again();
    expect(await title()).toBe('Only an interval was checked: verified');
    expect(await page.innerText('#status')).toContain('You chose this interval in step 3.');
  });

  test('that is checked as a whole ledger is violated, and what it calls itself is said', async () => {
    await open('slice', slice);
    await title();
    for (const field of ['#interval-from', '#interval-to', '#interval-partitions']) await page.fill(field, '');
    await again();
    expect(await title()).toMatch(/^Violated: \d+ errors/);
    expect(await page.innerText('#status')).toContain(`it calls itself a slice, from ${interval.from}`);
  });

  test('of all that a ledger has, and that lacks its reports alone, says so too when it is checked as a whole ledger', async () => {
    const all = new Map(whole).set('slice.json', slice.get('slice.json') as Buffer);
    for (const name of whole.keys()) if (name.startsWith('reports/')) all.delete(name);
    await open('young', all);
    await title();
    for (const field of ['#interval-from', '#interval-to', '#interval-partitions']) await page.fill(field, '');
    await again();
    expect(await title()).toMatch(/^Violated: \d+ error/);
    expect(await page.innerText('#status')).toContain(`it calls itself a slice, from ${interval.from}`);
  });

  test('and then a whole mirror: what the one filled in is gone; and one that is no interval checks nothing', async () => {
    await open('slice', slice);
    await title();
    await open('whole', whole);
    expect(await title()).toBe('Verified, with 4 findings acknowledged');
    expect(await fields()).toEqual(['', '', '']);
    await page.fill('#interval-from', '2025-12-03T14:00Z');
    await again();
    expect(await page.innerText('#interval-faults')).toContain('An interval has two ends');
    expect(await page.innerText('#busy')).toContain('what stands in step 3 is no interval');
    expect(await page.locator('#status').count()).toBe(0);
    await page.fill('#interval-to', '2025-12-03T13:00Z');
    await again();
    expect(await page.innerText('#interval-faults')).toContain('must end after it begins');
    await page.fill('#interval-to', '2025-12-04');
    await again();
    expect(await title()).toContain(
      'Only an interval was checked, and it is not complete: what is sealed of it is verified',
    );
    // A slice fills in its own each time, and says what that took the place of; a whole mirror leaves what was typed.
    await open('whole', whole);
    await title();
    expect(await fields()).toEqual(['2025-12-03T14:00Z', '2025-12-04', '']);
    expect(await page.innerText('#interval-source')).toBe('You typed this interval; the folder names none.');
    await open('slice', slice);
    expect(await title()).toContain('Only an interval was checked, which the folder itself names: verified');
    expect(await fields()).toEqual([interval.from, interval.to, '0, 1']);
    const source = await page.innerText('#interval-source');
    expect(source).toContain('The folder slice itself says, in slice.json, that it is this slice');
    expect(source).toContain('It took the place of what stood here: 2025-12-03T14:00Z, 2025-12-04');
    await page.fill('#interval-from', momentOf(0));
    expect(await page.innerText('#interval-source')).toBe('');
    await again();
    expect(await title()).toContain('Only an interval was checked: violated');
    expect(await page.innerText('#status')).toContain(`calls itself a slice, from ${interval.from} to ${interval.to}`);
    await open('slice', slice);
    await title();
    expect(await fields()).toEqual([interval.from, interval.to, '0, 1']);
  });

  test('has its fields one below the other on a narrow screen', async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    const boxes = await Promise.all(
      ['#interval-from', '#interval-to', '#interval-partitions'].map((field) => page.locator(field).boundingBox()),
    );
    const [from, to, partitions] = boxes.map((box) => box ?? { y: 0, width: 0, height: 0 });
    for (const box of [from, to, partitions]) expect(box?.width).toBeGreaterThan(300);
    expect(to?.y).toBeGreaterThan((from?.y ?? 0) + (from?.height ?? 0));
    expect(partitions?.y).toBeGreaterThan((to?.y ?? 0) + (to?.height ?? 0));
  });

  test.each([
    ['no JSON', Buffer.from('<script>alert(1)</script>')],
    ['another version', Buffer.from('{"version":2,"kind":"slice"}\n')],
    ['very large', Buffer.alloc(70_000, '[')],
    ['nothing', Buffer.alloc(0)],
  ])('whose slice.json is %s fills nothing in, and is a whole ledger that lacks segments', async (_what, bytes) => {
    await open('slice', new Map(slice).set('slice.json', bytes));
    expect(await title()).toMatch(/^Violated/);
    expect(await fields()).toEqual(['', '', '']);
    expect(await page.innerText('#status')).toContain('has a file slice.json');
  });
});
