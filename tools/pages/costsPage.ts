/** Writes what a month costs into docs/costs.md: `node tools/pages/costsPage.ts`. */
import { costsBlock } from '../../bench/costs/page.ts';
import { writeBlock } from './markedBlock.ts';

await writeBlock('docs/costs.md', 'costs', costsBlock());
