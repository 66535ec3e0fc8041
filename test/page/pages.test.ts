import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import type { Browser } from 'playwright-core';
import { formatUnsigned, openReport } from '../../src/core/objects/reportFile.ts';
import type { FiledReport } from '../../src/core/objects/filedReport.ts';
import { reportName } from '../../src/core/objects/names.ts';
import type { StatusReport } from '../../src/core/objects/statusReport.ts';
import { renderPosture } from '../../src/page/posturePage.ts';
import { renderReport } from '../../src/page/reportPage.ts';
import { renderEstate, renderStatus } from '../../src/page/statusPage.ts';
import { axeFindings } from '../support/axe.ts';
import { FULL_REPORT } from '../support/fullReport.ts';
import { FULL_POSTURE, FULL_STATUS } from '../support/fullStatus.ts';
import { PAPERS, printed, squashed } from '../support/pdf.ts';
import { AUDITORS, filed } from '../support/reports.ts';
import { picked } from '../support/sample.ts';
import { CHROMIUM, hasChromium } from '../web/support.ts';

const NAME = reportName(44);
const LINKS = { runbook: 'https://wiki.example.com/runbook', reports: 'reports/' };
const WELL: StatusReport = { ...FULL_STATUS, status: 'verified', todo: null, findings: [], findingsOmitted: 0 };
const HOSTILE = '</style><script>alert(1)</script>"\u202e\u0007';

const estate = renderEstate(
  [
    { ledger: 'logs.example.com/eu', target: './eu', report: WELL },
    { ledger: 'logs.example.com/us', target: 'https://us.example.com/ledger', report: FULL_STATUS },
    { ledger: 'logs.example.com/asia', target: './asia', fault: 'it can’t be reached' },
  ],
  FULL_STATUS.time,
  LINKS,
);

/** PAGES is every page that is made of a report. */
const PAGES: readonly (readonly [string, string])[] = [
  [
    'an integrity report',
    renderReport({ ...FULL_REPORT, status: 'violated', findings: [...FULL_STATUS.findings] }, NAME),
  ],
  ['a posture report', renderPosture(FULL_POSTURE, NAME)],
  [
    'a posture that could not be read',
    renderPosture(
      { ...FULL_POSTURE, status: 'unverified', guard: null, settings: null, locks: null, roles: null },
      NAME,
    ),
  ],
  ['a status that needs attention', renderStatus(FULL_STATUS, { ...LINKS, name: NAME })],
  ['a status that is well', renderStatus(WELL, { name: NAME })],
  [
    'a status of which nothing is known',
    renderStatus({
      ...WELL,
      status: 'unverified',
      todo: { what: 'x', section: 'y' },
      log: null,
      lastCheck: null,
      lastFull: null,
      lastFullAt: '',
      posture: null,
      partitions: [],
      sources: null,
      ledger: null,
    }),
  ],
  ['an estate', estate],
];

const textOf = (page: string): string =>
  page
    .replace(/<style>[^<]*<\/style>/, '')
    .replaceAll(/<[^<>]*>/g, ' ')
    .replaceAll(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)))
    .replaceAll(/\s+/g, ' ');

