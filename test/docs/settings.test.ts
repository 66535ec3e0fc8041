import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadConfig } from '../../src/config/config.ts';
import { ROOT } from '../../tools/pages/markedBlock.ts';
import { firstCells, headings, readPage, section } from './pages.ts';

/** settingsRead gives the names that the app asks its environment for. */
function settingsRead(): string[] {
  const names = new Set<string>();
  const env = new Proxy<Record<string, string | undefined>>(
    {},
    {
      get(_target, name) {
        names.add(String(name));
        return undefined;
      },
    },
  );
  expect(() => loadConfig(env)).toThrow('settings are wrong');
  return [...names];
}

test('the README names every setting of the app, and no other', () => {
  const named = firstCells(section(readPage('README.md'), '## Configuration'));
  expect(named.toSorted()).toEqual(settingsRead().toSorted());
});

test('the example settings are settings of the app or of the host', () => {
  const { Values } = JSON.parse(readFileSync(join(ROOT, 'local.settings.example.json'), 'utf8')) as {
    Values: Record<string, string>;
  };
  const hosts = firstCells(section(readPage('docs/operations.md'), '## Settings of the Functions host'));
  const known = new Set([...settingsRead(), ...hosts]);
  const asRows = Object.keys(Values).map((name) =>
    name.replace(/^AzureWebJobs\.\w+\.Disabled$/, 'AzureWebJobs.<function>.Disabled'),
  );
  expect(asRows.filter((name) => !known.has(name))).toEqual([]);
});

test('the design explains every key of host.json with the value that it has', () => {
  const host = JSON.parse(readFileSync(join(ROOT, 'host.json'), 'utf8')) as {
    extensions: Record<'eventHubs' | 'queues', Record<string, unknown>>;
  };
  const { eventHubs, queues } = host.extensions;
  const rows = section(readPage('docs/design.md'), '## host.json');
  const explained = firstCells(rows);
  const keys = { ...eventHubs, ...queues };
  expect(Object.keys(keys).filter((key) => !explained.includes(key))).toEqual([]);
  for (const [key, value] of Object.entries(keys)) {
    if (typeof value === 'number') expect(rows).toMatch(new RegExp(`\\| \`${key}\` +\\| ${value} `));
  }
});

test('the design has every dependency, with its version', () => {
  const page = section(readPage('docs/design.md'), '## Dependencies');
  const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Record<
    'dependencies' | 'devDependencies',
    Record<string, string>
  >;
  const named = firstCells(page);
  const all = { ...manifest.dependencies, ...manifest.devDependencies };
  expect(Object.keys(all).filter((name) => !named.includes(name))).toEqual([]);
  const versions = [...page.matchAll(/`([^`]+)` (\d+\.\d+\.\d+(?:-[\w.]+)?)/g)].map(([, name, version]) => [
    name,
    version,
  ]);
  expect(versions.filter(([name, version]) => (all[name as string] ?? version) !== version)).toEqual([]);
});

test('the map of the code is the tree', () => {
  const map = section(readPage('README.md'), '## Map of the code');
  const [folders = '', rooms = ''] = map.split(/^(?=\| room of the product)/m);
  const childrenOf = (folder: string): string[] =>
    readdirSync(join(ROOT, folder), { withFileTypes: true }).map(
      (entry) => `${entry.name}${entry.isDirectory() ? '/' : ''}`,
    );
  const ignored = readFileSync(join(ROOT, '.gitignore'), 'utf8').split('\n');
  const isIgnored = (name: string): boolean => ignored.includes(name) || ignored.includes(`/${name}`);
  const present = childrenOf('').filter(
    (name) => name.endsWith('/') && !name.startsWith('.') && !isIgnored(name) && childrenOf(name).length > 0,
  );
  const inTable = (text: string): string[] => firstCells(text).filter((name) => /\/$|\.ts$/.test(name));
  expect(inTable(folders).toSorted()).toEqual(present.toSorted());
  expect(inTable(rooms).toSorted()).toEqual(childrenOf('src').toSorted());
});

describe('findings', () => {
  const source = readFileSync(join(ROOT, 'src/core/objects/report.ts'), 'utf8');
  const codes = [...(/export type FindingCode =([^;]+);/.exec(source)?.[1] ?? '').matchAll(/'([a-z-]+)'/g)].map(
    ([, code]) => code as string,
  );

  test('the runbook has a section for each code, and says four things in it', () => {
    expect(codes.length).toBeGreaterThan(5);
    const page = readPage('docs/runbook.md');
    expect(headings(page, 2)).toEqual([...codes, 'Alerts', 'Log lines', 'The workbook', 'Other cases']);
    for (const code of codes) {
      for (const part of ['**Means.**', '**First look.**', '**Safe action.**', '**Never do.**'])
        expect(section(page, `## ${code}`)).toContain(part);
    }
  });

  test('the format lists the same codes', () => {
    expect(firstCells(section(readPage('docs/format.md'), '### 10.2 Findings'))).toEqual(codes);
  });
});
