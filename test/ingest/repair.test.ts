import { AuditsealError } from '../../src/core/errors.ts';
import type { SealableEvent } from '../../src/core/segment/seal.ts';
import { deriveChain } from '../support/derive.ts';
import { timeOf } from '../support/forge.ts';
import { eventAt, eventsBetween, hubOf, ingestOf, sealAll } from '../support/hub.ts';
import { MemoryStore } from '../support/memoryStore.ts';

/** sealedIn gives what is sealed as "incarnation/number", after the whole chain has been derived anew. */
const sealedIn = (store: MemoryStore): string[] =>
  deriveChain(store.objects).events.map(({ incarnation, number }) => `${incarnation}/${number}`);

const range = (first: number, last: number, incarnation = 0): string[] =>
  Array.from({ length: last - first + 1 }, (_, i) => `${incarnation}/${first + i}`);

/** shapeOf tells each segment of a chain: its kind, its events, and what it declares. */
const shapeOf = (store: MemoryStore): string[] =>
  deriveChain(store.objects).headers.map(({ kind, incarnation, events: { first, last, count }, gaps }) =>
    [
      `${kind} ${incarnation}/${count === 0 ? `-${last}` : `${first}-${last}`}`,
      ...gaps.map((gap) => `${gap.first}-${gap.last} ${gap.reason}`),
    ].join(', '),
  );

/** A store in which events 0 to 2 are sealed, of a hub that has 0 to 9. */
async function behind(): Promise<MemoryStore> {
  const store = new MemoryStore();
  hubOf(store).add(eventsBetween(0, 9));
  await sealAll(ingestOf(store), eventsBetween(0, 2));
  return store;
}

