import { RestError } from '@azure/storage-blob';
import type { BlobDownloadResponseParsed, BlockBlobClient, ContainerClient } from '@azure/storage-blob';
import { saidBy } from './storageFault.ts';
import { AuditsealError } from '../core/errors.ts';
import { maxBytesOf } from '../core/objects/sizes.ts';
import type { ObjectStore, TileInfo, TooLarge, Unread } from '../ports/store.ts';

/** The client itself waits for ever for an answer. What takes longer than this fails, and the host delivers anew. */
const TIMEOUT_MS = 5 * 60_000;

/** How often a download is tried whose connection breaks in the middle. */
const MAX_DOWNLOADS = 4;

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  zst: 'application/zstd',
  json: 'application/json',
  jsonl: 'application/jsonl',
  html: 'text/html; charset=utf-8',
};

/**
 * BlobStore is a ledger's container in Azure Blob Storage. The identity behind the client needs the rights to read, list
 * and create, and no others: https://learn.microsoft.com/rest/api/storageservices/authorize-with-azure-active-directory
 */
export class BlobStore implements ObjectStore {
  readonly #container: ContainerClient;
  readonly #timeoutMs: number;

  /** `timeoutMs` bounds each operation, its retries included, and of a listing each page. */
  constructor(container: ContainerClient, timeoutMs: number = TIMEOUT_MS) {
    this.#container = container;
    this.#timeoutMs = timeoutMs;
  }

  async create(
    name: string,
    bytes: Uint8Array,
    metadata: Readonly<Record<string, string>> = {},
  ): Promise<'created' | 'exists'> {
    const blob = this.#container.getBlockBlobClient(name);
    try {
      // One Put Blob: staged blocks would need the right to write, and a blob that is created empty first is immutable then.
      await blob.upload(bytes, bytes.length, {
        abortSignal: AbortSignal.timeout(this.#timeoutMs),
        conditions: { ifNoneMatch: '*' },
        metadata: { ...metadata },
        blobHTTPHeaders: {
          blobContentType: CONTENT_TYPES[name.split('.').at(-1) ?? ''] ?? 'text/plain; charset=utf-8',
        },
      });
      return 'created';
    } catch (error) {
      // A taken name shows as 409, 412 or 403, by policy, condition or missing right; and a retry whose first try went
      // through sees its own blob. So codes decide nothing: the name does.
      const status = error instanceof RestError ? error.statusCode : undefined;
      if ((status === 403 || status === 409 || status === 412) && (await this.exists(name))) return 'exists';
      throw this.#fault(`can't create ${name}`, error);
    }
  }

  read(name: string, most: number = maxBytesOf(name)): Promise<Buffer | Unread | undefined> {
    return this.#read(name, async (blob, abortSignal) =>
      bytesOf(await blob.download(0, undefined, { abortSignal }), most),
    );
  }

