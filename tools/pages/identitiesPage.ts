/** Writes what each identity can and can't do into docs/threat-model.md: `node tools/pages/identitiesPage.ts`. */
import { compilerAdvice, findCompiler } from '../../test/infra/support/compiler.ts';
import { identitiesBlock } from '../../test/infra/support/identities.ts';
import { Templates } from '../../test/infra/support/templates.ts';
import { writeBlock } from './markedBlock.ts';

const compiler = await findCompiler();
if (compiler === undefined) throw new Error(compilerAdvice);
const deployment = await new Templates(compiler).evaluate('production');
await writeBlock('docs/threat-model.md', 'identities', identitiesBlock(deployment));
