import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { APP_ENTRIES, bundle } from './bundle.ts';
import { ROOT } from './pages/markedBlock.ts';

/**
 * writePackage writes into a folder what a function app on Azure needs, and nothing else: bundles, host.json and
 * package.json. Source maps stay out: the host doesn't read them, and they would double what an instance downloads before it
 * can start.
 */
export async function writePackage(folder: string): Promise<void> {
  const files = await bundle({ entryPoints: APP_ENTRIES, outdir: join(folder, 'dist'), sourcemap: false });
  for (const { path, contents } of files) {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, contents);
  }
  await copyFile(join(ROOT, 'host.json'), join(folder, 'host.json'));
  const { version, license, type, main } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as Record<
    string,
    unknown
  >;
  const manifest = { name: 'auditseal-app', version, license, private: true, type, main };
  await writeFile(join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
}
