/** Writes what the templates deploy to test/infra/snapshots/: `node tools/infraSnapshots.ts`. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { compilerAdvice, findCompiler } from '../test/infra/support/compiler.ts';
import { OFFERED } from '../test/infra/support/parameterSets.ts';
import { Templates } from '../test/infra/support/templates.ts';
import { ROOT } from './pages/markedBlock.ts';

const compiler = await findCompiler();
if (compiler === undefined) throw new Error(compilerAdvice);
const templates = new Templates(compiler);
for (const set of OFFERED) {
  await writeFile(join(ROOT, `test/infra/snapshots/${set}.json`), await templates.compile(set));
}
