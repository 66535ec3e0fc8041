import { AuditsealError } from '../../src/core/errors.ts';
import { deriveChain } from '../support/derive.ts';
import { timeOf } from '../support/forge.ts';
import { eventsBetween, hubOf, ingestOf, sealAll, watchOf } from '../support/hub.ts';
import { KeptLog } from '../support/keptLog.ts';
import { MemoryHub } from '../support/memoryHub.ts';
import { MemoryStore } from '../support/memoryStore.ts';

const MINUTE = 60;

interface Scene {
  readonly store: MemoryStore;
  readonly hub: MemoryHub;
  /** runs the timer at a second of the story, as a process that has just started */
  readonly watch: (second: number, changes?: Parameters<typeof watchOf>[1]) => Promise<KeptLog>;
  readonly ingest: (first: number, last: number, secondOfFirst?: number, second?: number) => Promise<KeptLog>;
}

function scene(partitions = 1): Scene {
  const store = new MemoryStore();
  const hub = new MemoryHub(partitions);
  return {
    store,
    hub,
    async watch(second, changes = {}) {
      const log = new KeptLog();
      await watchOf(store, { hub, now: () => Date.parse(timeOf(second)), ...changes }).run(log);
      return log;
    },
    ingest: (first, last, secondOfFirst = first, second = secondOfFirst + 5) =>
      sealAll(
        ingestOf(store, { hub: async () => hub, now: () => Date.parse(timeOf(second)) }),
        eventsBetween(first, last, secondOfFirst),
      ),
  };
}

/** processOf is a process that runs the timer more than once. */
function processOf(store: MemoryStore, hub: MemoryHub, changes: Parameters<typeof watchOf>[1] = {}) {
  let second = 0;
  const watch = watchOf(store, { hub, now: () => Date.parse(timeOf(second)), ...changes });
  return {
    async runAt(next: number): Promise<KeptLog> {
      second = next;
      const log = new KeptLog();
      await watch.run(log);
      return log;
    },
  };
}

/** shapeOf tells each segment of a chain: its kind, its events, what it declares, and up to where the hub said that it goes. */
const shapeOf = (store: MemoryStore, partition = '0'): string[] =>
  deriveChain(store.objects, partition).headers.map(
    ({ kind, incarnation, events: { first, last, count }, gaps, hub }) =>
      [
        `${kind} ${incarnation}/${count === 0 ? `-${last}` : `${first}-${last}`}`,
        ...gaps.map((gap) => `${gap.first}-${gap.last} ${gap.reason}`),
        ...(kind === 'heartbeat' ? [`hub ${String(hub?.last)}`] : []),
      ].join(', '),
  );

const statesOf = ({ lines }: KeptLog): unknown[] =>
  lines.filter(({ message }) => message === 'watched').map(({ fields }) => (fields as { state: string }).state);

describe('a sign of life', () => {
  test('says what the hub said, and is made only where a partition has been idle', async () => {
    const { store, hub, watch, ingest } = scene();
    hub.add(eventsBetween(0, 4));
    await ingest(0, 4);
    expect(statesOf(await watch(10 * MINUTE))).toEqual(['quiet']);
    expect(shapeOf(store)).toEqual(['ingest 0/0-4']);
    await watch(20 * MINUTE);
    await watch(21 * MINUTE);
    expect(shapeOf(store)).toEqual(['ingest 0/0-4', 'heartbeat 0/-4, hub 4']);
    expect(deriveChain(store.objects).headers[1]?.hub).toEqual({
      created: timeOf(-1000),
      asked: timeOf(20 * MINUTE),
      first: 0,
      last: 4,
      enqueued: timeOf(4),
    });
  });

  test('is the first segment of a partition that never had an event, also of one that was added', async () => {
    const { store, hub, watch } = scene();
    await watch(0);
    expect(shapeOf(store)).toEqual(['heartbeat 0/--1, hub -1']);
    hub.grow(1);
    await watch(MINUTE);
    expect(shapeOf(store, '1')).toEqual(['heartbeat 0/--1, hub -1']);
  });

  test('begins where the hub’s events have all expired before the ledger began', async () => {
    const { store, hub, watch } = scene();
    hub.add(eventsBetween(0, 9)).expire(10);
    await watch(100);
    hub.add(eventsBetween(10, 11, 110));
    await watch(200 + 10 * MINUTE);
    expect(shapeOf(store)).toEqual(['heartbeat 0/-9, hub 9', 'repair 0/10-11']);
  });

  test('is never made while events wait, whoever is to blame', async () => {
    const { store, hub, watch, ingest } = scene();
    hub.add(eventsBetween(0, 4));
    await ingest(0, 4);
    hub.add(eventsBetween(5, 24, 20 * MINUTE));
    expect(statesOf(await watch(25 * MINUTE))).toEqual(['behind']);
    expect(shapeOf(store)).toEqual(['ingest 0/0-4']);
  });

  test('is not made where the hub was created again between question and answer', async () => {
    const { store, hub, watch, ingest } = scene();
    hub.add(eventsBetween(0, 4));
    await ingest(0, 4);
    const state = hub.state.bind(hub);
    hub.state = async (partition) => {
      const said = await state(partition);
      hub.recreate(300);
      return said;
    };
    await expect(watch(60 * MINUTE)).rejects.toMatchObject({ code: 'HUB_UNAVAILABLE' });
    expect(shapeOf(store)).toEqual(['ingest 0/0-4']);
  });
});

