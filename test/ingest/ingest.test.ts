import { AuditsealError } from '../../src/core/errors.ts';
import type { SealableEvent } from '../../src/core/segment/seal.ts';
import { deriveChain } from '../support/derive.ts';
import { forge, forgeChain, nameOf } from '../support/forge.ts';
import { eventAt, eventsBetween, hubOf, ingestOf, sealAll } from '../support/hub.ts';
import { KeptLog } from '../support/keptLog.ts';
import { MemoryStore, ProcessDied } from '../support/memoryStore.ts';
import type { CreateFault } from '../support/memoryStore.ts';

/** numbersOf gives what is sealed as "incarnation/number" after the whole chain has been derived anew. */
const numbersOf = (store: MemoryStore, partition = '0'): string =>
  deriveChain(store.objects, partition)
    .events.map(({ incarnation, number }) => `${incarnation}/${number}`)
    .join(' ');

const range = (first: number, last: number, incarnation = 0): string =>
  eventsBetween(first, last)
    .map(({ sequenceNumber }) => `${incarnation}/${sequenceNumber}`)
    .join(' ');

/** recreate lets a store's hub be created again, with these events and no others. */
function recreate(store: MemoryStore, second: number, events: readonly SealableEvent[]): void {
  const hub = hubOf(store);
  hub.recreate(second);
  hub.add(events);
  hub.learn = () => {};
}

