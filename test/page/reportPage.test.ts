import { createHash } from 'node:crypto';
import type { Finding, LogReport, Report, Status } from '../../src/core/objects/report.ts';
import { renderReport } from '../../src/page/reportPage.ts';
import { FULL_REPORT as REPORT } from '../support/fullReport.ts';

const NAME = 'reports/000000000042.json';

const finding = (object: string, detail = 'detail', code: Finding['code'] = 'foreign-object'): Finding => ({
  code,
  severity: 'error',
  object,
  detail,
});

const withFindings = (findings: readonly Finding[]): Report => ({ ...REPORT, status: 'violated', findings });

/** readTags splits a page into its tags and the text between them, and refuses what isn't a plain tag. */
function readTags(page: string): { tags: { name: string; attributes: string[] }[]; text: string } {
  const content = page.replace(/<style>[^<]*<\/style>/, '').replace('<!doctype html>', '');
  const tags: { name: string; attributes: string[] }[] = [];
  const text = content.replace(/<\/?([a-z0-9]+)((?: [a-z-]+="[^"<>]*")*)\/?>/gi, (_, name: string, rest: string) => {
    tags.push({ name, attributes: Array.from(rest.matchAll(/ ([a-z-]+)="/gi), ([, key]) => key as string) });
    return '\n';
  });
  expect(text).not.toMatch(/[<>]/);
  return { tags, text };
}

const decode = (text: string): string =>
  text.replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)));

const textOf = (page: string): string => decode(readTags(page).text);

describe('the document', () => {
  const page = renderReport(REPORT, NAME);

  test('allows its own style by hash and nothing else', () => {
    const [, style] = /<style>([^]*?)<\/style>/.exec(page) ?? [];
    const hash = createHash('sha256').update(String(style)).digest('base64');
    const [, policy] = /<meta http-equiv="Content-Security-Policy" content="([^"]*)">/.exec(page) ?? [];
    expect(decode(String(policy))).toBe(
      `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`,
    );
    expect(page.indexOf('Content-Security-Policy')).toBeLessThan(page.indexOf('<style>'));
    expect(style).not.toMatch(/url\(|@import/);
  });

  test('refers to nothing outside itself and has no script', () => {
    const { tags } = readTags(page);
    const names = tags.map(({ name }) => name);
    const attributes = tags.flatMap(({ attributes: all }) => all);
    for (const name of ['script', 'link', 'img', 'iframe', 'form', 'base', 'object']) expect(names).not.toContain(name);
    expect(attributes.filter((key) => key.startsWith('on') || key === 'src' || key === 'style')).toEqual([]);
    for (const [, target] of page.matchAll(/ href="([^"]*)"/g)) expect(page).toContain(` id="${target?.slice(1)}"`);
  });

  test('has a language, a title, one heading of the first level and the landmarks', () => {
    expect(page).toMatch(/^<!doctype html>\n<html lang="en">/);
    expect(page).toContain(`<title>Verified: integrity report ${NAME}</title>`);
    for (const name of ['h1', 'main', 'header', 'nav']) expect(page.split(`<${name}`)).toHaveLength(2);
  });

  test('closes what it opens', () => {
    const open: string[] = [];
    const voids = new Set(['meta', 'br']);
    const content = renderReport(withFindings([finding('a'), finding('a'), finding('b\u202e')]), NAME).replace(
      '<!doctype html>',
      '',
    );
    for (const [, end, name, self] of content.matchAll(/<(\/?)([a-z0-9]+)[^<>]*?(\/?)>/g)) {
      if (end === '/') expect(open.pop()).toBe(name);
      else if (self !== '/' && !voids.has(String(name))) open.push(String(name));
    }
    expect(open).toEqual([]);
  });

  test('depends on nothing but the report and its name', () => {
    expect(renderReport(structuredClone(REPORT), NAME)).toBe(page);
  });
});

