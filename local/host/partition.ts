import type { PartitionContext as SdkPartitionContext, ReceivedEventData } from '@azure/event-hubs';
import { addEvents, takeBatch } from './batch.ts';
import type { EventBuffer } from './batch.ts';
import { assertReadable } from './dotNetValues.ts';
import { deliveryInput, eventInput } from './eventHubInput.ts';
import type { PartitionContext } from './eventHubInput.ts';
import type { EventHubTrigger, FunctionSpec } from './functionSpec.ts';
import type { Emit } from './hostLine.ts';
import type { EventHubsOptions } from './hostJson.ts';
import type { Invoker } from './invoker.ts';

/** Partition turns the events of one partition into invocations: one after the other, in order. */
export interface Partition {
  /** process hands events on and moves the consumer position; the SDK reads no further until it resolves. */
  process(events: readonly ReceivedEventData[], context: SdkPartitionContext): Promise<void>;
  /** lose ends retries; the running invocation's events will be delivered again. */
  lose(): void;
  /** drain stops new invocations and resolves when the running one has ended. */
  drain(): Promise<void>;
  /** idle resolves when no invocation runs. */
  idle(): Promise<void>;
}

interface PartitionDeps {
  readonly options: EventHubsOptions;
  readonly invoker: Invoker;
  readonly emit: Emit;
}

/**
 * LostPartition makes the SDK give a partition up. Its code is the one of a partition stolen on the wire: with any
 * other, the SDK would connect again and take the partition from its new owner.
 */
class LostPartition extends Error {
  override readonly name = 'LostPartition';
  readonly code = 'ReceiverDisconnectedError';
  readonly retryable = false;
}

/** createPartition begins a partition with nothing buffered. */
export function createPartition(
  spec: FunctionSpec<EventHubTrigger>,
  { options, invoker, emit }: PartitionDeps,
): Partition {
  const ending = new AbortController();
  const buffer: EventBuffer<ReceivedEventData> = { events: [], waitingSinceMs: 0 };
  // One chain of work for received events and for the timer: invocations of a partition never overlap. When it has
  // failed it stays so, and the SDK learns of it at its next receive.
  let work: Promise<void> = Promise.resolve();
  let waiting: NodeJS.Timeout | undefined;
  let batchesSincePosition = 0;

  return {
    async process(events, context) {
      // Azure's rule: nothing that was received with such an event reaches the handler, and the partition is begun again
      // at its position, for ever, whatever the retry policy.
      for (const event of events) assertReadable(event.sequenceNumber, event.getRawAmqpMessage());
      addEvents(buffer, events, Date.now());
      work = work.then(() => deliverDue(context));
      return work;
    },
    lose() {
      ending.abort();
      clearTimeout(waiting);
    },
    async drain() {
      this.lose();
      await this.idle();
    },
    idle: () => work.catch(() => undefined),
  };

  async function deliverDue(context: SdkPartitionContext): Promise<void> {
    clearTimeout(waiting);
    for (;;) {
      if (ending.signal.aborted) throw new LostPartition('the partition has gone to another host');
      const batch = takeBatch(buffer, options, Date.now());
      if (batch.length === 0) break;
      await deliver(batch, context);
    }
    if (buffer.events.length === 0) return;
    const leftMs = buffer.waitingSinceMs + options.maxWaitTimeMs - Date.now();
    waiting = setTimeout(() => {
      work = work.then(() => deliverDue(context));
      work.catch(() => undefined);
    }, leftMs);
  }

  async function deliver(batch: readonly ReceivedEventData[], context: SdkPartitionContext): Promise<void> {
    const isCheckpointing = batchesSincePosition + 1 >= options.batchCheckpointFrequency;
    const last = await invokeAll(batch, {
      fullyQualifiedNamespace: context.fullyQualifiedNamespace,
      eventHubName: context.eventHubName,
      consumerGroup: context.consumerGroup,
      partitionId: context.partitionId,
      isCheckpointingAfterInvocation: isCheckpointing,
    });
    // Azure's rule: success or failure, the position moves; unless the partition is lost or the host is stopping.
    if (ending.signal.aborted || last === undefined) return;
    batchesSincePosition++;
    if (!isCheckpointing) return;
    // Durable point. If we die before it, the events are delivered again from the position before.
    await context.updateCheckpoint(last);
    batchesSincePosition = 0;
    const { partitionId } = context;
    emit({ type: 'consumerPosition', function: spec.name, partitionId, sequenceNumber: last.sequenceNumber });
  }

  async function invokeAll(
    batch: readonly ReceivedEventData[],
    partition: PartitionContext,
  ): Promise<ReceivedEventData | undefined> {
    if (spec.trigger.cardinality === 'many') {
      await invoker.invokeWithRetry(spec, deliveryInput(batch, partition, spec.trigger), ending.signal);
      return batch.at(-1);
    }
    let last: ReceivedEventData | undefined;
    for (const event of batch) {
      if (ending.signal.aborted) break;
      await invoker.invokeWithRetry(spec, eventInput(event, partition, spec.trigger), ending.signal);
      last = event;
    }
    return last;
  }
}