describe('what of a delivery is new', () => {
  test('a partition may begin at any number', async () => {
    const store = new MemoryStore();
    const log = await sealAll(ingestOf(store), eventsBetween(7000, 7002));
    expect(numbersOf(store)).toBe(range(7000, 7002));
    expect(log.errors).toEqual([]);
  });

  test.each<[string, [number, number][]]>([
    [
      'the same',
      [
        [0, 4],
        [0, 4],
      ],
    ],
    [
      'with other bounds',
      [
        [0, 4],
        [2, 7],
        [0, 7],
        [7, 9],
      ],
    ],
    [
      'with older events only',
      [
        [0, 9],
        [3, 5],
        [10, 10],
      ],
    ],
    [
      'over and over',
      [
        [0, 1],
        [0, 2],
        [0, 3],
        [0, 4],
        [0, 5],
      ],
    ],
  ])('a redelivery %s seals each event once', async (_what, deliveries) => {
    const store = new MemoryStore();
    const ingest = ingestOf(store);
    let last = -1;
    for (const [first, end] of deliveries) {
      const { lines } = await sealAll(ingest, eventsBetween(first, end));
      const duplicates = Math.max(Math.min(last, end) - first + 1, 0);
      expect(lines.at(-1)).toMatchObject({
        message: 'sealed',
        fields: { duplicates, events: end - first + 1 - duplicates },
      });
      last = Math.max(last, end);
      expect(numbersOf(store)).toBe(range(0, last));
    }
  });

  test('the segment says how many duplicates were dropped before its events', async () => {
    const store = new MemoryStore();
    const ingest = ingestOf(store);
    await sealAll(ingest, eventsBetween(0, 4));
    await sealAll(ingest, eventsBetween(2, 7));
    expect(deriveChain(store.objects).headers.map(({ duplicates }) => duplicates)).toEqual([0, 3]);
  });

  test('an event that comes twice in one delivery is sealed once', async () => {
    const store = new MemoryStore();
    await sealAll(ingestOf(store), [eventAt(0), eventAt(1), eventAt(1), eventAt(2)]);
    expect(numbersOf(store)).toBe(range(0, 2));
  });

  test('a delivery of duplicates only, or of nothing, writes nothing', async () => {
    const store = new MemoryStore();
    const ingest = ingestOf(store);
    await sealAll(ingest, []);
    await sealAll(ingest, eventsBetween(0, 2));
    await sealAll(ingest, eventsBetween(1, 2));
    await sealAll(ingest, []);
    expect([...store.objects.keys()]).toEqual([nameOf(0)]);
  });

  test('what the hub never gives out is declared, also inside a delivery, and logged loudly', async () => {
    const store = new MemoryStore();
    const ingest = ingestOf(store);
    await sealAll(ingest, eventsBetween(0, 2));
    const log = await sealAll(ingest, [...eventsBetween(5, 6), ...eventsBetween(9, 9)]);
    expect(deriveChain(store.objects).headers.map(({ events, gaps }) => [events.first, events.last, gaps])).toEqual([
      [0, 2, []],
      [4, 4, [{ first: 3, last: 4, reason: 'unreadable' }]],
      [5, 6, []],
      [8, 8, [{ first: 7, last: 8, reason: 'unreadable' }]],
      [9, 9, []],
    ]);
    expect(log.lines.filter(({ level }) => level === 'error')).toEqual([
      {
        level: 'error',
        message: 'events are missing',
        fields: { partition: '0', first: 3, last: 4, reason: 'unreadable' },
      },
      {
        level: 'error',
        message: 'events are missing',
        fields: { partition: '0', first: 7, last: 8, reason: 'unreadable' },
      },
    ]);
  });

  test('a gap is declared once, by the first of the segments behind it', async () => {
    const store = new MemoryStore();
    const ingest = ingestOf(store, { maxSegmentBytes: 20 });
    await sealAll(ingest, eventsBetween(0, 0));
    await sealAll(ingest, eventsBetween(5, 7));
    expect(deriveChain(store.objects).headers.map(({ gaps }) => gaps.length)).toEqual([0, 1, 0, 0, 0]);
  });

  test('a re-created hub begins a new incarnation, also inside a delivery, and its redelivery adds nothing', async () => {
    const store = new MemoryStore();
    await sealAll(ingestOf(store), eventsBetween(0, 5));
    recreate(store, 500, eventsBetween(0, 8, 1000));
    const reborn = [...eventsBetween(6, 7), ...eventsBetween(0, 3, 1000)];
    const log = await sealAll(ingestOf(store), reborn);
    expect(log.errors).toEqual(['event hub was re-created']);
    expect(numbersOf(store)).toBe(`${range(0, 7)} ${range(0, 3, 1)}`);
    await sealAll(ingestOf(store), eventsBetween(0, 3, 1000));
    await sealAll(ingestOf(store), eventsBetween(2, 8, 1002));
    expect(numbersOf(store)).toBe(`${range(0, 7)} ${range(0, 8, 1)}`);
  });

  test('behind a heartbeat, a redelivery is still a redelivery and a re-created hub a new incarnation', async () => {
    const store = new MemoryStore(forgeChain([{ events: [0, 1, 2] }, { kind: 'heartbeat', events: [2] }]));
    await sealAll(ingestOf(store), eventsBetween(1, 3));
    expect(numbersOf(store)).toBe(range(0, 3));
    const reborn = new MemoryStore(forgeChain([{ events: [0, 1, 2] }, { kind: 'heartbeat', events: [2] }]));
    recreate(reborn, 400, eventsBetween(0, 1, 500));
    await sealAll(ingestOf(reborn), eventsBetween(0, 1, 500));
    expect(numbersOf(reborn)).toBe(`${range(0, 2)} ${range(0, 1, 1)}`);
  });
});

describe('the size of segments', () => {
  test('a large delivery becomes several; no event is split, and one above the limit stands alone', async () => {
    const store = new MemoryStore();
    const body = (length: number): string =>
      `{"records":[{"x":"${'a'.repeat(length / 2)}"},{"x":"${'b'.repeat(length / 2)}"}]}`;
    const sizes = [400, 400, 400, 5000, 400, 400, 1200, 10];
    const events = sizes.map((length, i) => eventAt(i, i, body(length)));
    await sealAll(ingestOf(store, { maxSegmentBytes: 1000 }), events);
    const { headers, events: sealed } = deriveChain(store.objects);
    expect(headers.map(({ events: { first, last } }) => [first, last])).toEqual([
      [0, 1],
      [2, 2],
      [3, 3],
      [4, 5],
      [6, 6],
      [7, 7],
    ]);
    expect(sealed.every(({ originals }) => originals.length === 2)).toBe(true);
    expect(headers.map(({ records }) => records.first)).toEqual([0, 4, 6, 8, 12, 14]);
  });

  test('once the head is cached, each segment costs one create and no other request', async () => {
    const store = new MemoryStore();
    const ingest = ingestOf(store, { maxSegmentBytes: 100 });
    await sealAll(ingest, eventsBetween(0, 3));
    for (const [first, last] of [
      [4, 40],
      [38, 60],
      [61, 61],
    ] as const) {
      const before = { ...store.requests };
      const segments = store.objects.size;
      await sealAll(ingest, eventsBetween(first, last));
      expect(store.requests).toEqual({ ...before, create: before.create + store.objects.size - segments });
    }
    expect(numbersOf(store)).toBe(range(0, 61));
  });
});