  /** readEnd asks for the size first: Azure Storage knows no range that is counted from the end. */
  readEnd(name: string, length: number): Promise<Buffer | Unread | undefined> {
    return this.#read(name, async (blob, abortSignal) => {
      const { contentLength: size = 0 } = await blob.getProperties({ abortSignal });
      if (size === 0) return Buffer.alloc(0);
      return bytesOf(await blob.download(Math.max(size - length, 0), undefined, { abortSignal }), length);
    });
  }

  /** readPart gives bytes from `offset` on, `length` of them, or as many as there are. */
  readPart(name: string, offset: number, length: number): Promise<Buffer | Unread | undefined> {
    return this.#read(name, async (blob, abortSignal) => {
      try {
        return await bytesOf(await blob.download(offset, length, { abortSignal }), Math.min(length, maxBytesOf(name)));
      } catch (error) {
        // Range not satisfiable: there are none.
        if (error instanceof RestError && error.statusCode === 416) return Buffer.alloc(0);
        throw error;
      }
    });
  }

  async metadata(name: string): Promise<Readonly<Record<string, string>> | undefined> {
    try {
      const abortSignal = AbortSignal.timeout(this.#timeoutMs);
      return (await this.#container.getBlockBlobClient(name).getProperties({ abortSignal })).metadata ?? {};
    } catch (error) {
      if (isMissing(error)) return undefined;
      // Of one with a key of whoever created it, nobody else is told anything.
      if (unreadIn(error) !== undefined) return {};
      throw this.#fault(`can't look up ${name}`, error);
    }
  }

  /** read answers for what isn't there or can't be read, and tries again where a connection breaks in the middle. */
  async #read(
    name: string,
    action: (blob: BlockBlobClient, abortSignal: AbortSignal) => Promise<Buffer | TooLarge>,
  ): Promise<Buffer | Unread | undefined> {
    const blob = this.#container.getBlockBlobClient(name);
    const abortSignal = AbortSignal.timeout(this.#timeoutMs);
    try {
      for (let tries = 1; ; tries++) {
        try {
          return await action(blob, abortSignal);
        } catch (error) {
          // The client retries requests, not a response whose connection breaks in the middle.
          if (error instanceof RestError || abortSignal.aborted || tries === MAX_DOWNLOADS) throw error;
        }
      }
    } catch (error) {
      if (isMissing(error)) return undefined;
      const unread = unreadIn(error);
      if (unread !== undefined) return unread;
      throw this.#fault(`can't read ${name}`, error);
    }
  }

  async exists(name: string): Promise<boolean> {
    try {
      const abortSignal = AbortSignal.timeout(this.#timeoutMs);
      return await this.#container.getBlockBlobClient(name).exists({ abortSignal });
    } catch (error) {
      throw this.#fault(`can't look up ${name}`, error);
    }
  }

  async *list(prefix: string, from = ''): AsyncIterable<TileInfo> {
    try {
      const options = { prefix, ...(from > prefix && { startFrom: from }) };
      const list = this.#timed((abortSignal) => this.#container.listBlobsFlat({ ...options, abortSignal }));
      for await (const { name, properties } of list) {
        const { contentLength: size = 0, lastModified, contentMD5: md5 } = properties;
        if (name >= from) yield { name, size, written: lastModified.getTime(), ...(md5?.length === 16 && { md5 }) };
      }
    } catch (error) {
      throw this.#fault(`can't list ${prefix || 'objects'}`, error);
    }
  }

  async *children(prefix: string): AsyncIterable<{ readonly name: string; readonly isFolder: boolean }> {
    try {
      const list = this.#timed((abortSignal) => this.#container.listBlobsByHierarchy('/', { prefix, abortSignal }));
      for await (const { kind, name } of list) {
        yield { name, isFolder: kind === 'prefix' };
      }
    } catch (error) {
      throw this.#fault(`can't list ${prefix || 'objects'}`, error);
    }
  }

  /** timed passes a listing on, and aborts it when it gives nothing for too long. The time that the reader takes is free. */
  async *#timed<T>(list: (abortSignal: AbortSignal) => AsyncIterable<T>): AsyncIterable<T> {
    const controller = new AbortController();
    const start = (): NodeJS.Timeout => setTimeout(() => controller.abort(), this.#timeoutMs);
    let timer = start();
    try {
      for await (const item of list(controller.signal)) {
        clearTimeout(timer);
        yield item;
        timer = start();
      }
    } finally {
      clearTimeout(timer);
    }
  }

  #fault(what: string, error: unknown): AuditsealError {
    if (error instanceof AuditsealError) return error;
    const said = saidBy(error);
    if (!(error instanceof RestError))
      return new AuditsealError('STORE_UNAVAILABLE', `${what}: ${said}`, { cause: error });
    const status = error.statusCode;
    const where = `container ${this.#container.containerName}`;
    if (status === 403 || status === 401) {
      const why =
        'the identity needs the rights to read, create and list there, or to read and list where it only reads; a SAS is good for its own container alone';
      return new AuditsealError('STORE_REFUSED', `${what} in ${where}: ${said}; ${why}`, { cause: error });
    }
    if (status === 404)
      return new AuditsealError('STORE_REFUSED', `${what}: ${where} does not exist (${said})`, { cause: error });
    return new AuditsealError('STORE_UNAVAILABLE', `${what} in ${where}: ${said}`, { cause: error });
  }
}

const isMissing = (error: unknown): boolean =>
  error instanceof RestError && error.statusCode === 404 && error.code !== 'ContainerNotFound';

/** What the service says of blobs that nobody can read now. https://learn.microsoft.com/rest/api/storageservices/blob-service-error-codes */
const UNREAD: Readonly<Record<string, Unread>> = {
  BlobArchived: 'archived',
  BlobBeingRehydrated: 'archived',
  BlobUsesCustomerSpecifiedEncryption: 'encrypted',
};

/** unreadIn gives why a blob that is there isn't read. The answer to a HEAD has no body: its code stands in a header. */
function unreadIn(error: unknown): Unread | undefined {
  if (!(error instanceof RestError)) return undefined;
  return UNREAD[error.code ?? error.response?.headers.get('x-ms-error-code') ?? ''];
}

/** bytesOf gives the body of a download, in a buffer of its own, not a slice of a pool: it may be handed to another thread. */
async function bytesOf(
  { contentLength: length, readableStreamBody }: BlobDownloadResponseParsed,
  most: number,
): Promise<Buffer | TooLarge> {
  const body = readableStreamBody as NodeJS.ReadableStream & { destroy(): void };
  if (length === undefined || length > most) {
    body.destroy();
    if (length === undefined) throw new Error('the response does not say how long it is');
    return 'too-large';
  }
  const bytes = Buffer.from(new ArrayBuffer(length));
  let at = 0;
  for await (const chunk of body) at += (chunk as Buffer).copy(bytes, at);
  if (at !== length) throw new Error(`the response ended after ${at} of ${length} bytes`);
  return bytes;
}