describe('what it says', () => {
  test.each<[Status, string, RegExp]>([
    ['verified', 'Verified', /no error was found in what was checked/],
    ['violated', 'Violated', /At least one error was found/],
    ['unverified', 'Unverified', /neither a pass nor a sign of tampering/],
  ])('%s comes first, as a word, a sign and a sentence', (status, title, sentence) => {
    const page = renderReport({ ...REPORT, status }, NAME);
    const lead = page.slice(page.indexOf('<main>'), page.indexOf('<nav'));
    expect(lead).toContain(`<h1 id="status">${title}</h1>`);
    expect(lead).toContain(`<use href="#sign-${status}"/>`);
    expect(lead).toMatch(sentence);
    expect(page).toContain(`${title} (this report)</dt>`);
  });

  test('every number, time, name and hash of the report', () => {
    const text = textOf(renderReport({ ...REPORT, findings: [finding('x')], findingsOmitted: 24_811 }, NAME));
    const numbers = [
      '16,514',
      '40,961,670',
      '412,034',
      '1,321',
      '6,183,402,117',
      '50,703,899,012',
      '77,310',
      '23',
      '482',
    ];
    const partition = ['17', '4,127', '10,240,311', 'incarnation 3', '7,402,251', 'ab'.repeat(32), 'cd'.repeat(32)];
    const times = ['2026-11-22 04:00:00.102 UTC', '2026-11-22 04:07:31.877 UTC', '2026-11-21 04:06:02.300 UTC'];
    const heads = ['2026-11-22 03:59:41.208 UTC', '2026-11-22 03:59:44.019 UTC', '2026-11-19 11:02:45.633 UTC'];
    const others = ['6.18 GB', '50.7 GB', '7 min 31 s', 'Incremental', '24,811 further findings are not listed', NAME];
    for (const value of [...numbers, ...partition, ...times, ...heads, ...others]) expect(text).toContain(value);
    expect(text).toContain(REPORT.ledger);
    expect(text).toContain(REPORT.checked.anchor);
    expect(text).toContain(REPORT.notChecked[0]);
    expect(text).toContain('auditseal verify TARGET');
  });

  test.each([
    [0, '0 bytes'],
    [1, '1 byte'],
    [999, '999 bytes'],
    [1000, '1.00 kB'],
    [999_949, '999.9 kB'],
    [999_950, '1.00 MB'],
    [99_960, '100 kB'],
    [Number.MAX_SAFE_INTEGER, '9.01 PB'],
  ])('%d bytes as %s', (storedBytes, expected) => {
    const text = textOf(renderReport({ ...REPORT, checked: { ...REPORT.checked, storedBytes } }, NAME));
    expect(text).toContain(`\n${expected}\n`);
  });

  test('a ledger without a segment, an anchor or a name', () => {
    const checked = { ...REPORT.checked, mode: 'full' as const, anchor: null, lastFull: REPORT.finished };
    const report: Report = { ...REPORT, status: 'unverified', ledger: null, checked, partitions: [], notChecked: [] };
    const text = textOf(renderReport(report, NAME));
    expect(text).toContain('not known: no segment names one');
    expect(text).toContain('None: no earlier report');
    expect(text).toContain('2026-11-22 04:07:31.877 UTC\n (this one)');
    expect(text).toContain('No chain could be followed.');
    expect(text).toContain('This check left out nothing that it knows of.');
  });

  describe('of the log', () => {
    const LOG = REPORT.log as LogReport;
    const sectionOf = (report: Report): string => {
      const page = renderReport(report, NAME);
      const section = page.slice(page.indexOf('<section class="log"'), page.indexOf('<h2 id="findings">'));
      return textOf(section.slice(0, section.lastIndexOf('</section>') + '</section>'.length));
    };

    test('counts, keys, the kept checkpoint, and the newest one with its age', () => {
      const text = sectionOf(REPORT);
      for (const value of ['93,824', '5,127', '5,129', '1,734', '12']) expect(text).toContain(`\n${value}\n`);
      for (const key of LOG.signedBy ?? []) expect(text).toContain(`\n${key}\n`);
      expect(text).toContain('16,515 entries with what they describe; the log has 5,128 batches');
      expect(text).toContain('kept/newest-checkpoint');
      expect(text).toContain('Number 5,126, over 93,811 entries');
      expect(text).toContain('2026-11-22 04:06:30.120 UTC');
      expect(text).toContain('1 min 1 s before the check ended');
      expect(text).toContain('ef'.repeat(32));
      expect(text).toMatch(/Findings of the log\s+None/);
    });

    test('no checkpoint, no kept one, no key and a key that has no name', () => {
      const bare: LogReport = { ...LOG, signatures: 0, signedBy: [], keptCheckpoint: null, head: null };
      const text = sectionOf({ ...REPORT, log: bare });
      expect(text).toContain('None: no checkpoint was found that fits the log');
      expect(text).toContain('None was given');
      expect(text).toContain('without a trusted key anybody may have signed');
      const { signedBy: _, ...early } = LOG;
      expect(sectionOf({ ...REPORT, log: early })).toContain('this report does not name it');
      const timeless = { ...LOG, head: { number: 0, size: 1, root: 'ef'.repeat(32), time: '' } };
      expect(sectionOf({ ...REPORT, log: timeless })).toMatch(/over 1 entry\s+Its batch was made\s+not known/);
    });

    test('its findings, counted and linked, with what their codes mean', () => {
      const findings = [
        finding('tlog/checkpoint', 'old', 'checkpoint-stale'),
        finding('tlog/tile/0/000', 'other', 'tile-mismatch'),
        finding('tlog/tile/0/001', 'other', 'tile-mismatch'),
        finding('x'),
      ];
      const page = renderReport(withFindings(findings), NAME);
      expect(page).toContain('<a href="#findings">1 checkpoint-stale, 2 tile-mismatch</a>');
      expect(textOf(page)).toContain('a tile or an entry bundle is not the one that the entries give');
      const some = renderReport({ ...withFindings(findings), findingsOmitted: 7 }, NAME);
      expect(some).toContain('2 tile-mismatch, among those listed</a>');
    });

    test('a report without a log is a page that says so', () => {
      const { log: _, ...without } = REPORT;
      expect(sectionOf(without)).toContain('This report says nothing about a log');
      expect(renderReport(without, NAME)).toContain('<a href="#log">The log</a>');
    });
  });

  test('objects that could not be read', () => {
    const unreadable = [{ object: 'segments/0/000000000012.jsonl.zst', why: 'the store said 403 <denied>' }];
    const text = textOf(renderReport({ ...REPORT, status: 'unverified', unreadable }, NAME));
    expect(text).toContain('1 object could not be read.');
    expect(text).toContain('segments/0/000000000012.jsonl.zst');
    expect(text).toContain('the store said 403 <denied>');
  });
});

