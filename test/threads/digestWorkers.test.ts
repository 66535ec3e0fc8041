import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DigestWorkers } from '../../src/threads/workers.ts';
import { FolderStore } from '../../src/adapters/folderStore.ts';
import { formatHash } from '../../src/core/hash.ts';
import { InFlight } from '../../src/ledger/concurrency.ts';
import type { Digest } from '../../src/ledger/digest.ts';
import { MemoryStore } from '../support/memoryStore.ts';

let folder: string;
let workers: DigestWorkers;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'auditseal-test-'));
  workers = new DigestWorkers(2);
});
afterEach(async () => {
  await workers.close();
  await rm(folder, { recursive: true });
});

const saidOf = (digest: Digest): unknown => (digest.ok ? [digest.size, formatHash(digest.sha256)] : digest);
const expectedOf = (bytes: Buffer): unknown => [bytes.length, createHash('sha256').update(bytes).digest('hex')];

test('files and bytes of every size have their SHA-256, in order', async () => {
  const mib = 1024 * 1024;
  const all = [0, 1, 63, 64, 4096, mib - 1, mib, mib + 1, 3 * mib + 7].map((size) => randomBytes(size));
  const names = all.map((_, i) => `object${i}`);
  for (const [i, bytes] of all.entries()) await writeFile(join(folder, `object${i}`), bytes);
  const memory = new MemoryStore(names.map((name, i) => [name, all[i] as Buffer] as const));
  for (const digest of [
    workers.ofFiles((name) => new FolderStore(folder).pathOf(name)),
    workers.ofStore(memory, new InFlight(3)),
  ]) {
    const groups = await Promise.all([digest(names), digest(names.toReversed()), digest([])]);
    expect(groups.map((group) => group.map(saidOf))).toEqual([
      all.map(expectedOf),
      all.toReversed().map(expectedOf),
      [],
    ]);
  }
});

test('what can not be hashed says why, and keeps nothing from being hashed', async () => {
  await writeFile(join(folder, 'good'), 'x');
  await mkdir(join(folder, 'folder'));
  execFileSync('mkfifo', [join(folder, 'pipe')]);
  await writeFile(join(folder, 'huge'), '');
  await truncate(join(folder, 'huge'), 192 * 1024 * 1024 + 1);
  const digest = workers.ofFiles((name) => new FolderStore(folder).pathOf(name));
  const gone = { ok: false, isTooLarge: false, why: 'it was listed, and is gone' };
  const names = ['missing', 'good/below', 'folder', 'pipe', 'huge', 'good'];
  expect((await digest(names)).map(saidOf)).toEqual([
    gone,
    gone,
    gone,
    gone,
    { ok: false, isTooLarge: true },
    expectedOf(Buffer.from('x')),
  ]);
  await expect(digest(['../outside'])).rejects.toThrow("its name can't be a file name on every system");
});
