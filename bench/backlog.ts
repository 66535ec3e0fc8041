import { readFileSync } from 'node:fs';
import { fail, integrateOf, NO_LOG } from './ledger.ts';
import { PARTITION } from './workload.ts';
import { parseSegmentName } from '../src/core/objects/names.ts';
import { buildUnitHere } from '../src/core/index/build.ts';
import { indexStored } from '../src/core/index/terms.ts';
import type { SummarizeSegment } from '../src/core/segment/summary.ts';
import { Indexing } from '../src/integrate/indexing.ts';
import type { IndexingDeps } from '../src/integrate/indexing.ts';
import type { ObjectInfo, ObjectStore, TileInfo, TileStore } from '../src/ports/store.ts';

/** Backlog is a chain whose segments lie in files and are not in the log yet. What is written stays in memory. */
class Backlog implements ObjectStore {
  readonly #paths: readonly string[];
  readonly #written = new Map<string, Buffer>();

  constructor(paths: readonly string[]) {
    this.#paths = paths;
  }

  async create(name: string, bytes: Uint8Array): Promise<'created' | 'exists'> {
    if (await this.exists(name)) return 'exists';
    this.#written.set(name, Buffer.from(bytes));
    return 'created';
  }

  async read(name: string): Promise<Buffer | undefined> {
    const path = this.#pathOf(name);
    return path === undefined ? this.#written.get(name) : readFileSync(path);
  }

  async readEnd(name: string, length: number): Promise<Buffer | undefined> {
    return (await this.read(name))?.subarray(-length);
  }

  async metadata(name: string): Promise<Readonly<Record<string, string>> | undefined> {
    return (await this.exists(name)) ? {} : undefined;
  }

  async exists(name: string): Promise<boolean> {
    return this.#written.has(name) || this.#pathOf(name) !== undefined;
  }

  #pathOf(name: string): string | undefined {
    const place = parseSegmentName(name);
    return place?.partition === PARTITION ? this.#paths[place.index] : undefined;
  }

  /** There are no reports, and nothing else is listed. */
  async *list(): AsyncGenerator<ObjectInfo> {}

  async *#listTiles(prefix: string): AsyncGenerator<TileInfo> {
    for (const [name, { length: size }] of this.#written) if (name.startsWith(prefix)) yield { name, size, written: 0 };
  }

  async *children(): AsyncGenerator<{ readonly name: string; readonly isFolder: boolean }> {
    yield { name: `segments/${PARTITION}/`, isFolder: true };
  }

  readonly tiles: TileStore = {
    write: async (name, bytes) => void this.#written.set(name, Buffer.from(bytes)),
    read: async (name) => this.#written.get(name),
    list: (prefix) => this.#listTiles(prefix),
    remove: () => Promise.resolve(),
  };
}

/** integrateBacklog takes all segments of a backlog into a new log. */
export async function integrateBacklog(paths: readonly string[], summarize: SummarizeSegment): Promise<void> {
  const store = new Backlog(paths);
  await integrateInto(store, store.tiles, paths.length, summarize);
}

/** IndexWork is what makes an index, here or in other threads. */
type IndexWork = Pick<IndexingDeps, 'indexSegment' | 'buildUnit'>;

const IN_THIS_THREAD: IndexWork = {
  indexSegment: async (stored, segment) => indexStored(stored, segment),
  buildUnit: buildUnitHere,
};

/** indexBacklog does so, and makes the index of what it took. Tiles are kept in memory, or in a store that is given. */
export async function indexBacklog(
  paths: readonly string[],
  summarize: SummarizeSegment,
  work: IndexWork = IN_THIS_THREAD,
  elsewhere?: TileStore,
): Promise<void> {
  const store = new Backlog(paths);
  const tiles = elsewhere ?? store.tiles;
  const indexing = indexingOf(store, tiles, work);
  const { segments } = await integrateOf(store, tiles, { summarize, indexing }).run(NO_LOG);
  if (segments !== paths.length) fail(`${segments} of ${paths.length} segments were integrated`);
  for await (const _ of tiles.list('index/manifests/')) return;
  fail('no index was made');
}

/** indexingOf indexes in this thread, or in others, however long it takes. */
export const indexingOf = (
  store: Pick<ObjectStore, 'read'>,
  tiles: TileStore,
  work: IndexWork = IN_THIS_THREAD,
): Indexing => new Indexing({ store, tiles, now: Date.now, ...work, concurrency: 3, budgetMs: Infinity });

/** integrateInto takes so many segments of a store into a new log in it. */
export async function integrateInto(
  store: ObjectStore,
  tiles: TileStore,
  count: number,
  summarize: SummarizeSegment,
): Promise<void> {
  const { segments } = await integrateOf(store, tiles, { summarize }).run(NO_LOG);
  if (segments !== count) fail(`${segments} of ${count} segments were integrated`);
}
