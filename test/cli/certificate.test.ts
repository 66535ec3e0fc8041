import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import type { Browser, Page } from 'playwright-core';
import { axeFindings } from '../support/axe.ts';
import { handAnswer, printAnswer } from '../support/handAnswer.ts';
import { AUDITOR_KEY, LOG_KEY as ANSWER_KEY, handLog } from '../support/handLog.ts';
import { oneByteChanges } from '../support/logVectors.ts';
import { PAPERS, joinsOf, printed, squashed } from '../support/pdf.ts';
import { inProcess } from '../support/program.ts';
import { picked } from '../support/sample.ts';
import { CHROMIUM, LOG_KEY, evidenceOf, hasChromium, poorContrast } from '../web/support.ts';
import { command as check } from '../../src/cli/commands/check.ts';

const SAYS =
  '"time":"2026-11-22T10:00:00Z","caller":"erin@example.com","operationName":"VaultDelete","resultType":"OK","esc":"a\u202e<img src=x onerror=alert(1)>"';
const OTHER_KEY = ANSWER_KEY;
const sha256 = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex');
const ACTOR = { terms: [{ field: 'actor', values: ['alice'] }], hasReport: true };

function fingerprintOf(key: string): string {
  const [name = '', , ...encoded] = key.split('+');
  return sha256(Buffer.concat([Buffer.from(`${name}\n`), Buffer.from(encoded.join('+'), 'base64')]));
}

let work = '';
let made = 0;
beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), 'auditseal-certificate-'));
});
afterAll(() => rm(work, { recursive: true }));

interface Certified {
  readonly code: number;
  readonly out: string;
  readonly html: string;
  readonly page: string;
}

/** certify checks a file, and gives what was printed and the certificate. */
async function certify(file: Buffer | string, ...args: readonly string[]): Promise<Certified> {
  const path = join(work, `file${++made}.json`);
  const page = join(work, `certificate${made}.html`);
  await writeFile(path, file);
  const ended = await inProcess(() => check.run([path, '--html', page, ...args]));
  return { ...ended, html: await readFile(page, 'utf8'), page };
}

