import { AuditsealError } from '../../src/core/errors.ts';
import { maxBytesOf } from '../../src/core/objects/sizes.ts';
import type { ObjectInfo, ObjectStore, Unread } from '../../src/ports/store.ts';

/** What happens at a create: a process that dies, a response that is lost, a store that is away before or after it wrote. */
export type CreateFault = 'dieBefore' | 'dieAfter' | 'loseResponse' | 'fail' | 'failAfter';

/** ProcessDied stands for the end of the process: whoever catches it must start anew, with nothing in memory. */
export class ProcessDied extends Error {}

const unavailable = (): AuditsealError => new AuditsealError('STORE_UNAVAILABLE', 'injected fault');

/** MemoryStore is an object store in memory that counts requests and can be told to fail. */
export class MemoryStore implements ObjectStore {
  readonly objects: Map<string, Buffer>;
  /** of the objects that were created with metadata, by name */
  readonly metadataOf = new Map<string, Readonly<Record<string, string>>>();
  readonly requests = { create: 0, read: 0, readEnd: 0, metadata: 0, exists: 0, list: 0, children: 0 };
  /** decides what happens at each create */
  faultOf: (name: string) => CreateFault | undefined = () => undefined;
  /** throws what a read of this name fails with, or says why the object isn't read */
  beforeRead: (name: string) => Unread | undefined | void = () => {};
  /** awaited at the start of each request, so that a test can interleave several writers */
  turn: () => Promise<void> = () => Promise.resolve();

  constructor(objects: Iterable<readonly [string, Buffer]> = []) {
    this.objects = new Map(objects);
  }

  async create(
    name: string,
    bytes: Uint8Array,
    metadata?: Readonly<Record<string, string>>,
  ): Promise<'created' | 'exists'> {
    this.requests.create += 1;
    await this.turn();
    const fault = this.faultOf(name);
    if (fault === 'dieBefore') throw new ProcessDied();
    if (fault === 'fail') throw unavailable();
    if (this.objects.has(name)) return 'exists';
    this.objects.set(name, Buffer.from(bytes));
    if (metadata !== undefined) this.metadataOf.set(name, { ...metadata });
    if (fault === 'dieAfter') throw new ProcessDied();
    if (fault === 'failAfter') throw unavailable();
    return fault === 'loseResponse' ? 'exists' : 'created';
  }

  /** removeBlank removes an object of zeros, as the folder of a mirror does. */
  async removeBlank(name: string): Promise<boolean> {
    return this.objects.get(name)?.every((byte) => byte === 0) === true && this.objects.delete(name);
  }

  async read(name: string, most: number = maxBytesOf(name)): Promise<Buffer | Unread | undefined> {
    this.requests.read += 1;
    await this.turn();
    const unread = this.beforeRead(name);
    const bytes = this.objects.get(name);
    return unread ?? (bytes && (bytes.length > most ? 'too-large' : Buffer.from(bytes)));
  }

  async readEnd(name: string, length: number): Promise<Buffer | Unread | undefined> {
    this.requests.readEnd += 1;
    await this.turn();
    const unread = this.beforeRead(name);
    const bytes = this.objects.get(name);
    if (unread !== undefined && unread !== 'too-large') return unread;
    return bytes && Buffer.from(bytes.subarray(-length));
  }

  async metadata(name: string): Promise<Readonly<Record<string, string>> | undefined> {
    this.requests.metadata += 1;
    await this.turn();
    return this.objects.has(name) ? (this.metadataOf.get(name) ?? {}) : undefined;
  }

  async exists(name: string): Promise<boolean> {
    this.requests.exists += 1;
    await this.turn();
    return this.objects.has(name);
  }

  async *list(prefix: string, from = ''): AsyncIterable<ObjectInfo> {
    this.requests.list += 1;
    await this.turn();
    for (const name of [...this.objects.keys()].sort()) {
      if (name.startsWith(prefix) && name >= from) yield { name, size: this.objects.get(name)?.length ?? 0 };
    }
  }

  async *children(prefix: string): AsyncIterable<{ readonly name: string; readonly isFolder: boolean }> {
    this.requests.children += 1;
    await this.turn();
    const found = new Set<string>();
    for (const name of this.objects.keys()) {
      if (!name.startsWith(prefix)) continue;
      const slash = name.indexOf('/', prefix.length);
      found.add(slash < 0 ? name : name.slice(0, slash + 1));
    }
    // A blob that is called as the prefix is none, as in Azure.
    for (const name of [...found].sort()) yield { name, isFolder: name.endsWith('/') && name !== prefix };
  }
}
