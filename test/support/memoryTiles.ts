import { maxBytesOf } from '../../src/core/objects/sizes.ts';
import type { SearchableTiles, TileInfo, TileStore, TooLarge } from '../../src/ports/store.ts';
import { ProcessDied } from './memoryStore.ts';

/** MemoryTiles is a tile store in memory that can be told to fail. */
export class MemoryTiles implements TileStore, SearchableTiles {
  readonly objects = new Map<string, Buffer>();
  /** when files were written, by `clock` */
  readonly times = new Map<string, number>();
  clock = (): number => 0;
  readonly requests = { write: 0, read: 0, list: 0 };
  /** bytes that readPart has given */
  partBytes = 0;
  /** decides at which writes the process dies, before or after them */
  faultOf: (name: string) => 'dieBefore' | 'dieAfter' | undefined = () => undefined;
  /** says that a file is too large to be read */
  beforeRead: (name: string) => TooLarge | undefined = () => undefined;
  turn: () => Promise<void> = () => Promise.resolve();

  async write(name: string, bytes: Uint8Array): Promise<void> {
    this.requests.write += 1;
    await this.turn();
    const fault = this.faultOf(name);
    if (fault === 'dieBefore') throw new ProcessDied();
    this.objects.set(name, Buffer.from(bytes));
    this.times.set(name, this.clock());
    if (fault === 'dieAfter') throw new ProcessDied();
  }

  async read(name: string): Promise<Buffer | TooLarge | undefined> {
    this.requests.read += 1;
    await this.turn();
    if (this.beforeRead(name) === 'too-large') return 'too-large';
    const bytes = this.objects.get(name);
    return bytes && (bytes.length > maxBytesOf(name) ? 'too-large' : Buffer.from(bytes));
  }

  async readPart(name: string, offset: number, length: number): Promise<Buffer | TooLarge | undefined> {
    this.requests.read += 1;
    await this.turn();
    const bytes = this.objects.get(name)?.subarray(offset, offset + length);
    if (bytes !== undefined && bytes.length > maxBytesOf(name)) return 'too-large';
    this.partBytes += bytes?.length ?? 0;
    return bytes && Buffer.from(bytes);
  }

  async remove({ name, written }: Pick<TileInfo, 'name' | 'written'>): Promise<void> {
    await this.turn();
    if (this.writtenOf(name) === written) this.objects.delete(name);
  }

  writtenOf(name: string): number {
    return this.times.get(name) ?? 0;
  }

  async *list(prefix: string): AsyncIterable<TileInfo> {
    this.requests.list += 1;
    await this.turn();
    for (const name of [...this.objects.keys()].sort())
      if (name.startsWith(prefix))
        yield { name, size: this.objects.get(name)?.length ?? 0, written: this.writtenOf(name) };
  }
}
