import { createHash } from 'node:crypto';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MirrorStore } from '../../src/adapters/mirrorStore.ts';
import { AuditsealError } from '../../src/core/errors.ts';
import { mirrorLedger } from '../../src/ledger/mirror.ts';
import type { MirrorOptions, MirrorResult } from '../../src/ledger/mirror.ts';
import type { ObjectInfo } from '../../src/ports/store.ts';
import { forgeChain, nameOf } from '../support/forge.ts';
import { MemoryStore } from '../support/memoryStore.ts';

// What a copy takes for there already, and what it does where the disk has no room.

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'auditseal-test-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** ListingStore is one whose listing has the MD5 of each object, as Azure's has. */
class ListingStore extends MemoryStore {
  /** what the listing says, where that isn't so */
  readonly lies = new Map<string, Uint8Array>();

  override async *list(prefix: string, from = ''): AsyncIterable<ObjectInfo> {
    for await (const { name, size } of super.list(prefix, from)) {
      const md5 = createHash('md5')
        .update(this.objects.get(name) as Buffer)
        .digest();
      yield { name, size, md5: this.lies.get(name) ?? md5 };
    }
  }
}

const source = (length = 4): ListingStore => new ListingStore(forgeChain(length));
const copy = (from: MemoryStore, options: Partial<MirrorOptions> = {}): Promise<MirrorResult> =>
  mirrorLedger(from, new MirrorStore(folder), { concurrency: 2, ...options });

test('what is there with the bytes that the listing states is read nowhere but in the mirror', async () => {
  const from = source();
  await copy(from);
  from.requests.read = 0;
  expect(await copy(from)).toMatchObject({ copied: 0, present: 4, failed: [] });
  expect(from.requests.read).toBe(0);
  // Whoever may create objects may state a wrong one.
  from.lies.set(nameOf(2), Buffer.alloc(16));
  expect(await copy(from)).toMatchObject({ copied: 0, present: 4, failed: [] });
  expect(from.requests.read).toBe(1);
});

describe.each([
  ['a listing with hashes', source],
  ['a listing without', () => new MemoryStore(source().objects)],
])('%s', (_what, sourceOf) => {
  test('a file of zeros of the same size, or of another, is copied again', async () => {
    const from = sourceOf();
    await copy(from);
    const bytes = from.objects.get(nameOf(1)) as Buffer;
    await writeFile(join(folder, nameOf(1)), Buffer.alloc(bytes.length));
    await writeFile(join(folder, nameOf(2)), Buffer.alloc(7));
    expect(await copy(from)).toMatchObject({ copied: 2, present: 2, failed: [] });
    for (const name of [nameOf(1), nameOf(2)])
      expect(await readFile(join(folder, name))).toEqual(from.objects.get(name));
  });

  test('one of other bytes is left as it is, and named: which of the two is right, a check says', async () => {
    const from = sourceOf();
    await copy(from);
    const bytes = Buffer.from(from.objects.get(nameOf(1)) as Buffer);
    bytes[5] = (bytes[5] as number) ^ 1;
    await writeFile(join(folder, nameOf(1)), bytes);
    const { failed, ...rest } = await copy(from);
    expect(rest).toEqual({ copied: 0, copiedBytes: 0, present: 3 });
    expect(failed).toEqual([
      { object: nameOf(1), why: expect.stringContaining('other bytes of the same size') as string },
    ]);
    expect(await readFile(join(folder, nameOf(1)))).toEqual(bytes);
    expect(await copy(from, { trustsSizes: true })).toMatchObject({ present: 4, failed: [] });
  });
});

describe('a disk without room', () => {
  const filesIn = async (): Promise<string[]> =>
    (await readdir(folder, { recursive: true, withFileTypes: true }))
      .filter((it) => it.isFile())
      .map(({ name }) => name);

  test('is noticed before the copy starts', async () => {
    const from = source();
    const needed = [...from.objects.values()].reduce((sum, { length }) => sum + length, 0);
    await expect(copy(from, { free: async () => needed - 1 })).rejects.toMatchObject({
      code: 'STORE_FULL',
      message: `the copy needs ${needed} bytes more, and ${needed - 1} are free: nothing of it was copied`,
    });
    expect(await filesIn()).toEqual([]);
    expect(await copy(from, { free: async () => needed })).toMatchObject({ copied: 4, failed: [] });
    // What is there needs none.
    expect(await copy(from, { free: async () => 0 })).toMatchObject({ present: 4, failed: [] });
  });

  test('ends the copy at the first file that finds none, and the next goes on', async () => {
    const from = source(30);
    /** FullStore is a folder on a disk that others fill meanwhile. */
    class FullStore extends MirrorStore {
      room = 3;
      tried = 0;
      override async create(name: string, bytes: Uint8Array): Promise<'created' | 'exists'> {
        this.tried += 1;
        if (--this.room < 0) throw new AuditsealError('STORE_FULL', `${name}: the disk is full (ENOSPC)`);
        return super.create(name, bytes);
      }
    }
    const to = new FullStore(folder);
    const { copied, failed } = await mirrorLedger(from, to, { concurrency: 2, free: async () => 1e9 });
    expect(copied).toBe(3);
    expect(failed).toEqual([
      {
        object: nameOf(3),
        why: expect.stringMatching(
          /^the disk is full: the rest needs \d+ bytes, and 1000000000 are free\. The copy was stopped/,
        ) as string,
      },
    ]);
    expect(to.tried).toBeLessThanOrEqual(5);
    expect(await filesIn()).toHaveLength(3);
    expect(await copy(from)).toMatchObject({ copied: 27, present: 3, failed: [] });
  });
});
