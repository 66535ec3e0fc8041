import { AuditsealError } from '../../src/core/errors.ts';
import { Sessions } from '../../src/ledger/session.ts';
import { deriveChain } from '../support/derive.ts';
import { LEDGER, forge, forgeChain, nameOf, timeOf } from '../support/forge.ts';
import type { Spec } from '../support/forge.ts';
import { eventAt, eventsBetween, ingestOf, sealAll } from '../support/hub.ts';
import { KeptLog } from '../support/keptLog.ts';
import { KEY, signerOf } from '../support/logs.ts';
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

  test('a gap is declared, also inside a delivery, and logged loudly', async () => {
    const store = new MemoryStore();
    const ingest = ingestOf(store);
    await sealAll(ingest, eventsBetween(0, 2));
    const log = await sealAll(ingest, [...eventsBetween(5, 6), ...eventsBetween(9, 9)]);
    expect(deriveChain(store.objects).headers.map(({ events, gaps }) => [events.first, events.last, gaps])).toEqual([
      [0, 2, []],
      [5, 6, [{ first: 3, last: 4, reason: 'unknown' }]],
      [9, 9, [{ first: 7, last: 8, reason: 'unknown' }]],
    ]);
    expect(log.lines.filter(({ level }) => level === 'error')).toEqual([
      { level: 'error', message: 'events are missing', fields: { partition: '0', first: 3, last: 4 } },
      { level: 'error', message: 'events are missing', fields: { partition: '0', first: 7, last: 8 } },
    ]);
  });

  test('a gap is declared once, by the first of the segments behind it', async () => {
    const store = new MemoryStore();
    const ingest = ingestOf(store, { maxSegmentBytes: 20 });
    await sealAll(ingest, eventsBetween(0, 0));
    await sealAll(ingest, eventsBetween(5, 7));
    expect(deriveChain(store.objects).headers.map(({ gaps }) => gaps.length)).toEqual([0, 1, 0, 0]);
  });

  test('a re-created hub begins a new incarnation, also inside a delivery, and its redelivery adds nothing', async () => {
    const store = new MemoryStore();
    await sealAll(ingestOf(store), eventsBetween(0, 5));
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
    const ingest = ingestOf(store, { pause: async (tries: number) => void waits.push(tries) } as object);
    await expect(sealAll(ingest, eventsBetween(0, 1))).rejects.toThrow(/partition 0/);
    expect(waits.length).toBeGreaterThan(0);
    expect(waits).toEqual([...waits].sort((a, b) => a - b));
  });
});

