import { readPage, section } from './pages.ts';

test('what the README says that a month costs is what the calculation gives', () => {
  const [readme, costs] = [readPage('README.md'), readPage('docs/costs.md')];
  const row = section(costs, 'A month, in USD')
    .split('\n')
    .find((line) => line.startsWith('| **total**'));
  const totals = [...(row ?? '').matchAll(/\*\*([\d,.]+)\*\*/g)].map(([, text = '']) =>
    Number(text.replaceAll(',', '')),
  );
  const said = [...readme.matchAll(/<!-- total: \w+ -->([\d,]+)<!-- end -->/g)].map(([, text = '']) =>
    Number(text.replaceAll(',', '')),
  );
  expect(totals).toHaveLength(3);
  expect(said).toEqual(totals.map(Math.round));
});
