import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { chromium } from 'playwright-core';
import type { Browser, Page } from 'playwright-core';
import { loadVectors } from '../support/logVectors.ts';
import { CHROMIUM, LOG_KEY, PAGE, evidenceOf, hasChromium, offPaper, poorContrast } from './support.ts';

interface Case {
  name: string;
  file: string;
}
const vectors = loadVectors('evidence.json') as {
  verifierKeys: string[];
  good: Case[];
  malformed: Case[];
  unproved: (Case & { error: string })[];
};

test('the page is the one whose SHA-256 is published; node tools/bootstrap.mjs tools/pages/pageHash.ts publishes another', () => {
  const hash = createHash('sha256').update(readFileSync('dist/web/check.html')).digest('hex');
  expect(readFileSync('web/check.html.sha256', 'utf8')).toBe(`${hash}  dist/web/check.html\n`);
});

const NOTE = `no browser at ${CHROMIUM}: the page was not opened`;

if (!hasChromium) {
  test('the page is tested where there is a browser', () => {
    // A build server must have one; on a developer's machine this is said, and nothing is claimed.
    expect(process.env['CI'] === undefined ? '' : NOTE).toBe('');
    console.warn(NOTE);
  });
}

const withBrowser = hasChromium ? describe : (_name: string, _body: () => void): void => undefined;