describe('events that nobody delivers', () => {
  test('are read and sealed when they have waited long and nothing moved, and not before', async () => {
    const { store, hub, watch, ingest } = scene();
    hub.add(eventsBetween(0, 4));
    await ingest(0, 4);
    hub.add(eventsBetween(5, 24, 60));
    expect(statesOf(await watch(9 * MINUTE))).toEqual(['behind']);
    const log = await watch(12 * MINUTE);
    expect(statesOf(log)).toEqual(['stuck']);
    expect(shapeOf(store)).toEqual(['ingest 0/0-4', 'repair 0/5-24']);
    // What the trigger delivers in the end is a repetition.
    await ingest(5, 24, 60);
    expect(shapeOf(store)).toEqual(['ingest 0/0-4', 'repair 0/5-24']);
  });

  test('are left to ingest while it moves, however old they are', async () => {
    const { store, hub, watch, ingest } = scene();
    hub.add(eventsBetween(0, 24));
    await ingest(0, 4, 0, 30 * MINUTE);
    expect(statesOf(await watch(35 * MINUTE))).toEqual(['behind']);
    expect(shapeOf(store)).toEqual(['ingest 0/0-4']);
  });

  /** A hub whose events behind the sealed ones have all expired. */
  async function expired(): Promise<Scene> {
    const it = scene();
    it.hub.add(eventsBetween(0, 4));
    await it.ingest(0, 4);
    it.hub.add(eventsBetween(5, 24, 60)).expire(25);
    return it;
  }

  test('and all expired are declared, once a delivery that is tried again had its time', async () => {
    const { store, watch } = await expired();
    const waited: number[] = [];
    const log = await watch(20 * MINUTE, { wait: async (milliseconds) => void waited.push(milliseconds) });
    expect(waited).toEqual([2 * 60_000]);
    expect(log.errors).toEqual(['events are missing']);
    await watch(40 * MINUTE);
    expect(shapeOf(store)).toEqual(['ingest 0/0-4', 'repair 0/-24, 5-24 expired', 'heartbeat 0/-24, hub 24']);
  });

  test('and have expired while a delivery had them in hand are sealed from that', async () => {
    const { store, ingest, watch } = await expired();
    const wait = async (): Promise<void> => void (await ingest(5, 24, 60, 21 * MINUTE));
    expect(statesOf(await watch(20 * MINUTE, { wait }))).toEqual(['behind']);
    expect(shapeOf(store)).toEqual(['ingest 0/0-4', 'ingest 0/5-24']);
  });

  test('are an alarm when the hub will delete them soon', async () => {
    const { hub, watch, ingest } = scene();
    const hubRetentionMs = 24 * 3_600_000;
    hub.add(eventsBetween(0, 4));
    await ingest(0, 4);
    hub.add(eventsBetween(5, 9, 60));
    expect((await watch(17 * 3600, { hubRetentionMs, stuckMs: 3_600_000 })).errors).toEqual([]);
    hub.add(eventsBetween(10, 10, 18 * 3600));
    const log = await watch(37 * 3600, { hubRetentionMs, stuckMs: 3_600_000 });
    expect(log.lines).toContainEqual({
      level: 'error',
      message: 'unsealed events will expire',
      fields: { partition: '0', behind: 1, hoursLeft: 5 },
    });
  });

  test('more than one run may read: the next one goes on at once', async () => {
    const { store, hub } = scene();
    hub.groupSize = 10;
    hub.add(eventsBetween(0, 99));
    const timer = processOf(store, hub, { fillMs: 0 });
    for (let run = 0; run < 10; run++) await timer.runAt(20 * MINUTE + run * MINUTE);
    expect(deriveChain(store.objects).events.map(({ number }) => number)).toEqual(
      Array.from({ length: 100 }, (_, i) => i),
    );
  });

  test('more than one run may read: the next process goes on', async () => {
    const { store, hub, watch } = scene();
    hub.groupSize = 10;
    hub.add(eventsBetween(0, 99));
    for (let run = 1; run <= 10; run++) {
      let now = Date.parse(timeOf(run * 20 * MINUTE));
      await watch(0, { fillMs: 90_000, now: () => (now += 30_000) });
    }
    const { events } = deriveChain(store.objects);
    expect(events.map(({ number }) => number)).toEqual(Array.from({ length: 100 }, (_, i) => i));
    expect(new Set(shapeOf(store).map((shape) => shape.split(' ')[0]))).toEqual(new Set(['repair']));
  });
});

