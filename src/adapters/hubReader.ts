import { setTimeout as delay } from 'node:timers/promises';
import { EventHubConsumerClient } from '@azure/event-hubs';
import type { EventHubConsumerClientOptions, ReceivedEventData } from '@azure/event-hubs';
import rhea from 'rhea';
import { openCredential } from './credential.ts';
import { Handover } from './handover.ts';
import { hubFault, isBeyondEnd } from './hubFault.ts';
import { readMessage } from './hubMessage.ts';
import type { HubSettings } from '../config/hub.ts';
import { AuditsealError } from '../core/errors.ts';
import { isPartition } from '../core/text.ts';
import type { Hub, HubLife, PartitionState, ReadEvent } from '../ports/hub.ts';

type HubPlace = Pick<HubSettings, 'connection' | 'hubName' | 'consumerGroup'>;

/** A group has at most so many bytes of bodies, properties and keys, or one event. */
const GROUP_BYTES = 8 * 1024 * 1024;
const GROUP_EVENTS = 1000;
/** So many events are under way at a time, of up to 1 MiB each. */
const PREFETCHED = 32;
/** So long a receiver waits for an event. */
const WAIT_SECONDS = 5;
/** Bounds a question, the client's retries and signing in included. */
const ASK_MS = 45_000;
/** Bounds what a receiver waits for beside events: a connection, a link, its end. */
const LINK_MS = 60_000;

const OPTIONS: EventHubConsumerClientOptions = {
  retryOptions: { maxRetries: 2, timeoutInMs: 10_000, retryDelayInMs: 500, maxRetryDelayInMs: 2000 },
  userAgent: 'auditseal',
};

/** What was read of a message, under the buffer that the client gives out as its body. */
const READ = new WeakMap<object, ReadEvent>();

/**
 * readEventsWhole has each event read from its bytes, in place of what the AMQP library makes of them: that decodes bodies and
 * numbers so that what was sent can't be told any more, and a message that it can't decode would end the connection. Answers
 * of the hub are none of its events, and stay as they are.
 */
function readEventsWhole(): void {
  const { message } = rhea;
  const { decode } = message;
  if (decode === decodeWhole) return;
  decodeRest = decode;
  message.decode = decodeWhole;
}

type Decode = typeof rhea.message.decode;
let decodeRest: Decode;
const decodeWhole: Decode = (bytes) => {
  const event = readMessage(bytes);
  if (event === undefined) return decodeRest(bytes);
  READ.set(event.body, event);
  // Of a message the client needs no more.
  const annotations = { 'x-opt-sequence-number': event.sequenceNumber };
  return { body: event.body, message_annotations: annotations } as object as ReturnType<Decode>;
};

/** HubReader asks and reads an event hub, with one connection that is opened at first use, and anew after a fault. */
export class HubReader implements Hub {
  readonly #place: HubPlace;
  readonly #waitSeconds: number;
  #client: Promise<EventHubConsumerClient> | undefined;

  /** place says which hub is asked, and with which consumer group it is read. */
  constructor(place: HubPlace, waitSeconds = WAIT_SECONDS) {
    this.#place = place;
    this.#waitSeconds = waitSeconds;
  }

