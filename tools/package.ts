/** `npm run package`: makes package/, the folder that is uploaded to both function apps. */
import { join } from 'node:path';
import { makePackage } from './appPackage.ts';
import { ROOT } from './pages/markedBlock.ts';

await makePackage(join(ROOT, 'package'));
