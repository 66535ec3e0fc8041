/** `npm run package`: makes package/, the folder that is uploaded to both function apps. */
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writePackage } from './appPackage.ts';
import { ROOT } from './pages/markedBlock.ts';

// It appears whole: what is uploaded is never half of one build and half of another.
const folder = join(ROOT, 'package');
const partial = `${folder}.${process.pid}.partial`;
await writePackage(partial);
await rm(folder, { recursive: true, force: true });
await rename(partial, folder);
