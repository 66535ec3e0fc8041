import type { ObjectStore, TileInfo, TileStore } from '../../src/ports/store.ts';
import { MemoryStore } from '../support/memoryStore.ts';
import type { MemoryTiles } from '../support/memoryTiles.ts';
import type { Process, Scheduler } from './scheduler.ts';

/** Told is who hears of each object that a process created, at the moment it is there. */
export type Told = (process: Process, name: string, bytes: Buffer) => void;

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

/** storeOf is the one store as a process uses it: each request waits for its turn. */
export function storeOf(scheduler: Scheduler, store: MemoryStore, process: Process, told: Told): ObjectStore {
  const ask = <T>(what: string, act: () => Promise<T>): Promise<T> => scheduler.do(process, `store.${what}`, act);
  return {
    create: (name, bytes, metadata) =>
      ask('create', async () => {
        const outcome = await store.create(name, bytes, metadata);
        if (outcome === 'created') told(process, name, Buffer.from(bytes));
        return outcome;
      }),
    read: (name, most) => ask('read', () => store.read(name, most)),
    readEnd: (name, length) => ask('readEnd', () => store.readEnd(name, length)),
    metadata: (name) => ask('metadata', () => store.metadata(name)),
    exists: (name) => ask('exists', () => store.exists(name)),
    async *list(prefix, from) {
      yield* await ask('list', () => all(store.list(prefix, from)));
    },
    async *children(prefix) {
      yield* await ask('children', () => all(store.children(prefix)));
    },
  };
}

/** tilesOf is the one tile store as a process uses it. */
export function tilesOf(scheduler: Scheduler, tiles: MemoryTiles, process: Process): TileStore {
  const ask = <T>(what: string, act: () => Promise<T>): Promise<T> => scheduler.do(process, `tiles.${what}`, act);
  return {
    write: (name, bytes) => ask('write', () => tiles.write(name, bytes)),
    read: (name) => ask('read', () => tiles.read(name)),
    remove: (file) => ask('remove', () => tiles.remove(file)),
    async *list(prefix): AsyncIterable<TileInfo> {
      yield* await ask('list', () => all(tiles.list(prefix)));
    },
  };
}
