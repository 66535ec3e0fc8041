import { zstdDecompressSync } from 'node:zlib';
import { AuditsealError } from '../../src/core/errors.ts';
import { formatHash } from '../../src/core/hash.ts';
import { parseSegmentName } from '../../src/core/objects/names.ts';
import type { ChainHead } from '../../src/core/segment/chain.ts';
import { findChainHead } from '../../src/ingest/chainHead.ts';
import { LEDGER, forge, forgeChain, forgeLines, nameOf, timeOf } from '../support/forge.ts';
import type { Spec } from '../support/forge.ts';
import { KeptLog } from '../support/keptLog.ts';
import { MemoryStore } from '../support/memoryStore.ts';

const find = async (store: MemoryStore, from?: number): Promise<{ head: ChainHead; log: KeptLog }> => {
  const log = new KeptLog();
  return { head: await findChainHead({ store, log, ledger: LEDGER }, '0', from), log };
};

/** A store with a chain of any length: only the last two segments are ever read, so only they are made. */
class LongChain extends MemoryStore {
  readonly length: number;

  constructor(length: number) {
    super();
    this.length = length;
    let prev: string | undefined;
    for (let index = Math.max(length - 2, 0); index < length; index++) {
      const { stored, root } = forge({ index, record: index, ...(prev !== undefined && { prev }) });
      this.objects.set(nameOf(index), stored);
      prev = root;
    }
  }

  override async exists(name: string): Promise<boolean> {
    this.requests.exists += 1;
    return (parseSegmentName(name)?.index ?? Infinity) < this.length;
  }
}

