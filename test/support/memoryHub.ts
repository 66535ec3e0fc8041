import { AuditsealError } from '../../src/core/errors.ts';
import type { SealableEvent } from '../../src/core/segment/seal.ts';
import type { Hub, HubLife, PartitionState } from '../../src/ports/hub.ts';
import { timeOf } from './forge.ts';

interface MemoryPartition {
  events: SealableEvent[];
  /** number of the first event that is held */
  first: number;
  /** numbers that are held and never given out */
  readonly unreadable: Set<number>;
}

/** MemoryHub is an event hub in memory that counts requests and can be told to fail. Times are those of the forge's story. */
export class MemoryHub implements Hub {
  created: string;
  readonly requests = { life: 0, state: 0, read: 0 };
  /** events in one group of a reading */
  groupSize = 100;
  /** is asked before each request; what it throws is what the request ends in */
  fault: (request: 'life' | 'state' | 'read', partition?: string) => void = () => {};
  #partitions: MemoryPartition[] = [];

  constructor(partitions = 1, createdSecond = -1000) {
    this.created = timeOf(createdSecond);
    this.grow(partitions);
  }

  /** grow adds partitions. */
  grow(count: number): void {
    for (let i = 0; i < count; i++) this.#partitions.push({ events: [], first: 0, unreadable: new Set() });
  }

  /** add appends events, whose numbers have to go on. */
  add(events: readonly SealableEvent[], partition = '0'): this {
    const it = this.#at(partition);
    const [begin] = events;
    if (it.events.length === 0 && begin !== undefined && it.first === 0) it.first = begin.sequenceNumber;
    it.events.push(...events);
    return this;
  }

  /** learn appends what is behind its newest event: so a test need not tell it what it then delivers. */
  learn(events: readonly SealableEvent[], partition = '0'): void {
    this.grow(Math.max(Number(partition) + 1 - this.#partitions.length, 0));
    const it = this.#at(partition);
    let last = it.events.at(-1)?.sequenceNumber ?? it.first - 1;
    for (const event of events) {
      if (event.sequenceNumber <= last) continue;
      this.add([event], partition);
      last = event.sequenceNumber;
    }
  }

  /** expire takes away all events below a number, as retention does. */
  expire(first: number, partition = '0'): void {
    const it = this.#at(partition);
    it.events = it.events.filter(({ sequenceNumber }) => sequenceNumber >= first);
    it.first = first;
  }

  /** keepBack never gives an event out again. */
  keepBack(number: number, partition = '0'): void {
    this.#at(partition).unreadable.add(number);
  }

  /** recreate deletes the hub and makes it again at a second of the story. */
  recreate(second: number): void {
    this.created = timeOf(second);
    this.#partitions = this.#partitions.map(() => ({ events: [], first: 0, unreadable: new Set() }));
  }

  async life(): Promise<HubLife> {
    this.requests.life++;
    this.fault('life');
    return { created: this.created, partitions: this.#partitions.map((_, index) => String(index)) };
  }

  async state(partition: string): Promise<PartitionState> {
    this.requests.state++;
    this.fault('state', partition);
    const { events, first } = this.#at(partition);
    const newest = events.at(-1);
    return newest === undefined
      ? { first, last: first - 1 }
      : { first, last: newest.sequenceNumber, enqueued: newest.enqueued };
  }

  async *read(partition: string, from: number, to: number): AsyncGenerator<readonly SealableEvent[]> {
    this.requests.read++;
    this.fault('read', partition);
    let next = from;
    while (next <= to) {
      const { events, unreadable } = this.#at(partition);
      const start = next;
      const group = events
        .filter(({ sequenceNumber: number }) => number >= start && !unreadable.has(number))
        .slice(0, this.groupSize);
      const last = group.at(-1)?.sequenceNumber;
      if (last === undefined) return;
      yield group;
      next = last + 1;
    }
  }

  #at(partition: string): MemoryPartition {
    const it = this.#partitions[Number(partition)];
    if (it === undefined) throw new AuditsealError('HUB_REFUSED', `the event hub has no partition ${partition}`);
    return it;
  }
}
