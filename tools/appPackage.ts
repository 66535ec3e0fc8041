import { copyFile, mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { APP_ENTRIES, bundle } from './bundle.ts';
import { NOTICES, noticesOf } from './notices.ts';
import { ROOT } from './pages/markedBlock.ts';

/**
 * writePackage writes into a folder what a function app on Azure needs, and nothing else: bundles, host.json, package.json and
 * the licences. Source maps stay out: the host doesn't read them, and they would double what an instance downloads before it
 * can start.
 */
export async function writePackage(folder: string): Promise<void> {
  const { files, inputs } = await bundle({ entryPoints: APP_ENTRIES, outdir: join(folder, 'dist'), sourcemap: false });
  for (const { path, contents } of files) {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, contents);
  }
  await copyFile(join(ROOT, 'host.json'), join(folder, 'host.json'));
  await copyFile(join(ROOT, 'LICENSE'), join(folder, 'LICENSE'));
  await writeFile(join(folder, NOTICES), await noticesOf(inputs));
  const { version, license, type, main } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as Record<
    string,
    unknown
  >;
  const manifest = { name: 'auditseal-app', version, license, private: true, type, main };
  await writeFile(join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  // azd runs npm install in the folder, for both apps at once: without this it would leave a package-lock.json behind.
  await writeFile(join(folder, '.npmrc'), 'package-lock=false\n');
}

/**
 * makePackage makes the folder as a whole: what is uploaded is never half of one build and half of another. A folder that is
 * as it would be is left alone, because `azd up` may be reading it when its second hook comes here.
 */
export async function makePackage(folder: string): Promise<'made' | 'unchanged'> {
  const partial = `${folder}.${process.pid}.partial`;
  await writePackage(partial);
  if (await isSame(partial, folder)) {
    await rm(partial, { recursive: true });
    return 'unchanged';
  }
  await rm(folder, { recursive: true, force: true });
  await rename(partial, folder);
  return 'made';
}

async function isSame(made: string, present: string): Promise<boolean> {
  const [wanted, found] = await Promise.all([filesIn(made), filesIn(present)]);
  if (wanted.join('\n') !== found.join('\n')) return false;
  const equal = wanted.map(async (name) =>
    (await readFile(join(made, name))).equals(await readFile(join(present, name))),
  );
  return (await Promise.all(equal)).every(Boolean);
}

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .toSorted();
}
