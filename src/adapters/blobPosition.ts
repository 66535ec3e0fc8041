import { createHash } from 'node:crypto';
import { RestError } from '@azure/storage-blob';
import type { BlockBlobClient, ContainerClient } from '@azure/storage-blob';
import { connectContainer } from './blobConnection.ts';
import { saidBy } from './storageFault.ts';
import type { StorageConnection } from '../config/storage.ts';
import { AuditsealError } from '../core/errors.ts';
import type { PositionBlob, PositionStore } from '../ports/forward.ts';

/** Where positions are, in the storage account of the host: nobody but the app has rights on it. */
const CONTAINER = 'auditseal-forward';

/** BlobPosition keeps a position in a blob of an ordinary container, which it makes. */
export class BlobPosition implements PositionStore {
  readonly #container: ContainerClient;
  readonly #blob: BlockBlobClient;
  readonly #most: number;

  /** `most` is how many bytes a position may have. */
  constructor(container: ContainerClient, ledger: string, most: number) {
    this.#container = container;
    // A ledger's name may hold what a blob's may not.
    this.#blob = container.getBlockBlobClient(`${createHash('sha256').update(ledger).digest('hex')}.json`);
    this.#most = most;
  }

  async read(): Promise<PositionBlob | 'too-large' | undefined> {
    try {
      const { contentLength = 0, etag: version = '' } = await this.#blob.getProperties();
      if (contentLength > this.#most) return 'too-large';
      if (contentLength === 0) return { bytes: Buffer.alloc(0), version };
      const bytes = await this.#blob.downloadToBuffer(0, undefined, { conditions: { ifMatch: version } });
      return { bytes, version };
    } catch (error) {
      if (statusOf(error) === 404) return undefined;
      throw this.#fault(error);
    }
  }

  async replace(version: string | undefined, bytes: Uint8Array): Promise<string | undefined> {
    const conditions = version === undefined ? { ifNoneMatch: '*' } : { ifMatch: version };
    try {
      if (version === undefined) await this.#container.createIfNotExists();
      const { etag } = await this.#blob.upload(bytes, bytes.length, {
        conditions,
        blobHTTPHeaders: { blobContentType: 'application/json' },
      });
      return etag;
    } catch (error) {
      const status = statusOf(error);
      // Also where the answer to an own write was lost, and the client repeated it: whoever calls this compares what is stored.
      if (status === 409 || status === 412) return undefined;
      throw this.#fault(error);
    }
  }

  #fault(error: unknown): AuditsealError {
    const status = statusOf(error);
    const code = status === 401 || status === 403 || status === 404 ? 'STORE_REFUSED' : 'STORE_UNAVAILABLE';
    return new AuditsealError(code, `${CONTAINER}/${this.#blob.name}: ${saidBy(error)}`, { cause: error });
  }
}

const statusOf = (error: unknown): number | undefined => (error instanceof RestError ? error.statusCode : undefined);

/** openBlobPosition opens the position of a ledger in the host's own account. */
export async function openBlobPosition(
  storage: StorageConnection | undefined,
  ledger: string,
  most: number,
): Promise<BlobPosition> {
  if (storage === undefined) {
    const expected = 'expected AzureWebJobsStorage or AzureWebJobsStorage__blobServiceUri';
    throw new AuditsealError('STORE_REFUSED', `the settings don't say where the host keeps its own blobs; ${expected}`);
  }
  return new BlobPosition(await connectContainer(storage, CONTAINER), ledger, most);
}
