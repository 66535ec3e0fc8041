import { formatAttacks } from '../../tools/pages/attackTable.ts';
import { readBlock } from '../../tools/pages/markedBlock.ts';
import { headings, readPage } from './pages.ts';

test('the tables of attacks in docs/threat-model.md are those that the tests attack with', async () => {
  const shown = await readBlock('docs/threat-model.md', 'attacks');
  expect(shown.trim()).toBe(formatAttacks());
});

test('every finding in them is one that the runbook explains', () => {
  const codes = new Set([...formatAttacks().matchAll(/`([a-z]+-[a-z]+)`/g)].map(([, code]) => code));
  expect(codes.size).toBeGreaterThan(8);
  expect(headings(readPage('docs/runbook.md'), 2)).toEqual(expect.arrayContaining([...codes]));
});
