import type { SealableEvent } from '../src/core/segment/seal.ts';
import type { Hub, HubLife, PartitionState } from '../src/ports/hub.ts';

/** Bytes of bodies in a group: as the app's own reader has it. */
const GROUP_BYTES = 8 * 1024 * 1024;

/** HeldHub is an event hub in memory: it gives out events that are made when they are asked for. */
export class HeldHub implements Hub {
  readonly #created: string;
  readonly #length: number;
  readonly #eventAt: (number: number) => SealableEvent;

  /** `eventAt` makes each of `length` events, numbered from 0 */
  constructor(created: string, length: number, eventAt: (number: number) => SealableEvent) {
    this.#created = created;
    this.#length = length;
    this.#eventAt = eventAt;
  }

  async life(): Promise<HubLife> {
    return { created: this.#created, partitions: ['0'] };
  }

  async state(): Promise<PartitionState> {
    return { first: 0, last: this.#length - 1 };
  }

  async *read(_partition: string, from: number, to: number): AsyncGenerator<readonly SealableEvent[]> {
    for (let next = from; next <= to;) {
      const group: SealableEvent[] = [];
      for (let bytes = 0; next <= to && bytes < GROUP_BYTES; next++) {
        const event = this.#eventAt(next);
        group.push(event);
        bytes += event.body.length;
      }
      yield group;
    }
  }
}
