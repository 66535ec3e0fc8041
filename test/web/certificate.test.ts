import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { chromium } from 'playwright-core';
import type { Browser, Page } from 'playwright-core';
import { axeFindings } from '../support/axe.ts';
import { handAnswer, printAnswer } from '../support/handAnswer.ts';
import { AUDITOR_KEY as ANSWER_AUDITOR, LOG_KEY as ANSWER_KEY } from '../support/handLog.ts';
import { PAPERS, joinsOf, printed, squashed } from '../support/pdf.ts';
import { picked } from '../support/sample.ts';
import { ACTOR, RIGHT } from './answers.ts';
import { AUDITOR_KEY, MIRROR_KEY, NOW, mirrorOf } from './mirrors.ts';
import type { Mirror } from './mirrors.ts';
import { CHROMIUM, LOG_KEY, PAGE, evidenceOf, hasChromium } from './support.ts';

const withBrowser = hasChromium ? describe : (_name: string, _body: () => void): void => undefined;
if (!hasChromium) test('that there is no browser is said elsewhere', () => expect(hasChromium).toBe(false));

const TIME = '2026-03-29T12:00:00.000Z';
const OTHER_KEY = MIRROR_KEY;
const SAYS =
  '"time":"2026-11-22T10:00:00Z","caller":"erin@example.com","operationName":"VaultDelete","resultType":"OK"';
const sha256 = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex');

/** fingerprintOf is computed from the key's text alone. */
function fingerprintOf(key: string): string {
  const [name = '', , ...encoded] = key.split('+');
  return sha256(Buffer.concat([Buffer.from(`${name}\n`), Buffer.from(encoded.join('+'), 'base64')]));
}

