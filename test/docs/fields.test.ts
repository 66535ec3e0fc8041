import { formatRules } from '../../tools/pages/rulesTable.ts';
import { readBlock } from '../../tools/pages/markedBlock.ts';

test('the page has the rules as they are applied', async () => {
  expect((await readBlock('docs/fields.md', 'rules')).trim()).toBe(formatRules());
});
