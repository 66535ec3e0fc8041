import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { MirrorStore } from '../../src/adapters/mirrorStore.ts';
import { AuditsealError } from '../../src/core/errors.ts';
import { mirrorLedger } from '../../src/ledger/mirror.ts';
import type { MirrorResult } from '../../src/ledger/mirror.ts';
import type { ObjectInfo, ObjectStore } from '../../src/ports/store.ts';
import { verifyLedger } from '../../web/verify/ledger/verifyLedger.ts';
import { check } from '../support/checking.ts';
import { forgeChain, nameOf } from '../support/forge.ts';
import { MemoryStore } from '../support/memoryStore.ts';

let outer: string;
let folder: string;

beforeEach(async () => {
  outer = await mkdtemp(join(tmpdir(), 'auditseal-test-'));
  folder = join(outer, 'mirror');
  await mkdir(folder);
});
afterEach(() => rm(outer, { recursive: true }));

const source = (length = 20): MemoryStore => new MemoryStore(forgeChain(length));
const copy = (from: ObjectStore, to = new MirrorStore(folder)): Promise<MirrorResult> =>
  mirrorLedger(from, to, { concurrency: 4 });
const namesOf = async (store: ObjectStore): Promise<string[]> => {
  const names: string[] = [];
  for await (const { name } of store.list('')) names.push(name);
  return names;
};
const filesIn = async (path: string): Promise<string[]> => {
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
};

/** What the page finds in the mirror. */
async function namedByPage(): Promise<string[]> {
  const files = (await filesIn(folder)).map((path) => ({
    name: relative(folder, path).replaceAll('\\', '/'),
    size: statSync(path).size,
    read: async () => new Uint8Array(await readFile(path)),
  }));
  const { findings } = await verifyLedger(files, { keys: [], now: Date.UTC(2027, 0) });
  return findings.map(({ code, object }) => `${code} ${object}`).sort();
}

test('a copy holds the same bytes and verifies; a second one takes nothing, a third what is new', async () => {
  const from = source(5);
  from.objects.set('drill/2026/11/22/block', Buffer.from('canary'));
  expect(await copy(from)).toMatchObject({ copied: 6, present: 0, failed: [] });
  const to = new MirrorStore(folder);
  for (const [name, bytes] of from.objects) expect(await to.read(name)).toEqual(bytes);
  expect(await check(to)).toMatchObject({ status: 'verified', checked: { segments: 5, otherObjects: 1 } });

  expect(await copy(from)).toMatchObject({ copied: 0, copiedBytes: 0, present: 6, failed: [] });
  for (const [name, bytes] of source(8).objects) from.objects.set(name, bytes);
  expect(await copy(from)).toMatchObject({ copied: 3, present: 6 });
  expect(await check(to)).toMatchObject({ status: 'verified', checked: { segments: 8 } });
});

test('a copy that was cut off goes on, whatever it left', async () => {
  const from = source();
  let reads = 0;
  from.beforeRead = () => {
    if (++reads > 7) throw new Error('killed');
  };
  await expect(copy(from)).rejects.toThrow('killed');
  const left = (await filesIn(folder)).length;
  expect(left).toBeGreaterThan(0);
  expect(left).toBeLessThan(20);
  await writeFile(join(folder, `${nameOf(19)}.${'a'.repeat(16)}.partial`), 'half');
  from.beforeRead = () => {};
  expect(await copy(from)).toMatchObject({ copied: 20 - left, present: left, failed: [] });
  expect(await check(new MirrorStore(folder))).toMatchObject({ status: 'verified', checked: { segments: 20 } });
});

test('two copies at once leave one whole mirror', async () => {
  const [one, other] = await Promise.all([copy(source()), copy(source())]);
  expect([one.failed, other.failed]).toEqual([[], []]);
  expect(one.copied + other.copied).toBe(20);
  expect(await filesIn(folder)).toHaveLength(20);
});

test('a file of another size is reported and left alone', async () => {
  await copy(source(3));
  await writeFile(join(folder, nameOf(1)), 'changed');
  const result = await copy(source(3));
  expect(result).toMatchObject({ copied: 0, present: 2, failed: [{ object: nameOf(1) }] });
  expect(result.failed[0]?.why).toMatch(
    /^the mirror has 7 bytes under this name, and the ledger has \d+; the mirror.s were left as they are$/,
  );
  expect((await new MirrorStore(folder).read(nameOf(1)))?.toString()).toBe('changed');
});