withBrowser('the certificate that the page prints', () => {
  let browser: Browser;
  let page: Page;
  let pageHash = '';
  let version = '';
  /** What must never be: errors, refused content, requests. */
  let seen: string[];

  beforeAll(async () => {
    pageHash = sha256(await readFile('dist/web/check.html'));
    ({ version } = JSON.parse(await readFile('package.json', 'utf8')) as { version: string });
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-gpu'] });
  });
  afterAll(() => browser.close());
  beforeEach(async () => {
    seen = [];
    page = await browser.newPage({ timezoneId: 'Europe/Berlin' });
    page.on('console', (message) => seen.push(`console: ${message.text()}`));
    page.on('pageerror', (error) => seen.push(`error: ${error.message}`));
    page.on('request', (request) => {
      if (request.url() !== PAGE && !request.url().startsWith('blob:')) seen.push(`request: ${request.url()}`);
    });
    await page.clock.setFixedTime(TIME);
    await page.goto(PAGE);
  });
  afterEach(async () => {
    await page.context().close();
    if (seen.length > 0) throw new Error(seen.join('\n'));
  });

  const choose = async (file: Buffer | string, name = 'case 12.json'): Promise<string | null> => {
    await page.evaluate(() => document.getElementById('status')?.remove());
    await page.setInputFiles('#file', { name, mimeType: 'application/json', buffer: Buffer.from(file) });
    await page.waitForSelector('#status');
    return page.getAttribute('#status', 'data-status');
  };
  const trust = (...keys: string[]): Promise<void> => page.fill('#keys', keys.join('\n'));

  /** onPaper demands that a print holds each of the values, on either paper, and says on each sheet what the result is. */
  async function onPaper(values: readonly string[], word: string): Promise<void> {
    for (const format of PAPERS) {
      const { text, edges } = await printed(page, format);
      expect({ format, missing: values.filter((value) => !text.includes(squashed(value))) }).toEqual({
        format,
        missing: [],
      });
      const sheets = edges.filter((edge) => edge.startsWith('Page')).length;
      expect(sheets).toBeGreaterThan(0);
      expect(edges.filter((edge) => edge.startsWith(`Result: ${word}. Checked ${TIME}`))).toHaveLength(sheets);
    }
  }

  const ofTheCheck = (file: Buffer | undefined, ...keys: string[]): string[] => [
    TIME,
    'Sunday, 29 March 2026 at 14:00:00 (UTC+02:00, Europe/Berlin)',
    `Auditseal ${version}, check.html`,
    pageHash,
    ...(file === undefined ? [] : ['case 12.json', `${file.length.toLocaleString('en')} bytes`, sha256(file)]),
    ...keys,
    ...keys.map(fingerprintOf),
    'Name:',
    'Place:',
    'Date:',
    'Signature:',
  ];

  function joinsIn(file: Buffer): string[] {
    const { line, segmentProof, entry, proof } = JSON.parse(file.toString()) as {
      line: string;
      segmentProof: { index: number; size: number; hashes: string[] };
      entry: string;
      proof: string;
    };
    const [head = '', checkpoint = ''] = proof.split(/\n\n/);
    const [, index = '', ...hashes] = head.split('\n');
    const size = Number(checkpoint.split('\n')[1]);
    return [
      ...joinsOf(line, segmentProof.index, segmentProof.size, segmentProof.hashes),
      ...joinsOf(entry, Number(index.slice('index '.length)), size, hashes),
    ];
  }

  test('of a record that is proved holds all that it rests on', async () => {
    const file = evidenceOf(SAYS);
    await trust(LOG_KEY);
    expect(await choose(file)).toBe('verified');
    await page.getByLabel('Where it came from').fill('Letter of the operator, 3 March, <b>page 2</b>');
    const joins = joinsIn(file);
    expect(joins.length).toBeGreaterThan(8);
    await onPaper(
      [
        ...ofTheCheck(file, LOG_KEY),
        ...joins,
        'Proved',
        'Where it came from: Letter of the operator, 3 March, <b>page 2</b>',
        'record 512 of partition 3',
        'erin@example.com (member caller)',
        'VaultDelete (member operationName)',
        '2026-11-22T10:00:00Z (member time)',
        '2026-11-22T10:00:05.981Z',
        'segments/3/000000000041.jsonl.zst',
        'What is not proved'.slice(5),
        'nothing proves that it was right',
        '"caller": "erin@example.com"',
      ],
      'Proved',
    );
    expect((await printed(page, 'A4')).text).not.toContain(squashed('NO PROOF'));
  });

  test('of a record that is refuted, or that nobody vouches for, says so in words on each sheet', async () => {
    const file = evidenceOf(SAYS);
    await trust(OTHER_KEY);
    expect(await choose(file)).toBe('violated');
    const shared = [...joinsIn(file), 'erin@example.com', 'record 512 of partition 3'];
    await onPaper(
      [
        ...ofTheCheck(file, OTHER_KEY),
        ...shared,
        'REFUTED: THIS IS NO PROOF',
        'Not proved',
        'checked: it fails',
        'which is not proved',
      ],
      'REFUTED: THIS IS NO PROOF',
    );
    await trust('');
    await page.waitForSelector('#status.unverified');
    await onPaper([...ofTheCheck(file), ...shared, 'NOT PROVED', 'nobody you named vouches for it'], 'NOT PROVED');
    expect(await choose('Dear Sir or Madam')).toBe('unverified');
    await onPaper(ofTheCheck(Buffer.from('Dear Sir or Madam')), 'NOT PROVED');
  });

  test('leaves a line where nobody said where a key came from, and keeps what was said while keys are changed', async () => {
    await trust(LOG_KEY);
    await choose(evidenceOf(SAYS));
    expect(await page.locator('.source-printed.blank').count()).toBe(1);
    await page.getByLabel('Where it came from').fill('by phone');
    expect(await page.locator('.source-printed.blank').count()).toBe(0);
    await trust(LOG_KEY, OTHER_KEY);
    await page.locator('.keys li >> nth=1').waitFor();
    expect(await page.getByLabel('Where it came from').first().inputValue()).toBe('by phone');
    expect(await page.locator('.source-printed.blank').count()).toBe(1);
  });

  test('of an answer holds the records with their places, and how each leads to the root that is signed', async () => {
    const answer = handAnswer(RIGHT, { ...ACTOR('alice'), hasReport: true });
    const file = printAnswer(answer);
    await trust(ANSWER_KEY, ANSWER_AUDITOR);
    expect(await choose(file)).toBe('verified');
    const size = Number((answer.checkpoint as string).split('\n')[1]);
    const places = [answer.heads, answer.end, ...answer.segments] as {
      index: number;
      line: string;
      hashes: string[];
    }[];
    const records = answer.records as { line: string; index: number; size: number; hashes: string[] }[];
    expect(records.length).toBeGreaterThan(2);
    await onPaper(
      [
        ...ofTheCheck(file, ANSWER_KEY, ANSWER_AUDITOR),
        ...places.flatMap(({ line, index, hashes }) => joinsOf(line, index, size, hashes)),
        ...records.flatMap(({ line, index, size: of, hashes }) => [
          line.slice(0, 200),
          ...joinsOf(line, index, of, hashes),
        ]),
        '2 of partition 0',
        'Who: Alice',
        'alice',
        '6 records found, and the index has no other',
      ],
      'Proved',
    );
    answer.records.pop();
    expect(await choose(printAnswer(answer))).toBe('violated');
    await onPaper(['REFUTED: THIS IS NO PROOF', ANSWER_KEY], 'REFUTED: THIS IS NO PROOF');
  });

  test('of a long answer says how many records are printed, and where the rest is', async () => {
    const answer = handAnswer(RIGHT, ACTOR('alice'));
    await trust(ANSWER_KEY);
    await choose(printAnswer(answer));
    const { text } = await printed(page, 'A4');
    expect(text).toContain(squashed('6 records. Of a long one, its line is printed as far as shown here'));
    expect(text).toContain(squashed('They were redone, and aren\u2019t printed: they are in the file.'));
  });

  test('of a mirror holds its name, its chains and the newest checkpoint, or what was found', async () => {
    const good = await mirrorOf();
    const folder = await mkdtemp(join(tmpdir(), 'auditseal-certificate-'));
    const check = async (mirror: Mirror): Promise<string | null> => {
      for (const [name, bytes] of mirror) {
        await mkdir(dirname(join(folder, name)), { recursive: true });
        await writeFile(join(folder, name), bytes);
      }
      await page.setInputFiles('#folder', folder);
      await page.waitForSelector('#status');
      return page.getAttribute('#status', 'data-status');
    };
    try {
      await page.clock.setFixedTime(NOW);
      await trust(MIRROR_KEY, AUDITOR_KEY);
      expect(await check(good)).toBe('verified');
      const roots = await page.locator('#partitions td:last-child code').allInnerTexts();
      expect(roots).toHaveLength(2);
      const values = [
        ...roots,
        folder.split('/').at(-1) as string,
        MIRROR_KEY,
        fingerprintOf(AUDITOR_KEY),
        pageHash,
        'Signature:',
      ];
      for (const format of PAPERS) {
        const { text, edges } = await printed(page, format);
        expect(values.filter((value) => !text.includes(squashed(value)))).toEqual([]);
        expect(edges[0]).toContain('Result: Verified. Checked');
      }
      const [name] = [...good.keys()].filter((key) => key.startsWith('segments/'));
      expect(await axeFindings(page)).toEqual([]);
      expect(await check(new Map([[name as string, Buffer.from('no segment')]]))).toBe('violated');
      const { text, edges } = await printed(page, 'A4');
      expect(text).toContain(squashed(`VIOLATED: NOT AS IT WAS SEALED`));
      expect(text).toContain(squashed(name as string));
      expect(edges[0]).toContain('Result: VIOLATED: NOT AS IT WAS SEALED.');
      expect(await axeFindings(page)).toEqual([]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test('never claims that a long record is shown, and gives two ways to see all of it', async () => {
    const file = evidenceOf(`${SAYS},"a":"${'x'.repeat(90_000)}y"`);
    const { line } = JSON.parse(file.toString()) as { line: string };
    await trust(LOG_KEY);
    expect(await choose(file)).toBe('verified');
    expect(await page.innerText('#status')).not.toContain('as shown below');
    expect(await page.innerText('#status')).toContain('of which a part is shown below');
    const left =
      'Too long to show whole: 82,003 characters of it are left out. What is shown and printed here is not all of the line';
    expect((await printed(page, 'A4')).text).toContain(squashed(left));
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Save the line' }).click(),
    ]);
    expect(download.suggestedFilename()).toBe('record-3-512.json');
    expect(await readFile(await download.path(), 'utf8')).toBe(line);
    await page.getByRole('button', { name: 'Show and print all of the line' }).click();
    expect(await page.innerText('#record')).toBe(line);
    expect((await printed(page, 'Letter')).text.includes(squashed(line))).toBe(true);
  });

  test('a line that is no key is said to be none, and why, and that is never called no key', async () => {
    await trust('rubbish', 'more+0badf00d+rubbish');
    await choose(evidenceOf(SAYS));
    const said = await page.innerText('#result');
    expect(said).toContain('2 lines of step 2 were refused');
    expect(said).toContain('Line 1: a verifier key has the form name+ID+base64.');
    expect(said).toContain('None: what stands in step 2 is no key, as is said above.');
    expect(said).not.toMatch(/you gave none|gave no key/i);
  });

  const otherFiles: readonly [string, Buffer | string, string, string][] = [
    ['nothing', '', 'empty', 'Ask for the file again'],
    ['gzip', gzipSync('x'), 'compressed with gzip', 'Unpack it first'],
    ['a ZIP file', Buffer.from('PK\u0003\u0004rest', 'latin1'), 'a ZIP archive', 'Unpack it first'],
    ['a segment', zstdCompressSync('{"_segment":{}}'), 'compressed with Zstandard', 'Choose the whole mirror folder'],
    ['the content of a segment', '{"_segment":{"version":1}}\n', 'the content of a segment', 'mirror folder'],
    [
      'a byte order mark',
      `\ufeff${evidenceOf(SAYS).toString()}`,
      'text that begins with a byte order mark',
      'An editor',
    ],
    ['UTF-16', Buffer.from('\ufeff{"version":1', 'utf16le'), 'text in UTF-16', 'An editor'.toLowerCase()],
    ['a report', '{"report":{"version":1,"kind":"integrity"', 'a report of a check of a whole ledger', 'mirror folder'],
    [
      'a report\u2019s page',
      '<!doctype html>\n<title>Verified: integrity report x</title>',
      'the page of a report',
      'mirror',
    ],
    [
      'a certificate',
      '<!doctype html>\n<title>Proved: certificate of a check</title>',
      'a certificate of a check',
      'Check the file that it names',
    ],
    [
      'a report of an interval',
      '{"report":{"version":1,"kind":"integrity","ledger":"x","checked":{"mode":"interval"',
      'a report of a check of an interval',
      'put the interval into step 3',
    ],
    [
      'what verify printed',
      '{"version":1,"kind":"integrity","ledger":"x","checked":{"mode":"full"',
      'what \u201cauditseal verify --json\u201d said',
      'mirror folder',
    ],
    [
      'a slice.json',
      '{"version":1,"kind":"slice","ledger":"x"',
      'the slice.json of a slice',
      'the folder that it is in',
    ],
    [
      'a manifest',
      '{\n  "version": 1,\n  "kind": "auditseal-export",',
      'the manifest of an export',
      'Neither it nor that file proves anything',
    ],
    ['a key', `${LOG_KEY}\n`, 'a verifier key', 'Paste its text in step 2'],
    ['a private key', 'PRIVATE+KEY+x+1a2b3c4d+AAAA', 'a private key', 'Nobody else should have it'],
    [
      'a checkpoint',
      `a.example/x\n6\n${'A'.repeat(43)}=\n\n\u2014 a.example/x AAAA\n`,
      'a checkpoint',
      'proves no record by itself',
    ],
  ];
  test.each(picked(otherFiles, 3, 6))(
    '%s is called what it is, with what to do instead',
    async (_name, file, is, instead) => {
      expect(await choose(file)).toBe('unverified');
      expect(await page.innerText('#verdict')).toContain(`Not checked: this file is ${is}`);
      expect(await page.innerText('#status')).toContain(instead);
    },
  );

  test('nobody is kept out: axe-core finds nothing, whatever the page shows', async () => {
    expect(await axeFindings(page)).toEqual([]);
    for (const [colorScheme, keys] of [
      ['light', LOG_KEY],
      ['dark', OTHER_KEY],
      ['light', 'rubbish'],
    ] as const) {
      await page.emulateMedia({ colorScheme });
      await trust(keys);
      await choose(evidenceOf(`${SAYS},"a":"${'x'.repeat(9_000)}"`));
      for (const fold of await page.locator('.fold').all()) await fold.click();
      expect(await axeFindings(page)).toEqual([]);
    }
    await trust(ANSWER_KEY);
    await choose(printAnswer(handAnswer(RIGHT, ACTOR('alice'))));
    for (const fold of await page.locator('.fold, #result summary').all()) await fold.click();
    expect(await axeFindings(page)).toEqual([]);
    await page.emulateMedia({ colorScheme: 'dark' });
    await choose('no evidence');
    expect(await axeFindings(page)).toEqual([]);
  });

  test('fits each width, also with its joins open', async () => {
    await trust(LOG_KEY);
    await choose(evidenceOf(SAYS));
    for (const fold of await page.locator('.fold').all()) await fold.click();
    for (const width of [390, 820, 1280]) {
      await page.setViewportSize({ width, height: 900 });
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
    }
    await page.getByRole('button', { name: 'The 4 joins, one by one' }).first().press('Enter');
    expect(await page.locator('.fold[aria-expanded=false]').count()).toBe(1);
  });
});