  async life(): Promise<HubLife> {
    const { createdOn, partitionIds } = await this.#ask('say when it was created', (client, abortSignal) =>
      client.getEventHubProperties({ abortSignal }),
    );
    const created = timeOf(createdOn);
    if (created === undefined || !partitionIds.every(isPartition))
      throw new AuditsealError(
        'HUB_UNAVAILABLE',
        'the event hub did not say when it was created and which partitions it has',
      );
    return { created, partitions: partitionIds.toSorted((a, b) => Number(a) - Number(b)) };
  }

  async state(partition: string): Promise<PartitionState> {
    const it = await this.#ask(`say what it has of partition ${partition}`, (client, abortSignal) =>
      client.getPartitionProperties(partition, { abortSignal }),
    );
    const last = it.lastEnqueuedSequenceNumber;
    // A hub says differently where an empty partition begins.
    const first = it.isEmpty ? last + 1 : it.beginningSequenceNumber;
    if (!Number.isSafeInteger(last) || !Number.isSafeInteger(first) || last < -1 || first < 0 || first > last + 1)
      throw new AuditsealError('HUB_UNAVAILABLE', `the event hub gave no numbers of partition ${partition}`);
    const enqueued = last < 0 ? undefined : timeOf(it.lastEnqueuedOnUtc);
    return { first, last, ...(enqueued !== undefined && { enqueued }) };
  }

  async *read(partition: string, from: number, to: number): AsyncGenerator<readonly ReadEvent[]> {
    const what = `give out events of partition ${partition}`;
    const client = await this.#open(what);
    const handover = new Handover<ReceivedEventData>();
    const subscription = client.subscribe(
      partition,
      {
        processEvents: (events) => handover.give(events),
        processError: async (error) => handover.fail(error),
        // Whoever else uses this client may have closed it.
        processClose: async () => handover.fail(new AuditsealError('HUB_UNAVAILABLE', 'the receiver was closed')),
      },
      {
        startPosition: { sequenceNumber: from, isInclusive: true },
        maxBatchSize: PREFETCHED,
        prefetchCount: PREFETCHED,
        maxWaitTimeInSeconds: this.#waitSeconds,
        skipParsingBodyAsJson: true,
      },
    );
    try {
      yield* groupsOf(this.#received(handover, what), to);
    } catch (error) {
      if (!isBeyondEnd(error)) throw this.#failed(what, error, client);
    } finally {
      handover.end();
      await this.#bounded(subscription.close(), LINK_MS, what).catch((error: unknown) =>
        this.#failed(what, error, client),
      );
    }
  }

  /** close ends the connection. A later use opens another one. */
  async close(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    await (await client?.catch(() => undefined))?.close();
  }

  /** #received gives what the receiver got, up to the first time that it got nothing. */
  async *#received(handover: Handover<ReceivedEventData>, what: string): AsyncGenerator<readonly ReadEvent[]> {
    for (;;) {
      const received = await this.#bounded(handover.take(), LINK_MS + this.#waitSeconds * 1000, what);
      if (received.length === 0) return;
      yield received.map(eventOf);
    }
  }

  async #ask<T>(
    what: string,
    question: (client: EventHubConsumerClient, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const client = await this.#open(what);
    try {
      return await this.#bounded(question(client, AbortSignal.timeout(ASK_MS)), ASK_MS, what);
    } catch (error) {
      throw this.#failed(what, error, client);
    }
  }

  async #open(what: string): Promise<EventHubConsumerClient> {
    try {
      return await this.#bounded((this.#client ??= connect(this.#place)), ASK_MS, what);
    } catch (error) {
      this.#client = undefined;
      throw hubFault(what, error);
    }
  }

  /** #failed gives the fault of an error. Behind one that may be the connection's, the next use begins with another. */
  #failed(what: string, error: unknown, client: EventHubConsumerClient): AuditsealError {
    const fault = hubFault(what, error);
    if (fault.kind === 'unavailable') void this.#drop(client).catch(() => undefined);
    return fault;
  }

  /** #drop closes a client, and leaves alone another one that somebody has opened since. */
  async #drop(client: EventHubConsumerClient): Promise<void> {
    const current = this.#client;
    if ((await current?.catch(() => undefined)) === client && this.#client === current) this.#client = undefined;
    await client.close();
  }

  async #bounded<T>(work: Promise<T>, milliseconds: number, what: string): Promise<T> {
    const ended = new AbortController();
    const late = delay(milliseconds, undefined, { signal: ended.signal, ref: false }).then(() => {
      throw new AuditsealError('HUB_UNAVAILABLE', `the event hub did not ${what} within ${milliseconds / 1000} s`);
    });
    late.catch(() => undefined);
    return Promise.race([work, late]).finally(() => ended.abort());
  }
}

async function connect({ connection, hubName, consumerGroup }: HubPlace): Promise<EventHubConsumerClient> {
  readEventsWhole();
  if (connection.kind === 'connectionString') {
    try {
      return new EventHubConsumerClient(consumerGroup, connection.text, hubName, OPTIONS);
    } catch {
      // What the client says of a connection string may quote it.
      throw new AuditsealError(
        'HUB_REFUSED',
        'HUB is not a connection string that can be used, or names another event hub than HUB_NAME',
      );
    }
  }
  const credential = await openCredential(connection);
  return new EventHubConsumerClient(consumerGroup, connection.namespace, hubName, credential, OPTIONS);
}

/** groupsOf gathers events into groups, and ends with the one of number `to` or above. */
async function* groupsOf(
  received: AsyncIterable<readonly ReadEvent[]>,
  to: number,
): AsyncGenerator<readonly ReadEvent[]> {
  let group: ReadEvent[] = [];
  let bytes = 0;
  for await (const events of received) {
    for (const event of events) {
      const size = event.body.length + (event.properties?.length ?? 0) + (event.partitionKey?.length ?? 0);
      if (group.length > 0 && (bytes + size > GROUP_BYTES || group.length === GROUP_EVENTS)) {
        yield group;
        [group, bytes] = [[], 0];
      }
      group.push(event);
      bytes += size;
    }
    if ((events.at(-1)?.sequenceNumber ?? -1) >= to) break;
  }
  if (group.length > 0) yield group;
}

function eventOf({ body }: ReceivedEventData): ReadEvent {
  const event = typeof body === 'object' && body !== null ? READ.get(body as object) : undefined;
  if (event === undefined)
    throw new AuditsealError('HUB_UNAVAILABLE', 'the event hub gave out something that is no event');
  return event;
}

/** timeOf gives a time that the hub said, or undefined for none: then it says the year 1. */
const timeOf = (time: Date): string | undefined => (time.getTime() > 0 ? time.toISOString() : undefined);
