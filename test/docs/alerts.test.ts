import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { hostLog } from '../../src/adapters/hostLog.ts';
import type { LineShape } from '../../src/ports/lines/lineShape.ts';
import { LINES } from '../../src/ports/telemetry.ts';
import { ALERTS_PAGE, ALERT_KINDS, columnsOf, formatAlerts, readAlerts } from '../../tools/pages/alertsTable.ts';
import { ROOT, readBlock } from '../../tools/pages/markedBlock.ts';
import { anchorsOf, headings, readPage, section } from './pages.ts';

const RUNBOOK = readPage('docs/runbook.md');
const PARTS = ['**Means.**', '**First look.**', '**Safe action.**', '**Never do.**'];

/** partsIn gives which of the four parts a section of the runbook has, in order. */
const partsIn = (text: string): string[] => [...text.matchAll(/^\*\*[A-Z][a-z ]+\.\*\*/gm)].map(([part]) => part);

/** sectionAt gives the section whose heading has a link's name. */
function sectionAt(anchor: string): string {
  const [heading, ...more] = [2, 3]
    .flatMap((level) => headings(RUNBOOK, level).map((text) => `${'#'.repeat(level)} ${text}`))
    .filter((text) => anchorsOf(text).includes(anchor));
  if (heading === undefined || more.length > 0) throw new Error(`not one section has the name ${anchor}`);
  return section(RUNBOOK, heading).replace(/\n## [^]*$/, '');
}

test('the page has the alerts as they are deployed', async () => {
  expect((await readBlock(ALERTS_PAGE, 'alerts')).trim()).toBe(await formatAlerts());
});

describe('every alert leads to a section of the runbook that is about it', () => {
  test.each(ALERT_KINDS)('%s', async (kind) => {
    const alerts = await readAlerts(kind);
    expect(alerts.length).toBeGreaterThan(2);
    for (const { name, properties } of alerts) {
      const [, anchor = ''] = /What to do: docs\/runbook\.md#(\S+)$/.exec(properties.description) ?? [];
      expect(anchor).toBe(name.toLowerCase());
      expect([name, partsIn(sectionAt(anchor))]).toEqual([name, PARTS]);
    }
  });

  test('and the runbook has no section of an alert that is none', async () => {
    const names = (await Promise.all(ALERT_KINDS.map(async (kind) => readAlerts(kind)))).flat().map(({ name }) => name);
    const told = headings(section(RUNBOOK, '## Alerts'), 3);
    expect(told.toSorted()).toEqual(names.toSorted());
  });
});

describe('every log line that somebody has to see leads to a section of the runbook', () => {
  const loud = Object.entries<LineShape>(LINES).filter(([, { level }]) => level !== 'info');

  test.each(loud)('%s', (message, { level, fields, runbook }) => {
    const said: Record<string, unknown>[] = [];
    const keep = (text: string): void => void said.push(JSON.parse(text) as Record<string, unknown>);
    const log = hostLog({ info: keep, warn: keep, error: keep, functionName: 'f', invocationId: 'i' });
    // Of a finding the code is the section.
    const values = Object.fromEntries(
      Object.entries(fields).map(([name, kind]) => [name, kind === 'name' ? 'chain-broken' : 1]),
    );
    (log[level] as (message: string, fields: object) => void)(message, values);
    const anchor = typeof runbook === 'string' ? runbook : 'chain-broken';
    expect(said).toEqual([{ message, ...values, runbook: anchor, function: 'f', invocation: 'i' }]);
    const text = sectionAt(anchor);
    expect([message, partsIn(text)]).toEqual([message, PARTS]);
    // One that leads to a section of another name is named there.
    const [own] = anchorsOf(`# ${message}`);
    if (own !== anchor && typeof runbook === 'string' && !message.startsWith('foreign object in the place of'))
      expect(text).toContain(`\`${message}\``);
  });

  test('and the runbook has no section of a line that is none', () => {
    const used = new Set(loud.map(([, { runbook }]) => runbook));
    expect(anchorsOf(section(RUNBOOK, '## Log lines')).filter((anchor) => !used.has(anchor))).toEqual([]);
  });
});

test('the runbook explains each tile of the workbook', () => {
  const tiles = JSON.parse(readFileSync(join(ROOT, 'infra/workbook.json'), 'utf8')) as { title: string }[];
  const rows = [...section(RUNBOOK, '## The workbook').matchAll(/^\| ([^|]+) \| ([^|]+) \| ([^|]+) \|$/gm)];
  const explained = rows.slice(2).map(([, tile]) => tile);
  expect(explained).toEqual(tiles.map(({ title }) => title));
});

describe('columns of a query', () => {
  test.each<[string, string[]]>([
    ['T\n| project A, b = f(C, "x, y"), d = strcat("u", g(E, F))', ['A', 'b', 'd']],
    ['T\n| summarize n = count() by w = f(A), bin(B, 1h)\n| where n > 2', ['n', 'w', 'B']],
    ['let a = 1;\nprint n = coalesce(f(a), 0) - 1', ['n']],
    ['T\n| project A\n| order by A desc', ['A']],
  ])('%j', (query, columns) => {
    expect(columnsOf(query)).toEqual(columns);
  });

  test('that are not understood are not guessed', () => {
    expect(() => columnsOf('T\n| where a')).toThrow('not understood');
    expect(() => columnsOf('T\n| summarize count()')).toThrow('not understood');
  });
});