describe('a name that is taken', () => {
  test('by its own write, whose response was lost: nothing is written twice', async () => {
    const store = new MemoryStore();
    store.faultOf = () => 'loseResponse';
    const ingest = ingestOf(store, { maxSegmentBytes: 60 });
    await sealAll(ingest, eventsBetween(0, 5));
    expect(numbersOf(store)).toBe(range(0, 5));
    await sealAll(ingest, eventsBetween(4, 6));
    expect(numbersOf(store)).toBe(range(0, 6));
  });

  test("by another writer's segment: what it sealed drops out, the rest goes on behind it", async () => {
    const store = new MemoryStore();
    const slow = ingestOf(store);
    await sealAll(slow, eventsBetween(0, 2));
    await sealAll(ingestOf(store), eventsBetween(3, 5));
    await sealAll(slow, eventsBetween(3, 8));
    const { headers } = deriveChain(store.objects);
    expect(headers.map(({ events, duplicates }) => [events.first, events.last, duplicates])).toEqual([
      [0, 2, 0],
      [3, 5, 0],
      [6, 8, 3],
    ]);
  });

  test('by something foreign: it is passed over, and the chain goes on from the last valid segment', async () => {
    const store = new MemoryStore();
    const ingest = ingestOf(store);
    await sealAll(ingest, eventsBetween(0, 2));
    store.objects.set(nameOf(1), Buffer.from('junk'));
    store.objects.set(nameOf(2), forge({ index: 2, record: 3, events: [3, 4], isUnsigned: true }).stored);
    const log = await sealAll(ingest, eventsBetween(3, 4));
    const chain = deriveChain(store.objects);
    expect(chain.foreign).toEqual([1, 2]);
    expect(chain.headers.at(-1)).toMatchObject({ index: 3, previous: 0, events: { first: 3, last: 4 } });
    expect(log.errors).toEqual([
      'foreign object in the place of a segment',
      'foreign object in the place of a segment',
    ]);
    await sealAll(ingest, eventsBetween(5, 5));
    expect(numbersOf(store)).toBe(range(0, 5));
    expect(deriveChain(store.objects).headers.at(-1)).toMatchObject({ index: 4, previous: 3 });
  });

  test('by something foreign at the very first index', async () => {
    const store = new MemoryStore([[nameOf(0), Buffer.alloc(0)]]);
    await sealAll(ingestOf(store), eventsBetween(0, 1));
    expect(deriveChain(store.objects)).toMatchObject({ foreign: [0], headers: [{ index: 1, previous: -1 }] });
  });

  test('each time anew: it gives up in the end, loudly, and has written nothing wrong', async () => {
    const store = new MemoryStore();
    store.faultOf = (name) => void store.objects.set(name, Buffer.from('junk'));
    await expect(sealAll(ingestOf(store), eventsBetween(0, 1))).rejects.toMatchObject({ code: 'CHAIN_CONTENDED' });
    expect(store.requests.create).toBeLessThanOrEqual(10);
    expect(deriveChain(store.objects).headers).toEqual([]);
    store.faultOf = () => undefined;
    await sealAll(ingestOf(store), eventsBetween(0, 1));
    expect(numbersOf(store)).toBe(range(0, 1));
  });

  test('it waits longer with each try, and not at all before the first', async () => {
    const store = new MemoryStore();
    store.faultOf = (name) => void store.objects.set(name, Buffer.from('junk'));
    const waits: number[] = [];
    const ingest = ingestOf(store, { pause: async (tries) => void waits.push(tries) });
    await expect(sealAll(ingest, eventsBetween(0, 1))).rejects.toThrow(/partition 0/);
    expect(waits.length).toBeGreaterThan(0);
    expect(waits).toEqual([...waits].sort((a, b) => a - b));
  });
});

