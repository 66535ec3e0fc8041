import {
  EventHubConsumerClient,
  EventHubProducerClient,
  earliestEventPosition,
  type EventPosition,
  type ReceivedEventData,
  type SubscribeOptions,
} from '@azure/event-hubs';
import { type EventHub, type EventHubOptions, startEventHub } from '../../../local/hub/server.ts';

const RETRY = { maxRetries: 0, retryDelayInMs: 10, timeoutInMs: 10_000 };
const TEN_MINUTES_MS = 600_000;
const closers: (() => Promise<void>)[] = [];

// A client that reopens a link after an error forgets the timer that renews the link's token, 45 minutes later.
// Nothing here waits that long, so such timers must not keep the test process alive.
const { setTimeout: startTimer } = globalThis;
globalThis.setTimeout = Object.assign((callback: () => void, delayMs?: number) => {
  const timer = startTimer(callback, delayMs);
  return (delayMs ?? 0) > TEN_MINUTES_MS ? timer.unref() : timer;
}, startTimer);

/** closeAll closes what the helpers of this file opened, newest first. */
export async function closeAll(): Promise<void> {
  for (const close of closers.splice(0).toReversed()) await close();
}

/** openHub starts a hub for one test. */
export async function openHub(options: Partial<EventHubOptions> = {}): Promise<EventHub> {
  const hub = await startEventHub({ hubs: [{ name: 'logs', partitions: 2, consumerGroups: ['seal'] }], ...options });
  closers.push(() => hub.close());
  return hub;
}

/** openProducer opens the real sending client. */
export function openProducer(connection: string, hub?: string, retryOptions = RETRY): EventHubProducerClient {
  const options = { retryOptions };
  const client =
    hub === undefined
      ? new EventHubProducerClient(connection, options)
      : new EventHubProducerClient(connection, hub, options);
  closers.push(() => client.close());
  return client;
}

/** openConsumer opens the real receiving client. */
export function openConsumer(connection: string, group = 'seal', maxRetries = 0): EventHubConsumerClient {
  const client = new EventHubConsumerClient(group, connection, { retryOptions: { ...RETRY, maxRetries } });
  closers.push(() => client.close());
  return client;
}

/** Reading is a subscription whose events a test can wait for. */
export interface Reading {
  readonly events: ReceivedEventData[];
  /** next resolves when so many events have come in all, and rejects with the first error. */
  next(count: number): Promise<ReceivedEventData[]>;
  /** failure resolves with the next error. */
  failure(): Promise<Error & { code?: string }>;
  close(): Promise<void>;
}

/** read subscribes to one partition. */
export function read(
  client: EventHubConsumerClient,
  partition: string,
  startPosition: EventPosition = earliestEventPosition,
  options: SubscribeOptions = {},
): Reading {
  const events: ReceivedEventData[] = [];
  const errors: Error[] = [];
  const watchers = new Set<() => void>();
  const notify = (): void => {
    for (const watcher of watchers) watcher();
  };
  const until = <T>(look: () => T | undefined): Promise<T> =>
    new Promise<T>((resolve, reject) => {
      const watcher = (): void => {
        try {
          const found = look();
          if (found === undefined) return;
          resolve(found);
        } catch (error) {
          reject(error);
        }
        watchers.delete(watcher);
      };
      watchers.add(watcher);
      watcher();
    });
  const subscription = client.subscribe(
    partition,
    {
      processEvents: async (received) => {
        events.push(...received);
        notify();
      },
      processError: async (error) => {
        errors.push(error);
        notify();
      },
    },
    { startPosition, maxBatchSize: 100, maxWaitTimeInSeconds: 0.2, skipParsingBodyAsJson: true, ...options },
  );
  return {
    events,
    next: (count) =>
      until(() => {
        if (errors[0] !== undefined) throw errors[0];
        return events.length >= count ? events : undefined;
      }),
    failure: () => until(() => errors.shift()),
    close: () => subscription.close(),
  };
}

/** readFrom reads so many events from a position on, and no more. */
export async function readFrom(
  hub: EventHub,
  partition: string,
  startPosition: EventPosition,
  count: number,
): Promise<ReceivedEventData[]> {
  const client = openConsumer(hub.connectionString('logs'));
  const reading = read(client, partition, startPosition);
  const events = [...(await reading.next(count))];
  await reading.close();
  await client.close();
  return events;
}

/** bytes turns text into bytes. */
export const bytes = (text: string): Buffer => Buffer.from(text, 'utf8');

/** numbersOf lists the sequence numbers of events. */
export const numbersOf = (events: readonly ReceivedEventData[]): number[] =>
  events.map(({ sequenceNumber }) => sequenceNumber);
