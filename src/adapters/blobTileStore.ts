import { RestError } from '@azure/storage-blob';
import type { ContainerClient } from '@azure/storage-blob';
import { BlobStore } from './blobStore.ts';
import { saidBy } from './storageFault.ts';
import { AuditsealError } from '../core/errors.ts';
import { NEWEST_CHECKPOINT } from '../core/objects/names.ts';
import type { ObjectInfo, SearchableTiles, TileStore, Unread } from '../ports/store.ts';

const TIMEOUT_MS = 60_000;

/**
 * BlobTileStore is the ordinary container of a log's tiles in Azure Blob Storage. The identity behind the client needs the
 * rights to read, list, create and write there.
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
      const where = `container ${this.#container.containerName}`;
      const status = error instanceof RestError ? error.statusCode : undefined;
      if (status === 401 || status === 403 || status === 404) {
        const why = status === 404 ? 'it does not exist' : 'the identity needs the right to write there';
        throw new AuditsealError('STORE_REFUSED', `can't write ${name} in ${where}: ${status}; ${why}`, {
          cause: error,
        });
      }
      throw new AuditsealError('STORE_UNAVAILABLE', `can't write ${name} in ${where}: ${saidBy(error)}`, {
        cause: error,
      });
    }
  }

  read(name: string): Promise<Buffer | Unread | undefined> {
    return this.#blobs.read(name);
  }

  readPart(name: string, offset: number, length: number): Promise<Buffer | Unread | undefined> {
    return this.#blobs.readPart(name, offset, length);
  }

  list(prefix: string): AsyncIterable<ObjectInfo> {
    return this.#blobs.list(prefix);
  }
}