describe('findings', () => {
  test('those that are acknowledged are counted apart, and say by whom', () => {
    const by = { action: 'actions/000000000004.json', who: 'ann', why: 'the hub was full', time: REPORT.finished };
    const findings = [
      { ...finding('a'), acknowledged: by },
      { ...finding('b'), severity: 'warning' as const },
    ];
    const text = textOf(renderReport({ ...withFindings(findings), status: 'verified' }, NAME));
    expect(text).toContain('1 warning, 1 acknowledged finding.');
    expect(text.replace(/\s+/g, ' ')).toMatch(
      /Acknowledged by ann at .* \( ?actions\/000000000004.json ?\): the hub was full/,
    );
  });

  test('open ones come first, and what is acknowledged says so: at the finding, by code, and in the headline', () => {
    const acknowledged = { action: 'actions/000000000004.json', who: 'ann', why: 'x', time: REPORT.finished };
    const warning: Finding = { ...finding('c'), severity: 'warning' };
    const findings = [{ ...finding('a'), acknowledged }, { ...warning, acknowledged }, warning, finding('b')];
    const page = renderReport({ ...withFindings(findings), status: 'verified' }, NAME);
    const shown = Array.from(page.matchAll(/rowspan="1"><code>(\w+)<\/code>|<span class="badge (\w+)">(\w+)/g));
    expect(shown.map(([, object, ...badge]) => object ?? badge.join(' '))).toEqual([
      'b',
      'error error',
      'c',
      'warning warning',
      'a',
      'quiet error',
      'quiet acknowledged',
      'c',
      'quiet warning',
      'quiet acknowledged',
    ]);
    const text = textOf(page).replace(/\s+/g, ' ');
    expect(text).toContain('2 of them acknowledged');
    expect(text).toMatch(/Verified ?, with 2 findings acknowledged/);
    expect(textOf(renderReport({ ...withFindings(findings), status: 'violated' }, NAME))).not.toContain(
      'with 2 findings',
    );
  });

  test('are sorted by severity, partition, index and name, with one heading an object', () => {
    const names = ['zoo', 'segments/10/000000000001.jsonl.zst', 'segments/9/000000000002.jsonl.zst', 'a', 'zoo'];
    const warning: Finding = { ...finding('segments/0/000000000000.jsonl.zst'), severity: 'warning' };
    const page = renderReport(withFindings([warning, ...names.map((name) => finding(name))]), NAME);
    const shown = Array.from(
      page.matchAll(/<th role="rowheader" scope="rowgroup" rowspan="(\d)"><code>(.*?)<\/code>/g),
    );
    expect(shown.map(([, rows, name]) => `${rows} ${name}`)).toEqual([
      '1 segments/9/000000000002.jsonl.zst',
      '1 segments/10/000000000001.jsonl.zst',
      '1 a',
      '2 zoo',
      '1 segments/0/000000000000.jsonl.zst',
    ]);
    expect(textOf(page)).toContain('5 errors, 1 warning.');
  });

  test('a thousand of them are all there, and counted by code', () => {
    const codes = ['chain-broken', 'sequence-gap', 'foreign-object', 'segment-missing'] as const;
    const many = Array.from({ length: 1000 }, (_, at) => finding(`object ${at}`, `detail ${at}.`, codes[at % 4]));
    const page = renderReport(withFindings(many), NAME);
    const text = textOf(page);
    for (const { object, detail } of many) {
      expect(text).toContain(`\n${object}\n`);
      expect(text).toContain(`\n${detail}\n`);
    }
    for (const code of codes) expect(page).toMatch(new RegExp(`class="code">${code}</th><td[^>]*>250</td>`));
    expect(page.length).toBeLessThan(500_000);
  });

  test('long texts get a box that scrolls and can be reached by keyboard', () => {
    const page = renderReport(withFindings([finding('n'.repeat(1024), 'short'), finding('b', 'd'.repeat(5000))]), NAME);
    expect(page).toContain(`<div class="box" tabindex="0"><code>${'n'.repeat(1024)}</code></div>`);
    expect(page).toContain(`<div class="box" tabindex="0">${'d'.repeat(5000)}</div>`);
  });
});

