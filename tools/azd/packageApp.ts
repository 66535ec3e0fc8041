import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ROOT } from '../pages/markedBlock.ts';
import type { Hook } from './azureTools.ts';
import { Refusal } from './refusal.ts';

/** packageApp makes package/, which azd uploads to both apps. */
export const packageApp: Hook = async (_tools, _env, print) => {
  const program = join(ROOT, 'tools', 'package.ts');
  const { status } = spawnSync(process.execPath, ['--disable-warning=ExperimentalWarning', program], {
    cwd: ROOT,
    stdio: 'inherit',
  });
  if (status !== 0) throw new Refusal('the package was not made; see the message above. package/ is as it was');
  print('auditseal: package/ is made');
};
