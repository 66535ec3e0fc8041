import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../../tools/pages/markedBlock.ts';

/** QUERIES is what is asked of the logs, by alerts and by the workbook. */
export const QUERIES = readdirSync(join(ROOT, 'infra/queries')).map((file) => ({
  name: file.replace(/\.kql$/, ''),
  text: readFileSync(join(ROOT, 'infra/queries', file), 'utf8'),
}));