describe('hostile values', () => {
  const hostile = [
    '<script>alert(1)</script>',
    '</style></title></code><img src=x onerror=alert(1)>',
    '" onmouseover="alert(1)',
    `' onfocus='alert(1)' autofocus='`,
    '<!-- --><![CDATA[ ]]><?x?>',
    '&lt;b&gt; &amp; &#60;',
    '${1 + 1} `x` $& $1',
    'a'.repeat(64),
  ];
  /** fill puts one text wherever a report has room for any, also where the types say that there is none. */
  const fill = (text: string, name: string): string => {
    const anything = text as never;
    const [partition] = REPORT.partitions;
    const acknowledged = { action: text, who: text, why: text, time: text };
    const row = { ...finding(text, text), code: anything, acknowledged };
    const heads = Object.fromEntries(Object.keys(partition ?? {}).map((key) => [key, text])) as never;
    const { checked } = REPORT;
    const told = Object.fromEntries(Object.keys(checked).map((key) => [key, text])) as never;
    const { log } = REPORT;
    const head = Object.fromEntries(Object.keys(log?.head ?? {}).map((key) => [key, text]));
    const ordered = { ...Object.fromEntries(Object.keys(log ?? {}).map((key) => [key, text])), head } as never;
    const rows = {
      log: ordered,
      partitions: [heads],
      findings: [row, { ...row, severity: anything }],
      findingsOmitted: anything,
      unreadable: [{ object: text, why: text }],
    };
    const own = { ledger: text, started: text, finished: text, status: anything, checked: told, notChecked: [text] };
    return renderReport({ ...REPORT, ...own, ...rows }, name);
  };

  test.each(hostile)('%s stays text', (text) => {
    const harmless = readTags(fill('harmless', 'harmless'));
    const page = fill(text, text);
    const { tags } = readTags(page);
    expect(tags.filter(({ name }) => name !== 'code')).toEqual(harmless.tags.filter(({ name }) => name !== 'code'));
    expect(textOf(page).split(text).length).toBeGreaterThanOrEqual(44);
  });

  test.each([[null], [7], [true], [['<b>']], [{ toString: '<b>' }]])(
    'what an incremental check repeats of an earlier report is shown as JSON when it is %j',
    (value) => {
      const wrong = value as never;
      const findings = [{ code: wrong, severity: wrong, object: wrong, detail: wrong }, finding('a')];
      const checked = { ...REPORT.checked, lastFull: wrong };
      const page = renderReport({ ...withFindings(findings), checked, ledger: wrong }, NAME);
      expect(textOf(page)).toContain(`\n${JSON.stringify(value)}\n`);
      expect(readTags(page).tags.map(({ name }) => name)).not.toContain('b');
    },
  );

  test('characters that hide or turn text become marked escapes', () => {
    const unseen =
      '\u0000\t\n\r\u001b\u007f\u0085\u00a0\u00ad\u061c\u200b\u200e\u200f\u2028\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u3164\ufeff\ud800';
    for (const character of unseen) {
      const page = fill(`before${character}after`, `before${character}after`);
      const escape = `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
      expect(page).toContain(`before<i>${escape}</i>after`);
      expect(page).toContain(`before${escape}after</title>`);
      expect(page.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\u00a0\u3164]/u);
      expect(page).not.toContain(`before${character}`);
    }
    expect(fill('a\u{e0041}\u202eb', NAME)).toContain('a<i>\\u{e0041}\\u202e</i>b');
  });

  test('escapes are explained where there are any, and letters of all scripts are left alone', () => {
    expect(renderReport(withFindings([finding('a\u202eb')]), NAME)).toContain('marked code points');
    const page = renderReport(withFindings([finding('größe/ملف/日本 語.zst')]), NAME);
    expect(page).toContain('<code>größe/ملف/日本 語.zst</code>');
    expect(page).not.toContain('marked code points');
  });
});
