import { lstat, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { AuditsealError } from '../core/errors.ts';

/**
 * makeFolders makes the folders of a file, given by its path below a root. A link in the place of one it throws TARGET_INVALID for: a
 * folder that somebody else made would have files written wherever he likes. The root itself may be a link.
 */
export async function makeFolders(root: string, name: string): Promise<void> {
  await mkdir(root, { recursive: true });
  const folder = dirname(name);
  if (folder === '.') return;
  let path = root;
  for (const part of folder.split('/')) {
    path = join(path, part);
    await mkdir(path).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    });
    if ((await lstat(path)).isSymbolicLink())
      throw new AuditsealError(
        'TARGET_INVALID',
        `the folder ${JSON.stringify(part)} on the way to it is a link, which may lead anywhere: remove it`,
      );
  }
}
