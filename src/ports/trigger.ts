import type { HubLife } from './hub.ts';
import type { HubWord } from '../core/segment/hubWord.ts';

/** Passed is the last event of a partition that is sealed: where it lies, and what the hub said of the partition when it was. */
export interface Passed {
  readonly sequenceNumber: number;
  readonly offset: string;
  readonly created: HubLife['created'];
  readonly last: HubWord['last'];
}

/**
 * TriggerPosition is where the trigger goes on when it begins a partition anew. It belongs to the Functions host, and nothing
 * is ever concluded from it.
 */
export interface TriggerPosition {
  /**
   * pass sets the position of a partition behind an event, unless it is there or beyond in the same hub. It throws
   * STORE_REFUSED and STORE_UNAVAILABLE.
   */
  pass(partition: string, event: Passed): Promise<'moved' | 'unchanged'>;
}