test('what can not be read is reported, and the rest is copied', async () => {
  const from = source(5);
  from.beforeRead = (name) => {
    if (name === nameOf(2)) throw new AuditsealError('STORE_UNAVAILABLE', 'away');
    if (name === nameOf(3)) from.objects.delete(name);
  };
  const { copied, failed } = await copy(from);
  expect(copied).toBe(3);
  expect(failed.map(({ object, why }) => `${object} ${why}`).sort()).toEqual([
    `${nameOf(2)} away`,
    `${nameOf(3)} it was listed, and is gone`,
  ]);
});

const HOSTILE = [
  '.',
  '..',
  '../evil',
  '../../evil',
  'segments/../../evil',
  '/evil',
  '//evil',
  'a//b',
  'C:\\evil',
  'C:evil',
  '..\\evil',
  'a\\..\\..\\evil/x',
  'ctrl\x01',
  'tab\t',
  'lf\n',
  'nul\0',
  'nul',
  'NUL.txt',
  'segments/0/com1.jsonl.zst',
  'x'.repeat(300),
  'y'.repeat(1024),
  '\u20ac'.repeat(1024),
  `${'z/'.repeat(511)}zz`,
  'ends.',
  'ends ',
  'folder/',
  'x',
  'x/y',
  'Name',
  'name',
  'NAME',
  'caf\u00e9',
  'cafe\u0301',
  'segments',
  'segments/',
  'segments/0',
  `${nameOf(0)}/in-a-segment`,
  'segments/00/000000000000.jsonl.zst',
  'batches',
  'reports/x',
  'tlog',
  'tlog/checkpoint',
  'tlog/tile/0/000',
  'foreign',
  `foreign/${'0'.repeat(64)}`,
  `foreign/${createHash('sha256').update('nul').digest('hex')}`,
  `foreign/${createHash('sha256').update('nul').digest('hex')}.name`,
  `a.${'0'.repeat(16)}.partial`,
];

describe('a container full of hostile names', () => {
  const hostile = (): MemoryStore => {
    const from = source(2);
    for (const name of HOSTILE) from.objects.set(name, Buffer.from(`bytes of ${name}`));
    return from;
  };
  const isInPlace = (path: string): boolean =>
    [nameOf(0), nameOf(1)].some((name) => path === join(folder, name)) ||
    /^foreign[\\/][0-9a-f]{64}(\.name)?$/.test(relative(folder, path));

  test('is copied whole, with nothing anywhere but in its places', async () => {
    const from = hostile();
    expect(await copy(from)).toMatchObject({ copied: HOSTILE.length + 2, failed: [] });
    const files = await filesIn(outer);
    expect(files.filter((path) => !isInPlace(path))).toEqual([]);
    expect(files).toHaveLength(2 + 2 * HOSTILE.length);
    const to = new MirrorStore(folder);
    for (const [name, bytes] of from.objects) {
      expect(await to.read(name)).toEqual(bytes);
      expect(await to.exists(name)).toBe(true);
    }
    expect(await namesOf(to)).toEqual([...from.objects.keys()].sort());
  });

  test('a check of the copy names each by its name, and a copy of the copy is the same', async () => {
    await copy(hostile());
    const named = (await check(new MirrorStore(folder))).findings.map(({ code, object }) => `${code} ${object}`);
    expect(named.sort()).toEqual(HOSTILE.map((name) => `foreign-object ${name}`).sort());
    const second = join(outer, 'second');
    await mkdir(second);
    expect(await copy(new MirrorStore(folder), new MirrorStore(second))).toMatchObject({ failed: [] });
    expect(await namesOf(new MirrorStore(second))).toEqual(await namesOf(new MirrorStore(folder)));
  });

  test('the page names each too, and nothing of it takes the place of a tile', async () => {
    await copy(hostile());
    expect(await namedByPage()).toEqual(HOSTILE.map((name) => `foreign-object ${name}`).sort());
  });

  test('a copy is repeated without a change, and one that was cut off goes on', async () => {
    const from = hostile();
    let reads = 0;
    from.beforeRead = () => {
      if (++reads > 20) throw new Error('killed');
    };
    await expect(copy(from)).rejects.toThrow('killed');
    from.beforeRead = () => {};
    // A copy may be killed between a name and its bytes.
    await writeFile(join(folder, 'foreign', `${createHash('sha256').update('x/y').digest('hex')}.name`), 'x/y');
    expect(await namesOf(new MirrorStore(folder))).not.toContain('x/y');
    expect(await copy(from)).toMatchObject({ failed: [] });
    expect(await copy(from)).toMatchObject({ copied: 0, present: HOSTILE.length + 2, failed: [] });
    expect(await namesOf(new MirrorStore(folder))).toEqual([...from.objects.keys()].sort());
  });

  test('what the format knows is copied first', async () => {
    const from = hostile();
    const order: string[] = [];
    from.beforeRead = (name) => void order.push(name);
    await mirrorLedger(from, new MirrorStore(folder), { concurrency: 1 });
    expect(order.slice(0, 2)).toEqual([nameOf(0), nameOf(1)]);
  });

  test('of names around the folders of the log none is left out, none comes twice, and the log is listed once', async () => {
    const log = Array.from({ length: 10 }, (_, i) => String(i).padStart(12, '0')).flatMap((number) => [
      `batches/${number}.jsonl`,
      `checkpoints/${number}`,
      `actions/${number}.json`,
      `actions/${number}.txt`,
    ]);
    const others = ['actions', 'actions.', 'actions0', 'batches-', 'batchest/x', 'cosignatures', 'cosignaturf', '~'];
    const from = source(2);
    for (const name of [...log, ...others]) from.objects.set(name, Buffer.from(name));
    let listed = 0;
    const counting: ObjectStore = Object.assign(Object.create(from) as MemoryStore, {
      async *list(prefix: string, start?: string): AsyncGenerator<ObjectInfo> {
        for await (const object of from.list(prefix, start)) {
          if (log.includes(object.name)) listed += 1;
          yield object;
        }
      },
    });
    const to = new MemoryStore();
    const { copied, present, failed } = await mirrorLedger(counting, to, { concurrency: 4 });
    expect({ copied, present, failed }).toEqual({ copied: from.objects.size, present: 0, failed: [] });
    expect([...to.objects.keys()].sort()).toEqual([...from.objects.keys()].sort());
    // One more of each folder, where what stands before it ends.
    expect(listed).toBeLessThanOrEqual(log.length + 4);
  });

  test('names that no blob can have are reported', async () => {
    const from = source(1);
    for (const name of ['\ud800', 'x'.repeat(3073)]) from.objects.set(name, Buffer.from('x'));
    const { copied, failed } = await copy(from);
    expect(copied).toBe(1);
    expect(failed.map(({ object }) => object)).toEqual(['x'.repeat(3073), '\ud800']);
  });
});