describe('what is missing before a delivery', () => {
  test('is read from the hub and sealed first', async () => {
    const store = await behind();
    const log = await sealAll(ingestOf(store), eventsBetween(6, 9));
    expect(shapeOf(store)).toEqual(['ingest 0/0-2', 'repair 0/3-5', 'ingest 0/6-9']);
    expect(sealedIn(store)).toEqual(range(0, 9));
    expect(log.errors).toEqual([]);
    expect(log.lines).toContainEqual({
      level: 'warn',
      message: 'events were read from the hub again',
      fields: { partition: '0', first: 3, last: 5, events: 3 },
    });
    expect(deriveChain(store.objects).headers[1]?.hub).toMatchObject({ created: timeOf(-1000), first: 0, last: 9 });
  });

  test('inside it too', async () => {
    const store = await behind();
    await sealAll(ingestOf(store), [...eventsBetween(3, 4), ...eventsBetween(7, 9)]);
    expect(shapeOf(store)).toEqual(['ingest 0/0-2', 'ingest 0/3-4', 'repair 0/5-6', 'ingest 0/7-9']);
  });

  test('at the begin of a chain: it begins with the first event that the hub holds', async () => {
    const store = new MemoryStore();
    hubOf(store).add(eventsBetween(7000, 7009));
    await sealAll(ingestOf(store), eventsBetween(7004, 7009));
    expect(shapeOf(store)).toEqual(['repair 0/7000-7003', 'ingest 0/7004-7009']);
    expect(deriveChain(store.objects).headers[0]?.hub).toMatchObject({ first: 7000, last: 7009 });
  });

  test('at the begin of a chain, of what expired while it was delivered: what is in hand is sealed', async () => {
    const store = new MemoryStore();
    const hub = hubOf(store);
    hub.add(eventsBetween(0, 9)).expire(7);
    await sealAll(ingestOf(store), eventsBetween(2, 4));
    await sealAll(ingestOf(store), eventsBetween(9, 9));
    expect(shapeOf(store)).toEqual(['ingest 0/2-4', 'repair 0/7-8, 5-6 expired', 'ingest 0/9-9']);
    expect(deriveChain(store.objects).headers[0]?.hub?.first).toBe(7);
  });

  test.each<[string, (store: MemoryStore) => void, string[]]>([
    ['partly', (store) => hubOf(store).expire(5), ['repair 0/5-5, 3-4 expired']],
    ['all', (store) => hubOf(store).expire(6), ['repair 0/-5, 3-5 expired']],
    ['also what was delivered', (store) => hubOf(store).expire(9), ['repair 0/-5, 3-5 expired']],
  ])('is declared where the hub holds it no more: %s', async (_what, expire, repaired) => {
    const store = await behind();
    expire(store);
    const log = await sealAll(ingestOf(store), eventsBetween(6, 9));
    expect(shapeOf(store)).toEqual(['ingest 0/0-2', ...repaired, 'ingest 0/6-9']);
    expect(log.errors).toEqual(['events are missing']);
  });

  test('is declared where the hub gives out what is behind it and not it', async () => {
    const store = await behind();
    hubOf(store).keepBack(4);
    const log = await sealAll(ingestOf(store), eventsBetween(6, 9));
    expect(shapeOf(store)).toEqual(['ingest 0/0-2', 'repair 0/3-3', 'repair 0/5-5, 4-4 unreadable', 'ingest 0/6-9']);
    expect(log.errors).toEqual(['events are missing']);
  });

  test('is declared up to where the hub gives something out, however much that is', async () => {
    const store = await behind();
    for (const number of [3, 4, 5]) hubOf(store).keepBack(number);
    await sealAll(ingestOf(store), eventsBetween(6, 9));
    expect(shapeOf(store)).toEqual(['ingest 0/0-2', 'repair 0/-5, 3-5 unreadable', 'ingest 0/6-9']);
  });

  test('is not declared where the hub gives nothing out and doesn’t say that it is gone: it throws, and is tried again', async () => {
    const store = await behind();
    const hub = hubOf(store);
    const read = hub.read.bind(hub);
    hub.read = async function* nothing(): AsyncGenerator<readonly SealableEvent[]> {};
    await expect(sealAll(ingestOf(store), eventsBetween(6, 9))).rejects.toMatchObject({ code: 'HUB_UNAVAILABLE' });
    expect(shapeOf(store)).toEqual(['ingest 0/0-2']);
    hub.read = read;
    await sealAll(ingestOf(store), eventsBetween(6, 9));
    expect(sealedIn(store)).toEqual(range(0, 9));
  });

  test.each(['life', 'state', 'read'] as const)(
    'waits for a hub that is away (%s): nothing is skipped',
    async (request) => {
      const store = await behind();
      hubOf(store).fault = (asked) => {
        if (asked === request) throw new AuditsealError('HUB_UNAVAILABLE', 'away');
      };
      const ingest = ingestOf(store);
      for (let i = 0; i < 3; i++)
        await expect(sealAll(ingest, eventsBetween(6, 9))).rejects.toMatchObject({ code: 'HUB_UNAVAILABLE' });
      expect(shapeOf(store)).toEqual(['ingest 0/0-2']);
      hubOf(store).fault = () => {};
      await sealAll(ingest, eventsBetween(6, 9));
      expect(sealedIn(store)).toEqual(range(0, 9));
    },
  );

  test('that expires while it is read is declared, and what was read before is sealed', async () => {
    const store = await behind();
    const hub = hubOf(store);
    hub.groupSize = 1;
    const state = hub.state.bind(hub);
    let asked = 0;
    hub.state = async (partition) => {
      asked += 1;
      if (asked === 3) hub.expire(6);
      return state(partition);
    };
    await sealAll(ingestOf(store), eventsBetween(7, 9));
    expect(shapeOf(store)).toEqual([
      'ingest 0/0-2',
      'repair 0/3-3',
      'repair 0/4-4',
      'repair 0/6-6, 5-5 expired',
      'ingest 0/7-9',
    ]);
  });

  test('and takes longer than an invocation may: the next one goes on where it was', async () => {
    const store = new MemoryStore();
    const hub = hubOf(store);
    hub.groupSize = 10;
    hub.add(eventsBetween(0, 99));
    await sealAll(ingestOf(store), eventsBetween(0, 2));
    let now = Date.parse(timeOf(2_000_000));
    const ingest = ingestOf(store, { now: () => (now += 30_000) });
    const lengths = [];
    for (let tries = 0; tries < 30 && sealedIn(store).length < 100; tries++) {
      await sealAll(ingest, eventsBetween(90, 99)).catch((error: unknown) =>
        expect(error).toMatchObject({ code: 'HUB_UNAVAILABLE' }),
      );
      lengths.push(sealedIn(store).length);
    }
    expect(lengths.length).toBeGreaterThan(2);
    expect(sealedIn(store)).toEqual(range(0, 99));
  });

  test('while two writers read it: each event is sealed once', async () => {
    for (let turns = 0; turns < 20; turns++) {
      const store = await behind();
      hubOf(store).groupSize = 1 + (turns % 3);
      let [asked, late] = [0, turns];
      store.turn = async () => {
        asked = (asked * 7 + turns) % 11;
        for (let i = 0; i < asked + (late-- > 0 ? 3 : 0); i++) await Promise.resolve();
      };
      await Promise.all([7, 6].map((first) => sealAll(ingestOf(store), eventsBetween(first, 9))));
      expect(sealedIn(store)).toEqual(range(0, 9));
    }
  });
});

