import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sealIntoMirror } from '../support/indexedMirror.ts';
import { ROOT, inProcess } from '../support/program.ts';
import { command } from '../../src/cli/commands/query.ts';

const page = await readFile(join(ROOT, 'docs', 'operations.md'), 'utf8');
const section = page.slice(page.indexOf('\n## Query\n'), page.indexOf('\n## A kit for an auditor\n'));
const statements = [...section.matchAll(/^```sql\n([^]*?)^```$/gm)].map(([, sql = '']) => sql);
/** what the tables of the section describe: the code spans of their first column */
const cells = (of: string): string[] =>
  [...of.matchAll(/^\| (`[^|]+) \|/gm)].flatMap(([, cell = '']) =>
    [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name),
  );

let mirror: string;
beforeAll(async () => {
  mirror = await mkdtemp(join(tmpdir(), 'auditseal-docs-'));
  const folder = join(ROOT, 'local', 'examples');
  const names = (await readdir(folder)).filter((name) => name !== 'README.md').sort();
  const bodies = await Promise.all(names.map(async (name) => readFile(join(folder, name))));
  await sealIntoMirror(mirror, bodies);
  // Two hours later there is one more, and all but its category are silent.
  await sealIntoMirror(mirror, bodies.slice(0, 1), 7200);
});
afterAll(() => rm(mirror, { recursive: true }));

const rowsOf = async (sql: string): Promise<Record<string, unknown>[]> => {
  const { code, out } = await inProcess(async () => command.run([mirror, sql, '--format', 'jsonl']));
  expect(code).toBe(0);
  const lines = out.split('\n').filter((line) => line.startsWith('{'));
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
};

test('the page has five statements', () => expect(statements).toHaveLength(5));

test.each(statements)('each gives an answer of the example bodies: %s', async (sql) => {
  expect((await rowsOf(sql)).length).toBeGreaterThan(1);
});

test('the page describes each column, with its type, and each reason', async () => {
  const [columns = '', reasons = ''] = section.split('No record is left out');
  const described = new Map(
    [...columns.matchAll(/^\| (`[^|]+) \| ([^|]+) \|/gm)].flatMap(([, names = '', types = '']) => {
      const all = types.split(', ');
      return cells(`| ${names} |`).map((name, i) => [name, all[i] ?? all[0]] as const);
    }),
  );
  const real = await rowsOf('select column_name, column_type from (describe records)');
  const short = (type: unknown): unknown => (type === 'TIMESTAMP WITH TIME ZONE' ? 'TIMESTAMPTZ' : type);
  expect(described).toEqual(
    new Map(real.map((row) => [row['column_name'] as string, short(row['column_type']) as string])),
  );
  const found = await rowsOf('select distinct why from records where why is not null');
  const known = new Set(cells(reasons.slice(0, reasons.indexOf('Statements that were useful'))));
  expect(found.length).toBeGreaterThan(3);
  expect(found.map(({ why }) => why).filter((why) => !known.has(why as string))).toEqual([]);
});

test('the version that it says to install is the one that the package asks for', async () => {
  const { peerDependencies } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as {
    peerDependencies: Record<string, string>;
  };
  const version = `@duckdb/node-api@${peerDependencies['@duckdb/node-api'] as string}`;
  for (const name of ['docs/operations.md', 'CHANGELOG.md'])
    expect(await readFile(join(ROOT, name), 'utf8')).toContain(version);
});