describe('finding the head of a chain', () => {
  test.each([
    ['nothing', 0],
    ['one segment', 1],
    ['two segments', 2],
    ['three segments', 3],
  ])('of %s', async (_what, length) => {
    const objects = forgeChain(length);
    const { head, log } = await find(new MemoryStore(objects));
    expect(head).toMatchObject({ index: length, record: length, lastEvent: length - 1, skipped: [], incarnation: 0 });
    expect(head.lastEnqueued).toBe(length === 0 ? '' : timeOf(length - 1));
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

  test.each([999_999, 1_000_000, 1_048_575, 1_048_576])('takes at most 45 requests for %d segments', async (length) => {
    const store = new LongChain(length);
    expect((await find(store)).head.index).toBe(length);
    const { read, exists, list, children, create } = store.requests;
    expect(read + exists).toBeLessThanOrEqual(45);
    expect(list + children + create).toBe(0);
  });

  test('takes a handful of requests from where another writer took the name', async () => {
    const store = new LongChain(1_000_000);
    expect((await find(store, 999_999)).head.index).toBe(1_000_000);
    expect(store.requests.exists + store.requests.read).toBeLessThanOrEqual(5);
  });
});

describe('a head that is not to be believed', () => {
  /** Three good segments; events 0, 1, 2. */
  const good = (): Map<string, Buffer> => forgeChain(3);
  const rootAfter = (length: number): string => {
    const chain = forgeChain(length + 1);
    return prevOf(chain.get(nameOf(length)) as Buffer);
  };
  const planted = (spec: Spec): Buffer => forge({ index: 3, record: 3, prev: rootAfter(3), ...spec }).stored;

  test.each<[string, Buffer]>([
    ['nothing', Buffer.alloc(0)],
    ['garbage', Buffer.from('not a segment at all')],
    ['half a segment', planted({}).subarray(0, 100)],
    ['a Zstandard frame of something else', forgeLines(['{"hello":1}', '{"a":2}']).stored],
    ['a segment that does not chain', planted({ prev: 'a'.repeat(64) })],
    ['a segment with 64 zeros for prev', planted({ prev: '0'.repeat(64) })],
    ['a segment of another partition', planted({ partition: '1' })],
    ['a copy of the segment before', good().get(nameOf(2)) as Buffer],
    ['a copy of the first segment', good().get(nameOf(0)) as Buffer],
    [
      'a segment whose end line states another root',
      planted({ end: `{"_end":{"records":1,"root":"${'b'.repeat(64)}"}}` }),
    ],
    [
      'a segment whose end line states another count',
      planted({ edit: (lines) => lines, end: '{"_end":{"records":2}}' }),
    ],
    ['a segment whose header contradicts its records', planted({ header: { records: { first: 3, count: 2 } } })],
    ['a segment of another ledger behind one of ours', planted({ ledger: 'evil.example.com/audit' })],
  ])('%s: skipped, and the chain goes on from the last valid segment', async (_what, bytes) => {
    const { head, log } = await find(new MemoryStore(good().set(nameOf(3), bytes)));
    expect(head).toMatchObject({ index: 4, record: 3, lastEvent: 2, lastEnqueued: timeOf(2), skipped: [3] });
    expect(formatHash(head.root)).toBe(rootAfter(3));
    expect(log.lines).toEqual([
      expect.objectContaining({ level: 'error', fields: expect.objectContaining({ object: nameOf(3) }) as object }),
    ]);
  });

  test('something larger than any object of a ledger is skipped', async () => {
    const store = new MemoryStore(good().set(nameOf(3), Buffer.alloc(1)));
    store.beforeRead = (name) => (name === nameOf(3) ? 'too-large' : undefined);
    expect((await find(store)).head).toMatchObject({ index: 4, lastEvent: 2, skipped: [3] });
  });

  test('several in a row are skipped together, also at the start of a partition', async () => {
    const junk = Buffer.from('junk');
    const after = await find(
      new MemoryStore(good().set(nameOf(3), junk).set(nameOf(4), planted({})).set(nameOf(5), junk)),
    );
    expect(after.head).toMatchObject({ index: 6, lastEvent: 2, skipped: [3, 4, 5] });
    const alone = await find(new MemoryStore([0, 1, 2].map((index) => [nameOf(index), junk])));
    expect(alone.head).toMatchObject({ index: 3, record: 0, lastEvent: -1, lastEnqueued: '', skipped: [0, 1, 2] });
    expect(formatHash(alone.head.root)).toBe('0'.repeat(64));
  });

  test('the segment behind a declared foreign object is the head', async () => {
    const objects = good().set(nameOf(3), Buffer.from('junk'));
    objects.set(nameOf(4), forge({ index: 4, record: 3, prev: rootAfter(3), events: [3], skipped: [3] }).stored);
    const { head, log } = await find(new MemoryStore(objects));
    expect(head).toMatchObject({ index: 5, record: 4, lastEvent: 3, skipped: [] });
    expect(log.lines).toEqual([]);
  });

  test.each([4, 6, 7, 14, 30, 1000, 999_999_999_999])(
    'an object planted ahead at %d leaves the first free name the next one',
    async (index) => {
      const { head } = await find(new MemoryStore(good().set(nameOf(index), planted({ index }))));
      expect(head).toMatchObject({ index: 3, record: 3, lastEvent: 2, skipped: [] });
      expect(formatHash(head.root)).toBe(rootAfter(3));
    },
  );

  test('a head whose predecessor is missing is not believed', async () => {
    const objects = good();
    objects.delete(nameOf(1));
    const { head, log } = await find(new MemoryStore(objects));
    expect(head).toMatchObject({ index: 1, lastEvent: 0, skipped: [] });
    expect(log.errors).toEqual(['names of segments are not dense']);
  });

  test.each([
    ['head', 2, 3],
    ['segment before the head', 1, 3],
  ])('a %s of an unknown version throws: nothing is written behind it', async (_what, index, length) => {
    const objects = forgeChain(Array.from({ length }, (_, i) => (i === index ? { header: { version: 2 } } : {})));
    await expect(find(new MemoryStore(objects))).rejects.toMatchObject({ code: 'VERSION_UNKNOWN' });
  });

  test('a chain of another ledger throws: the settings are wrong', async () => {
    const objects = forgeChain([{ ledger: 'other.example.com/x' }, { ledger: 'other.example.com/x' }]);
    const found = find(new MemoryStore(objects));
    await expect(found).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    await expect(found).rejects.toThrow(/LEDGER_ORIGIN.*other\.example\.com/);
  });

  test('a store that is away throws', async () => {
    const store = new MemoryStore(good());
    store.beforeRead = () => {
      throw new AuditsealError('STORE_UNAVAILABLE', 'away');
    };
    await expect(find(store)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });

  test('behind heartbeats, the time of the last event still tells a duplicate from a re-created hub', async () => {
    const objects = forgeChain([{}, {}, { kind: 'heartbeat', events: [1] }, { kind: 'heartbeat', events: [1] }]);
    const { head } = await find(new MemoryStore(objects));
    expect(head).toMatchObject({ index: 4, record: 2, lastEvent: 1, lastEnqueued: timeOf(1) });
  });
});

function prevOf(stored: Buffer): string {
  const header = /"prev":"([0-9a-f]{64})"/.exec(zstdDecompressSync(stored).toString());
  return header?.[1] as string;
}