describe('files in the folder of foreign objects that are none', () => {
  const fileOf = (name: string): string => `foreign/${createHash('sha256').update(name).digest('hex')}`;
  const put = async (files: Readonly<Record<string, string | Buffer>>): Promise<void> => {
    await copy(source(1));
    await mkdir(join(folder, 'foreign'), { recursive: true });
    for (const [name, bytes] of Object.entries(files)) await writeFile(join(folder, name), bytes);
  };

  test.each<[string, Readonly<Record<string, string | Buffer>>]>([
    ['the name of a segment', { [fileOf(nameOf(1))]: 'x', [`${fileOf(nameOf(1))}.name`]: nameOf(1) }],
    ['another name', { [fileOf('a')]: 'x', [`${fileOf('a')}.name`]: 'b' }],
    ['no UTF-8', { [fileOf('a')]: 'x', [`${fileOf('a')}.name`]: Buffer.of(0xff) }],
    ['a name of 4 MiB', { [fileOf('a')]: 'x', [`${fileOf('a')}.name`]: Buffer.alloc(2 ** 22, 'a') }],
    ['no name', { [fileOf('a')]: 'x' }],
    ['something else', { 'foreign/x': 'y', [`${fileOf('a')}.other`]: 'z' }],
  ])('%s: each is named by its path', async (_what, files) => {
    await put(files);
    const { findings } = await check(new MirrorStore(folder));
    const expected = Object.keys(files)
      .sort()
      .map((name) => `foreign-object ${name}`);
    expect(findings.map(({ code, object }) => `${code} ${object}`)).toEqual(expected);
    expect(await namedByPage()).toEqual(expected);
  });
});

test('a mirror of an earlier release, which has a foreign object under its name, is gone on from', async () => {
  await writeFile(join(folder, 'notes.txt'), 'note');
  const from = source(1);
  from.objects.set('notes.txt', Buffer.from('note')).set('notes.txt/more', Buffer.from('more'));
  expect(await copy(from)).toMatchObject({ copied: 2, present: 1, failed: [] });
  const to = new MirrorStore(folder);
  expect((await to.read('notes.txt'))?.toString()).toBe('note');
  expect((await check(to)).findings.map(({ object }) => object)).toEqual(['notes.txt', 'notes.txt/more']);
  expect(await to.create('notes.txt', Buffer.from('other'))).toBe('exists');
});

test('progress is told for every object', async () => {
  const told: number[] = [];
  await mirrorLedger(source(6), new MirrorStore(folder), {
    concurrency: 2,
    onProgress: ({ copied, present }) => void told.push(copied + present),
  });
  expect(told).toHaveLength(6);
  expect(told.at(-1)).toBe(6);
});
