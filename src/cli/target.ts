import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ContainerClient } from '@azure/storage-blob';
import { callersPath } from './files.ts';
import { isUrl, unusable } from './usage.ts';
import { refuseWrongFolder } from './wrongFolder.ts';
import { TLOG_FOLDER } from '../adapters/folderStore.ts';
import { FolderTileStore } from '../adapters/folderTileStore.ts';
import { MirrorStore } from '../adapters/mirrorStore.ts';
import type { ObjectStore, ReadableTiles, SearchableTiles, TileStore } from '../ports/store.ts';

/** EXAMPLE_URL shows what the URL of a container looks like. */
export const EXAMPLE_URL = 'https://account.blob.core.windows.net/ledger';

/** openTarget opens what a user names as a ledger: a mirror folder, or a container's URL, read with its SAS or as the account that is signed in. */
export async function openTarget(target: string): Promise<ObjectStore> {
  if (isUrl(target)) {
    const { BlobStore } = await import('../adapters/blobStore.ts');
    return new BlobStore(await openUrl(target));
  }
  const folder = await existingFolder(target);
  await refuseWrongFolder(folder, target);
  return new MirrorStore(folder);
}

/**
 * openTiles opens the tiles of a ledger's log: of a mirror they are in its folder `tlog`, of a container in one named `tlog`
 * beside it. `elsewhere` is another folder or container that holds them.
 */
export async function openTiles(target: string, elsewhere?: string): Promise<ReadableTiles & SearchableTiles> {
  const url = elsewhere ?? target;
  if (isUrl(url)) {
    const { BlobStore } = await import('../adapters/blobStore.ts');
    return new BlobStore(await openUrl(elsewhere ?? tlogBeside(target)));
  }
  const folder = await existingFolder(url);
  return elsewhere === undefined ? new FolderTileStore(folder) : new FolderTileStore(folder, '.');
}

/** openTileStore opens what openTiles does, to write there and to look things up. A folder that doesn't exist is made with the first file. */
export async function openTileStore(target: string, elsewhere?: string): Promise<TileStore & SearchableTiles> {
  if (!isUrl(elsewhere ?? target)) {
    return elsewhere === undefined
      ? new FolderTileStore(await existingFolder(target))
      : new FolderTileStore(callersPath(elsewhere), '.');
  }
  const { BlobTileStore } = await import('../adapters/blobTileStore.ts');
  return new BlobTileStore(await openUrl(elsewhere ?? tlogBeside(target)));
}

/** tlogOf says where the tiles of a target are, for whoever is to be told; undefined for a mirror without any. */
export async function tlogOf(target: string, elsewhere?: string): Promise<string | undefined> {
  if (elsewhere !== undefined) return elsewhere;
  if (isUrl(target)) return tlogBeside(target);
  return (await hasTiles(target)) ? join(target, TLOG_FOLDER) : undefined;
}

function tlogBeside(target: string): string {
  const url = new URL(target);
  url.pathname = url.pathname.replace(/[^/]+\/*$/, TLOG_FOLDER);
  return url.href;
}

/** openContainerOf opens the container of a URL, for more than reading it. */
export const openContainerOf = async (target: string): Promise<ContainerClient> => openUrl(target);

/** hasTiles tells whether a target holds its tiles itself: a mirror may. */
export const hasTiles = async (target: string): Promise<boolean> =>
  !isUrl(target) && (await stat(join(callersPath(target), TLOG_FOLDER)).catch(() => undefined))?.isDirectory() === true;

/** targetWithoutSas is how a target may be printed: of a URL neither user nor query, which may hold a SAS. */
export function targetWithoutSas(target: string): string {
  if (!isUrl(target)) return target;
  if (!URL.canParse(target)) return "a URL that can't be parsed";
  const { origin, pathname } = new URL(target);
  return `${origin}${pathname}`;
}

async function existingFolder(target: string): Promise<string> {
  const folder = callersPath(target);
  const info = await stat(folder).catch(() => undefined);
  if (info?.isDirectory() === true) return folder;
  throw unusable(
    `${target} is neither a folder nor a URL that begins with http:// or https://; give a mirror folder or a container's URL`,
  );
}

async function openUrl(target: string): Promise<ContainerClient> {
  // The URL isn't repeated: it may hold a token.
  if (!URL.canParse(target)) throw unusable(`the URL can't be parsed; expected one such as ${EXAMPLE_URL}`);
  const url = new URL(target);
  if (url.pathname.split('/').every((part) => part === ''))
    throw unusable(`the URL names no container; expected one such as ${EXAMPLE_URL}`);
  const hasSas = url.searchParams.has('sig');
  if (!hasSas && url.protocol === 'http:') {
    throw unusable('a container on http:// needs a SAS in its URL; without one, use https://, where signing in works');
  }
  // Loaded where it is needed: the storage library takes longer to load than a small mirror to check.
  const { openContainer } = await import('../adapters/blobConnection.ts');
  return openContainer(target, hasSas);
}
