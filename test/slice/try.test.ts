import { mkdtemp, rm, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sliceScene, momentOf } from '../support/sliceScene.ts';
import { writeMirror } from '../support/logMirror.ts';
import { inProcess } from '../support/program.ts';
import { MIRROR_KEY } from '../web/mirrors.ts';
import { command as mirror } from '../../src/cli/commands/mirror.ts';
import { command as verify } from '../../src/cli/commands/verify.ts';
import { command as find } from '../../src/cli/commands/find.ts';
import { command as show } from '../../src/cli/commands/show.ts';
import { command as prove } from '../../src/cli/commands/prove.ts';
import { command as status } from '../../src/cli/commands/status.ts';
import { command as kit } from '../../src/cli/commands/kit.ts';
import { faultLines } from '../../src/cli/fault.ts';
test('try', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'auditseal-test-'));
  const [whole, slice] = [join(folder, 'whole'), join(folder, 'slice')];
  await writeMirror(whole, await sliceScene());
  const span = [`--from=${momentOf(3)}`, `--to=${momentOf(9)}`];
  const key = `--key=${MIRROR_KEY}`;
  const run = async (c: any, ...args: string[]) => {
    let r: any;
    try {
      r = await inProcess(() => c.run(args));
    } catch (e) {
      r = { code: 'thrown', out: faultLines(e).join('\n') };
    }
    console.log(c.text.name, args.join(' '), '\n', r.code, '\n', r.out);
  };
  await run(mirror, whole, slice, ...span, key, `--tlog=${whole}/tlog`);
  console.log((await readdir(slice, { recursive: true })).join('\n'));
  await run(verify, slice, ...span, key);
  await run(verify, slice, key);
  await run(verify, whole, ...span, key);
  await run(verify, slice, ...span);
  await run(mirror, whole, slice, ...span, key, '--json');
  await run(mirror, whole, slice, `--from=${momentOf(4)}`, `--to=${momentOf(9)}`, key);
  await run(mirror, whole, slice);
  await run(mirror, slice, join(folder, 'x'));
  await run(mirror, whole, slice, `--from=${momentOf(2)}`, `--to=${momentOf(9)}`, key);
  await run(verify, slice, `--from=${momentOf(2)}`, `--to=${momentOf(9)}`, key);
  await run(find, slice, `--from=${momentOf(3)}`, `--to=${momentOf(8)}`, key);
  await run(find, slice, `--from=${momentOf(3)}`, `--to=${momentOf(11)}`, key);
  await run(find, slice, key);
  await run(show, slice, '0', '0', key);
  await run(show, slice, '0', '4', key);
  await run(prove, slice, '--partition=0', '--record=4', key);
  await run(prove, slice, '--partition=0', '--record=0', key);
  await run(prove, slice, '--partition=0', '--record=13', key);
  await run(status, slice, key);
  await run(kit, join(folder, 'kit'), '--from', slice, key);
  console.log(await (await import('node:fs/promises')).readFile(join(folder,'kit','READ-ME-FIRST.txt'),'utf8'));await rm(folder, { recursive: true });
});
