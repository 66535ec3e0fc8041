import { AuditsealError } from '../../src/core/errors.ts';
import { Sessions } from '../../src/ledger/session.ts';
import { check } from '../support/checking.ts';
import { deriveChain } from '../support/derive.ts';
import { LEDGER, ZEROS, forge, nameOf, timeOf } from '../support/forge.ts';
import type { Spec } from '../support/forge.ts';
import { eventsBetween, ingestOf, sealAll } from '../support/hub.ts';
import { KEY, signerOf } from '../support/logs.ts';
import { coded } from '../support/logVectors.ts';
import { MemoryStore } from '../support/memoryStore.ts';

/** numbersOf gives what is sealed as "incarnation/number" after the whole chain has been derived anew. */
const numbersOf = (store: MemoryStore, partition = '0'): string =>
  deriveChain(store.objects, partition)
    .events.map(({ incarnation, number }) => `${incarnation}/${number}`)
    .join(' ');

const range = (first: number, last: number, incarnation = 0): string =>
  eventsBetween(first, last)
    .map(({ sequenceNumber }) => `${incarnation}/${sequenceNumber}`)
    .join(' ');

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
    const sessions = hours.map((_, i) => signed(store, i).split('\n')[3]);
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

  test('a delivery of nothing but duplicates of a segment from the future is an error in the log', async () => {
    // What a thief of a session's key could make: the last number there is, dated as far ahead as its certificate goes.
    const sealed = timeOf(1_000_000 + 43_200);
    const far = { events: [2 ** 53 - 2], second: 0, latest: '9999-12-31T23:59:59.999Z', header: { sealed } };
    const store = new MemoryStore([[nameOf(0), forge(far).stored]]);
    const now = (): number => Date.parse(timeOf(1_000_100));
    const log = await sealAll(ingestOf(store, { now }), eventsBetween(3, 4, 1_000_050));
    expect(log.errors).toEqual(['events are taken for sealed by a segment from the future']);
    // Its time come, the same events delivered again are duplicates as any: nobody can tell any more.
    const later = await sealAll(ingestOf(store, { now: () => Date.parse(sealed) }), eventsBetween(3, 4, 1_000_050));
    expect(later.errors).toEqual([]);
  });
});

describe('who took a session’s key', () => {
  test('silences no partition for good: what comes after its segment is sealed, as another incarnation', async () => {
    const far = { events: [2 ** 53 - 2], second: 0, latest: '9999-12-31T23:59:59.999Z' };
    const store = new MemoryStore([[nameOf(0), forge(far).stored]]);
    const sealedThen = 1_000_000;
    const events = eventsBetween(0, 9, sealedThen + 700);
    const log = await sealAll(ingestOf(store), events);
    expect(log.errors).toEqual(['the chain has events that the hub never had']);
    await sealAll(ingestOf(store), [...events, ...eventsBetween(10, 12, sealedThen + 710)]);
    expect(store.objects.size).toBe(3);
    // Both came once: what is delivered again drops out.
    await sealAll(ingestOf(store), eventsBetween(0, 12, sealedThen + 700));
    expect(store.objects.size).toBe(3);
  });
});

test.each([
  ['record', { record: 2 ** 53 - 2 }],
  ['incarnation', { incarnation: 2 ** 53 - 1, events: [2 ** 53 - 2], second: 0 }],
])(
  'who took a session’s key and leaves no %s number: nothing is sealed that nobody would read',
  async (_what, spec) => {
    const store = new MemoryStore([[nameOf(0), forge(spec).stored]]);
    await expect(sealAll(ingestOf(store), eventsBetween(1, 9, 1_999_000))).rejects.toEqual(coded('FORK_DETECTED'));
    expect([...store.objects.keys()]).toEqual([nameOf(0)]);
  },
);

describe('who took a session’s key whose certificate is over', () => {
  const expired = { from: '2025-01-01T00:00:00.000Z', until: '2025-01-01T01:00:00.000Z' };
  const sealed = '2025-01-01T00:30:00.000Z';

  test.each([1, 40])('puts nothing behind the newest segment that the app goes on from: %d of them', async (count) => {
    const store = new MemoryStore();
    await sealAll(ingestOf(store), eventsBetween(0, 1));
    for (let index = 1; index <= count; index++) {
      const spec = {
        index,
        previous: index - 1,
        prev: ZEROS,
        events: [5000],
        second: 5000,
        record: 5000,
        session: expired,
      };
      store.objects.set(nameOf(index), forge({ ...spec, header: { sealed } }).stored);
    }
    const log = await sealAll(ingestOf(store), eventsBetween(0, 5));
    expect(log.errors).toEqual(Array.from({ length: count }, () => 'foreign object in the place of a segment'));
    expect(numbersOf(store)).toBe(range(0, 5));
    const report = await check(store, { verifiers: [KEY.verifierKey] });
    expect(report.partitions).toMatchObject([{ index: count + 1, lastEvent: 5 }]);
    const found = report.findings.filter(({ code }) => code !== 'not-integrated').map(({ object }) => object);
    expect([...new Set(found)].sort()).toEqual(Array.from({ length: count }, (_, i) => nameOf(i + 1)));
  });

  test('stops nothing by what a later release could have signed', async () => {
    const store = new MemoryStore();
    await sealAll(ingestOf(store), eventsBetween(0, 1));
    const later = { index: 1, previous: 0, statement: { version: 2 }, session: { version: 1 } };
    store.objects.set(nameOf(1), forge(later).stored);
    await sealAll(ingestOf(store), eventsBetween(0, 3));
    expect(numbersOf(store)).toBe(range(0, 3));
  });
});

test('a partition that is dated ahead does not cost a certificate for each segment of another', async () => {
  let asked = 0;
  const signer = signerOf(KEY);
  const sign = async (text: string): ReturnType<typeof signer.sign> => {
    asked += 1;
    return signer.sign(text);
  };
  const sessions = new Sessions({
    ledger: LEDGER,
    role: 'segments',
    signers: [{ ...signer, sign }],
    random: () => 0.5,
  });
  for (let second = 0; second < 20; second++)
    for (const ahead of [0, 86_300]) await sessions.at(timeOf(2_000_000 + second + ahead));
  expect(asked).toBe(2);
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
