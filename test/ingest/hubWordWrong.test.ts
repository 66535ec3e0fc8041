import type { PartitionState } from '../../src/ports/hub.ts';
import { check } from '../support/checking.ts';
import { deriveChain } from '../support/derive.ts';
import { forge, nameOf, timeOf } from '../support/forge.ts';
import { eventAt, eventsBetween, ingestOf, sealAll, watchOf } from '../support/hub.ts';
import { KeptLog } from '../support/keptLog.ts';
import { MemoryHub } from '../support/memoryHub.ts';
import { MemoryStore } from '../support/memoryStore.ts';
import { CREATED } from '../support/sign.ts';

// What is said of the hub, by itself or by a segment, is late, early or of another hub.

const HOUR = 3600;
const at = (second: number) => (): number => Date.parse(timeOf(second));

describe('a hub whose answer is some seconds old', () => {
  class StaleHub extends MemoryHub {
    stale: PartitionState | undefined;
    override async state(partition: string): Promise<PartitionState> {
      return this.stale ?? super.state(partition);
    }
  }

  test.each([
    [0, 1010],
    [180_000, 1010 - 240],
  ])('makes no chain say more than it has, with %i ms to being stuck and sealed at %i', async (stuckMs, second) => {
    const [store, hub] = [new MemoryStore(), new StaleHub(1)];
    hub.add(eventsBetween(0, 5, 1000));
    await sealAll(ingestOf(store, { hub: async () => hub, now: at(second) }), eventsBetween(0, 5, 1000));
    hub.stale = { first: 0, last: 4, enqueued: timeOf(1004) };
    const log = new KeptLog();
    await watchOf(store, { hub, now: at(1011), stuckMs }).run(log);
    expect(log.errors).toEqual([]);
    expect(store.objects.size).toBe(1);
  });

  test('begins no incarnation where a sealed event comes again', async () => {
    const [store, hub] = [new MemoryStore(), new StaleHub(1)];
    const sealer = () => ingestOf(store, { hub: async () => hub, now: at(1021 - 660) });
    hub.add(eventsBetween(0, 4, 1000));
    await sealAll(sealer(), eventsBetween(0, 4, 1000));
    hub.add([eventAt(5, 1020)]);
    hub.stale = { first: 0, last: 4, enqueued: timeOf(1004) };
    await sealAll(sealer(), [eventAt(5, 1020)]);
    expect((await sealAll(sealer(), [eventAt(5, 1020)])).errors).toEqual([]);
    expect(store.objects.size).toBe(2);
  });
});

test.each([1, 12])(
  'a chain that says more than its hub, dated 20 hours ahead, is seen after %i hours',
  async (hours) => {
    const [store, hub, begin] = [new MemoryStore(), new MemoryHub(1), 1_000_000];
    hub.created = CREATED;
    const events = Array.from({ length: 1000 }, (_, i) => i);
    const header = { sealed: timeOf(begin + 20 * HOUR) };
    store.objects.set(nameOf(0), forge({ events, second: begin, hub: { first: 0, last: 999 }, header }).stored);
    hub.add(eventsBetween(0, 9, begin));
    const log = new KeptLog();
    await watchOf(store, { hub, now: at(begin + hours * HOUR) }).run(log);
    expect(log.errors).toContain('the chain has events that the hub never had');
  },
);

test.each([
  ['the segment', (): number => 72 * HOUR, 3 * HOUR],
  ['the event that waits', (): number => 9, 400 * HOUR],
])('%s is dated ahead: what waits is read all the same', async (_what, sealed, waiting) => {
  const [store, hub] = [new MemoryStore(), new MemoryHub(1)];
  hub.add(eventsBetween(0, 4));
  await sealAll(ingestOf(store, { hub: async () => hub, now: at(sealed()) }), eventsBetween(0, 4));
  hub.add([eventAt(5, waiting)]);
  await watchOf(store, { hub, now: at(24 * HOUR) }).run(new KeptLog());
  expect([...store.objects.keys()]).toEqual([nameOf(0), nameOf(1)]);
});

describe('a chain that was opened, and not written', () => {
  /** A process that a late event of a hub that is gone came to, before anything was sealed. */
  async function opened(): Promise<{ store: MemoryStore; hub: MemoryHub; ingest: ReturnType<typeof ingestOf> }> {
    const [store, hub] = [new MemoryStore(), new MemoryHub(1, 1000)];
    const ingest = ingestOf(store, { hub: async () => hub });
    hub.add([eventAt(5, 1001)]);
    await sealAll(ingest, [eventAt(7, 10)]);
    return { store, hub, ingest };
  }

  test('begins with incarnation 0 and the hub that there is then', async () => {
    const { store, hub, ingest } = await opened();
    hub.recreate(2000);
    hub.add([eventAt(0, 2001)]);
    await sealAll(ingest, [eventAt(0, 2001)]);
    expect(deriveChain(store.objects).headers).toMatchObject([{ incarnation: 0, hub: { created: timeOf(2000) } }]);
    expect((await check(store)).findings).toEqual([]);
  });

  test('states what the hub says then, and declares nothing that was gone before', async () => {
    const { store, hub, ingest } = await opened();
    hub.recreate(1000);
    hub.add(eventsBetween(0, 9, 2000)).expire(5);
    await sealAll(ingest, [eventAt(8, 2008)]);
    const { headers } = deriveChain(store.objects);
    expect(headers.map(({ events, gaps, hub: word }) => [events.first, gaps, word?.first])).toEqual([
      [5, [], 5],
      [8, [], undefined],
    ]);
  });
});

test('an event of a hub between two others is not dropped as sealed without a word', async () => {
  const [store, hub] = [new MemoryStore(), new MemoryHub(1, -100)];
  hub.add(eventsBetween(0, 10));
  await sealAll(ingestOf(store, { hub: async () => hub, now: at(20) }), eventsBetween(0, 10));
  hub.recreate(1000);
  hub.recreate(2000);
  const log = await sealAll(ingestOf(store, { hub: async () => hub, now: at(2010) }), [eventAt(3, 1010)]);
  expect(log.errors).toEqual(['events of a hub that is gone came too late']);
});

test('a partition whose store does not answer keeps no other from being watched', async () => {
  const [store, hub] = [new MemoryStore(), new MemoryHub(3)];
  const exists = store.exists.bind(store);
  store.exists = (name) => (name.startsWith('segments/0/') ? new Promise(() => {}) : exists(name));
  void watchOf(store, { hub }).run(new KeptLog());
  for (let turns = 0; turns < 2000 && store.objects.size < 2; turns++) await Promise.resolve();
  expect([...store.objects.keys()]).toEqual([nameOf(0, '1'), nameOf(0, '2')]);
});
