/**
 * Plants the bug of the environment's PLANTED_BUG into what is imported after it: `node --import
 * ./test/simulation/plantBug.ts`.
 */
import { registerHooks } from 'node:module';
import { BUGS } from './bugs.ts';

const bug = BUGS[process.env['PLANTED_BUG'] ?? ''];
if (bug === undefined) throw new Error('PLANTED_BUG names no bug');
const { file, right, wrong } = bug;

registerHooks({
  load: (url, context, nextLoad) => {
    const loaded = nextLoad(url, context);
    if (!url.endsWith(`/${file}`)) return loaded;
    const parts = Buffer.from(loaded.source as Buffer)
      .toString('utf8')
      .split(right);
    if (parts.length !== 2) throw new Error(`${file} has no such place, or more than one: ${right}`);
    return { ...loaded, source: parts.join(wrong) };
  },
});
