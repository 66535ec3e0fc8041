import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import type { Browser, Page } from 'playwright-core';
import { AUDITOR_KEY, LOG_KEY, SEGMENTS, checkpointOf, handLog, keyHex } from '../support/handLog.ts';
import type { HandSegment } from '../support/handLog.ts';
import { handAnswer, printAnswer } from '../support/handAnswer.ts';
import type { HandQuery } from '../support/handAnswer.ts';
import { timeOf } from '../support/forge.ts';
import { keyText } from '../support/sign.ts';
import { ACTOR, RIGHT } from './answers.ts';
import { CHROMIUM, PAGE, hasChromium, offPaper, poorContrast } from './support.ts';

/** Until then all partitions are sealed where the index ends. */
const UNTIL = '2025-12-14 10:53:20 UTC';
const NOTE = `no browser at ${CHROMIUM}: the page was not opened`;

if (!hasChromium) {
  test('answers are shown where there is a browser', () => {
    expect(process.env['CI'] === undefined ? '' : NOTE).toBe('');
    console.warn(NOTE);
  });
}

const withBrowser = hasChromium ? describe : (_name: string, _body: () => void): void => undefined;

withBrowser('an answer on the page', () => {
  let browser: Browser;
  let page: Page;
  /** What must never be: errors, refused content, requests. */
  let seen: string[];

  beforeAll(async () => {
    browser = await chromium.launch({
      executablePath: CHROMIUM,
      args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--no-first-run'],
    });
  });
  afterAll(async () => {
    await browser.close();
  });
  beforeEach(async () => {
    seen = [];
    page = await browser.newPage();
    page.on('console', (message) => seen.push(`console: ${message.text()}`));
    page.on('pageerror', (error) => seen.push(`error: ${error.message}`));
    page.on('dialog', (dialog) => {
      seen.push('dialog');
      void dialog.dismiss();
    });
    page.on('request', (request) => {
      if (request.url() !== PAGE && !request.url().startsWith('blob:')) seen.push(`request: ${request.url()}`);
    });
    await page.goto(PAGE);
  });
  afterEach(async () => {
    await page.close();
    if (seen.length > 0) throw new Error(seen.join('\n'));
  });

  const trust = async (...keys: string[]): Promise<void> => page.fill('#keys', keys.join('\n'));
  async function choose(file: Buffer): Promise<string | null> {
    await page.evaluate(() => document.getElementById('status')?.remove());
    await page.setInputFiles('#file', { name: 'answer.json', mimeType: 'application/json', buffer: file });
    await page.waitForSelector('#status');
    return page.getAttribute('#status', 'data-status');
  }
  const said = (): Promise<string> => page.innerText('#status');
  const partOf = (id: string): Promise<string> => page.innerText(`section[aria-labelledby=${id}-title]`);
  const states = (): Promise<(string | null)[]> =>
    page.locator('[data-step]').evaluateAll((steps) => steps.map((step) => step.getAttribute('data-state')));

  test('is complete on the word of an auditor whose key the user gave, and else on that of the signer', async () => {
    const file = printAnswer(handAnswer(RIGHT, { ...ACTOR('alice'), hasReport: true }));
    await trust(LOG_KEY, AUDITOR_KEY);
    expect(await choose(file)).toBe('verified');
    expect(await page.innerText('#verdict')).toBe(
      `Complete until ${UNTIL}: 6 records found, and the index has no other`,
    );
    expect(await said()).toContain(`on, without an end. The answer reaches until ${UNTIL}.`);
    expect(await said()).toContain('signed reports/000000000000.json, finished at');
    expect(await said()).toContain('The index reaches up to entry 39');
    expect(await said()).toContain('Of the 5 entries behind it');
    expect(await said()).toContain('version 1; docs/fields.md');
    expect(await states()).toEqual(Array.from({ length: 7 }, () => 'holds'));
    await trust(LOG_KEY);
    await page.waitForSelector('#status.stated');
    const stated = `Complete until ${UNTIL}, as the signer of the log states: 6 records found`;
    expect(await page.innerText('#verdict')).toBe(stated);
    expect(await said()).toContain('of nobody else: no key of an auditor of logs.example.com/audit was given');
    expect(await said()).not.toContain('Nothing was left out');
    expect(await page.title()).toBe(`Auditseal: ${stated}`);
    await trust(AUDITOR_KEY);
    await page.locator('#verdict', { hasText: 'a key of the log is missing' }).waitFor();
    await trust(keyText({ name: 'logs.example.com/audit', seed: 9 }));
    await page.waitForSelector('#status.violated');
    expect(await said()).toContain('No given key of logs.example.com/audit signed the checkpoint');
    await trust('');
    await page.locator('#verdict', { hasText: 'nobody you named vouches for it' }).waitFor();
    expect(await page.getAttribute('#status', 'data-status')).toBe('unverified');
  });

  test('shows what was asked for, the records, those outside of the interval, and what no field finds', async () => {
    await trust(LOG_KEY);
    expect(
      await choose(printAnswer(handAnswer(RIGHT, { ...ACTOR('alice', 'carol'), from: timeOf(16), to: timeOf(105) }))),
    ).toBe('stated');
    expect(await partOf('query')).toContain('alice or carol');
    expect(await partOf('query')).toContain(timeOf(16));
    expect(await page.locator('#found tbody tr:not(.below) th').allInnerTexts()).toEqual([
      '2 of partition 0',
      '3 of partition 0',
      '6 of partition 0',
    ]);
    expect(await page.locator('#outside tbody tr:not(.below)').count()).toBe(3);
    expect(await partOf('outside')).toContain('not counted above');
    expect(await page.innerText('#verdict')).toContain('3 records found');
    expect(await partOf('beside')).toMatch(/Not JSON\s+1 record\s+JSON without a field\s+1 record/);
    expect(await page.innerText('#found .begins >> nth=0')).toContain('{"category":"Audit","caller":"Alice"');
    await page.emulateMedia({ media: 'print' });
    expect(await partOf('found')).toContain('all of it is in the file');
    expect(await page.isVisible('#found .begins >> nth=0')).toBe(true);
    await page.emulateMedia({ media: 'screen' });
    await page.click('#found .below summary >> nth=0');
    expect(await page.innerText('#found pre')).toContain('"caller": "Alice"');
  });

  test('that there is no such record is said', async () => {
    await trust(LOG_KEY, AUDITOR_KEY);
    const query = { ...ACTOR('nobody'), hasReport: true, to: timeOf(200) };
    expect(await choose(printAnswer(handAnswer(RIGHT, query)))).toBe('verified');
    expect(await page.innerText('#verdict')).toBe('Complete: the index has no such record');
    expect(await partOf('found')).toContain('None.');
  });

  test.each<[string, HandQuery, string, string]>([
    [
      'behind the index',
      { from: timeOf(2_000_000), to: timeOf(2_000_100) },
      `Not complete: no record found, and it reaches only until ${UNTIL}, before the interval begins`,
      'says nothing of that time',
    ],
    [
      'from then on',
      { from: timeOf(1_990_000) },
      `Not complete: no record found, and it reaches only until ${UNTIL}, before the interval begins`,
      'The index ends with entry 39 of the log, which was made at 2025-12-14 13:40:00 UTC',
    ],
    [
      'that ends behind the index',
      { to: timeOf(1_990_000) },
      `Not complete: 6 records found, and it reaches only until ${UNTIL}`,
      'The answer reaches only until',
    ],
    [
      'that ends behind the newest segment of a partition',
      { to: timeOf(1_945_000) },
      `Not complete: 6 records found, and it reaches only until ${UNTIL}`,
      `There, partition 0 is sealed until ${UNTIL}, partition 1 is sealed until 2025-12-14 10:53:21 UTC`,
    ],
    [
      'before the log began',
      { to: timeOf(0) },
      'Not complete: no record found, and the log begins only at 2025-11-22 00:00:00 UTC',
      'The log has nothing of that time',
    ],
  ])('of an interval %s is not complete, whoever vouches for it', async (_name, interval, title, says) => {
    const file = printAnswer(handAnswer(RIGHT, { ...ACTOR('alice'), hasReport: true, ...interval }));
    for (const given of [[LOG_KEY, AUDITOR_KEY], [LOG_KEY]]) {
      await trust(...given);
      expect(await choose(file)).toBe('unverified');
      expect(await page.innerText('#verdict')).toBe(title);
      expect(await said()).toContain(says);
      expect(await said()).not.toContain('Nothing was left out');
    }
    await trust('');
    await page.locator('#verdict', { hasText: 'nobody you named vouches for it' }).waitFor();
    expect(await said()).toContain(says);
  });

  test('names the interval, and is complete without more where the answer covers it', async () => {
    await trust(LOG_KEY, AUDITOR_KEY);
    const query = { ...ACTOR('alice'), from: timeOf(10), to: timeOf(200), hasReport: true };
    expect(await choose(printAnswer(handAnswer(RIGHT, { ...query, partitions: ['1'] })))).toBe('verified');
    expect(await page.innerText('#verdict')).toBe('Complete: 2 records found, and the index has no other');
    expect(await said()).toContain(
      'Asked for is what came in, in partition 1, from 2025-11-22 00:00:10 UTC to before 2025-11-22 00:03:20 UTC. The answer covers all of that time.',
    );
    expect(await choose(printAnswer(handAnswer(RIGHT, { ...query, partitions: ['1', '7'] })))).toBe('unverified');
    expect(await page.innerText('#verdict')).toBe('Not complete: 2 records found, and nothing is known of partition 7');
  });

  test('is not complete where records stand outside of every field\u2019s index, and fields were asked for', async () => {
    const log = handLog({
      terms: (all) =>
        new Map(
          [...all, [keyHex('_unindexed'), Buffer.of(1, 0, 1, 0)] as const].toSorted(([a], [b]) => (a < b ? -1 : 1)),
        ),
    });
    const asked = { to: timeOf(200), hasReport: true };
    await trust(LOG_KEY, AUDITOR_KEY);
    expect(await choose(printAnswer(handAnswer(log, { ...ACTOR('alice'), ...asked })))).toBe('unverified');
    expect(await page.innerText('#verdict')).toBe(
      'Not complete: 6 records found, and 2 records stand outside of every field\u2019s index',
    );
    expect(await said()).toContain('Whoever sends logs can bring that about, by chance or to hide something.');
    expect(await partOf('beside')).toMatch(/Outside of every field\u2019s index\s+2 records/);
    expect(await choose(printAnswer(handAnswer(log, asked)))).toBe('verified');
  });

  test('whose report does not count says so in its title', async () => {
    await trust(LOG_KEY, AUDITOR_KEY);
    const log = handLog({ fork: (entries) => void (entries[7] = '{"type":"other","number":"another"}') });
    const query = { ...ACTOR('alice'), to: timeOf(200), hasReport: true };
    expect(await choose(printAnswer(handAnswer(log, query)))).toBe('unverified');
    expect(await page.innerText('#verdict')).toBe(
      'Complete, but only as the signer of the log states: 6 records found, and no auditor\u2019s report counts',
    );
    expect(await said()).toContain('so that may be another history');
    await trust(LOG_KEY);
    await page.waitForSelector('#status.stated');
  });

  test('refuted says what is wrong, and shows no record', async () => {
    await trust(LOG_KEY, AUDITOR_KEY);
    const answer = handAnswer(RIGHT, ACTOR('alice'));
    answer.records.pop();
    expect(await choose(printAnswer(answer))).toBe('violated');
    expect(await said()).toContain('was asked for, and the index has it: it is missing.');
    expect(await states()).toEqual(['holds', 'holds', 'holds', 'holds', 'holds', 'fails', 'open']);
    expect(await page.locator('#found, .below, li.verified').count()).toBe(0);
    const later = { ...handAnswer(RIGHT, ACTOR('alice')), checkpoint: checkpointOf(RIGHT.entries.slice(0, 42)) };
    expect(await choose(printAnswer(later))).toBe('violated');
    const rules = handLog({ heads: (heads) => ({ ...heads, index: { ...heads.index, rules: 2 } }) });
    expect(await choose(printAnswer(handAnswer(rules, ACTOR('alice'))))).toBe('unverified');
    expect(await said()).toContain('version 2 of the rules; this page knows 1');
  });

  test('that is none says so', async () => {
    const good = printAnswer(handAnswer(RIGHT, ACTOR('alice')));
    expect(await choose(good.subarray(0, -20))).toBe('unverified');
    expect(await said()).toContain('this file is no answer as this page knows it');
    expect(await choose(Buffer.from(good.toString().replace('"version":1', '"version":2')))).toBe('unverified');
    expect(await said()).toContain('the answer has version 2; this page knows 1');
  });

  test('is checked from its folder too, and a folder of other things is none of a ledger', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'auditseal-answer-'));
    try {
      await writeFile(
        join(folder, 'answer.json'),
        printAnswer(handAnswer(RIGHT, { ...ACTOR('alice'), to: timeOf(200) })),
      );
      await trust(LOG_KEY);
      await page.setInputFiles('#folder', folder);
      await page.waitForSelector('#status.stated');
      expect(await partOf('this-check')).toContain('answer.json');
      await rename(join(folder, 'answer.json'), join(folder, 'notes.txt'));
      await page.setInputFiles('#folder', folder);
      await page.waitForSelector('#status.unverified');
      expect(await page.innerText('#verdict')).toBe('Not checked: nothing in this folder is of a ledger');
      expect(await page.isVisible('#mirror')).toBe(false);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test('is checked once nothing more is typed, and can be stopped', async () => {
    await trust(LOG_KEY);
    expect(await choose(printAnswer(handAnswer(RIGHT, { ...ACTOR('alice'), to: timeOf(200) })))).toBe('stated');
    // As if it were an answer that takes long.
    await page.evaluate(() => {
      const post = Object.getOwnPropertyDescriptor(Worker.prototype, 'postMessage')?.value as (work: unknown) => void;
      const seen = { started: 0 };
      Object.assign(window, { seen });
      Worker.prototype.postMessage = function (work: unknown): void {
        seen.started += 1;
        setTimeout(() => post.call(this, work), 2000);
      };
    });
    await page.locator('#keys').press('End');
    await page.locator('#keys').pressSequentially('xyz');
    expect(await page.locator('#status').count()).toBe(0);
    await page.click('#stop');
    expect(await page.evaluate(() => (window as unknown as { seen: { started: number } }).seen.started)).toBe(1);
    expect(await page.innerText('#busy')).toBe('Stopped: nothing is said about this file.');
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('again');
    await trust(LOG_KEY);
    await page.waitForSelector('#status.stated');
    expect(await page.isVisible('#mirror')).toBe(false);
  });

  test('shows hostile records and values so that nothing acts and nothing is unseen', async () => {
    const text = JSON.stringify({ caller: '<img src=x onerror=alert(1)>\u202e', html: '<script>alert(2)</script>' });
    const hostile: HandSegment = { leaf: 37, partition: '2', index: 0, records: [{ text, second: 107 }] };
    const log = handLog({ segments: () => [...SEGMENTS, hostile] });
    const answer = handAnswer(log, ACTOR('<img src=x onerror=alert(1)>\u202e'));
    await trust(LOG_KEY);
    expect(await choose(printAnswer(answer))).toBe('stated');
    expect(await partOf('query')).toContain('<img src=x onerror=alert(1)>\\u202e');
    await page.click('#found .below summary');
    expect(await page.innerText('#found pre')).toContain('"html": "<script>alert(2)</script>"');
    expect(await page.innerText('#result')).not.toMatch(/\u202e/);
    expect(await page.locator('#result img, #result script').count()).toBe(0);
  });

  test('with very many records shows some first, and lays out none before it is opened', async () => {
    const records = Array.from({ length: 400 }, (_, i) => ({ text: '{"caller":"zed"}', second: 100 + (i % 10) }));
    const log = handLog({ segments: () => [...SEGMENTS, { leaf: 37, partition: '2', index: 0, records }] });
    await trust(LOG_KEY);
    expect(await choose(printAnswer(handAnswer(log, ACTOR('zed'))))).toBe('stated');
    expect(await page.innerText('#verdict')).toContain('400 records found');
    expect(await page.locator('#found tbody tr:not(.below)').count()).toBe(100);
    expect(await partOf('found')).toContain(
      'Not shown or printed: 300 more records of 400. All of them are in the file',
    );
    await page.click('text=Show and print all 400 rows');
    expect(await page.locator('#found tbody tr:not(.below)').count()).toBe(400);
    expect(await page.locator('#found pre').count()).toBe(0);
  });

  test('fits a narrow screen and paper, and can be read in light and dark colours', async () => {
    await trust(LOG_KEY, AUDITOR_KEY);
    const right = handAnswer(RIGHT, { ...ACTOR('alice'), hasReport: true });
    for (const answer of [right, { ...right, report: undefined }, { ...right, records: [] }]) {
      await choose(printAnswer(answer));
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme, media: 'screen' });
        await page.locator('details').evaluateAll((all) => all.forEach((it) => it.setAttribute('open', '')));
        expect(await poorContrast(page)).toEqual([]);
      }
      await page.setViewportSize({ width: 390, height: 800 });
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
      expect(await offPaper(page)).toEqual([]);
      await page.emulateMedia({ media: 'screen' });
    }
  });
});
