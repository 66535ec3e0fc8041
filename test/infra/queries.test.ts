import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../tools/pages/markedBlock.ts';
import { COLUMNS } from './support/columns.ts';
import { QUERIES } from './support/queries.ts';

/** What the code logs and queries read: constant messages, their level, and their fields. */
const TELEMETRY = JSON.parse(readFileSync(join(ROOT, 'infra/telemetry.json'), 'utf8')) as Readonly<
  Record<string, { readonly level: string; readonly file: string; readonly fields: readonly string[] }>
>;

/** What every line has, the last one those of level warn and error. */
const EVERYWHERE = ['message', 'function', 'invocation', 'runbook'];

/** A table beside an empty one that has the same columns, so that a query doesn't fail while the table isn't there. */
const BESIDE_EMPTY = /union isfuzzy=true \(datatable\(([^)]*)\)\[\]\), (\w+)/g;

const WORDS = new Set(
  'and arg_max bin by coalesce contains count desc extend in isempty let matches not or order parse_json print project regex startswith strcat sum summarize todatetime todouble tolong toscalar tostring union where d h'.split(
    ' ',
  ),
);

/** plain gives a query without comments, texts, and what modules/alerts.bicep fills in. */
const plain = (text: string): string =>
  text
    .replaceAll(/^\/\/.*$/gm, '')
    .replaceAll(/"[^"]*"/g, '""')
    .replaceAll(/\{\w+\}/g, '""');

describe('queries', () => {
  test.each(QUERIES)('$name reads tables beside empty ones, and columns that exist', ({ text }) => {
    const body = plain(text);
    const read = [...body.matchAll(BESIDE_EMPTY)].map(([, columns = '', table = '']) => ({ columns, table }));
    expect(read.length).toBeGreaterThan(0);
    // What an empty table declares is of the type that the table has: another one would make a column of another name.
    const declared = read.flatMap(({ columns, table }) =>
      columns.split(', ').map((column) => {
        const [name = '', type] = column.split(': ');
        expect([table, name, type]).toEqual([table, name, COLUMNS[table]?.[name]]);
        return name;
      }),
    );
    const made = [...body.matchAll(/\b(\w+) = /g)].map(([, name]) => name as string);
    const known = new Set([...WORDS, ...declared, ...made]);
    // Nothing else is a name; so no table is read by itself. Members of `log` are what the code logs: the next test.
    const used = body
      .replaceAll(BESIDE_EMPTY, '')
      .replaceAll(/\blog\.\w+/g, '')
      .matchAll(/\b[A-Za-z_]\w*\b/g);
    expect([...used].map(([name]) => name).filter((name) => !known.has(name))).toEqual([]);
  });

  test.each(QUERIES)('$name reads fields that the code logs', ({ text }) => {
    const fields = [...plain(text).matchAll(/\blog\.(\w+)/g)].map(([, name]) => name as string);
    const [, only = '', list = only] = /log\.message (?:== (.*)$|in \(([^)]*)\))/m.exec(text) ?? [];
    const messages = [...list.matchAll(/"([^"]+)"/g)].map(([, message]) => message as string);
    if (fields.length > 0) expect(messages.length).toBeGreaterThan(0);
    expect(messages.filter((message) => !(message in TELEMETRY))).toEqual([]);
    const known = new Set([...EVERYWHERE, ...messages.flatMap((message) => TELEMETRY[message]?.fields ?? [])]);
    expect(fields.filter((field) => !known.has(field))).toEqual([]);
  });

  test('what keeps a partition from being sealed is among what raises an alert', () => {
    const { text = '' } = QUERIES.find(({ name }) => name === 'expiring') ?? {};
    for (const message of ['a partition is held', 'a partition could not be watched', 'unsealed events will expire'])
      expect(text).toContain(`"${message}"`);
  });

  test.each(Object.entries(TELEMETRY))('%s is logged as the table says', (message, { level, file, fields }) => {
    const source = readFileSync(join(ROOT, file), 'utf8');
    const isNamed = source.includes(`log.${level}('${message}'`);
    expect(`${message}: ${isNamed}`).toBe(`${message}: true`);
    expect(fields.filter((field) => !new RegExp(`\\b${field}\\b`).test(source))).toEqual([]);
  });
});
