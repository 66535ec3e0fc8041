import { AuditsealError } from '../../src/core/errors.ts';
import { formatHash } from '../../src/core/hash.ts';
import { parseSegmentName } from '../../src/core/objects/names.ts';
import type { ChainHead } from '../../src/core/segment/chain.ts';
import { findChainHead } from '../../src/ingest/chainHead.ts';
import { LEDGER, forge, forgeChain, forgeLines, nameOf, timeOf } from '../support/forge.ts';
import type { Spec } from '../support/forge.ts';
import { KeptLog } from '../support/keptLog.ts';
import { certificatesOf } from '../support/logs.ts';
import { MemoryStore } from '../support/memoryStore.ts';
import { signFrames } from '../support/sign.ts';

/** Sessions of the chains here may still sign. */
const NOW = Date.parse(timeOf(1_000_100));

const find = async (store: MemoryStore, from?: number): Promise<{ head: ChainHead; log: KeptLog }> => {
  const log = new KeptLog();
  return { head: await findChainHead({ store, now: () => NOW, log, certificates: certificatesOf() }, '0', from), log };
};

/** A store with a chain of any length: only the last segment is ever read, so only that is made. */
class LongChain extends MemoryStore {
  readonly length: number;

  constructor(length: number) {
    super();
    this.length = length;
    if (length > 0) this.objects.set(nameOf(length - 1), forge({ index: length - 1, record: length - 1 }).stored);
  }

  override async exists(name: string): Promise<boolean> {
    this.requests.exists += 1;
    return (parseSegmentName(name)?.index ?? Infinity) < this.length;
  }
}

const requestsOf = ({ requests }: MemoryStore): number => Object.values(requests).reduce((a, b) => a + b);

describe('finding the head of a chain', () => {
  test.each([
    ['nothing', 0],
    ['one segment', 1],
    ['two segments', 2],
    ['three segments', 3],
  ])('of %s', async (_what, length) => {
    const objects = forgeChain(length);
    const { head, log } = await find(new MemoryStore(objects));
    expect(head).toMatchObject({ index: length, previous: length - 1, record: length, lastEvent: length - 1 });
    expect(head).toMatchObject({ incarnation: 0, latest: length === 0 ? '' : timeOf(length - 1) });
    expect(log.lines).toEqual([]);
  });

  test('finds every length, from the start and from anywhere on the way', async () => {
    for (const length of [...Array(70).keys(), 127, 128, 129, 1023, 1024, 1025]) {
      const store = new LongChain(length);
      expect((await find(store)).head.index).toBe(length);
      for (const from of [1, length >> 1, length - 1, length, length + 1, length + 50]) {
        expect((await find(store, Math.max(from, 0))).head.index).toBe(length);
      }
    }
  });

  test.each([999_999, 1_000_000, 1_048_575, 1_048_576])('takes at most 47 requests for %d segments', async (length) => {
    const store = new LongChain(length);
    expect((await find(store)).head.index).toBe(length);
    expect(requestsOf(store)).toBeLessThanOrEqual(47);
    expect(store.requests.list + store.requests.children + store.requests.create).toBe(0);
  });

  test('takes a handful of requests from where another writer took the name', async () => {
    const store = new LongChain(1_000_000);
    expect((await find(store, 999_999)).head.index).toBe(1_000_000);
    expect(requestsOf(store)).toBeLessThanOrEqual(8);
  });
});

/** Three good segments; events 0, 1, 2. */
const good = (): Map<string, Buffer> => forgeChain(3);
const end = { index: 3, previous: 2, record: 3, lastEvent: 2, latest: timeOf(2) };
const rootOf = (index: number): string => forge({ ...lastOf(index) }).root;
/** lastOf is the spec of a segment of good(): what forgeChain would make there. */
function lastOf(index: number): Spec {
  const prev = index === 0 ? undefined : rootOf(index - 1);
  return { index, record: index, events: [index], ...(prev !== undefined && { prev }) };
}
const planted = (spec: Spec): Buffer => forge({ ...lastOf(3), ...spec }).stored;
const stranger = { keys: [{ name: LEDGER, seed: 9 }] };