test('a delivery that goes on, or repeats, asks the hub nothing', async () => {
  const store = await behind();
  const ingest = ingestOf(store);
  const before = { ...hubOf(store).requests };
  await sealAll(ingest, eventsBetween(3, 5));
  await sealAll(ingest, eventsBetween(1, 7));
  await sealAll(ingestOf(store), eventsBetween(8, 9));
  expect(hubOf(store).requests).toEqual(before);
  expect(sealedIn(store)).toEqual(range(0, 9));
});

describe('a number that comes again', () => {
  test('is a repetition also where a broker’s clock has gone back since: nobody is asked', async () => {
    const store = new MemoryStore();
    const [early, late] = [eventsBetween(0, 2, 100), eventsBetween(3, 5, 50)];
    hubOf(store).add([...early, ...late]);
    await sealAll(ingestOf(store), [...early, ...late]);
    const before = { ...hubOf(store).requests };
    const log = await sealAll(ingestOf(store), early);
    expect(sealedIn(store)).toEqual(range(0, 5));
    expect([log.errors, hubOf(store).requests]).toEqual([[], before]);
  });

  test('later than all that is sealed is another event, and the hub is the same: that is an error', async () => {
    const store = await behind();
    const log = await sealAll(ingestOf(store), [...eventsBetween(1, 2, 500), ...eventsBetween(3, 4)]);
    expect(sealedIn(store)).toEqual(range(0, 4));
    expect(log.errors).toEqual(['another event is sealed under this number']);
  });

  test('is of the next incarnation where the hub was created again', async () => {
    const store = await behind();
    const hub = hubOf(store);
    hub.recreate(100);
    hub.add(eventsBetween(0, 9, 200));
    const log = await sealAll(ingestOf(store), eventsBetween(0, 4, 200));
    expect(shapeOf(store)).toEqual(['ingest 0/0-2', 'ingest 1/0-4']);
    expect(log.errors).toEqual(['event hub was re-created']);
    expect(deriveChain(store.objects).headers[1]?.hub?.created).toBe(timeOf(100));
    // A redelivery adds nothing, and what comes next goes on.
    await sealAll(ingestOf(store), eventsBetween(0, 4, 200));
    await sealAll(ingestOf(store), eventsBetween(3, 9, 203));
    expect(sealedIn(store)).toEqual([...range(0, 2), ...range(0, 9, 1)]);
  });

  test('and what the trigger skipped of the new hub is sealed before', async () => {
    const store = await behind();
    const hub = hubOf(store);
    hub.recreate(100);
    hub.add(eventsBetween(0, 24, 200));
    hub.expire(2);
    const log = await sealAll(ingestOf(store), eventsBetween(10, 24, 210));
    expect(shapeOf(store)).toEqual(['ingest 0/0-2', 'repair 1/2-9, 0-1 expired', 'ingest 1/10-24']);
    expect(log.errors).toEqual(['event hub was re-created', 'events are missing']);
  });
});

