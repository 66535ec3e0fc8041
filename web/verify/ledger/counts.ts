import type { Head } from './chain.ts';
import type { Reading } from './segment.ts';

/** PartitionCount is what was checked of a partition. */
export interface PartitionCount {
  readonly partition: string;
  segments: number;
  heartbeats: number;
  records: number;
  events: number;
  storedBytes: number;
  /** the newest segment that continues the chain */
  head: Head | undefined;
}

/** Counts is what was checked of all partitions. */
export class Counts {
  readonly #of = new Map<string, PartitionCount>();
  lineBytes = 0;
  /** what has the name of a segment and isn't signed by who may */
  foreignSegments = 0;

  /** of gives the counts of a partition, which begin with nothing. */
  of(partition: string): PartitionCount {
    const known = this.#of.get(partition);
    if (known !== undefined) return known;
    const none = { partition, segments: 0, heartbeats: 0, records: 0, events: 0, storedBytes: 0, head: undefined };
    this.#of.set(partition, none);
    return none;
  }

  /** add counts an object in the place of a segment. */
  add = (partition: string, reading: Reading, size: number): void => {
    if (!reading.isSegment && reading.isForeign) {
      this.foreignSegments += 1;
      return;
    }
    const count = this.of(partition);
    count.segments += 1;
    count.storedBytes += size;
    if (!reading.isSegment) return;
    const { records, events, kind } = reading.header;
    count.records += records.count;
    count.events += events.count;
    if (kind === 'heartbeat') count.heartbeats += 1;
    this.lineBytes += reading.lineBytes;
  };

  /** all gives them in order of partition. */
  get all(): readonly PartitionCount[] {
    return [...this.#of.values()].sort((a, b) => Number(a.partition) - Number(b.partition));
  }
}
