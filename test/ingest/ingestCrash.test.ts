import type { SealableEvent } from '../../src/core/segment/seal.ts';
import type { Ingest } from '../../src/ingest/ingest.ts';
import { deriveChain } from '../support/derive.ts';
import { forge, nameOf } from '../support/forge.ts';
import { eventAt, hubOf, ingestOf } from '../support/hub.ts';
import { KeptLog } from '../support/keptLog.ts';
import { MemoryStore, ProcessDied } from '../support/memoryStore.ts';
import type { CreateFault } from '../support/memoryStore.ts';
import { Random } from '../support/random.ts';
import { picks } from '../support/sample.ts';

const RUNS = 400;
/** How many of them the fast run tries, and the usual one. */
const SAMPLE = 25;
const USUAL = 25;

/** One life of a hub's partition: its events, and how many records each has. */
function hubEvents(random: Random, second: number): { events: SealableEvent[]; originals: string[][] } {
  const first = random.pick([0, 0, 1, 5000]);
  const originals: string[][] = [];
  const events = Array.from({ length: 1 + random.below(40) }, (_, i) => {
    const number = first + i;
    const records = Array.from({ length: random.below(4) }, (_unused, r) => `{"n":${number},"r":${r}}`);
    const kind = random.below(5);
    const body = kind === 0 ? `not JSON ${number}` : `{"records":[${records.join(',')}]}`;
    originals.push(kind === 0 ? [body] : records);
    return eventAt(number, second + i, body);
  });
  return { events, originals };
}

/**
 * consume does what a host does with a partition: deliveries of random bounds, again from a random place behind its
 * position after a failure, or for no reason, and a new process after a death.
 */
async function consume(
  store: MemoryStore,
  events: readonly SealableEvent[],
  random: Random,
  overlap: number,
): Promise<void> {
  const start = (): Ingest => ingestOf(store, { maxSegmentBytes: 20 + random.below(400), overlap });
  let ingest = start();
  let position = 0;
  while (position < events.length) {
    const from = random.below(4) === 0 ? random.below(position + 1) : position;
    const to = Math.min(from + 1 + random.below(12), events.length);
    try {
      await ingest.seal({ partition: '0', events: events.slice(from, to) }, new KeptLog());
      position = Math.max(position, to);
    } catch (error) {
      if (error instanceof ProcessDied) ingest = start();
      else if (!['STORE_UNAVAILABLE', 'CHAIN_CONTENDED'].includes((error as { code?: string }).code ?? '')) throw error;
    }
  }
}

/** faults decides at random, until there were enough, what happens at a create. */
function faults(random: Random, store: MemoryStore): (name: string) => CreateFault | undefined {
  let left = random.below(25);
  return (name) => {
    if (left === 0 || random.below(3) > 0) return undefined;
    left -= 1;
    if (random.below(6) === 0 && !store.objects.has(name)) {
      const index = Number(name.slice(11, 23));
      const junk =
        random.below(2) === 0
          ? Buffer.from('junk')
          : forge({ index, isUnsigned: random.below(2) === 0, session: { seed: 9, keys: [] } }).stored;
      store.objects.set(name, junk);
      return undefined;
    }
    return random.pick<CreateFault>(['dieBefore', 'dieAfter', 'loseResponse', 'fail', 'failAfter']);
  };
}

describe('after any sequence of crashes and redeliveries every event is sealed once, in order', () => {
  test.each([
    ['by one writer', 1],
    ['by two writers at once', 2],
    ['by three writers at once', 3],
  ])('%s', async (_what, writers) => {
    for (const seed of picks(Math.ceil(RUNS / writers), SAMPLE, USUAL)) {
      const random = new Random(seed * 4 + writers);
      const store = new MemoryStore();
      store.faultOf = faults(random, store);
      store.turn = async () => {
        for (let turns = random.below(6); turns > 0; turns--) await Promise.resolve();
      };
      const gaps: object[] = [];
      const expected: { incarnation: number; number: number; originals: string[] }[] = [];
      for (let incarnation = 0; incarnation <= random.below(2); incarnation++) {
        const { events, originals } = hubEvents(random, incarnation * 1000);
        const hub = hubOf(store);
        if (incarnation > 0) hub.recreate(incarnation * 1000 - 1);
        hub.add(events);
        // Of a hub that was created again, numbers below the first that it holds have expired.
        const [first] = events;
        if (incarnation > 0 && first !== undefined && first.sequenceNumber > 0)
          gaps.push({ first: 0, last: first.sequenceNumber - 1, reason: 'expired' });
        await Promise.all(Array.from({ length: writers }, () => consume(store, events, random, 1 + (seed % 3))));
        events.forEach(({ sequenceNumber: number }, i) =>
          expected.push({ incarnation, number, originals: originals[i] as string[] }),
        );
        const chain = deriveChain(store.objects);
        expect({ seed, events: chain.events }).toEqual({ seed, events: expected });
        expect({ seed, gaps: chain.headers.flatMap(({ gaps: declared }) => declared) }).toEqual({ seed, gaps });
      }
    }
  });

  test.each([1, 3])(
    'a death before or after each create of a long delivery, one after the other, %d sealed at a time',
    async (overlap) => {
      const events = Array.from({ length: 20 }, (_, i) => eventAt(i));
      for (const fault of ['dieBefore', 'dieAfter'] as const) {
        const store = new MemoryStore();
        const died = new Set<string>();
        store.faultOf = (name) => (died.has(name) ? undefined : (died.add(name), fault));
        for (let lives = 0; ; lives++) {
          try {
            await ingestOf(store, { maxSegmentBytes: 20, overlap }).seal({ partition: '0', events }, new KeptLog());
            break;
          } catch (error) {
            if (!(error instanceof ProcessDied) || lives > 20) throw error;
          }
        }
        expect(died.size).toBe(20);
        expect(died.has(nameOf(19))).toBe(true);
        expect(deriveChain(store.objects).events.map(({ number }) => number)).toEqual(events.map((_, i) => i));
      }
    },
  );
});
