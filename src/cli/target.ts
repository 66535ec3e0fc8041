import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { FolderStore } from '../adapters/folderStore.ts';
import { AuditsealError } from '../core/errors.ts';
import type { ObjectStore } from '../ports.ts';

/** openTarget opens what a user calls a ledger: a mirror folder, or a container's URL with a SAS or for one's own sign-in. */
export async function openTarget(target: string): Promise<ObjectStore> {
  if (!/^https?:\/\//i.test(target)) {
    const folder = callersPath(target);
    const info = await stat(folder).catch(() => undefined);
    if (info?.isDirectory() !== true) {
      throw new AuditsealError(
        'TARGET_INVALID',
        `${target} is neither a folder nor a URL that begins with http:// or https://`,
      );
    }
    return new FolderStore(folder);
  }
  let url: URL;
  try {
    url = new URL(target);
  } catch {
    throw new AuditsealError('TARGET_INVALID', 'the URL is not one');
  }
  if (url.pathname.split('/').filter((part) => part !== '').length === 0) {
    throw new AuditsealError(
      'TARGET_INVALID',
      'the URL names no container, such as https://account.blob.core.windows.net/ledger',
    );
  }
  const hasSas = url.searchParams.has('sig');
  if (!hasSas && url.protocol === 'http:') {
    throw new AuditsealError(
      'TARGET_INVALID',
      'a container on http:// needs a SAS in its URL; signing in works on https:// only',
    );
  }
  // Loaded where it is needed: the storage library takes longer to load than a small mirror to check.
  const [{ openContainer }, { BlobStore }] = await Promise.all([
    import('../adapters/blobConnection.ts'),
    import('../adapters/blobStore.ts'),
  ]);
  return new BlobStore(await openContainer(target, hasSas));
}

/** callersPath makes a path absolute from where the user is: `npm run` changes the folder and keeps the user's in INIT_CWD. */
export const callersPath = (path: string): string => resolve(process.env['INIT_CWD'] ?? '.', path);