describe('the status page', () => {
  test('says first what there is to do, and leads to it', () => {
    const page = renderStatus(FULL_STATUS, { ...LINKS, name: NAME });
    const top = page.slice(page.indexOf('<main>'), page.indexOf('</section>'));
    expect(top).toContain('<h1 id="status">Attention</h1>');
    expect(textOf(top)).toContain('sequence-gap: segments/17/000000004127.jsonl.zst: events 7 to 9 expired');
    expect(top).toContain('<a href="https://wiki.example.com/runbook#sequence-gap">');
    expect(page).toContain('<a href="reports/000000000044.html">');
    // Where nobody says where they are, nothing is a link that leads nowhere.
    expect(renderStatus(FULL_STATUS)).not.toContain('<a href');
  });

  test('holds all that the report has', () => {
    const text = textOf(renderStatus(FULL_STATUS, { name: NAME }));
    for (const value of [
      'logs.example.com/production',
      NAME,
      '93,811 entries',
      'signed by logs.example.com/production+22e6b51e',
      'cosigned by witness.example.org',
      'verified: 77,310 segments, 190,333,120 records',
      'since then',
      'Locked, 2,555 days',
      '3 extensions left',
      'all refused',
      'case117',
      '10,240,311',
      'number 7,402,251',
      'behind the hub by 4 events',
      '1 open',
      '2 acknowledged',
      '96 of 1,533 entry bundles',
      '421',
      'silent',
      'no category',
      '11 further categories',
      'AuditLogs (50), SignInLogs (5)',
      '7 further findings',
      'Acknowledged by ann@example.com',
      'no segment was looked into',
      'it is in the archive tier',
    ])
      expect(text).toContain(value);
  });

  test('a silent source alone needs attention, in the colour of a warning', () => {
    const todo = { what: 'source-silent: AuditLogs: none', section: 'source-silent' };
    const page = renderStatus({ ...WELL, todo });
    expect(page).toContain('<section class="status unverified"');
    expect(page).toContain('<h1 id="status">Attention</h1>');
  });

  test('of several ledgers gives one verdict and one table, the worst first, and no id twice', () => {
    const text = textOf(estate);
    expect(text).toContain('3 ledgers: 1 well, 1 needs attention, 1 not known.');
    const table = estate.slice(estate.indexOf('<table'), estate.indexOf('</table>'));
    expect([...table.matchAll(/logs\.example\.com\/(\w+)/g)].map(([, name]) => name)).toEqual(['us', 'asia', 'eu']);
    const ids = [...estate.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test.each(['javascript:alert(1)', 'data:text/html,x', ' https://x'])('takes %s for no address', (runbook) =>
    expect(renderStatus(FULL_STATUS, { runbook, reports: runbook })).not.toContain('<a href'),
  );
});

test('the posture page holds all that the report has', () => {
  const text = textOf(renderPosture(FULL_POSTURE, NAME));
  for (const value of [
    'Not as promised',
    'stledger',
    'Locked',
    '365 days',
    '2,555 days',
    '5 of 5',
    'case117',
    'bob@example.com',
    'CanNotDelete',
    'someone',
    'it went through',
    '409 BlobImmutableDueToPolicy',
    'microsoft.keyvault/vaults',
    '3 further findings',
    'no right',
    'nobody signed it',
    'not stated',
    'ann@example.com',
  ])
    expect(text).toContain(value);
});

test.each<[string, FiledReport]>([
  ['status', FULL_STATUS],
  ['posture', FULL_POSTURE],
])('a report of kind %s is read as it was written, and another shape is none', (_kind, report) => {
  const read = (it: object): unknown => openReport(filed(it as FiledReport, NAME), NAME, AUDITORS);
  expect(read(report)).toEqual(JSON.parse(formatUnsigned(report).toString().slice('{"report":'.length)));
  for (const name of Object.keys(report).filter((name) => !['drill', 'coverage', 'page'].includes(name))) {
    const changed = { ...report, [name]: { odd: 1 } };
    if (name === 'settings') continue;
    expect(() => read(changed)).toThrow('not written by this program');
  }
});

test('nothing that a report says acts as HTML or is unseen', () => {
  const hostile = JSON.parse(
    JSON.stringify([FULL_STATUS, FULL_POSTURE], (key, value: unknown) =>
      typeof value === 'string' &&
      !/^(status|severity|state|mode|kind|outcome|promised|code|time|finished|sealed|asked|first|last|from|to|dayFrom|lastEnqueued|lastFullAt|report|section)$/.test(
        key,
      )
        ? HOSTILE
        : value,
    ),
  ) as [StatusReport, typeof FULL_POSTURE];
  for (const page of [renderStatus(hostile[0], LINKS), renderPosture(hostile[1], NAME)]) {
    expect(page).not.toMatch(/<script|alert\(1\)<\/script>|\u202e|\u0007/);
    expect(page.match(/<style>/g)).toHaveLength(1);
    expect(page).toContain('&#60;script&#62;');
  }
});

const withBrowser = hasChromium ? describe : (_name: string, _body: () => void): void => undefined;
if (!hasChromium) test('that there is no browser is said elsewhere', () => expect(hasChromium).toBe(false));

withBrowser('in a real browser', () => {
  let browser: Browser;
  let folder = '';
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-gpu'] });
    folder = await mkdtemp(join(tmpdir(), 'auditseal-pages-'));
  });
  afterAll(async () => {
    await browser.close();
    await rm(folder, { recursive: true });
  });

  test.each(picked(PAGES, 2, 2))(
    '%s: nothing keeps people out, nothing is wider than the screen, nothing is asked for',
    async (_name, html) => {
      const path = join(folder, 'page.html');
      await writeFile(path, html);
      const seen: string[] = [];
      for (const colorScheme of ['light', 'dark'] as const) {
        const page = await browser.newPage({ colorScheme });
        page.on('console', (message) => seen.push(message.text()));
        page.on('request', (request) => seen.push(request.url()));
        await page.goto(pathToFileURL(path).href);
        for (const width of [390, 820, 1280]) {
          await page.setViewportSize({ width, height: 900 });
          expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
          expect(await axeFindings(page)).toEqual([]);
        }
        await page.close();
      }
      expect(seen.filter((line) => line !== pathToFileURL(path).href)).toEqual([]);
    },
  );

  test.each(PAPERS)('the status page loses nothing on %s', async (paper) => {
    const path = join(folder, 'status.html');
    await writeFile(path, renderStatus(FULL_STATUS, { name: NAME }));
    const page = await browser.newPage();
    await page.goto(pathToFileURL(path).href);
    const { text } = await printed(page, paper);
    for (const value of [
      'Attention',
      'logs.example.com/production',
      NAME,
      '190,333,120',
      'case117',
      'AuditLogs(50)',
      'ann@example.com',
      'behind the hub by 4 events',
      'no segment was looked into',
    ])
      expect(text).toContain(squashed(value));
    await page.close();
  });
});
