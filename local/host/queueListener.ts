import { QueueServiceClient, RestError } from '@azure/storage-queue';
import type { DequeuedMessageItem, QueueClient } from '@azure/storage-queue';
import type { TypedData } from './coreApi.ts';
import type { Listener } from './eventHubListener.ts';
import type { FunctionSpec, QueueTrigger } from './functionSpec.ts';
import type { Emit } from './hostLine.ts';
import type { Input, Invoker } from './invoker.ts';
import { pause } from './pause.ts';
import type { QueuesOptions } from './queueOptions.ts';
import { Refusal, messageOf } from './refusal.ts';

export interface QueueDeps {
  readonly options: QueuesOptions;
  readonly invoker: Invoker;
  readonly emit: Emit;
}

/**
 * A message that is worked on is hidden so long, and again before half of it has passed. Azure's extension takes 600 s; a laptop wants a
 * killed host's messages back sooner.
 */
const HIDDEN_SECONDS = 10;
const LEAST_PAUSE_MS = 100;

/**
 * listenQueue hands the messages of a queue to the function, as the extension does: QueueListener.cs and QueueProcessor.cs in
 * https://github.com/Azure/azure-sdk-for-net/tree/main/sdk/storage. A queue that isn't there is looked for again.
 */
export async function listenQueue(spec: FunctionSpec<QueueTrigger>, deps: QueueDeps): Promise<Listener> {
  const service = await connect(spec);
  const { queueName } = spec.trigger;
  const listener = new QueueListener(spec, deps, service.getQueueClient(queueName), poisonOf(service, queueName));
  listener.start();
  return listener;
}

/** poisonOf is where messages of a queue go that fail for good; none where the name is too long for one. */
function poisonOf(service: QueueServiceClient, name: string): QueueClient | undefined {
  const poison = `${name}-poison`;
  return name.endsWith('-poison') || poison.length > 63 ? undefined : service.getQueueClient(poison);
}

async function connect({ name, trigger: { connection } }: FunctionSpec<QueueTrigger>): Promise<QueueServiceClient> {
  try {
    if ('connectionString' in connection) return QueueServiceClient.fromConnectionString(connection.connectionString);
    const { DefaultAzureCredential } = await import('@azure/identity');
    return new QueueServiceClient(connection.queueServiceUri, new DefaultAzureCredential());
  } catch (error) {
    throw new Refusal(64, `function ${name}: the queue's connection is unusable: ${messageOf(error)}`);
  }
}

class QueueListener implements Listener {
  readonly #spec: FunctionSpec<QueueTrigger>;
  readonly #deps: QueueDeps;
  readonly #queue: QueueClient;
  readonly #poison: QueueClient | undefined;
  readonly #stopping = new AbortController();
  readonly #working = new Set<Promise<void>>();
  #polling: Promise<void> = Promise.resolve();

  constructor(spec: FunctionSpec<QueueTrigger>, deps: QueueDeps, queue: QueueClient, poison: QueueClient | undefined) {
    this.#spec = spec;
    this.#deps = deps;
    this.#queue = queue;
    this.#poison = poison;
  }

