/** Writes what `tools/pages/costsPage.ts` calculates with, as the real parts need it here: `node bench/costs/measureCosts.ts`. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { measureCounts } from './counts.ts';
import { ROOT } from '../../tools/pages/markedBlock.ts';

const text = `${JSON.stringify(await measureCounts(), null, 2)}\n`;
await writeFile(join(ROOT, 'bench/costs/measured.json'), text);