describe('a hub that was created again', () => {
  test.each([0, 4, 10, 25])('with %d new events: all are sealed in the next incarnation', async (count) => {
    const { store, hub, watch, ingest } = scene();
    hub.add(eventsBetween(0, 9));
    await ingest(0, 9);
    hub.recreate(100);
    if (count > 0) hub.add(eventsBetween(0, count - 1, 200));
    const log = await watch(300);
    expect(statesOf(log)).toEqual(['recreated']);
    expect(log.errors).toEqual(['event hub was re-created']);
    expect(shapeOf(store)).toEqual(['ingest 0/0-9', count === 0 ? 'repair 1/--1' : `repair 1/0-${count - 1}`]);
    await watch(301);
    expect(shapeOf(store)).toHaveLength(2);
  });

  test('of whose events some were sealed under fitting numbers: they stand in its own incarnation too', async () => {
    const { store, hub, watch, ingest } = scene();
    hub.add(eventsBetween(0, 9));
    await ingest(0, 9);
    hub.recreate(100);
    hub.add(eventsBetween(0, 24, 200));
    await ingest(10, 24, 210);
    expect(shapeOf(store)).toEqual(['ingest 0/0-9', 'ingest 0/10-24']);
    await watch(300);
    expect(shapeOf(store)).toEqual(['ingest 0/0-9', 'ingest 0/10-24', 'repair 1/0-24']);
  });

  test('while two timers run: one history', async () => {
    const { store, hub, watch, ingest } = scene();
    hub.add(eventsBetween(0, 9));
    await ingest(0, 9);
    hub.recreate(100);
    hub.groupSize = 3;
    hub.add(eventsBetween(0, 24, 200));
    await Promise.all([watch(300), watch(300), ingest(5, 20, 205)]);
    await watch(20 * MINUTE);
    const { events } = deriveChain(store.objects);
    expect(events.filter(({ incarnation }) => incarnation === 1).map(({ number }) => number)).toEqual(
      Array.from({ length: 25 }, (_, i) => i),
    );
  });
});

test('a chain that says more than the hub goes on in the next incarnation, in which all stands that the hub holds', async () => {
  const { store, hub, watch, ingest } = scene();
  const truth = new MemoryHub();
  hub.add(eventsBetween(0, 9));
  truth.add(eventsBetween(0, 7));
  await ingest(0, 9);
  expect(statesOf(await watch(5 * MINUTE, { hub: truth }))).toEqual(['behind']);
  const log = await watch(60 * MINUTE, { hub: truth });
  expect(statesOf(log)).toEqual(['contradicted']);
  expect(log.errors).toEqual(['the chain has events that the hub never had']);
  expect(shapeOf(store)).toEqual(['ingest 0/0-9', 'repair 1/0-7']);
});

test('a partition that fails keeps no other from being watched, and the run fails', async () => {
  const { store, hub, watch } = scene(3);
  hub.fault = (_request, partition) => {
    if (partition === '1') throw new AuditsealError('HUB_UNAVAILABLE', 'away');
  };
  await expect(watch(0)).rejects.toMatchObject({ code: 'HUB_UNAVAILABLE' });
  expect(['0', '1', '2'].map((partition) => shapeOf(store, partition).length)).toEqual([1, 0, 1]);
});

test('a run costs one request of the hub a partition, and one more; another one for each heartbeat', async () => {
  const { store, watch } = scene(4);
  const hub = new MemoryHub(4);
  await watch(0, { hub });
  expect(hub.requests).toEqual({ life: 5, state: 4, read: 0 });
  await watch(1, { hub });
  expect(hub.requests).toEqual({ life: 6, state: 8, read: 0 });
  expect(hubOf(store).requests).toEqual({ life: 0, state: 0, read: 0 });
});

test('a chain whose first events expire before they are read begins with a heartbeat (seed 101023 of the simulator)', async () => {
  const { store, hub, watch } = scene();
  hub.add(eventsBetween(0, 2));
  hub.fault = (request) => {
    if (request === 'state' && hub.requests.state === 2) hub.expire(3);
  };
  await watch(2 * 60 * MINUTE);
  const [first, ...others] = deriveChain(store.objects).headers;
  expect(first).toMatchObject({
    kind: 'heartbeat',
    events: { first: 2, last: 2, count: 0 },
    hub: { first: 3, last: 2 },
  });
  expect(others).toEqual([]);
});
