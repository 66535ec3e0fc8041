import { RestError } from '@azure/storage-blob';
import type { ContainerClient } from '@azure/storage-blob';
import { BlobStore } from './blobStore.ts';
import { saidBy } from './storageFault.ts';
import { AuditsealError } from '../core/errors.ts';
import { NEWEST_CHECKPOINT } from '../core/objects/names.ts';
import type { SearchableTiles, TileInfo, TileStore, Unread } from '../ports/store.ts';

const TIMEOUT_MS = 60_000;

/**
 * BlobTileStore is the ordinary container of a log's tiles in Azure Blob Storage. The identity behind the client needs the
 * rights to read, list, create and write there, and to delete what is under index/.
 */
export class BlobTileStore implements TileStore, SearchableTiles {
  readonly #container: ContainerClient;
  readonly #blobs: BlobStore;

  constructor(container: ContainerClient) {
    this.#container = container;
    this.#blobs = new BlobStore(container);
  }

  async write(name: string, bytes: Uint8Array): Promise<void> {
    const isCheckpoint = name === NEWEST_CHECKPOINT;
    try {
      // The types and ages that c2sp.org/tlog-tiles asks for, where the container itself is what is read.
      await this.#container.getBlockBlobClient(name).upload(bytes, bytes.length, {
        abortSignal: AbortSignal.timeout(TIMEOUT_MS),
        blobHTTPHeaders: {
          blobContentType: isCheckpoint ? 'text/plain; charset=utf-8' : 'application/octet-stream',
          blobCacheControl: isCheckpoint ? 'no-cache' : 'public, max-age=31536000, immutable',
        },
      });
    } catch (error) {
      throw this.#fault('write', name, error);
    }
  }

  async remove({ name, written }: Pick<TileInfo, 'name' | 'written'>): Promise<void> {
    try {
      await this.#container.getBlockBlobClient(name).delete({
        abortSignal: AbortSignal.timeout(TIMEOUT_MS),
        conditions: { ifUnmodifiedSince: new Date(written) },
        // Whoever may write could else keep it there by a snapshot.
        deleteSnapshots: 'include',
      });
    } catch (error) {
      const { statusCode, code } = error instanceof RestError ? error : {};
      if (statusCode === 412 || (statusCode === 404 && code !== 'ContainerNotFound')) return;
      throw this.#fault('delete', name, error);
    }
  }

  #fault(what: 'write' | 'delete', name: string, error: unknown): AuditsealError {
    const where = `container ${this.#container.containerName}`;
    const status = error instanceof RestError ? error.statusCode : undefined;
    if (status === 401 || status === 403 || status === 404) {
      const why = status === 404 ? 'it does not exist' : `the identity needs the right to ${what} there`;
      const text = `can't ${what} ${name} in ${where}: ${status}; ${why}`;
      return new AuditsealError('STORE_REFUSED', text, { cause: error });
    }
    const text = `can't ${what} ${name} in ${where}: ${saidBy(error)}`;
    return new AuditsealError('STORE_UNAVAILABLE', text, { cause: error });
  }

  read(name: string): Promise<Buffer | Unread | undefined> {
    return this.#blobs.read(name);
  }

  readPart(name: string, offset: number, length: number): Promise<Buffer | Unread | undefined> {
    return this.#blobs.readPart(name, offset, length);
  }

  list(prefix: string): AsyncIterable<TileInfo> {
    return this.#blobs.list(prefix);
  }
}
