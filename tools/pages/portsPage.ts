/** Writes the inventory of ports into docs/ports.md, as the templates deploy it: `node tools/pages/portsPage.ts`. */
import { compilerAdvice, findCompiler } from '../../test/infra/support/compiler.ts';
import { portsBlock } from '../../test/infra/support/ports.ts';
import { Templates } from '../../test/infra/support/templates.ts';
import { writeBlock } from './markedBlock.ts';

const compiler = await findCompiler();
if (compiler === undefined) throw new Error(compilerAdvice);
const templates = new Templates(compiler);
await writeBlock(
  'docs/ports.md',
  'ports',
  portsBlock(await templates.evaluate('private'), await templates.evaluate('privateLinks')),
);
