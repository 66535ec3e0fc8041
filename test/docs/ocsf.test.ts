import { OCSF_PAGE, formatMappings } from '../../tools/pages/ocsfTable.ts';
import { readBlock } from '../../tools/pages/markedBlock.ts';

test('the page has the mappings as they are applied', async () => {
  expect((await readBlock(OCSF_PAGE, 'ocsf')).trim()).toBe(formatMappings());
});
