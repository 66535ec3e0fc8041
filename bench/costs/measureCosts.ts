/** Writes what `tools/pages/costsPage.ts` calculates with, as the real parts need it here: `node bench/costs/measureCosts.ts`. */
import { writeFile } from 'node:fs/promises';
import { measureCounts } from './counts.ts';

const text = `${JSON.stringify(await measureCounts(), null, 2)}\n`;
await writeFile(new URL('measured.json', import.meta.url), text);