describe('what nobody signed who may is passed over', () => {
  const OTHER = 'evil.example.com/audit';

  test.each<[string, Buffer]>([
    ['nothing', Buffer.alloc(0)],
    ['garbage', Buffer.from('not a segment at all')],
    ['half a segment', planted({}).subarray(0, 100)],
    ['a Zstandard frame of something else', forgeLines(['{"hello":1}', '{"a":2}']).frames],
    ['a segment that nobody signed', planted({ isUnsigned: true })],
    ['a header of a later version that nobody signed', planted({ isUnsigned: true, header: { version: 2 } })],
    ['a segment whose certificate somebody else signed', planted({ session: stranger })],
    ['a segment of another ledger', planted({ ledger: OTHER })],
    ['a segment of another partition', planted({ partition: '1' })],
    ['a segment of a session for batches', planted({ session: { role: 'batches' } })],
    [
      'a segment of a certificate that is over',
      planted({ session: { until: timeOf(900_000), from: timeOf(890_000) } }),
    ],
    ['a copy of the segment before', good().get(nameOf(2)) as Buffer],
    ['a copy of the first segment', good().get(nameOf(0)) as Buffer],
    [
      'a heartbeat with the last number there is',
      planted({ isUnsigned: true, kind: 'heartbeat', events: [2 ** 53 - 2], second: 0 }),
    ],
    ['a segment with a bit changed', flipped(planted({}), 20)],
    ['a signed statement behind other frames', otherFrames()],
  ])('%s', async (_what, bytes) => {
    const { head, log } = await find(new MemoryStore(good().set(nameOf(3), bytes)));
    expect(head).toMatchObject({ ...end, index: 4 });
    expect(formatHash(head.root)).toBe(rootOf(2));
    expect(log.lines).toEqual([
      expect.objectContaining({ level: 'error', fields: expect.objectContaining({ object: nameOf(3) }) as object }),
    ]);
  });

  test('and is read no further than its last 4 KiB', async () => {
    const store = new MemoryStore(good().set(nameOf(3), Buffer.alloc(1_000_000, 'x')));
    store.beforeRead = (name) => {
      if (name === nameOf(3)) throw new Error('it is read');
    };
    const readEnd = store.readEnd.bind(store);
    const lengths: number[] = [];
    store.readEnd = async (name, length) => {
      lengths.push(length);
      const before = store.beforeRead;
      store.beforeRead = () => undefined;
      return readEnd(name, length).finally(() => (store.beforeRead = before));
    };
    expect((await find(store)).head).toMatchObject({ ...end, index: 4 });
    expect(Math.max(...lengths)).toBe(4096);
  });

  test.each(['too-large', 'encrypted'] as const)('one that is %s', async (unread) => {
    const store = new MemoryStore(good().set(nameOf(3), planted({})));
    store.beforeRead = (name) => (name === nameOf(3) ? unread : undefined);
    store.readEnd = async (name, length) => (name === nameOf(3) ? unread : store.objects.get(name)?.subarray(-length));
    expect((await find(store)).head).toMatchObject({ ...end, index: 4 });
  });

  test('several in a row, also at the start of a partition', async () => {
    const junk = Buffer.from('junk');
    const objects = good().set(nameOf(3), junk).set(nameOf(4), planted({})).set(nameOf(5), junk);
    expect((await find(new MemoryStore(objects))).head).toMatchObject({ ...end, index: 6 });
    const alone = await find(new MemoryStore([0, 1, 2].map((index) => [nameOf(index), junk])));
    expect(alone.head).toMatchObject({ index: 3, previous: -1, record: 0, lastEvent: -1, latest: '' });
    expect(formatHash(alone.head.root)).toBe('0'.repeat(64));
  });

  test('the segment behind one is the head', async () => {
    const objects = good().set(nameOf(3), Buffer.from('junk'));
    objects.set(nameOf(4), forge({ ...lastOf(3), index: 4, previous: 2 }).stored);
    const { head, log } = await find(new MemoryStore(objects));
    expect(head).toMatchObject({ index: 5, previous: 4, record: 4, lastEvent: 3 });
    expect(log.lines).toEqual([]);
  });

  test.each([4, 6, 7, 14, 30, 1000, 999_999_999_999])(
    'planted ahead, at %d: the least free name is the next one',
    async (index) => {
      for (const bytes of [planted({ index, isUnsigned: true }), Buffer.from('junk')]) {
        const { head } = await find(new MemoryStore(good().set(nameOf(index), bytes)));
        expect(head).toMatchObject(end);
        expect(formatHash(head.root)).toBe(rootOf(2));
      }
    },
  );

  test('planted ahead at every name that a search asks for', async () => {
    const asked = [6, 14, 30, 62, 126];
    const { head, log } = await find(
      new MemoryStore([...good(), ...asked.map((index) => [nameOf(index), Buffer.from('junk')] as const)]),
    );
    expect(head).toMatchObject(end);
    expect(log.errors).toContain('names of segments are not dense');
  });
});

