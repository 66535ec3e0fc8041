/** Writes what `tools/costsPage.ts` calculates with, as the real parts need it here: `node tools/measureCosts.ts`. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { measureCounts } from './costs/counts.ts';
import { ROOT } from './markedBlock.ts';

const text = `${JSON.stringify(await measureCounts(), null, 2)}\n`;
await writeFile(join(ROOT, 'tools/costs/measured.json'), text);
