/** Writes what the templates deploy to test/infra/snapshots/: `node tools/infraSnapshots.ts`. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { compilerAdvice, findCompiler } from '../test/infra/support/compiler.ts';
import { FILES } from '../test/infra/support/parameterFiles.ts';
import { OFFERED } from '../test/infra/support/parameterSets.ts';
import { Templates } from '../test/infra/support/templates.ts';
import { ROOT } from './pages/markedBlock.ts';

const compiler = await findCompiler();
if (compiler === undefined) throw new Error(compilerAdvice);
const templates = new Templates(compiler);
for (const set of OFFERED) {
  await writeFile(join(ROOT, `test/infra/snapshots/${set}.json`), await templates.compile(set));
}
for (const [name, { parameters, to }] of Object.entries(FILES)) {
  const { snapshot } = await templates.evaluateFile(parameters, to);
  await writeFile(join(ROOT, `test/infra/snapshots/${name}.json`), snapshot);
}
templates.close();