describe('what a stolen session signed is passed over where every reader passes over it', () => {
  const far = 2 ** 53 - 2;
  const statement = {
    root: '0'.repeat(64),
    prev: rootOf(2),
    record: 3,
    incarnation: 0,
    event: 2,
    sealed: timeOf(1_000_003),
  };
  const junk = (more: object = {}): Buffer =>
    signFrames(Buffer.from('junk'), nameOf(3), { ...statement, enqueued: timeOf(3), ...more }, { ledger: LEDGER });

  test.each<[string, Buffer]>([
    ['frames that are no Zstandard', junk()],
    ['and the largest number of a record', junk({ record: far })],
    ['and the largest incarnation and event', junk({ incarnation: far, event: far })],
    ['a statement of another record than its lines', planted({ statement: { record: far } })],
    ['a statement of another event than its lines', planted({ statement: { event: far } })],
    ['a header of version 2', planted({ header: { version: 2 } })],
    ['an end line of another root', planted({ end: `{"_end":{"records":1,"root":"${'a'.repeat(64)}"}}` })],
    ['lines of another index', planted({ header: { index: 4 } })],
    ['another root of the segment before', planted({ prev: rootOf(1) })],
    ['a time before that of the segment before', planted({ header: { sealed: timeOf(1_000_001) } })],
    ['a chain of its own', planted({ previous: -1, prev: '0'.repeat(64) })],
    ['a segment behind an older one', planted({ previous: 1, prev: rootOf(1) })],
  ])('%s', async (_what, bytes) => {
    const { head, log } = await find(new MemoryStore(good().set(nameOf(3), bytes)));
    expect(head).toMatchObject({ ...end, index: 4 });
    expect(formatHash(head.root)).toBe(rootOf(2));
    expect(log.errors).toEqual(['foreign object in the place of a segment']);
  });
});

describe('what is signed', () => {
  test('behind a hole goes on: the chain has gone on from it', async () => {
    const objects = good();
    objects.delete(nameOf(1));
    expect((await find(new MemoryStore(objects))).head).toMatchObject(end);
    const more = forgeChain(12);
    for (const index of [3, 4, 5, 7]) more.delete(nameOf(index));
    const { head, log } = await find(new MemoryStore(more));
    expect(head).toMatchObject({ index: 12, previous: 11, record: 12 });
    expect(log.errors).toEqual([]);
  });

  test('by a session of a later release throws: nothing is written behind it', async () => {
    const found = find(new MemoryStore(forgeChain([{}, {}, { statement: { version: 2 } }])));
    await expect(found).rejects.toMatchObject({ code: 'VERSION_UNKNOWN' });
    await expect(found).rejects.toThrow(nameOf(2));
  });

  test('speaks by its metadata where it is in the archive tier', async () => {
    const store = new MemoryStore(good());
    const signed = (store.objects.get(nameOf(2)) as Buffer).subarray(-4096);
    const start = signed.lastIndexOf(Buffer.from('5a2a4d18', 'hex')) + 8;
    store.readEnd = async (name, length) =>
      name === nameOf(2) ? 'archived' : store.objects.get(name)?.subarray(-length);
    expect((await find(store)).head).toMatchObject({ index: 3, previous: 1 });
    store.metadataOf.set(nameOf(2), { signature: signed.subarray(start).toString('base64') });
    expect((await find(store)).head).toMatchObject(end);
  });

  test('says the latest time of an event so far, also where the hub’s clock went back', async () => {
    const objects = forgeChain([{ second: 100 }, { second: 50 }, { kind: 'heartbeat', events: [1] }]);
    expect((await find(new MemoryStore(objects))).head).toMatchObject({ index: 3, lastEvent: 1, latest: timeOf(100) });
  });
});

test('a store that is away throws', async () => {
  const store = new MemoryStore(good());
  store.readEnd = async () => {
    throw new AuditsealError('STORE_UNAVAILABLE', 'away');
  };
  await expect(find(store)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
});

function flipped(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] as number) ^ 1;
  return copy;
}

/** otherFrames puts what was signed of a segment behind the frames of another one. */
function otherFrames(): Buffer {
  const stored = planted({});
  const start = stored.lastIndexOf(Buffer.from('5a2a4d18', 'hex'));
  return Buffer.concat([forgeLines(['{"a":1}']).frames, stored.subarray(start)]);
}
