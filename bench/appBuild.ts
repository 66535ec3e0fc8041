import { cp, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { NODE, run } from './child.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** buildApp builds the app from the present sources into a folder of its own, so that no old build is measured. */
export async function buildApp(folder: string): Promise<string> {
  for (const source of ['functions', 'src', 'web', 'node_modules'])
    await symlink(join(ROOT, source), join(folder, source), 'junction');
  for (const file of ['host.json', 'package.json']) await cp(join(ROOT, file), join(folder, file));
  await run([...NODE, join(ROOT, 'tools', 'build.ts')], { cwd: folder });
  return folder;
}
