import { COLUMN_NAMES } from '../../src/forward/rows.ts';
import { readPage, section } from './pages.ts';

const page = section(readPage('docs/operations.md'), '## Log Analytics and Sentinel');
const queries = [...page.matchAll(/```kql\n([^`]*)```/g)].map(([, text]) => text as string);

/** What KQL itself means. */
const WORDS = new Set(
  'and or in by where summarize arg_max min max count count_distinct strcat extend project bin ingestion_time'.split(
    ' ',
  ),
);

test('the queries of the page read columns of the table, and no others', () => {
  expect(queries.length).toBe(4);
  for (const query of queries) {
    const body = query.replaceAll(/"[^"]*"/g, '');
    const made = [...body.matchAll(/\b(\w+) = /g)].map(([, name]) => name as string);
    const known = new Set([...WORDS, ...COLUMN_NAMES, ...made, 'AuditsealRecords_CL']);
    expect([...body.matchAll(/\b[A-Za-z_]\w*\b/g)].map(([name]) => name).filter((name) => !known.has(name))).toEqual(
      [],
    );
    expect(query.startsWith('AuditsealRecords_CL\n')).toBe(true);
  }
});

test('the page describes each column', () => {
  const described = [...page.matchAll(/^\| (`[A-Z][^|]*) \|/gm)].flatMap(([, names = '']) =>
    names.split(', ').map((name) => name.replaceAll('`', '')),
  );
  expect(described.toSorted()).toEqual(COLUMN_NAMES.toSorted());
});

test('a hit leads to a command that there is', () => {
  expect(page).toContain('strcat("auditseal prove TARGET --partition ", Partition, " --record ", Record)');
});
