import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { chromium } from 'playwright-core';
import type { Browser, Page } from 'playwright-core';
import { MIRROR_KEY, NOW, mirrorOf } from './mirrors.ts';
import type { Mirror } from './mirrors.ts';
import { CHROMIUM, PAGE, hasChromium } from './support.ts';

const withBrowser = hasChromium ? describe : (_name: string, _body: () => void): void => undefined;

if (!hasChromium) test('that there is no browser is said elsewhere', () => expect(hasChromium).toBe(false));

withBrowser('the folder of a mirror in the page', () => {
  let browser: Browser;
  let page: Page;
  let folder: string;
  let good: Mirror;

  beforeAll(async () => {
    good = await mirrorOf();
    browser = await chromium.launch({
      executablePath: CHROMIUM,
      args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--no-first-run'],
    });
  });
  afterAll(() => browser.close());
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'auditseal-mirror-'));
    page = await browser.newPage();
    await page.clock.setFixedTime(NOW);
    await page.goto(PAGE);
  });
  afterEach(async () => {
    await page.close();
    await rm(folder, { recursive: true });
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

  test('of which a part was chosen, or a folder above, is not checked, and the right folder is named', async () => {
    await write(new Map([...good].map(([name, bytes]) => [`kept/mirror/${name}`, bytes])));
    const said = async (path: string): Promise<string> => {
      await page.setInputFiles('#folder', join(folder, path));
      expect(await status()).toBe('unverified');
      expect(await page.innerText('#verdict')).toBe('Not checked: this is the wrong folder');
      return page.innerText('#wrong-folder');
    };
    expect(await said('kept/mirror/segments/0')).toContain('the folder segments/0 of a mirror');
    expect(await said('kept/mirror/segments')).toContain('Choose the folder that holds the folder segments.');
    expect(await said('kept/mirror/tlog')).toContain('the folder tlog of a mirror');
    expect(await said('kept')).toBe('The mirror is the folder mirror in it. Choose that one.');
    expect(await said('')).toBe('The mirror is the folder kept/mirror in it. Choose that one.');
    await write(new Map([...good].map(([name, bytes]) => [`other/${name}`, bytes])));
    expect(await said('')).toBe('It holds 2 mirrors: kept/mirror, other. Choose one of them.');
  });

  test('with files that others left in it is verified, and they are named', async () => {
    const files = ['.DS_Store', 'segments/0/Thumbs.db'].map((name) => [name, Buffer.of(1)] as const);
    const saved = ['answer/answer.json', Buffer.from('{"version":1,"kind":"answer",')] as const;
    await write(new Map([...good, ...files, saved]));
    await page.fill('#keys', MIRROR_KEY);
    await page.setInputFiles('#folder', folder);
    expect(await status()).toBe('verified');
    const not = await page.innerText('#not-checked');
    expect(not).toContain('Ignored: 2 files that an operating system left: .DS_Store, segments/0/Thumbs.db.');
    expect(not).toContain('that somebody saved here: answer/answer.json.');
  });
});
