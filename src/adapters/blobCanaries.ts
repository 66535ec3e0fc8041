import { RestError } from '@azure/storage-blob';
import type { ContainerClient } from '@azure/storage-blob';
import { saidBy } from './storageFault.ts';
import { AuditsealError } from '../core/errors.ts';
import type { ForbiddenChange, Tried } from '../core/objects/guard.ts';
import type { Canaries } from '../ports/guard.ts';

/** Bounds one request, its retries included. */
const TIMEOUT_MS = 60_000;

const CANARY = 'What a drill tries to change. It holds no log.\n';
const CHANGED = 'A drill changed this: the container is not write-once.\n';

/**
 * BlobCanaries are canaries in a container of Azure Blob Storage. The identity behind the client needs the rights to
 * read, add, write and delete under drill/: whoever lacks them is refused for that, and learns nothing of the policy.
 */
export class BlobCanaries implements Canaries {
  readonly #container: ContainerClient;

  constructor(container: ContainerClient) {
    this.#container = container;
  }

  async make(name: string, kind: 'block' | 'append'): Promise<void> {
    const options = { conditions: { ifNoneMatch: '*' }, abortSignal: AbortSignal.timeout(TIMEOUT_MS) };
    try {
      if (kind === 'append') await this.#container.getAppendBlobClient(name).create(options);
      else await this.#container.getBlockBlobClient(name).upload(CANARY, CANARY.length, options);
    } catch (error) {
      if (error instanceof RestError && [403, 409, 412].includes(error.statusCode ?? 0) && (await this.#isThere(name)))
        return;
      throw new AuditsealError('STORE_UNAVAILABLE', `can't create the canary: ${saidBy(error)}`, { cause: error });
    }
  }

  async attempt(name: string, change: ForbiddenChange): Promise<Tried> {
    try {
      await this.#change(name, change, AbortSignal.timeout(TIMEOUT_MS));
      return { outcome: 'done', said: 'it went through' };
    } catch (error) {
      const said = saidBy(error);
      const { statusCode, code = '' } = error instanceof RestError ? error : {};
      if (statusCode === 409 && code.startsWith('BlobImmutableDueTo')) return { outcome: 'refused', said };
      // It was there: an answer was lost, or somebody else removed it.
      if (statusCode === 404 && code === 'BlobNotFound') return { outcome: 'done', said };
      return { outcome: 'unverified', said };
    }
  }

  async #change(name: string, change: ForbiddenChange, abortSignal: AbortSignal): Promise<unknown> {
    const blob = this.#container.getBlockBlobClient(name);
    switch (change) {
      case 'overwrite':
        return blob.upload(CHANGED, CHANGED.length, { abortSignal });
      case 'overwrite by blocks': {
        const id = Buffer.from('drill').toString('base64');
        await blob.stageBlock(id, CHANGED, CHANGED.length, { abortSignal });
        return blob.commitBlockList([id], { abortSignal });
      }
      case 'set metadata':
        return blob.setMetadata({ drill: 'changed' }, { abortSignal });
      case 'set properties':
        return blob.setHTTPHeaders({ blobCacheControl: 'no-store' }, { abortSignal });
      case 'append':
        return this.#container.getAppendBlobClient(name).appendBlock(CHANGED, CHANGED.length, { abortSignal });
      case 'delete':
        return blob.delete({ abortSignal });
    }
  }

  async #isThere(name: string): Promise<boolean> {
    try {
      return await this.#container.getBlobClient(name).exists({ abortSignal: AbortSignal.timeout(TIMEOUT_MS) });
    } catch (error) {
      throw new AuditsealError('STORE_UNAVAILABLE', `can't look the canary up: ${saidBy(error)}`, { cause: error });
    }
  }
}
