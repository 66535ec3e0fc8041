import type { HubWord } from '../core/segment/hubWord.ts';
import type { SealableEvent } from '../core/segment/seal.ts';

/** HubLife tells one hub from another one of the same name. */
export interface HubLife {
  /** when it was created, by its own clock: ISO 8601 UTC with milliseconds */
  readonly created: string;
  /** ids of its partitions, in ascending order of numbers */
  readonly partitions: readonly string[];
}

/** PartitionState is what a hub has of a partition. */
export type PartitionState = Pick<HubWord, 'first' | 'last' | 'enqueued'>;

/** ReadEvent is an event as the hub gave it out. */
export interface ReadEvent extends SealableEvent {
  /** where it lies in its partition, in the hub's words; a receiver may begin behind it */
  readonly offset?: string;
}

/**
 * Hub is the event hub itself, asked and read beside the trigger, under a consumer group of its own.
 *
 * Faults are HUB_UNAVAILABLE, to be tried again later, and HUB_REFUSED: the hub, the consumer group or the partition isn't
 * there, or the identity may not. All methods may run concurrently, also from other processes.
 */
export interface Hub {
  /** life asks which hub this is. One management request. */
  life(): Promise<HubLife>;
  /** state asks what the hub has of a partition. One management request. */
  state(partition: string): Promise<PartitionState>;
  /**
   * read yields the events from number `from` to `to`, both included, in ascending order, in groups of a few MiB at most (or
   * one event). What the hub doesn't give out is left out. It ends when an event with number `to` or above has come, or when
   * none came for as long as a receiver waits. Partition key and properties are as the trigger hands them over. Whoever stops
   * iterating closes the receiver.
   */
  read(partition: string, from: number, to: number): AsyncIterable<readonly ReadEvent[]>;
}
