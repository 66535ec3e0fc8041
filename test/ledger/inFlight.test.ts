import { setImmediate } from 'node:timers/promises';
import { AuditsealError } from '../../src/core/errors.ts';
import { InFlight, LARGER, mapInOrder } from '../../src/ledger/concurrency.ts';
import { mirrorLedger } from '../../src/ledger/mirror.ts';
import type { ObjectInfo, Unread } from '../../src/ports/store.ts';
import { forgeChain, nameOf } from '../support/forge.ts';
import { MemoryStore } from '../support/memoryStore.ts';

const MIB = 1024 * 1024;

/** Load counts what is under way, and the most that was at one time. */
class Load {
  running = 0;
  bytes = 0;
  readonly most = { running: 0, bytes: 0 };

  async carry(bytes: number): Promise<void> {
    this.running += 1;
    this.bytes += bytes;
    this.most.running = Math.max(this.most.running, this.running);
    this.most.bytes = Math.max(this.most.bytes, this.bytes);
    await setImmediate();
    this.running -= 1;
    this.bytes -= bytes;
  }
}

const unavailable = (): AuditsealError => new AuditsealError('STORE_UNAVAILABLE', 'busy');

test.each([
  ['small ones by count', 1000, 400, 128],
  ['middling ones by bytes', 1 * MIB, 200, 64],
  ['large ones as ever', 50 * MIB, 40, 8],
])('what is read at one time is bounded: %s', async (_what, size, count, most) => {
  const load = new Load();
  const flight = new InFlight(8, 128);
  await Promise.all(Array.from({ length: count }, () => flight.run(size, async () => load.carry(size))));
  expect(load.most.running).toBe(most);
  expect(load.most.bytes).toBeLessThanOrEqual(Math.max(64 * MIB, 8 * size));
  expect(load.running).toBe(0);
});

test('of sizes that are mixed, no more is held than either bound lets, and none waits for ever', async () => {
  const load = new Load();
  const flight = new InFlight(4, 128);
  const sizes = Array.from({ length: 500 }, (_, i) => (i % 50 === 7 ? 100 * MIB : 10_000 * (1 + (i % 90))));
  await Promise.all(sizes.map((size) => flight.run(size, async () => load.carry(size))));
  expect(load.most.running).toBeGreaterThan(32);
  expect(load.most.bytes).toBeLessThanOrEqual(4 * 100 * MIB);
});

test('what turns out larger than its listing has another turn, in which it counts as what it may be', async () => {
  const flight = new InFlight(2, 128);
  const load = new Load();
  const turns: number[] = [];
  const read = async (size: number): Promise<number> =>
    flight.run<number>(10, async ({ most }) => {
      turns.push(most);
      if (size > most) return LARGER;
      await load.carry(size);
      return size;
    });
  const sizes = Array.from({ length: 40 }, (_, i) => (i % 2 === 0 ? 5 : 100 * MIB));
  expect(await Promise.all(sizes.map(read))).toEqual(sizes);
  expect(turns.filter((most) => most === Infinity)).toHaveLength(20);
  expect(load.most.bytes).toBeLessThan(3 * 100 * MIB);
});

test('where the store gives up, fewer are under way, down to the least, and it is tried again; there a fault counts', async () => {
  const load = new Load();
  const flight = new InFlight(8, 128);
  let tries = 0;
  // It carries twelve at a time.
  const read = (): Promise<'read'> =>
    flight.run<'read'>(1000, async () => {
      tries += 1;
      if (load.running >= 12) throw unavailable();
      await load.carry(1000);
      return 'read';
    });
  expect(await Promise.all(Array.from({ length: 300 }, read))).toEqual(Array(300).fill('read'));
  expect(tries).toBeGreaterThan(300);
  let dead = 0;
  const lost = await Promise.allSettled(
    Array.from({ length: 50 }, () =>
      flight.run(1000, async () => {
        dead += 1;
        throw unavailable();
      }),
    ),
  );
  expect(lost.map(({ status }) => status)).toEqual(Array(50).fill('rejected'));
  expect(dead).toBeLessThan(3 * 50);
  await expect(flight.run(1, async () => Promise.reject(new AuditsealError('STORE_REFUSED', 'no')))).rejects.toThrow(
    'no',
  );
});

