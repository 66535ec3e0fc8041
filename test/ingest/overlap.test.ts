import { AuditsealError } from '../../src/core/errors.ts';
import type { IngestDeps } from '../../src/ingest/ingest.ts';
import { deriveChain } from '../support/derive.ts';
import { nameOf, timeOf } from '../support/forge.ts';
import { eventAt, hubOf, ingestOf } from '../support/hub.ts';
import { KeptLog } from '../support/keptLog.ts';
import { sessionsOf } from '../support/logs.ts';
import { MemoryStore } from '../support/memoryStore.ts';

const SESSIONS = sessionsOf('segments');
/** Large enough that their lines are compressed on another thread. */
const EVENTS = Array.from({ length: 9 }, (_, i) =>
  eventAt(
    i,
    i,
    `{"records":[${Array.from({ length: 100 }, (_unused, r) => `{"n":${i},"r":"${'x'.repeat(900)}${r}"}`).join(',')}]}`,
  ),
);
const ONE_EACH = { maxSegmentBytes: 1, sessions: SESSIONS, overlap: 3 };

async function seal(store: MemoryStore, changes: Partial<IngestDeps>): Promise<void> {
  hubOf(store).add(EVENTS);
  await ingestOf(store, { ...ONE_EACH, ...changes }).seal({ partition: '0', events: EVENTS }, new KeptLog());
}

const numbersIn = (store: MemoryStore): number[] => deriveChain(store.objects).events.map(({ number }) => number);
const range = (end: number): number[] => Array.from({ length: end }, (_, i) => i);

test('segments that are sealed while others are stored are those that are sealed one after the other', async () => {
  const [one, three] = [new MemoryStore(), new MemoryStore()];
  await seal(one, { overlap: 1 });
  await seal(three, {});
  expect([...three.objects]).toEqual([...one.objects]);
  expect(numbersIn(three)).toEqual(range(9));
});

test('no more than three are in memory, and no two are stored at one time', async () => {
  const store = new MemoryStore();
  let [sealed, stored, storing] = [0, 0, 0];
  const most: number[] = [];
  const create = store.create.bind(store);
  store.create = async (...given) => {
    expect(++storing).toBe(1);
    // All that may be sealed meanwhile is.
    for (let turns = 0; turns < 50; turns++) await new Promise(setImmediate);
    most.push(sealed - stored);
    const outcome = await create(...given);
    storing -= 1;
    stored += 1;
    return outcome;
  };
  const sessions = { at: (time: string) => ((sealed += 1), SESSIONS.at(time)) } as IngestDeps['sessions'];
  await seal(store, { sessions });
  expect(most).toEqual([3, 3, 3, 3, 3, 3, 3, 2, 1]);
});

test.each(range(9))('where the name of segment %d is taken, what is sealed behind it is sealed anew', async (index) => {
  const store = new MemoryStore();
  await seal(store, {});
  const whole = new Map(store.objects);
  const again = new MemoryStore([...whole].filter(([name]) => name < nameOf(index)));
  again.faultOf = (name) => {
    if (name === nameOf(index)) again.objects.set(name, Buffer.from('junk'));
    return undefined;
  };
  await seal(again, {});
  expect(numbersIn(again)).toEqual(range(9));
  expect([...again.objects.keys()].filter((name) => name.startsWith('segments/')).length).toBe(10);
});

test.each(range(9))(
  'where segment %d can’t be sealed, what is before it is stored, and nothing behind it',
  async (index) => {
    const store = new MemoryStore();
    let isFailing = true;
    const now = (): number => Date.parse(timeOf(2_000_000));
    const sessions = {
      at: async (time: string) => {
        if (isFailing && ++asked > index) throw new AuditsealError('STORE_REFUSED', 'no key');
        return SESSIONS.at(time);
      },
    } as IngestDeps['sessions'];
    let asked = 0;
    await expect(seal(store, { sessions, now })).rejects.toMatchObject({ code: 'STORE_REFUSED' });
    expect(numbersIn(store)).toEqual(range(index));
    isFailing = false;
    await seal(store, { sessions, now });
    expect(numbersIn(store)).toEqual(range(9));
  },
);

test('a process that is to end stores nothing of what it sealed ahead', async () => {
  const store = new MemoryStore();
  const stopping = new AbortController();
  store.faultOf = (name) => {
    if (name === nameOf(2)) stopping.abort();
    return undefined;
  };
  await expect(seal(store, { stopping: stopping.signal })).rejects.toMatchObject({ code: 'STOPPING' });
  expect(numbersIn(store)).toEqual(range(3));
});

test('a fault in storing one leaves what is behind it to the next try', async () => {
  const store = new MemoryStore();
  let faults = 0;
  store.faultOf = (name) => (name === nameOf(4) && ++faults < 3 ? 'fail' : undefined);
  await seal(store, {});
  expect(faults).toBe(3);
  expect(numbersIn(store)).toEqual(range(9));
});
