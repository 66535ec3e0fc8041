/** Publishes the SHA-256 that the browser's checker must have: `node tools/bootstrap.mjs tools/pages/pageHash.ts`. */
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { buildPage } from '../buildPage.ts';

const { contents } = await buildPage('dist');
const hash = createHash('sha256').update(contents).digest('hex');
await writeFile('web/check.html.sha256', `${hash}  dist/web/check.html\n`);
