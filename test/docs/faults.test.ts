import { formatFaults } from '../../tools/pages/faultTable.ts';
import { readBlock } from '../../tools/pages/markedBlock.ts';

test('the table of faults in docs/design.md has each that the simulator makes, and each happened in the run that it is from', async () => {
  const shown = (await readBlock('docs/design.md', 'faults')).trim();
  const rows = shown.split('\n').slice(2);
  const struck = Object.fromEntries(
    rows.map((row) => {
      const [, kind = '', , times] = row.split(/^\| | \| | \|$/);
      return [kind, Number(times)];
    }),
  );
  expect(Math.min(...Object.values(struck))).toBeGreaterThan(0);
  expect(shown).toBe(formatFaults(struck));
});
