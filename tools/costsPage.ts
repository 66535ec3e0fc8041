/** Writes what a month costs into docs/costs.md: `node tools/costsPage.ts`. */
import { costsBlock } from './costs/page.ts';
import { writeBlock } from './markedBlock.ts';

await writeBlock('docs/costs.md', 'costs', costsBlock());
