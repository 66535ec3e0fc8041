import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ContainerClient } from '@azure/storage-blob';
import { callersPath } from './files.ts';
import { FolderStore, TLOG_FOLDER } from '../adapters/folderStore.ts';
import { FolderTileStore } from '../adapters/folderTileStore.ts';
import { AuditsealError } from '../core/errors.ts';
import type { ObjectStore, ReadableTiles, TileStore } from '../ports/store.ts';

const isUrl = (target: string): boolean => /^https?:\/\//i.test(target);

/** openTarget opens what a user calls a ledger: a mirror folder, or a container's URL with a SAS or for one's own sign-in. */
export async function openTarget(target: string): Promise<ObjectStore> {
  if (isUrl(target)) {
    const { BlobStore } = await import('../adapters/blobStore.ts');
    return new BlobStore(await openUrl(target));
  }
  return new FolderStore(await existingFolder(target));
}

/**
 * openTiles opens the tiles of a ledger's log: of a mirror they are in its folder `tlog`, of a container in one named `tlog`
 * beside it. `elsewhere` is another folder or container that holds them.
 */
export async function openTiles(target: string, elsewhere?: string): Promise<ReadableTiles> {
  if (elsewhere !== undefined) return openTarget(elsewhere);
  if (!isUrl(target)) return new FolderTileStore(await existingFolder(target));
  return openTarget(tlogBeside(target));
}

/** openTileStore opens what openTiles does, to write there. A folder that doesn't exist is made with the first file. */
export async function openTileStore(target: string, elsewhere?: string): Promise<TileStore> {
  if (!isUrl(elsewhere ?? target)) {
    return elsewhere === undefined
      ? new FolderTileStore(await existingFolder(target))
      : new FolderTileStore(callersPath(elsewhere), '.');
  }
  const { BlobTileStore } = await import('../adapters/blobTileStore.ts');
  return new BlobTileStore(await openUrl(elsewhere ?? tlogBeside(target)));
}

function tlogBeside(target: string): string {
  const url = new URL(target);
  url.pathname = url.pathname.replace(/[^/]+\/*$/, TLOG_FOLDER);
  return url.href;
}

/** hasTiles tells whether a target holds its tiles itself: a mirror may. */
export const hasTiles = async (target: string): Promise<boolean> =>
  !isUrl(target) && (await stat(join(callersPath(target), TLOG_FOLDER)).catch(() => undefined))?.isDirectory() === true;

async function existingFolder(target: string): Promise<string> {
  const folder = callersPath(target);
  const info = await stat(folder).catch(() => undefined);
  if (info?.isDirectory() === true) return folder;
  throw new AuditsealError(
    'TARGET_INVALID',
    `${target} is neither a folder nor a URL that begins with http:// or https://`,
  );
}

async function openUrl(target: string): Promise<ContainerClient> {
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
  const { openContainer } = await import('../adapters/blobConnection.ts');
  return openContainer(target, hasSas);
}
