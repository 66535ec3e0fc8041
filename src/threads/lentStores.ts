import type { MessagePort } from 'node:worker_threads';
import { arrived, bufferOf, crossing } from './crossing.ts';
import type { Crossing } from './crossing.ts';
import { movable } from './pool.ts';
import type { ObjectInfo, ObjectStore, ReadableObjects, SearchableTiles, Unread } from '../ports/store.ts';

/** LentStores is what a thread may read of a ledger whose clients are in another one. */
export interface LentStores {
  readonly store: ReadableObjects;
  readonly tiles: SearchableTiles;
}

type Call =
  | { readonly kind: 'read' | 'metadata' | 'exists' | 'readTile'; readonly name: string }
  | { readonly kind: 'readEnd'; readonly name: string; readonly length: number }
  | { readonly kind: 'readTilePart'; readonly name: string; readonly offset: number; readonly length: number }
  | { readonly kind: 'list'; readonly prefix: string; readonly from: string };

/** How many names cross at a time: whoever may create objects can make any number. */
const PAGE = 500;

/** lendStores answers what borrowStores asks at the other end of a channel. */
export function lendStores(port: MessagePort, stores: LentStores): void {
  port.on('message', ({ id, call }: { id: number; call: Call }) => {
    void crossing(() => answer(stores, call)).then((crossed) => {
      const moved = crossed.ok && Buffer.isBuffer(crossed.value) ? movable(crossed.value) : [];
      port.postMessage({ id, crossed }, moved);
    });
  });
}

function answer({ store, tiles }: LentStores, call: Call): Promise<unknown> {
  if (call.kind === 'list') return page(store, call.prefix, call.from);
  if (call.kind === 'exists') return store.exists(call.name);
  if (call.kind === 'metadata') return store.metadata(call.name);
  if (call.kind === 'readEnd') return store.readEnd(call.name, call.length);
  if (call.kind === 'readTilePart') return tiles.readPart(call.name, call.offset, call.length);
  return call.kind === 'read' ? store.read(call.name) : tiles.read(call.name);
}

async function page(store: Pick<ObjectStore, 'list'>, prefix: string, from: string): Promise<ObjectInfo[]> {
  const objects: ObjectInfo[] = [];
  for await (const object of store.list(prefix, from)) if (objects.push(object) === PAGE) break;
  return objects;
}

/** borrowStores gives stores whose objects are read at the other end of a channel. Faults are what the lender's are. */
export function borrowStores(port: MessagePort): LentStores {
  const asked = new Map<number, (crossed: Crossing<unknown>) => void>();
  let lastId = 0;
  port.on('message', ({ id, crossed }: { id: number; crossed: Crossing<unknown> }) => {
    asked.get(id)?.(crossed);
    asked.delete(id);
  });
  const ask = async (call: Call): Promise<unknown> =>
    arrived(
      await new Promise<Crossing<unknown>>((resolve) => {
        asked.set(++lastId, resolve);
        port.postMessage({ id: lastId, call });
      }),
    );
  const read = async (call: Call): Promise<Buffer | Unread | undefined> => {
    const bytes = (await ask(call)) as Uint8Array | Unread | undefined;
    return typeof bytes === 'object' ? bufferOf(bytes) : bytes;
  };
  return {
    store: {
      read: (name) => read({ kind: 'read', name }),
      readEnd: (name, length) => read({ kind: 'readEnd', name, length }),
      metadata: async (name) => (await ask({ kind: 'metadata', name })) as Readonly<Record<string, string>> | undefined,
      exists: async (name) => (await ask({ kind: 'exists', name })) as boolean,
      async *list(prefix, from = prefix) {
        let last: string | undefined;
        for (;;) {
          const objects = (await ask({ kind: 'list', prefix, from: last ?? from })) as ObjectInfo[];
          // A page begins with the object that ended the one before, unless that is gone.
          yield* objects[0]?.name === last ? objects.slice(1) : objects;
          if (objects.length < PAGE) return;
          last = objects.at(-1)?.name;
        }
      },
    },
    tiles: {
      read: (name) => read({ kind: 'readTile', name }),
      readPart: (name, offset, length) => read({ kind: 'readTilePart', name, offset, length }),
    },
  };
}