withBrowser('the page in a browser', () => {
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
      if (request.url() !== PAGE) seen.push(`request: ${request.url()}`);
    });
    await page.goto(PAGE);
  });
  afterEach(async () => {
    await page.close();
    if (seen.length > 0) throw new Error(seen.join('\n'));
  });

  const choose = async (file: string | Buffer, name = 'evidence.json'): Promise<void> => {
    await page.setInputFiles('#file', { name, mimeType: 'application/json', buffer: Buffer.from(file) });
  };
  const status = async (): Promise<string | null> => {
    await page.waitForSelector('#status');
    return page.getAttribute('#status', 'data-status');
  };
  const said = (): Promise<string> => page.innerText('#status');
  const states = (): Promise<(string | null)[]> =>
    page.locator('[data-step]').evaluateAll((links) => links.map((link) => link.getAttribute('data-state')));
  const trust = async (...keys: string[]): Promise<void> => page.fill('#keys', keys.join('\n'));

  test('proves good evidence by a key of the user, and says by whose and as of when', async () => {
    await trust(...vectors.verifierKeys);
    for (const { name, file } of vectors.good) {
      await page.evaluate(() => document.getElementById('status')?.remove());
      await choose(file);
      expect({ name, status: await status() }).toEqual({ name, status: 'verified' });
      expect(await said()).toContain('The key audit.example.com/log1 (key ID 22e6b51e), which you gave');
      expect(await said()).toContain('first 7 entries');
      expect(await said()).toContain('nothing proves that it was right');
      expect(await states()).toEqual(['holds', 'holds', 'holds', 'holds']);
    }
    expect(await page.innerText('#result')).toContain('segments/0/000000000041.jsonl.zst');
  });

  test('a witness that the user trusts gives a time', async () => {
    await trust(...vectors.verifierKeys);
    await choose(vectors.good.find(({ name }) => name === 'with a witness')?.file as string);
    await status();
    expect(await said()).toContain('witness.example.com/w1 (key ID 564bb631) states that it saw this checkpoint');
    expect(await said()).toContain('2023-11-14T22:13:20.000Z');
  });

  test('takes a key from the file for a claim only, and the same key from the user for trust', async () => {
    await choose(evidenceOf('"a":1'));
    expect(await status()).toBe('unverified');
    expect(await said()).toContain('nobody you named vouches for it');
    expect(await said()).toContain(LOG_KEY);
    expect(await page.getByRole('status').textContent()).toContain('nobody you named vouches for it');
    await trust(LOG_KEY);
    await page.waitForSelector('#status.verified');
    await trust(vectors.verifierKeys[0] as string);
    await page.waitForSelector('#status.violated');
    expect(await said()).toContain('No given key of logs.example.com/audit signed the checkpoint');
    expect(await states()).toEqual(['holds', 'holds', 'holds', 'fails']);
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('keys');
    await trust('nonsense');
    await page.waitForSelector('#status.unverified');
    expect(await page.innerText('#key-faults')).toBe(
      'Line 1: a verifier key has the form name+ID+base64. It was given: nonsense',
    );
    expect(await said()).toContain('no line in step 2 is a verifier key');
  });

  test('shows what can not be seen in a line that is no key, and repeats no private key', async () => {
    const faults = (): Promise<string> => page.innerText('#key-faults');
    const faultsSay = (hasText: string): Promise<void> => page.locator('#key-faults', { hasText }).waitFor();
    await trust(`${LOG_KEY}\u200b`);
    await faultsSay(`It was given: ${LOG_KEY}\\u200b`);
    await trust(` ${LOG_KEY.replace('audit+', 'audit\u00a0+')}  `);
    await faultsSay('It was given: \\u0020logs.example.com/audit\\u00a0+');
    expect(await faults()).toMatch(/\\u0020\\u0020$/);
    await trust('PRIVATE+KEY+logs.example.com/audit+1a2b3c4d+secret');
    await faultsSay('looks like a private key');
    expect(await faults()).not.toContain('secret');
  });

  test('says how each hash is computed, and sets apart what the file claims from what was checked', async () => {
    const signer = `logs.example.com/audit (key ID ${LOG_KEY.split('+')[1]})`;
    await choose(evidenceOf('"a":1'));
    await status();
    expect(await page.innerText('.path')).toContain('leaf hash SHA-256(0x00 ‖ line)');
    expect(await page.innerText('.path')).toContain('SHA-256(0x01 ‖ left ‖ right)');
    expect(await page.innerText('.path')).toContain(`${signer}; which only the file itself names`);
    expect(await page.locator('#facts-title').count()).toBe(0);
    const claims = (): Promise<string> => page.innerText('section[aria-labelledby=claims-title]');
    expect(await claims()).toContain('Nothing in this list is proved');
    expect(await claims()).toContain('segments/3/000000000041.jsonl.zst');
    expect(await page.innerText('#line-title')).toBe('The record, as the file claims it');
    await trust(LOG_KEY);
    await page.waitForSelector('#status.verified');
    expect(await page.innerText('section[aria-labelledby=facts-title]')).toContain('segments/3/000000000041.jsonl.zst');
    expect(await claims()).not.toContain('segments/3/000000000041.jsonl.zst');
    expect(await claims()).toContain(LOG_KEY);
    expect(await page.innerText('.path')).toContain(`${signer}; which you gave`);
    await trust(vectors.verifierKeys[0] as string);
    await page.waitForSelector('#status.violated');
    expect(await claims()).toContain(signer);
  });

  test('takes its verdict back at once when a key is changed', async () => {
    await trust(LOG_KEY);
    await choose(evidenceOf('"a":1'));
    expect(await status()).toBe('verified');
    const left = await page.evaluate(() => {
      document.getElementById('keys')?.dispatchEvent(new Event('input'));
      return [document.getElementById('result')?.textContent, document.title];
    });
    expect(left).toEqual(['', 'Auditseal: check evidence, an answer or a mirror']);
    expect(await status()).toBe('verified');
  });

  test('says that it can not vouch for itself, and where its hash is', async () => {
    await page.click('#own-hash summary');
    expect(await page.innerText('#own-hash')).toContain('sha256sum check.html');
    expect(await page.innerText('#own-hash')).toContain('web/check.html.sha256');
  });

  test('prints what was checked, with which keys, when, and with which page; nothing is cut off', async () => {
    const file = evidenceOf(`"a":"${'x'.repeat(500)}"`);
    await page.clock.setFixedTime('2026-11-26T10:00:00.000Z');
    await trust(LOG_KEY, 'nonsense', vectors.verifierKeys.find((key) => key.startsWith('witness')) as string);
    await choose(file, `${'long'.repeat(50)}.json`);
    expect(await status()).toBe('verified');
    expect(await offPaper(page)).toEqual([]);
    const printed = (
      await page
        .locator('section[aria-labelledby=this-check-title], section[aria-labelledby=keys-given-title]')
        .allInnerTexts()
    ).join('\n');
    const hashOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
    for (const text of [
      `${'long'.repeat(50)}.json`,
      hashOf(file),
      '2026-11-26T10:00:00.000Z, by the clock of this device',
      `Of a log: ${LOG_KEY}`,
      'Of a witness: witness.example.com/w1+',
      hashOf(readFileSync('dist/web/check.html')),
    ])
      expect(printed).toContain(text);
    expect(await page.innerText('#result .note')).toMatch(
      /^1 line of step 2 was refused, and not used as a key\.\s+Line 2: a verifier key has the form name\+ID\+base64\.$/,
    );
    expect(await page.getAttribute('#keys', 'aria-invalid')).toBe('true');
    expect(await page.isVisible('#keys')).toBe(false);
    await page.emulateMedia({ media: 'screen' });
    await choose('Dear Sir or Madam');
    expect(await status()).toBe('unverified');
    expect(await page.innerText('section[aria-labelledby=this-check-title]')).toContain(
      hashOf(Buffer.from('Dear Sir or Madam')),
    );
  });

  test('evidence without keys asks for one', async () => {
    await choose(vectors.good.find(({ name }) => name === 'without keys')?.file as string);
    expect(await status()).toBe('unverified');
    expect(await said()).toContain('a key is missing');
  });

  test('names the step that fails in every vector that proves nothing', async () => {
    await trust(...vectors.verifierKeys);
    for (const { name, file, error } of vectors.unproved) {
      await page.evaluate(() => document.getElementById('status')?.remove());
      await choose(file);
      expect({ name, status: await status() }).toEqual({ name, status: 'violated' });
      expect(await said()).toContain(error);
      expect(await states()).toContain('fails');
    }
  });

  test('says of a file that is no evidence what is wrong with it', async () => {
    const good = evidenceOf('"a":1');
    const cases: [string, string | Buffer, string][] = [
      ['empty', '', 'the file is empty'],
      ['a picture', Buffer.of(0x89, 0x50, 0x4e, 0x47, 0xff), 'not text in UTF-8'],
      ['no JSON', 'Dear Sir or Madam', 'does not begin as evidence does'],
      ['other JSON', '{"time":"2026-11-22"}', 'does not begin as evidence does'],
      ['cut in the line', good.subarray(0, 40), 'is cut off'],
      ['cut behind it', good.subarray(0, -200), 'cut off, or changed by hand'],
      ['reformatted', good.toString().replace('","segmentProof"', '", "segmentProof"'), 'an editor or a mail program'],
      ['a later version', good.toString().replace('"version":1', '"version":2'), 'version 2; this page knows 1'],
      ['nested', `{"version":1,"line":${'['.repeat(4_000_000)}`, 'is no string'],
      [
        'nested behind',
        `{"version":1,"line":"x","segmentProof":${'['.repeat(1_000_000)}`,
        'cut off, or changed by hand',
      ],
    ];
    for (const [name, file, why] of cases) {
      await page.evaluate(() => document.getElementById('status')?.remove());
      await choose(file, '<img src=x onerror=alert(1)>\u202e.json');
      expect({ name, status: await status() }).toEqual({ name, status: 'unverified' });
      expect(await said()).toContain(why);
      expect(await said()).toContain('<img src=x onerror=alert(1)>\\u202e.json: ');
    }
  });

  test('refuses a file above 64 MiB without reading it', async () => {
    await page.evaluate(() => {
      const file = new File([new Uint8Array(64 * 1024 * 1024 + 1)], 'huge.json');
      const data = new DataTransfer();
      data.items.add(file);
      document.dispatchEvent(new DragEvent('drop', { dataTransfer: data, cancelable: true }));
    });
    expect(await status()).toBe('unverified');
    expect(await said()).toContain('larger than 64 MiB');
  });

  test('says of a file that the browser does not give that it was not checked, and what to do', async () => {
    await page.evaluate(() => {
      File.prototype.arrayBuffer = () => Promise.reject(new DOMException('it was moved away', 'NotFoundError'));
    });
    await choose(evidenceOf('"a":1'));
    expect(await status()).toBe('unverified');
    expect(await said()).toContain('evidence.json: the browser says: it was moved away');
    expect(await said()).toContain('Choose the file again');
  });

  test('a dropped file is read like a chosen one', async () => {
    await trust(LOG_KEY);
    await page.evaluate((text) => {
      const data = new DataTransfer();
      data.items.add(new File([text], 'evidence.json'));
      document.body.dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }));
    }, evidenceOf('"a":1').toString());
    expect(await status()).toBe('verified');
  });

  test('shows hostile records so that nothing acts and nothing is unseen', async () => {
    await trust(LOG_KEY);
    await choose(
      evidenceOf(
        '"html":"<script>alert(1)</script><img src=x onerror=alert(2)>","bidi":"user\u202etxt.exe\u200b\u0085",' +
          '"n":1.0e400,"n":12345678901234567890,"__proto__":{"a":[]},"_seal":{"record":9},"esc":"\\u202e\\n"',
      ),
    );
    expect(await status()).toBe('verified');
    const shown = await page.innerText('#record');
    expect(shown).toContain('"html": "<script>alert(1)</script><img src=x onerror=alert(2)>"');
    expect(shown).toContain('"user\\u202etxt.exe\\u200b\\u0085"');
    expect(shown).toContain('"n": 1.0e400,\n  "n": 12345678901234567890');
    expect(shown).not.toMatch(/[\u202e\u200b\u0085]/);
    expect(await page.locator('#record i').allInnerTexts()).toEqual(['\\u202e', '\\u200b\\u0085']);
    expect(await page.locator('#result img, #result script').count()).toBe(0);
  });

  test('shows what a fault of its own says in the same way', async () => {
    await page.evaluate(() => {
      File.prototype.arrayBuffer = () => Promise.reject(new Error('a\u202eb\u200bc'));
    });
    await choose(evidenceOf('"a":1'));
    await page.waitForSelector('#result [role=alert]');
    expect(await page.innerText('#result [role=alert]')).toBe(
      'This page failed, so nothing was checked: Error: a\\u202eb\\u200bc',
    );
    expect(seen.splice(0)).toEqual(['error: a\u202eb\u200bc']);
  });

  test.each([
    ['one long string', `"a":"${'x'.repeat(8_000_000)}"`, '7,992,002 more characters'],
    ['deep nesting', `"a":${'['.repeat(2_000_000)}${']'.repeat(2_000_000)}`, 'Too long to show whole'],
    ['many members', `"a":[${'{"b":1},'.repeat(500_000)}0]`, 'Too long to show whole'],
  ])('stays usable with %s', async (_name, members, says) => {
    await trust(LOG_KEY);
    await choose(evidenceOf(members));
    expect(await status()).toBe('verified');
    expect(await page.innerText('#result')).toContain(says);
    expect(await page.evaluate(() => document.querySelectorAll('*').length)).toBeLessThan(500);
  });

  test('fits a narrow screen, and is used with the keyboard alone', async () => {
    await page.setViewportSize({ width: 390, height: 800 });
    await choose(evidenceOf('"time":"2026-11-22T10:00:00Z","category":"AuditEvent"'));
    await status();
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('status');
    const reached: string[] = [];
    for (let i = 0; i < 10; i++) {
      await page.keyboard.press('Tab');
      reached.push(await page.evaluate(() => document.activeElement?.id || (document.activeElement?.tagName ?? '')));
    }
    expect(reached).toEqual(expect.arrayContaining(['file', 'keys', 'SUMMARY', 'record']));
    expect(await page.getByLabel('Choose an evidence file or an answer').count()).toBe(1);
    expect(await page.getByLabel('Verifier keys of the log, of its auditor and of witnesses, one a line').count()).toBe(
      1,
    );
  });

  test.each(['light', 'dark'] as const)('can be read in %s colours, whatever the verdict is', async (colorScheme) => {
    await page.emulateMedia({ colorScheme });
    const record = evidenceOf('"bidi":"\u202e"');
    for (const keys of ['', LOG_KEY, `${vectors.verifierKeys[0]}\nnonsense`]) {
      await trust(keys);
      await choose(record);
      await status();
      await page.locator('details').evaluateAll((all) => all.forEach((details) => details.setAttribute('open', '')));
      expect(await poorContrast(page)).toEqual([]);
    }
  });

  test('the policy lets the page open no connection, whatever runs in it', async () => {
    const refused = await page.evaluate(async () => {
      const violations: string[] = [];
      document.addEventListener('securitypolicyviolation', (event) => violations.push(event.effectiveDirective));
      await fetch('https://example.com/').catch(() => undefined);
      const image = new Image();
      const failed = new Promise((resolve) => image.addEventListener('error', resolve));
      image.src = 'https://example.com/x.png';
      await failed;
      return violations;
    });
    expect(refused).toEqual(['connect-src', 'img-src']);
    // The browser reports what it refused, as it should.
    seen = [];
  });
});