  start(): void {
    this.#polling = this.#poll();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#polling;
    await Promise.all(this.#working);
  }

  async #poll(): Promise<void> {
    const { options } = this.#deps;
    const { signal } = this.#stopping;
    let pauseMs = LEAST_PAUSE_MS;
    while (!signal.aborted) {
      const messages = await this.#receive();
      for (const message of messages) {
        const work = this.#work(message).finally(() => this.#working.delete(work));
        this.#working.add(work);
      }
      if (messages.length === 0) {
        await pause(pauseMs, signal);
        pauseMs = Math.min(options.maxPollingMs, pauseMs * 2 * (0.8 + 0.4 * Math.random()));
        continue;
      }
      pauseMs = LEAST_PAUSE_MS;
      // Whoever stops it waits for what is worked on anyway.
      while (this.#working.size > options.newBatchThreshold && !signal.aborted) await Promise.race(this.#working);
    }
  }

  async #receive(): Promise<readonly DequeuedMessageItem[]> {
    try {
      const { receivedMessageItems } = await this.#queue.receiveMessages({
        numberOfMessages: this.#deps.options.batchSize,
        visibilityTimeout: HIDDEN_SECONDS,
        abortSignal: this.#stopping.signal,
      });
      return receivedMessageItems;
    } catch (error) {
      const isGone = error instanceof RestError && error.statusCode === 404;
      if (!isGone && !this.#stopping.signal.aborted) this.#say(error);
      return [];
    }
  }

  async #work(message: DequeuedMessageItem): Promise<void> {
    const { options, invoker } = this.#deps;
    try {
      const text = textOf(message, options);
      // What is no Base64 the extension gives up at once.
      if (text === undefined || message.dequeueCount > options.maxDequeueCount) return await this.#giveUp(message);
      const hidden = this.#keepHidden(message);
      const outcome = await invoker.invokeWithRetry(this.#spec, inputOf(message, text), this.#stopping.signal);
      const popReceipt = await hidden.end();
      if (outcome.ok) await this.#delete({ ...message, popReceipt });
      else if (message.dequeueCount >= options.maxDequeueCount) await this.#giveUp({ ...message, popReceipt });
      else await this.#queue.updateMessage(message.messageId, popReceipt, undefined, options.visibilityMs / 1000);
    } catch (error) {
      // Somebody else has it by now, or it is gone.
      const isTaken = error instanceof RestError && (error.statusCode === 404 || error.statusCode === 400);
      if (!isTaken) this.#say(error);
    }
  }

  /** keepHidden hides a message for as long as it is worked on, and gives the receipt that it has then. */
  #keepHidden({ messageId, popReceipt: first }: DequeuedMessageItem): { end(): Promise<string> } {
    const ended = new AbortController();
    let popReceipt = first;
    const renewing = (async () => {
      for (;;) {
        await pause((HIDDEN_SECONDS * 1000) / 2, ended.signal);
        if (ended.signal.aborted) return;
        try {
          const updated = await this.#queue.updateMessage(messageId, popReceipt, undefined, HIDDEN_SECONDS);
          popReceipt = updated.popReceipt ?? popReceipt;
        } catch (error) {
          this.#say(error);
        }
      }
    })();
    return {
      async end() {
        ended.abort();
        await renewing;
        return popReceipt;
      },
    };
  }

  async #giveUp(message: DequeuedMessageItem): Promise<void> {
    if (this.#poison === undefined) return;
    await this.#poison.createIfNotExists();
    await this.#poison.sendMessage(message.messageText);
    await this.#delete(message);
  }

  async #delete({ messageId, popReceipt }: Pick<DequeuedMessageItem, 'messageId' | 'popReceipt'>): Promise<void> {
    await this.#queue.deleteMessage(messageId, popReceipt);
  }

  #say(error: unknown): void {
    this.#deps.emit({ type: 'error', function: this.#spec.name, message: messageOf(error) });
  }
}

/** textOf gives what a message says, undefined for one that isn't encoded so. */
function textOf({ messageText }: DequeuedMessageItem, { messageEncoding }: QueuesOptions): string | undefined {
  if (messageEncoding === 'none') return messageText;
  const bytes = Buffer.from(messageText, 'base64');
  return bytes.toString('base64') === messageText ? bytes.toString('utf8') : undefined;
}

/** inputOf builds what the host sends: the message as text, which the library parses if it is JSON. */
function inputOf(message: DequeuedMessageItem, text: string): Input {
  const { messageId, popReceipt, dequeueCount, insertedOn, expiresOn, nextVisibleOn } = message;
  const json = (value: unknown): TypedData => ({ json: JSON.stringify(value) });
  return {
    data: () => ({ string: text }),
    triggerMetadata: {
      QueueTrigger: { string: text },
      Id: { string: messageId },
      PopReceipt: { string: popReceipt },
      DequeueCount: { int: dequeueCount },
      InsertionTime: json(insertedOn),
      ExpirationTime: json(expiresOn),
      NextVisibleTime: json(nextVisibleOn),
    },
  };
}
