import { ingestOf, sealAll } from '../support/hub.ts';
import { indexedLog, sealedSegment } from '../support/indexScene.ts';
import { KeptLog } from '../support/keptLog.ts';
import { KEY } from '../support/logs.ts';
import { MemoryStore } from '../support/memoryStore.ts';
import { MemoryTiles } from '../support/memoryTiles.ts';
import { timeOf } from '../support/forge.ts';
import { sha256 } from '../../src/core/hash.ts';
import { buildUnit } from '../../src/core/index/build.ts';
import { ByteWriter } from '../../src/core/index/bytes.ts';
import { keyOf } from '../../src/core/index/termKey.ts';
import type { TermKey } from '../../src/core/index/termKey.ts';
import { WholeUnit } from '../../src/core/index/wholeUnit.ts';
import { unitName } from '../../src/core/objects/names.ts';
import { compress, decompress } from '../../src/core/segment/zstd.ts';
import { Search } from '../../src/find/search.ts';
import { UnitReader } from '../../src/find/unitReader.ts';

const KEY_BYTES = 8;
const ROW_BYTES = KEY_BYTES + 32 + 4;
const START_BYTES = 16;

const bodies = (count: number): string[] =>
  Array.from({ length: count }, (_, i) => JSON.stringify({ identity: `user ${i}`, operationName: `op ${i}` }));
const { unit, bytes } = buildUnit({ from: 0, to: 1 }, [sealedSegment(0, 0, bodies(2200)).part]);
const terms = [...new WholeUnit(bytes, unit.tree).terms()];

/** withDirectory gives the unit's file with a directory that is changed, and states its length. */
function withDirectory(file: Buffer, change: (rows: Buffer) => void): Buffer {
  const length = file.readUInt32LE(8);
  const rows = decompress(file.subarray(START_BYTES, START_BYTES + length));
  change(rows);
  const frame = compress(rows);
  const start = Buffer.from(file.subarray(0, START_BYTES));
  start.writeUInt32LE(frame.length, 8);
  return Buffer.concat([start, frame, file.subarray(START_BYTES + length)]);
}

const tilesWith = (file: Buffer): MemoryTiles => {
  const tiles = new MemoryTiles();
  tiles.objects.set(unitName(unit.tree.rootHash), file);
  return tiles;
};
const readerOf = (file: Buffer): UnitReader => new UnitReader(tilesWith(file), unit);

/** missed gives the keys of terms that the unit has, and of which a reading of the file says that it has none. */
async function missed(file: Buffer, keys: readonly TermKey[]): Promise<TermKey[]> {
  const gone: TermKey[] = [];
  for (const key of keys) {
    // A reader keeps what it opened: each look-up is with a new one.
    const isThere = await readerOf(file)
      .place(key)
      .then(
        (placed) => placed.isThere,
        (error: unknown) => (error as { code?: string }).code,
      );
    if (isThere !== true && isThere !== 'INDEX_MALFORMED') gone.push(key);
    const whole = ((): unknown => {
      try {
        return new WholeUnit(file, unit.tree).find(key);
      } catch (error) {
        return (error as { code?: string }).code;
      }
    })();
    if (whole === undefined) gone.push(key);
  }
  return gone;
}

describe('a directory that lies of the keys with which pages begin hides no term', () => {
  const pages = Math.ceil(unit.tree.size / 1024);
  const firstOf = (page: number): TermKey => terms[page * 1024]?.key ?? ('\xff'.repeat(KEY_BYTES) as TermKey);
  const next = (key: TermKey): TermKey => {
    const later = Buffer.from(key, 'latin1');
    later.writeBigUInt64BE(later.readBigUInt64BE() + 1n);
    return later.toString('latin1') as TermKey;
  };

  test.each([...Array(pages).keys()])('page %d', async (page) => {
    expect(pages).toBeGreaterThan(3);
    const own = terms.slice(page * 1024, page * 1024 + 1024).map(({ key }) => key);
    const asked = [...own.slice(0, 3), ...own.slice(500, 503), ...own.slice(-3), ...(page > 0 ? [] : [firstOf(1)])];
    const keys = [...asked, ...terms.slice(Math.max(page * 1024 - 3, 0), page * 1024).map(({ key }) => key)];
    const lies = [
      ...own.slice(0, 3).map(next),
      next(own.at(-1) as TermKey),
      '\0'.repeat(KEY_BYTES),
      '\xff'.repeat(KEY_BYTES),
    ];
    for (const lie of lies) {
      const file = withDirectory(bytes, (rows) => void rows.write(lie, page * ROW_BYTES, 'latin1'));
      expect([lie, await missed(file, keys)]).toEqual([lie, []]);
    }
  });

  test('all pages: what is asked for stands in none of them', async () => {
    const file = withDirectory(bytes, (rows) => {
      for (let page = 0; page < pages; page++) rows.write('\xff'.repeat(KEY_BYTES), page * ROW_BYTES, 'latin1');
    });
    expect(await missed(file, [firstOf(0), firstOf(2)])).toEqual([]);
  });
});