describe('events of a hub that is gone', () => {
  test('are sealed while the chain is still in it, and what is missing before them is declared', async () => {
    const store = await behind();
    const hub = hubOf(store);
    hub.recreate(100);
    hub.add(eventsBetween(0, 1, 200));
    hub.learn = () => {};
    const log = await sealAll(ingestOf(store), [...eventsBetween(3, 4), ...eventsBetween(7, 9)]);
    expect(shapeOf(store)).toEqual(['ingest 0/0-2', 'ingest 0/3-4', 'repair 0/-6, 5-6 recreated', 'ingest 0/7-9']);
    expect(log.errors).toEqual(['events are missing']);
    await sealAll(ingestOf(store), eventsBetween(0, 1, 200));
    expect(sealedIn(store)).toEqual([...range(0, 4), ...range(7, 9), ...range(0, 1, 1)]);
  });

  test('are dropped aloud once the chain has gone on, also where their numbers would fit', async () => {
    const store = await behind();
    const hub = hubOf(store);
    hub.recreate(100);
    hub.add(eventsBetween(0, 3, 200));
    // What is delivered from here on, this hub need not have had.
    hub.learn = () => {};
    await sealAll(ingestOf(store), eventsBetween(0, 3, 200));
    const log = await sealAll(ingestOf(store), eventsBetween(4, 5));
    expect(log.lines).toContainEqual({
      level: 'error',
      message: 'events of a hub that is gone came too late',
      fields: { partition: '0', events: 2 },
    });
    hub.add(eventsBetween(4, 5, 204));
    await sealAll(ingestOf(store), eventsBetween(4, 5, 204));
    expect(sealedIn(store)).toEqual([...range(0, 2), ...range(0, 5, 1)]);
    expect(deriveChain(store.objects).events.at(-1)?.originals).toEqual(['{"n":5,"t":205}']);
  });

  test('are told from events of this one whose broker’s clock is behind, by comparing', async () => {
    const store = new MemoryStore();
    const hub = hubOf(store);
    hub.created = timeOf(3);
    hub.add(eventsBetween(0, 9));
    await sealAll(ingestOf(store), eventsBetween(0, 5));
    await sealAll(ingestOf(store), eventsBetween(4, 9));
    expect(sealedIn(store)).toEqual(range(0, 9));
  });
});

test('a hub that is older than the one that is sealed is another one too: nobody stops a chain by saying when its hub was created', async () => {
  const store = await behind();
  const hub = hubOf(store);
  hub.recreate(-5000);
  hub.add(eventsBetween(0, 9, 200));
  const log = await sealAll(ingestOf(store), eventsBetween(5, 9, 205));
  expect(log.errors).toEqual(['event hub was re-created']);
  expect(shapeOf(store)).toEqual(['ingest 0/0-2', 'repair 1/0-4', 'ingest 1/5-9']);
});

test('a process that is to end begins no further segment, and says so; the next one goes on', async () => {
  const store = new MemoryStore();
  const stopping = new AbortController();
  let creates = 0;
  store.faultOf = () => {
    if (++creates === 2) stopping.abort();
    return undefined;
  };
  const sealed = sealAll(ingestOf(store, { maxSegmentBytes: 1, stopping: stopping.signal }), eventsBetween(0, 4));
  await expect(sealed).rejects.toMatchObject({ code: 'STOPPING' });
  expect(sealedIn(store)).toEqual(range(0, 1));
  await sealAll(ingestOf(store), eventsBetween(0, 4));
  expect(sealedIn(store)).toEqual(range(0, 4));
});

test('an event whose body isn’t bytes is a record in the encoding of AMQP', async () => {
  const store = new MemoryStore();
  const body = Buffer.from('005377a10161', 'hex');
  await sealAll(ingestOf(store), [{ ...eventAt(0), body, isAmqp: true }, eventAt(1)]);
  expect(sealedIn(store)).toEqual(range(0, 1));
  expect(deriveChain(store.objects).events[0]?.originals).toEqual([body.toString()]);
});