describe('a store that fails', () => {
  test.each<CreateFault>(['fail', 'failAfter', 'dieBefore', 'dieAfter'])(
    '%s: the next delivery finds what is there',
    async (fault) => {
      for (let at = 0; at < 3; at++) {
        const store = new MemoryStore();
        let creates = 0;
        store.faultOf = () => (creates++ === at ? fault : undefined);
        const ingest = ingestOf(store, { maxSegmentBytes: 60 });
        const sealed = sealAll(ingest, eventsBetween(0, 9));
        await expect(sealed).rejects.toThrow(fault.startsWith('die') ? ProcessDied : 'injected fault');
        // The same process goes on after a fault, another one after a death.
        await sealAll(fault.startsWith('die') ? ingestOf(store) : ingest, eventsBetween(0, 10));
        expect(numbersOf(store)).toBe(range(0, 10));
      }
    },
  );

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

describe('a signature', () => {
  const signed = (store: MemoryStore, index: number): string =>
    (store.objects.get(nameOf(index)) as Buffer).toString('latin1').split('/sealer\n')[1] as string;

  test('is by one session as long as its certificate is good for half of its time, and then by another', async () => {
    const store = new MemoryStore();
    let now = Date.parse(timeOf(2_000_000));
    const ingest = ingestOf(store, { now: () => now });
    const hours = [0, 1, 10, 12, 13, 24];
    for (const [i, hour] of hours.entries()) {
      now = Date.parse(timeOf(2_000_000)) + hour * 3_600_000;
      await sealAll(ingest, eventsBetween(i, i));
    }
    expect(numbersOf(store)).toBe(range(0, 5));
    const sessions = hours.map((_, i) => signed(store, i).split('\n')[2]);
    expect(sessions.map((session) => sessions.indexOf(session))).toEqual([0, 0, 0, 3, 3, 5]);
  });

  test('that can’t be had: it throws, and nothing is sealed', async () => {
    const store = new MemoryStore();
    const sign = async (): Promise<never> => {
      throw new AuditsealError('SIGNER_UNAVAILABLE', 'the vault is away');
    };
    const signers = [{ verifierKey: KEY.verifierKey, sign }];
    const sessions = new Sessions({ ledger: LEDGER, role: 'segments', signers, random: Math.random });
    const sealed = sealAll(ingestOf(store, { sessions }), eventsBetween(0, 1));
    await expect(sealed).rejects.toMatchObject({ code: 'SIGNER_UNAVAILABLE' });
    expect(store.requests.create).toBe(0);
  });

  test('goes on while the key is away, as long as the certificate lasts', async () => {
    const store = new MemoryStore();
    let [now, isAway] = [Date.parse(timeOf(2_000_000)), false];
    const signer = signerOf(KEY);
    const sign: typeof signer.sign = async (text) => {
      if (isAway) throw new AuditsealError('SIGNER_UNAVAILABLE', 'the vault is away');
      return signer.sign(text);
    };
    const signers = [{ verifierKey: KEY.verifierKey, sign }];
    const sessions = new Sessions({ ledger: LEDGER, role: 'segments', signers, random: Math.random });
    const ingest = ingestOf(store, { sessions, now: () => now });
    await sealAll(ingest, eventsBetween(0, 0));
    isAway = true;
    now += 20 * 3_600_000;
    await sealAll(ingest, eventsBetween(1, 1));
    now += 5 * 3_600_000;
    await expect(sealAll(ingest, eventsBetween(2, 2))).rejects.toMatchObject({ code: 'SIGNER_UNAVAILABLE' });
    isAway = false;
    await sealAll(ingest, eventsBetween(2, 2));
    expect(numbersOf(store)).toBe(range(0, 2));
  });
});

describe('clocks', () => {
  test('a host whose clock is behind seals no earlier than the segment before', async () => {
    const store = new MemoryStore();
    await sealAll(ingestOf(store, { now: () => Date.parse(timeOf(2_000_000)) }), eventsBetween(0, 0));
    await sealAll(ingestOf(store, { now: () => Date.parse(timeOf(1_000)) }), eventsBetween(1, 1));
    const { headers } = deriveChain(store.objects);
    expect(headers.map(({ sealed }) => sealed)).toEqual([timeOf(2_000_000), timeOf(2_000_000)]);
  });

  test('a hub whose clock goes back: a redelivery is no re-created hub', async () => {
    const store = new MemoryStore();
    const [before, after] = [eventsBetween(0, 2, 1000), eventsBetween(3, 5, 100)];
    await sealAll(ingestOf(store), before);
    await sealAll(ingestOf(store), after);
    // Both by who has just started, and so knows what is stored alone.
    await sealAll(ingestOf(store), before);
    const log = await sealAll(ingestOf(store), [...before, ...after]);
    expect(numbersOf(store)).toBe(range(0, 5));
    expect(log.errors).toEqual([]);
  });

  test('a delivery of nothing but duplicates that are newer than what is sealed is an error in the log', async () => {
    // What a thief of a session's key could make: the last number there is, of a time to come.
    const far = { event: 2 ** 53 - 2, enqueued: '9999-12-31T23:59:59.999Z' };
    const store = new MemoryStore([[nameOf(0), forge({ statement: far }).stored]]);
    const log = await sealAll(ingestOf(store), eventsBetween(3, 4, 1_500_000));
    expect(log.errors).toEqual(['events are newer than the segment that has their numbers']);
    const older = await sealAll(ingestOf(store), eventsBetween(3, 4, 900_000));
    expect(older.errors).toEqual([]);
  });
});

describe('whoever can create objects, and has no key', () => {
  test('silences no partition: 30 days of events are sealed behind whatever is planted', async () => {
    const store = new MemoryStore();
    const attacks: Spec[] = [
      { kind: 'heartbeat', events: [2 ** 53 - 2], second: 0, incarnation: 1 },
      { header: { version: 2 } },
      { ledger: 'other.example.com/x' },
      { events: [2 ** 50], second: 0, incarnation: 7 },
    ];
    for (const [day, spec] of attacks.entries()) {
      const index = day * 2;
      const stranger = { keys: [{ name: LEDGER, seed: 9 }], seed: 9 };
      store.objects.set(nameOf(index), forge({ index, ...spec, session: stranger }).stored);
      store.objects.set(nameOf(index + 1000), forge({ index: index + 1000, ...spec, session: stranger }).stored);
      await sealAll(ingestOf(store), eventsBetween(day * 10, day * 10 + 9, day * 86_400));
    }
    expect(deriveChain(store.objects).events.map(({ number }) => number)).toEqual([...Array(40).keys()]);
    expect(deriveChain(store.objects).passedOver).toEqual([]);
  });
});
