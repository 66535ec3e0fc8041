import { AuditsealError } from '../../src/core/errors.ts';
import { timeOf } from '../support/forge.ts';
import { eventsBetween, ingestOf, sealAll, watchOf } from '../support/hub.ts';
import { KeptLog } from '../support/keptLog.ts';
import { MemoryHub } from '../support/memoryHub.ts';
import { MemoryStore } from '../support/memoryStore.ts';

const HOUR = 3600;

test('an event that came a minute ago into a partition that was quiet for long does not expire soon', async () => {
  const store = new MemoryStore();
  const hub = new MemoryHub(1);
  const watch = async (second: number): Promise<KeptLog> => {
    const log = new KeptLog();
    await watchOf(store, { hub, now: () => Date.parse(timeOf(second)), hubRetentionMs: 24 * HOUR * 1000 }).run(log);
    return log;
  };
  hub.add(eventsBetween(0, 4));
  await sealAll(ingestOf(store, { hub: async () => hub, now: () => Date.parse(timeOf(9)) }), eventsBetween(0, 4));
  await watch(20 * HOUR);
  hub.add(eventsBetween(5, 5, 20 * HOUR + 60));
  const log = await watch(20 * HOUR + 61);
  const watched = log.lines.find(({ message }) => message === 'watched');
  expect(watched?.fields).toMatchObject({ state: 'behind', behind: 1, hoursLeft: 23 });
  expect(log.errors).toEqual([]);
});

/** A ledger of a hub with events 0 to 4, of which then another one with 0 to 3 is made. */
async function recreated(): Promise<{ store: MemoryStore; hub: MemoryHub; ingest: ReturnType<typeof ingestOf> }> {
  const store = new MemoryStore();
  const hub = new MemoryHub(1);
  const ingest = ingestOf(store, { hub: async () => hub });
  hub.add(eventsBetween(0, 4));
  await sealAll(ingest, eventsBetween(0, 4));
  hub.recreate(100);
  hub.add(eventsBetween(0, 3, 101));
  return { store, hub, ingest };
}

test('that the hub was created again is said by who begins the incarnation, and not by who comes later', async () => {
  const { store, hub, ingest } = await recreated();
  const log = new KeptLog();
  await watchOf(store, { hub }).run(log);
  hub.add(eventsBetween(4, 5, 120));
  // This process still knows the chain as it left it.
  await ingest.seal({ partition: '0', events: eventsBetween(4, 5, 120) }, log);
  expect(log.errors).toEqual(['event hub was re-created']);
});

test('that the hub was created again is said once, however often the store fails', async () => {
  const { store, ingest } = await recreated();
  const create = store.create.bind(store);
  let failures = 5;
  store.create = async (...args: Parameters<typeof create>) => {
    if (failures-- > 0) throw new AuditsealError('STORE_UNAVAILABLE', 'busy');
    return create(...args);
  };
  const log = await sealAll(ingest, eventsBetween(0, 3, 101));
  expect(log.errors).toEqual(['event hub was re-created']);
});

test('a fault that nobody foresaw, in one partition, keeps no other from being watched, and is not quoted', async () => {
  const hub = new MemoryHub(3);
  hub.fault = (_asked, partition) => {
    if (partition === '0') throw new TypeError('of a secret');
  };
  const log = new KeptLog();
  await expect(watchOf(new MemoryStore(), { hub }).run(log)).rejects.toThrow(TypeError);
  const watched = log.lines.filter(({ message }) => message === 'watched');
  expect(watched.map(({ fields }) => (fields as { partition: string }).partition)).toEqual(['1', '2']);
  expect(log.errors).toEqual(['a partition could not be watched']);
  expect(JSON.stringify(log.lines)).not.toContain('secret');
});
