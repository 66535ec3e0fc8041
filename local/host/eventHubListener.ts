import { EventHubConsumerClient, earliestEventPosition, latestEventPosition } from '@azure/event-hubs';
import type { CheckpointStore, EventPosition, SubscriptionEventHandlers } from '@azure/event-hubs';
import { BlobCheckpointStore } from '@azure/eventhubs-checkpointstore-blob';
import { randomUUID } from 'node:crypto';
import type { ContainerClient } from '@azure/storage-blob';
import { createPartition } from './partition.ts';
import type { Partition } from './partition.ts';
import type { EventHubTrigger, FunctionSpec } from './functionSpec.ts';
import type { Emit } from './hostLine.ts';
import type { EventHubsOptions, InitialOffset } from './hostJson.ts';
import type { Invoker } from './invoker.ts';
import { watchOwnership } from './ownership.ts';
import { Refusal, messageOf } from './refusal.ts';

/** Listener is a started trigger. */
export interface Listener {
  /** stop ends the trigger: nothing new begins, what runs is waited for. */
  stop(): Promise<void>;
}

export interface EventHubDeps {
  readonly options: EventHubsOptions;
  readonly invoker: Invoker;
  readonly emit: Emit;
  /** container keeps owners and consumer positions: azure-webjobs-eventhub of AzureWebJobsStorage. */
  readonly container: ContainerClient;
}

const OPERATION_TIMEOUT_MS = 10_000;

/**
 * RECEIVE_SECONDS is how long one receive waits for events. The SDK finds out only between two receives that the
 * connection was lost under it.
 */
const RECEIVE_SECONDS = 5;

/** listenEventHub reads the partitions this host can get and hands their events to the function. */
export async function listenEventHub(spec: FunctionSpec<EventHubTrigger>, deps: EventHubDeps): Promise<Listener> {
  const { options, emit } = deps;
  const ownerId = randomUUID();
  const partitions = new Map<string, Partition>();
  await deps.container.createIfNotExists();
  const blobStore = new BlobCheckpointStore(deps.container) as CheckpointStore;
  const store = watchOwnership(blobStore, ownerId, (partitionId) => partitions.get(partitionId)?.lose());
  const client = await connect(spec, store, ownerId, options);
  let isStopping = false;

  const handlers: SubscriptionEventHandlers = {
    async processInitialize({ partitionId }) {
      partitions.set(partitionId, createPartition(spec, deps));
      emit({ type: 'partition', function: spec.name, partitionId, state: 'opened' });
    },
    async processEvents(events, context) {
      await partitions.get(context.partitionId)?.process(events, context);
    },
    async processError(error, { partitionId }) {
      // A loss isn't a fault, and processClose tells of it.
      const isTaken = 'code' in error && error.code === 'ReceiverDisconnectedError';
      if (isTaken || isStopping) return;
      const where = partitionId === '' ? {} : { partitionId };
      emit({ type: 'error', function: spec.name, message: messageOf(error), ...where });
    },
    async processClose(reason, { partitionId }) {
      const partition = partitions.get(partitionId);
      partition?.lose();
      await partition?.idle();
      partitions.delete(partitionId);
      emit({ type: 'partition', function: spec.name, partitionId, state: 'closed', reason });
    },
  };

  const subscription = client.subscribe(handlers, {
    startPosition: startPosition(options.initialOffset),
    maxBatchSize: options.maxEventBatchSize,
    prefetchCount: options.prefetchCount,
    maxWaitTimeInSeconds: RECEIVE_SECONDS,
    skipParsingBodyAsJson: true,
  });

  return {
    async stop() {
      isStopping = true;
      // Ownership is still renewed while invocations end, so that no other host begins the same events meanwhile.
      await Promise.all([...partitions.values()].map((partition) => partition.drain()));
      await subscription.close();
      await client.close();
    },
  };
}

async function connect(
  { name, trigger }: FunctionSpec<EventHubTrigger>,
  store: CheckpointStore,
  identifier: string,
  options: EventHubsOptions,
): Promise<EventHubConsumerClient> {
  const { connection, consumerGroup, eventHubName } = trigger;
  const clientOptions = {
    identifier,
    // The .NET client's own delay; the JavaScript client's is 30 s.
    retryOptions: { timeoutInMs: OPERATION_TIMEOUT_MS, retryDelayInMs: 800 },
    loadBalancingOptions: {
      strategy: 'greedy' as const,
      updateIntervalInMs: options.loadBalancingUpdateMs,
      partitionOwnershipExpirationIntervalInMs: options.ownershipExpirationMs,
    },
  };
  try {
    if ('connectionString' in connection) {
      const { connectionString } = connection;
      return new EventHubConsumerClient(consumerGroup, connectionString, eventHubName, store, clientOptions);
    }
    const { DefaultAzureCredential } = await import('@azure/identity');
    const credential = new DefaultAzureCredential();
    const { fullyQualifiedNamespace } = connection;
    return new EventHubConsumerClient(
      consumerGroup,
      fullyQualifiedNamespace,
      eventHubName,
      credential,
      store,
      clientOptions,
    );
  } catch (error) {
    throw new Refusal(64, `function ${name}: the event hub's connection is unusable: ${messageOf(error)}`);
  }
}

function startPosition(initial: InitialOffset): EventPosition {
  switch (initial.type) {
    case 'fromEnd':
      return latestEventPosition;
    case 'fromEnqueuedTime':
      return { enqueuedOn: initial.enqueuedTimeUtc };
    case 'fromStart':
    default:
      return earliestEventPosition;
  }
}
