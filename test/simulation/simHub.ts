import { AuditsealError } from '../../src/core/errors.ts';
import type { SealableEvent } from '../../src/core/segment/seal.ts';
import type { Hub, HubLife, PartitionState } from '../../src/ports/hub.ts';
import type { Process, Scheduler } from './scheduler.ts';

/** SimEvent is an event that a hub accepted, and how its record lines begin if they are right. */
export interface SimEvent extends SealableEvent {
  readonly life: Life;
  readonly partition: string;
  /** its partition key, and in each of its records: no other event of any hub has it */
  readonly id: string;
  readonly lines: readonly string[];
  /** the trigger's client can't receive it, and never gets past it */
  readonly isPoison: boolean;
  /** nobody is ever given it */
  readonly isUnreadable: boolean;
}

/** SimPartition is what a hub accepted in one partition, whether it still holds it or not. */
export interface SimPartition {
  readonly events: SimEvent[];
  /** number of the first event that it holds */
  first: number;
}

/** Life is one hub: deleted and created again, it is another one. */
export interface Life {
  readonly number: number;
  readonly created: string;
  readonly partitions: SimPartition[];
  isDeleted: boolean;
}

/** HubAnswer is what a hub said of a partition to a process, and what that one's clock showed when it asked. */
export interface HubAnswer extends PartitionState {
  readonly process: Process;
  readonly partition: string;
  readonly life: Life;
  readonly clock: number;
}

/** Kind is what a new event is like. */
export type EventKind = 'records' | 'empty' | 'text' | 'amqp' | 'poison' | 'unreadable';

const stateOf = ({ events, first }: SimPartition): PartitionState => {
  const newest = events.at(-1);
  return newest === undefined ? { first, last: -1 } : { first, last: newest.sequenceNumber, enqueued: newest.enqueued };
};

/** SimHub is an event hub with all its lives, and what it said to whom. */
export class SimHub {
  readonly lives: Life[] = [];
  readonly answers: HubAnswer[] = [];
  /** by so much the brokers' clock is behind the one that hubs are created by */
  brokerBehindMs = 0;
  /** how many groups of events were read from it again, and how many requests of any kind it had */
  readings = 0;
  requests = 0;
  readonly #scheduler: Scheduler;

  constructor(scheduler: Scheduler, partitions: number) {
    this.#scheduler = scheduler;
    this.#create(partitions);
  }

  get now(): Life {
    return this.lives.at(-1) as Life;
  }

  get partitions(): string[] {
    return this.now.partitions.map((_, index) => String(index));
  }

  at(partition: string, life = this.now): SimPartition {
    const it = life.partitions[Number(partition)];
    if (it === undefined) throw new AuditsealError('HUB_REFUSED', `the event hub has no partition ${partition}`);
    return it;
  }

  #create(partitions: number): void {
    // Deleting a hub and creating it again takes longer than any broker's clock is ahead.
    this.#scheduler.time += 1000;
    this.lives.push({
      number: this.lives.length,
      created: new Date(this.#scheduler.time).toISOString(),
      partitions: Array.from({ length: partitions }, () => ({ events: [], first: 0 })),
      isDeleted: false,
    });
  }

  /** accept appends an event. */
  accept(partition: string, kind: EventKind, records: number): SimEvent {
    const life = this.now;
    const { events } = this.at(partition);
    const sequenceNumber = events.length;
    const id = `${life.number}/${partition}/${sequenceNumber}`;
    const event: SimEvent = {
      ...bodyOf(id, kind, records),
      sequenceNumber,
      enqueued: new Date(this.#scheduler.time - this.brokerBehindMs).toISOString(),
      partitionKey: id,
      life,
      partition,
      id,
      isPoison: kind === 'poison',
      isUnreadable: kind === 'unreadable',
    };
    events.push(event);
    return event;
  }

  /** expire deletes what is below a number, as retention does. */
  expire(partition: string, first: number): void {
    const it = this.at(partition);
    it.first = Math.max(it.first, Math.min(first, it.events.length));
  }

  grow(): void {
    this.now.partitions.push({ events: [], first: 0 });
  }

  /** recreate deletes the hub and creates it again. */
  recreate(): void {
    this.now.isDeleted = true;
    this.#create(this.now.partitions.length);
  }

  /** received gives the events that a receiver gets from a number on. */
  received(partition: string, from: number, most: number): SimEvent[] {
    const { events, first } = this.at(partition);
    return events
      .slice(Math.max(from, first))
      .filter(({ isUnreadable }) => !isUnreadable)
      .slice(0, most);
  }

  /** portOf is the hub as a process asks and reads it. */
  portOf(process: Process, clock: () => number, groupSize: number): Hub {
    const ask = <T>(what: string, act: () => T): Promise<T> =>
      this.#scheduler.do(process, what, () => {
        this.requests++;
        return act();
      });
    const life = async (): Promise<HubLife> =>
      ask('hub.life', () => ({ created: this.now.created, partitions: this.partitions }));
    const state = async (partition: string): Promise<PartitionState> => {
      const asked = clock();
      return ask('hub.state', () => {
        const state = stateOf(this.at(partition));
        this.answers.push({ ...state, process, partition, life: this.now, clock: asked });
        return state;
      });
    };
    return { life, state, read: (partition, from, to) => this.#read(ask, partition, from, to, groupSize) };
  }

  async *#read(
    ask: <T>(what: string, act: () => T) => Promise<T>,
    partition: string,
    from: number,
    to: number,
    groupSize: number,
  ): AsyncGenerator<readonly SealableEvent[]> {
    for (let next = from; next <= to;) {
      const start = next;
      const group = await ask('hub.read', () => {
        this.readings++;
        return this.received(partition, start, groupSize);
      });
      const last = group.at(-1)?.sequenceNumber;
      if (last === undefined) return;
      yield group;
      next = last + 1;
    }
  }
}

function bodyOf(id: string, kind: EventKind, count: number): Pick<SimEvent, 'body' | 'isAmqp' | 'lines'> {
  if (kind === 'text') return { body: Buffer.from(id), lines: [`{"_text":"${id}","_reason":`] };
  if (kind === 'amqp' || kind === 'poison') {
    const body = Buffer.from(`amqp ${id}`);
    return { body, isAmqp: true, lines: [`{"_base64":"${body.toString('base64')}","_reason":`] };
  }
  const records = Array.from({ length: kind === 'empty' ? 0 : count }, (_, i) => `{"id":"${id}","r":${i}`);
  return {
    body: Buffer.from(`{"records":[${records.map((it) => `${it}}`).join(',')}]}`),
    lines: records.map((it) => `${it},"_seal":`),
  };
}