test('of a key that no page has, the pages at its sides are opened, and of one within a page that alone', async () => {
  const length = bytes.readUInt32LE(8);
  const rows = decompress(bytes.subarray(START_BYTES, START_BYTES + length));
  let at = START_BYTES + length;
  const damaged = Array.from({ length: rows.length / ROW_BYTES }, (_, page) => {
    const file = Buffer.from(bytes);
    file.fill(0, at, at + 8);
    at += rows.readUInt32LE((page + 1) * ROW_BYTES - 4);
    return file;
  });
  for (const [key, index, opened] of [
    ['\0'.repeat(KEY_BYTES), 0, [0]],
    [`${terms[1500]?.key}`.replace(/[^]$/, '\xff'), 1501, [1]],
    [`${terms[1023]?.key}`.replace(/[^]$/, '\xff'), 1024, [0, 1]],
    ['\xff'.repeat(KEY_BYTES), terms.length, [damaged.length - 1]],
  ] as [TermKey, number, number[]][]) {
    expect(await readerOf(bytes).place(key)).toEqual({ index, isThere: false });
    const needed: number[] = [];
    for (const [page, file] of damaged.entries())
      await readerOf(file)
        .place(key)
        .catch(() => needed.push(page));
    expect([key, needed]).toEqual([key, opened]);
  }
});

describe('nothing is read that is longer than the signed number of its terms allows', () => {
  const write = (at: number, value: number, file = bytes): Buffer => {
    const changed = Buffer.from(file);
    changed.writeUInt32LE(value, at);
    return changed;
  };
  const asked = terms[1500]?.key as TermKey;

  test.each<[string, Buffer, RegExp]>([
    ['a directory of 4 GiB', write(8, 0xffffffff), /directory is too long/],
    ['a directory of 2 GiB', write(8, 0x7fffffff), /directory is too long/],
    [
      'a page of 4 GiB',
      withDirectory(bytes, (rows) => void rows.writeUInt32LE(0xffffffff, ROW_BYTES + ROW_BYTES - 4)),
      /page of it is too long/,
    ],
  ])('%s', async (_, file, why) => {
    const tiles = tilesWith(file);
    const lengths: number[] = [];
    const readPart = tiles.readPart.bind(tiles);
    tiles.readPart = (name, offset, length) => {
      lengths.push(length);
      return readPart(name, offset, length);
    };
    const reader = new UnitReader(tiles, unit);
    await expect(reader.place(asked)).rejects.toMatchObject({
      code: 'INDEX_MALFORMED',
      message: expect.stringMatching(why) as string,
    });
    expect(Math.max(...lengths)).toBeLessThan(8 * 1024 * 1024);
    expect(() => new WholeUnit(file, unit.tree).find(asked)).toThrow(why);
  });
});

test('nor are postings of more bytes than the segments and records of the unit take', async () => {
  const parts = Array.from(
    { length: 40 },
    (_, i) =>
      sealedSegment(
        i,
        i,
        Array.from({ length: 400 }, (__, record) => `{"category":"${record % 2}"}`),
      ).part,
  );
  const large = buildUnit({ from: 0, to: 40 }, parts);
  const key = keyOf('category', '1');
  const postings = new WholeUnit(large.bytes, large.unit.tree).find(key) as Buffer;
  const [start, length] = [START_BYTES, large.bytes.readUInt32LE(8)];
  const directory = decompress(large.bytes.subarray(start, start + length));
  const stored = directory.readUInt32LE(ROW_BYTES - 4);
  const page = decompress(large.bytes.subarray(start + length, start + length + stored));
  const [writer, hash] = [new ByteWriter(), sha256(postings)];
  writer.number(postings.length);
  const size = writer.take();
  // The size stands before two more numbers and the hash.
  const at = page.lastIndexOf(size, page.indexOf(Buffer.from(hash, 'latin1')));
  writer.number(60_000_000);
  const planted = compress(Buffer.concat([page.subarray(0, at), writer.take(), page.subarray(at + size.length)]));
  const rest = large.bytes.subarray(start + length + stored);
  const file = withDirectory(
    Buffer.concat([large.bytes.subarray(0, start + length), planted, rest]),
    (rows) => void rows.writeUInt32LE(planted.length, ROW_BYTES - 4),
  );
  const find = async (bytes: Buffer): Promise<Buffer | undefined> => {
    const tiles = new MemoryTiles();
    tiles.objects.set(unitName(large.unit.tree.rootHash), bytes);
    return new UnitReader(tiles, large.unit).find('category', '1');
  };
  expect(await find(large.bytes)).toEqual(postings);
  await expect(find(file)).rejects.toThrow('postings of it are too long');
});

test('a search by a directory that lies finds what a search without an index finds', async () => {
  const [store, tiles] = [new MemoryStore(), new MemoryTiles()];
  const records = bodies(1500);
  records[700] = JSON.stringify({ identity: 'mallory', operationName: 'delete' });
  const events = records.map((body, i) => ({ sequenceNumber: i, enqueued: timeOf(i), body: Buffer.from(body) }));
  await sealAll(ingestOf(store), events);
  for (let i = 0; i < 2; i++) await indexedLog(store, tiles).run(new KeptLog());
  const mallory = keyOf('actor', 'mallory');
  for (const [name, file] of tiles.objects)
    if (name.startsWith('index/units/'))
      tiles.objects.set(
        name,
        withDirectory(file, (rows) => {
          let page = 0;
          while (rows.toString('latin1', (page + 1) * ROW_BYTES).slice(0, KEY_BYTES) <= mallory) {
            if ((page + 1) * ROW_BYTES >= rows.length) break;
            page++;
          }
          const lie = Buffer.from(mallory, 'latin1');
          lie.writeBigUInt64BE(lie.readBigUInt64BE() + 1n);
          lie.copy(rows, page * ROW_BYTES);
        }),
      );
  const query = { by: 'hub', terms: new Map([['actor', ['mallory']]] as const), where: [], texts: [] } as const;
  const search = new Search({ store, tiles, verifiers: [KEY.verifierKey] }, query);
  const found: number[] = [];
  for await (const { record } of search.hits()) found.push(record);
  expect(found).toEqual([700]);
  expect(search.tally.index).toEqual({ why: expect.stringContaining('a page is not the one of its directory') });
});
