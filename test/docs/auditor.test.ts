/** What docs/auditor.md tells somebody who knows nothing is what page and program do. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { command as check } from '../../src/cli/commands/check.ts';
import { command as verify } from '../../src/cli/commands/verify.ts';
import { ROOT } from '../../tools/pages/markedBlock.ts';
import { readPage, section } from './pages.ts';

const page = readPage('docs/auditor.md');
const textOf = (name: string): string => readFileSync(join(ROOT, name), 'utf8');

test('the hash is computed as the page itself says, on each system', () => {
  const inPage = [...textOf('web/check/page.html').matchAll(/<li>(\w+): <code>([^<]+)<\/code>/g)];
  expect(inPage.map(([, system]) => system)).toEqual(['Linux', 'macOS', 'Windows']);
  for (const [, system, command] of inPage)
    expect(page).toMatch(new RegExp(`^ *\\| ${system} \\|.*\`${command}\``, 'm'));
});

test('the browsers are those that the page is built for', () => {
  const [, chrome, firefox, safari] =
    /'chrome(\d+)', 'firefox(\d+)', 'safari([\d.]+)'/.exec(textOf('tools/buildPage.ts')) ?? [];
  expect(page).toContain(`(Chrome or Edge ${chrome}, Firefox ${firefox}, Safari ${safari}, or newer)`);
});

test('every kind of verdict of the page has its row, in the colour that it has there', () => {
  const [, signs = ''] = /^const SIGNS = \{\n([^]*?)^\}/m.exec(textOf('web/check/result.ts')) ?? [];
  const kinds = [...signs.matchAll(/^ {2}(\w+):/gm)].map(([, kind]) => kind as string);
  const rows: Readonly<Record<string, RegExp>> = {
    verified: /\| green, tick \|/,
    stated: /\| blue, square with a tick \|/,
    unverified: /\| amber, question mark \|/,
    beside: /\| amber, triangle \|/,
    violated: /\| red, cross \|/,
  };
  expect(Object.keys(rows).toSorted()).toEqual(kinds.toSorted());
  for (const row of Object.values(rows)) expect(section(page, '## With the page alone')).toMatch(row);
});

test('the exit statuses are those of the commands', () => {
  for (const { text } of [check, verify]) {
    const table = section(page, '## With the command line');
    expect(table).toMatch(new RegExp(`^\\| 0 \\|.*${text.exits.fine.split(/[;:,]/)[0]}`, 'm'));
    expect(table).toMatch(new RegExp(`^\\| 1 \\|.*${text.exits.wrong?.split(/[;:,]/)[0]}`, 'm'));
    expect(table).toMatch(new RegExp(`^\\| 2 \\|.*${text.exits.unknown.split(/[;:,]/)[0]}`, 'm'));
  }
});