test('each ends when all that was begun has, and says what failed', async () => {
  const done: number[] = [];
  const items = async function* (): AsyncGenerator<number> {
    for (let i = 0; i < 1000; i++) yield i;
  };
  const each = new InFlight(8, 64).each(
    items(),
    () => 1,
    async (i) => {
      await setImmediate();
      if (i === 20) throw new Error('the 21st');
      done.push(i);
    },
  );
  await expect(each).rejects.toThrow('the 21st');
  const { length } = done;
  await setImmediate();
  expect(done).toHaveLength(length);
  expect(length).toBeLessThan(200);
});

test('what fails while each waits for the next item is said all the same', async () => {
  const items = async function* (): AsyncGenerator<number> {
    for (let i = 0; i < 3; i++) {
      yield i;
      await setImmediate();
    }
  };
  const failing = (failed: number): Promise<void> =>
    new InFlight(8).each(
      items(),
      () => 1,
      async (i) => {
        if (i === failed) throw new Error(`item ${i}`);
      },
    );
  for (const i of [0, 1, 2]) await expect(failing(i)).rejects.toThrow(`item ${i}`);
});

test('going ahead in order is bounded by bytes, and by count', async () => {
  for (const [size, most] of [
    [1000, 64],
    [4 * MIB, 16],
    [40 * MIB, 4],
  ] as const) {
    let [begun, ended, ahead] = [0, 0, 0];
    const items = Array.from({ length: 200 }, (_, i) => i);
    const outcomes: number[] = [];
    for await (const i of mapInOrder(items, { least: 4, most: 64, sizeOf: () => size }, async (i) => {
      begun += 1;
      ahead = Math.max(ahead, begun - ended);
      await setImmediate();
      return i;
    })) {
      outcomes.push(i);
      ended += 1;
    }
    expect(outcomes).toEqual(items);
    expect(ahead).toBeLessThanOrEqual(most + 1);
    expect(ahead).toBeGreaterThanOrEqual(most);
  }
});

/** LoadedStore is a store that counts what is read at one time, and may say less of sizes than there is. */
class LoadedStore extends MemoryStore {
  readonly load = new Load();
  listedSize: number | undefined;

  override async read(name: string, most?: number): Promise<Buffer | Unread | undefined> {
    const bytes = await super.read(name, most);
    if (typeof bytes === 'object') await this.load.carry(bytes.length);
    return bytes;
  }

  override async *list(prefix: string, from?: string): AsyncGenerator<ObjectInfo> {
    for await (const { name, size } of super.list(prefix, from)) yield { name, size: this.listedSize ?? size };
  }
}

test('a copy reads many small objects at one time, and is whole where a listing says less than there is', async () => {
  const store = new LoadedStore(forgeChain(400));
  const to = new MemoryStore();
  expect(await mirrorLedger(store, to, { concurrency: 8, requests: 128 })).toMatchObject({ copied: 400, failed: [] });
  expect(store.load.most.running).toBeGreaterThan(64);
  expect(to.objects).toEqual(store.objects);
  store.listedSize = 10;
  store.load.most.running = 0;
  const again = new MemoryStore();
  expect(await mirrorLedger(store, again, { concurrency: 8, requests: 128 })).toMatchObject({
    copied: 400,
    failed: [],
  });
  expect(store.load.most.running).toBeLessThanOrEqual(8);
  expect(again.objects.get(nameOf(399))?.equals(store.objects.get(nameOf(399)) as Buffer)).toBe(true);
});
