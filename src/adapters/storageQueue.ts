import { QueueServiceClient, RestError } from '@azure/storage-queue';
import type { QueueClient, StoragePipelineOptions } from '@azure/storage-queue';
import { openCredential } from './credential.ts';
import { saidBy } from './storageFault.ts';
import type { StorageConnection } from '../config/storage.ts';
import { AuditsealError } from '../core/errors.ts';
import type { RecheckQueue } from '../ports/recheck.ts';

const OPTIONS: StoragePipelineOptions = {
  retryOptions: { maxTries: 4, retryDelayInMs: 500, maxRetryDelayInMs: 8000, tryTimeoutInMs: 60_000 },
  userAgentOptions: { userAgentPrefix: 'auditseal' },
};
const TIMEOUT_MS = 60_000;
/** How many messages are sent at one time. */
const AT_ONCE = 8;
/** What nobody worked on for so long is sent again anyway. */
const LIVES_SECONDS = 24 * 3600;

/**
 * StorageQueue is a queue of Azure Storage that a trigger of the Functions host works off, and the poison queue where the host puts what
 * fails for good. The identity behind the client needs the right to send messages, and to read the properties of both.
 */
export class StorageQueue implements RecheckQueue {
  readonly #queue: QueueClient;
  readonly #poison: QueueClient;

  constructor(service: QueueServiceClient, name: string) {
    this.#queue = service.getQueueClient(name);
    this.#poison = service.getQueueClient(`${name}-poison`);
  }

  async send(messages: readonly string[]): Promise<void> {
    await this.#asked('send messages to', this.#queue, async (abortSignal) => {
      await this.#queue.createIfNotExists({ abortSignal });
    });
    for (let i = 0; i < messages.length; i += AT_ONCE)
      await Promise.all(messages.slice(i, i + AT_ONCE).map((message) => this.#send(message)));
  }

  #send(message: string): Promise<void> {
    return this.#asked('send a message to', this.#queue, async (abortSignal) => {
      // As the trigger expects it: host.json, extensions.queues.messageEncoding.
      const text = Buffer.from(message).toString('base64');
      await this.#queue.sendMessage(text, { messageTimeToLive: LIVES_SECONDS, abortSignal });
    });
  }

  waiting = (): Promise<number> => this.#count(this.#queue);

  poisoned = (): Promise<number> => this.#count(this.#poison);

  /** count gives 0 for a queue that isn't there: the host makes the poison queue with its first message. */
  #count(queue: QueueClient): Promise<number> {
    return this.#asked('look at', queue, async (abortSignal) => {
      try {
        return (await queue.getProperties({ abortSignal })).approximateMessagesCount ?? 0;
      } catch (error) {
        if (error instanceof RestError && error.statusCode === 404) return 0;
        throw error;
      }
    });
  }

  async #asked<T>(what: string, { name }: QueueClient, action: (abortSignal: AbortSignal) => Promise<T>): Promise<T> {
    try {
      return await action(AbortSignal.timeout(TIMEOUT_MS));
    } catch (error) {
      const status = error instanceof RestError ? error.statusCode : undefined;
      const code = status === 401 || status === 403 || status === 404 ? 'STORE_REFUSED' : 'STORE_UNAVAILABLE';
      throw new AuditsealError(code, `can't ${what} the queue ${name}: ${saidBy(error)}`, { cause: error });
    }
  }
}

/** openStorageQueue opens a queue by the convention of Azure Functions' own connections. */
export async function openStorageQueue(connection: StorageConnection, name: string): Promise<StorageQueue> {
  if (connection.kind === 'connectionString')
    return new StorageQueue(QueueServiceClient.fromConnectionString(connection.text, OPTIONS), name);
  const credential = await openCredential(connection);
  return new StorageQueue(new QueueServiceClient(connection.serviceUri, credential, OPTIONS), name);
}
