import { parseSegmentName, segmentName } from '../src/core/objects/names.ts';
import type { ObjectInfo, ObjectStore } from '../src/ports/store.ts';
import { PARTITION } from './workload.ts';

/** What a blob service answers one listing request with at most. */
const PAGE = 5000;

/**
 * ChainStore is a container with one chain of any length, of which only the segments that are given have bytes. It counts
 * what a blob service would count: requests, and bytes read.
 */
export class ChainStore implements ObjectStore {
  readonly requests = { create: 0, read: 0, exists: 0, list: 0 };
  readBytes = 0;
  #length: number;
  readonly #stored: Map<number, Uint8Array>;

  /** The last segments of a chain of `length` have the bytes `stored`. */
  constructor(length: number, stored: readonly Uint8Array[]) {
    this.#length = length;
    this.#stored = new Map(stored.map((bytes, i) => [length - stored.length + i, bytes]));
  }

  get total(): number {
    return Object.values(this.requests).reduce((sum, count) => sum + count, 0);
  }

  async create(name: string, bytes: Uint8Array): Promise<'created' | 'exists'> {
    this.requests.create++;
    const index = indexOf(name);
    if (index < this.#length) return 'exists';
    this.#stored.set(index, bytes);
    this.#length = index + 1;
    return 'created';
  }

  async read(name: string): Promise<Buffer | undefined> {
    return this.readEnd(name, Infinity);
  }

  async readEnd(name: string, length: number): Promise<Buffer | undefined> {
    this.requests.read++;
    const bytes = this.#stored.get(indexOf(name));
    if (bytes === undefined) return undefined;
    const end = Buffer.from(bytes.subarray(-length));
    this.readBytes += end.length;
    return end;
  }

  async metadata(name: string): Promise<Readonly<Record<string, string>> | undefined> {
    return (await this.exists(name)) ? {} : undefined;
  }

  async exists(name: string): Promise<boolean> {
    this.requests.exists++;
    return indexOf(name) < this.#length;
  }

  async *list(prefix: string, from = ''): AsyncGenerator<ObjectInfo> {
    const first = from === '' ? 0 : indexOf(from);
    this.requests.list++;
    if (!segmentName(PARTITION, 0).startsWith(prefix)) return;
    for (let index = first; index < this.#length; index++) {
      if (index > first && (index - first) % PAGE === 0) this.requests.list++;
      yield { name: segmentName(PARTITION, index), size: this.#stored.get(index)?.length ?? 0 };
    }
  }

  async *children(prefix: string): AsyncGenerator<{ readonly name: string; readonly isFolder: boolean }> {
    this.requests.list++;
    yield { name: prefix === '' ? 'segments/' : `segments/${PARTITION}/`, isFolder: true };
  }
}

const indexOf = (name: string): number => parseSegmentName(name)?.index ?? Infinity;