describe('check --html', () => {
  test('writes one page without scripts, and takes nothing of a file for HTML', async () => {
    const { code, html } = await certify(evidenceOf(SAYS), '--key', LOG_KEY);
    expect(code).toBe(0);
    expect(html).toContain('content="default-src &#39;none&#39;; style-src &#39;sha256-');
    expect(html).not.toMatch(/<script|<img|<link|javascript:|\u202e/i);
    expect(html).toContain('&#60;img src=x onerror=alert(1)&#62;');
    expect(html).toContain('<i>\\u202e</i>');
  });

  test('never takes the place of a file, and says so before it checks', async () => {
    const { page } = await certify(evidenceOf(SAYS), '--key', LOG_KEY);
    const path = join(work, 'again.json');
    await writeFile(path, evidenceOf(SAYS));
    await expect(inProcess(() => check.run([path, '--key', LOG_KEY, '--html', page]))).rejects.toThrow(
      '--html: ' + page + ' is there already, and is never overwritten',
    );
  });

  test('ends as unknown where the certificate can not be written, unless the file is refuted', async () => {
    const path = join(work, 'unwritten.json');
    await writeFile(path, evidenceOf(SAYS));
    const nowhere = join(work, 'no', 'such', 'folder.html');
    const run = (key: string): ReturnType<typeof inProcess> =>
      inProcess(() => check.run([path, '--key', key, '--html', nowhere]));
    const good = await run(LOG_KEY);
    expect(good.code).toBe(2);
    expect(good.out).toContain("can't be written: there is no such folder (ENOENT)");
    expect((await run(OTHER_KEY)).code).toBe(1);
  });

  test.each<[string, string, string[], number, string]>([
    ['refuted', evidenceOf(SAYS).toString(), ['--key', OTHER_KEY], 1, 'Refuted: this is no proof'],
    [
      'changed',
      evidenceOf(SAYS).toString().replace('erin@', 'mary@'),
      ['--key', LOG_KEY],
      1,
      'Refuted: this is no proof',
    ],
    ['without a key', evidenceOf(SAYS).toString(), [], 2, 'Not checked: no key says whom you trust'],
    [
      'not evidence',
      'Dear Sir',
      ['--key', LOG_KEY],
      2,
      'Not checked: this file can\u2019t be read as evidence or an answer',
    ],
    [
      'an answer of nobody who is trusted',
      printAnswer(handAnswer(handLog(), ACTOR)).toString(),
      ['--key', LOG_KEY],
      1,
      'Refuted: this is no proof',
    ],
  ])('of what is %s says so, and nothing of a good one', async (_name, file, args, code, title) => {
    const certified = await certify(file, ...args);
    expect(certified.code).toBe(code);
    expect(certified.html).toContain(`<h1 id="status">${title}</h1>`);
    expect(certified.html).toContain('class="banner"');
    expect(certified.html).not.toMatch(/sign-verified"\/>|class="status verified"|badge verified|>Proved</);
  });

  test('of changed evidence shows which step fails', async () => {
    const { html } = await certify(evidenceOf(SAYS).toString().replace('erin@', 'mary@'), '--key', LOG_KEY);
    expect(html.match(/checked: it fails/g)).toHaveLength(1);
    expect(html).toContain('it doesn\u2019t give the root of the segment');
    expect(html).toContain('which is not proved');
  });

  test('is of one file', async () => {
    const path = join(work, 'one.json');
    await writeFile(path, evidenceOf(SAYS));
    const two = inProcess(() => check.run([path, path, '--key', LOG_KEY, '--html', join(work, 'two.html')]));
    await expect(two).rejects.toThrow('--html is of one file: check each by itself for its certificate');
  });

  test('of evidence with a byte changed is made whatever the byte is, and is a good one only where the check is', async () => {
    const good = evidenceOf(SAYS);
    for (const bad of picked([...oneByteChanges(good)], 80, 80)) {
      const { code, html } = await certify(bad, '--key', LOG_KEY);
      expect(html.includes('<h1 id="status">Proved</h1>')).toBe(code === 0);
      expect(html.includes('class="banner"')).toBe(code !== 0);
    }
  });

  test('of a long record says how much is printed, and where the rest is', async () => {
    const { html } = await certify(evidenceOf(`"a":"${'x'.repeat(150_000)}"`), '--key', LOG_KEY);
    expect(html).toContain('the first 100,000 of 150,');
    expect(html).toContain('auditseal check prints it');
    expect(html).toContain('of which a part is printed below');
    expect(html).not.toContain('exactly as shown below');
  });
});

test('check prints each record of an answer with its partition and number', async () => {
  const path = join(work, 'places.json');
  await writeFile(path, printAnswer(handAnswer(handLog(), ACTOR)));
  const { out } = await inProcess(() => check.run([path, '--key', ANSWER_KEY, '--auditor-key', AUDITOR_KEY]));
  expect(out.match(/^record \d+ of partition \d, which came in at \S+Z\n\{/gm)).toHaveLength(6);
});

test.each<[string, string | Buffer, string]>([
  ['nothing', '', 'the file is empty'],
  ['gzip', Buffer.of(0x1f, 0x8b, 8, 0), 'compressed with gzip, and neither evidence nor an answer: unpack it first'],
  ['a ZIP file', 'PK\u0003\u0004', 'a ZIP archive'],
  ['a segment', Buffer.of(0x28, 0xb5, 0x2f, 0xfd), 'compressed with Zstandard'],
  ['the content of a segment', '{"_segment":{"version":1}}', 'the content of a segment'],
  ['a byte order mark', `\ufeff${evidenceOf(SAYS).toString()}`, 'begins with a byte order mark'],
  ['UTF-16', Buffer.from('\ufeffx', 'utf16le'), 'text in UTF-16'],
  ['a report', '{"report":{"version":1,"kind":"integrity"', 'a report of a check of a whole ledger'],
  ['the page of a report', '<!doctype html>\n<title>Verified: integrity report x', 'the page of a report'],
  [
    'a report of an interval',
    '{"report":{"version":1,"kind":"integrity","ledger":"x","checked":{"mode":"interval"',
    'a report of a check of an interval',
  ],
  [
    'what verify printed',
    '{"version":1,"kind":"integrity","ledger":"x","checked":{"mode":"full"',
    'verify --json said',
  ],
  ['a slice.json', '{"version":1,"kind":"slice","ledger":"x"', 'the slice.json of a slice'],
  ['a manifest', '{\n  "version": 1,\n  "kind": "auditseal-export",', 'the manifest of an export'],
  ['a certificate', '<!doctype html>\n<title>Proved: certificate of a check', 'a certificate of a check'],
  ['a key', LOG_KEY, 'a verifier key, and neither evidence nor an answer: give its text with --key'],
  ['a private key', 'PRIVATE+KEY+x+1a2b3c4d+AAAA', 'a private key'],
  ['a checkpoint', `a.example/x\n6\n${'A'.repeat(43)}=\n\n\u2014 a.example/x AAAA\n`, 'a checkpoint'],
])('check calls %s what it is', async (_name, file, says) => {
  const path = join(work, `kind${++made}`);
  await writeFile(path, file);
  const { code, out } = await inProcess(() => check.run([path, '--key', LOG_KEY]));
  expect([code, out]).toEqual([2, expect.stringContaining(says) as string]);
  expect(out).not.toContain('AAAA');
});

const withBrowser = hasChromium ? describe : (_name: string, _body: () => void): void => undefined;

withBrowser('the certificate in a browser', () => {
  let browser: Browser;
  let page: Page;
  let version = '';
  beforeAll(async () => {
    ({ version } = JSON.parse(await readFile('package.json', 'utf8')) as { version: string });
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-gpu'] });
  });
  afterAll(() => browser.close());
  beforeEach(async () => {
    page = await browser.newPage();
  });
  afterEach(() => page.close());

  async function onPaper({ page: file }: Certified, values: readonly string[], word: string): Promise<void> {
    await page.goto(pathToFileURL(file).href);
    for (const format of PAPERS) {
      const { text, edges } = await printed(page, format);
      expect({ format, missing: values.filter((value) => !text.includes(squashed(value))) }).toEqual({
        format,
        missing: [],
      });
      expect(edges.length).toBeGreaterThan(1);
      expect(edges.filter((edge) => !edge.startsWith(`Result: ${word}. Checked `))).toEqual([]);
    }
  }

  const ofTheCheck = (file: Buffer, ...keys: string[]): string[] => [
    `${file.length.toLocaleString('en')} bytes`,
    sha256(file),
    new Date().toISOString().slice(0, 11),
    'That is, in local time',
    `auditseal ${version}, Node.js ${process.version}`,
    ...keys,
    ...keys.map(fingerprintOf),
    'Where it came from:',
    'Name',
    'Place',
    'Date',
    'Signature',
  ];

  test('of evidence holds, on paper, all that the result rests on, and says its result on each sheet', async () => {
    const file = evidenceOf(SAYS);
    const { line, segmentProof, entry, proof } = JSON.parse(file.toString()) as {
      line: string;
      segmentProof: { index: number; size: number; hashes: string[] };
      entry: string;
      proof: string;
    };
    const [head = '', checkpoint = ''] = proof.split('\n\n');
    const [, index = '', ...hashes] = head.split('\n');
    const joins = [
      ...joinsOf(line, segmentProof.index, segmentProof.size, segmentProof.hashes),
      ...joinsOf(entry, Number(index.slice('index '.length)), Number(checkpoint.split('\n')[1]), hashes),
    ];
    const shared = [
      ...joins,
      'record 512 of partition 3',
      'erin@example.com',
      'VaultDelete',
      '2026-11-22T10:00:00Z',
      '2026-11-22T10:00:05.981Z',
      'segments/3/000000000041.jsonl.zst',
      `${Buffer.byteLength(line).toLocaleString('en')} bytes`,
      '"caller": "erin@example.com"',
      'a\\u202e<img src=x onerror=alert(1)>',
    ];
    const good = await certify(file, '--key', LOG_KEY);
    await onPaper(
      good,
      [...ofTheCheck(file, LOG_KEY), ...shared, 'Proved', 'nothing proves that it was right'],
      'Proved',
    );
    const bad = await certify(file, '--key', OTHER_KEY);
    const word = 'REFUTED: THIS IS NO PROOF';
    await onPaper(
      bad,
      [...ofTheCheck(file, OTHER_KEY), ...shared, word, 'None of the keys that were given signed it'],
      word,
    );
    await onPaper(await certify(file), [...shared, 'NOT CHECKED', sha256(file)], 'NOT CHECKED');
  });

  test('of an answer holds each record, and how each leads to the root that is signed', async () => {
    const answer = handAnswer(handLog(), ACTOR);
    const file = printAnswer(answer);
    const size = Number((answer.checkpoint as string).split('\n')[1]);
    const places = [answer.heads, answer.end, answer.report, ...answer.segments] as {
      index: number;
      line: string;
      hashes: string[];
    }[];
    const records = answer.records as { line: string; index: number; size: number; hashes: string[] }[];
    const certified = await certify(file, '--key', ANSWER_KEY, '--auditor-key', AUDITOR_KEY);
    expect(certified.code).toBe(0);
    await onPaper(
      certified,
      [
        ...ofTheCheck(file, ANSWER_KEY, AUDITOR_KEY),
        ...places.flatMap(({ line, index, hashes }) => joinsOf(line, index, size, hashes)),
        ...records.flatMap(({ line, index, size: of, hashes }) => joinsOf(line, index, of, hashes)),
        '6 records found',
        'Record 2 of partition 0',
        'Alice',
        'actor',
      ],
      'Proved',
    );
    const signers = await certify(file, '--key', ANSWER_KEY);
    expect(signers.html).toContain('the word of whoever signs the log, and of nobody else');
  });

  test('can be read and used by everybody, on each width, in light and dark', async () => {
    const files = [
      await certify(evidenceOf(SAYS), '--key', LOG_KEY),
      await certify(evidenceOf(SAYS), '--key', OTHER_KEY),
      await certify('nothing', '--key', LOG_KEY),
      await certify(printAnswer(handAnswer(handLog(), ACTOR)), '--key', ANSWER_KEY, '--auditor-key', AUDITOR_KEY),
    ];
    for (const { page: file } of files) {
      await page.goto(pathToFileURL(file).href);
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme, media: 'screen' });
        expect(await poorContrast(page)).toEqual([]);
        expect(await axeFindings(page)).toEqual([]);
      }
      for (const width of [390, 820, 1280]) {
        await page.setViewportSize({ width, height: 900 });
        expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
        // A title that is squeezed into a column of letters can't be read.
        expect(await page.evaluate("document.querySelector('h1').getBoundingClientRect().width")).toBeGreaterThan(200);
      }
    }
  });

  test('has lines to fill in before it is printed, in text alone', async () => {
    const { page: file } = await certify(evidenceOf(SAYS), '--key', LOG_KEY);
    await page.goto(pathToFileURL(file).href);
    await page.getByRole('textbox', { name: 'Where key 1 came from' }).focus();
    await page.keyboard.type('<b>by phone</b>, 3 March');
    await page.getByRole('textbox', { name: 'Name' }).fill('Mary Auditor');
    const { text } = await printed(page, 'A4');
    expect(text).toContain(squashed('<b>by phone</b>, 3 March'));
    expect(text).toContain(squashed('Mary Auditor'));
  });
});