describe('a store that fails', () => {
  test.each<CreateFault>(['dieBefore', 'dieAfter'])('%s: the next process finds what is there', async (fault) => {
    for (let at = 0; at < 3; at++) {
      const store = new MemoryStore();
      let creates = 0;
      store.faultOf = () => (creates++ === at ? fault : undefined);
      await expect(sealAll(ingestOf(store, { maxSegmentBytes: 60 }), eventsBetween(0, 9))).rejects.toThrow(ProcessDied);
      await sealAll(ingestOf(store), eventsBetween(0, 10));
      expect(numbersOf(store)).toBe(range(0, 10));
    }
  });

  test.each<CreateFault>(['fail', 'failAfter'])('%s: the same invocation tries again', async (fault) => {
    for (let at = 0; at < 3; at++) {
      const store = new MemoryStore();
      let creates = 0;
      store.faultOf = () => (creates++ === at ? fault : undefined);
      const log = await sealAll(ingestOf(store, { maxSegmentBytes: 60 }), eventsBetween(0, 9));
      expect(log.lines).toContainEqual({
        level: 'warn',
        message: 'sealing was interrupted',
        fields: { partition: '0', code: 'STORE_UNAVAILABLE', tries: 1 },
      });
      expect(numbersOf(store)).toBe(range(0, 9));
    }
  });

  test('for long: it throws, so that the host delivers again, and then all is sealed', async () => {
    const store = new MemoryStore();
    store.faultOf = () => 'fail';
    const ingest = ingestOf(store);
    await expect(sealAll(ingest, eventsBetween(0, 9))).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(store.requests.create).toBeLessThanOrEqual(10);
    store.faultOf = () => undefined;
    await sealAll(ingest, eventsBetween(0, 9));
    expect(numbersOf(store)).toBe(range(0, 9));
  });

  test('for a reason that lasts: it throws at once, and says so', async () => {
    const store = new MemoryStore();
    store.create = async () => {
      throw new AuditsealError('STORE_REFUSED', 'no right');
    };
    const log = new KeptLog();
    const sealed = ingestOf(store).seal({ partition: '0', events: eventsBetween(0, 1) }, log);
    await expect(sealed).rejects.toMatchObject({ code: 'STORE_REFUSED' });
    expect(log.lines).toEqual([
      { level: 'error', message: 'a partition is held', fields: { partition: '0', code: 'STORE_REFUSED' } },
    ]);
  });

  test('partitions do not hinder each other', async () => {
    const store = new MemoryStore();
    store.faultOf = (name) => (name.startsWith('segments/1/') ? 'fail' : undefined);
    const ingest = ingestOf(store);
    const log = new KeptLog();
    const ends = await Promise.allSettled(
      ['0', '1', '2'].map((partition) => ingest.seal({ partition, events: eventsBetween(0, 3) }, log)),
    );
    expect(ends.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect([numbersOf(store, '0'), numbersOf(store, '1'), numbersOf(store, '2')]).toEqual([
      range(0, 3),
      '',
      range(0, 3),
    ]);
  });

  test("another ledger's segments are passed over: whoever can create objects may have copied them", async () => {
    const store = new MemoryStore(forgeChain([{ ledger: 'other.example.com/x' }]));
    const log = await sealAll(ingestOf(store), eventsBetween(1, 1));
    expect(numbersOf(store)).toBe('0/1');
    expect(deriveChain(store.objects).foreign).toEqual([0]);
    expect(log.errors).toEqual(['foreign object in the place of a segment']);
  });

  test('a ledger that a newer release writes is left alone', async () => {
    const store = new MemoryStore(forgeChain([{}, { statement: { version: 2 } }]));
    await expect(sealAll(ingestOf(store), eventsBetween(2, 2))).rejects.toMatchObject({ code: 'VERSION_UNKNOWN' });
    expect(store.requests.create).toBe(0);
  });
});
