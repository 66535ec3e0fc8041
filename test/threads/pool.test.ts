import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { sha256 } from '../../src/core/hash.ts';
import type { Digest } from '../../src/ledger/digest.ts';
import { WorkerPool } from '../../src/threads/pool.ts';
import type { DigestTask } from '../../src/threads/worker.ts';

const LIMITS = { maxOldGenerationSizeMb: 24, maxYoungGenerationSizeMb: 2 };
/** What is found of it fills the heap of a thread. */
const DEADLY: DigestTask = { stored: Array.from({ length: 500_000 }, () => Buffer.of(1)).fill(Buffer.of(1)) };

const taskOf = (text: string): DigestTask => ({ stored: [Buffer.from(text)] });
const digestOf = (text: string): readonly Digest[] => [
  { ok: true, size: text.length, sha256: sha256(Buffer.from(text)) },
];

test('a thread that dies loses what it was given, never passes it, and others take over', async () => {
  const pool = new WorkerPool<DigestTask, readonly Digest[]>(2, 'worker', LIMITS);
  try {
    // Two threads, so half of what waits goes together: the deadly one, and the next.
    const ends = await Promise.allSettled([
      pool.run(DEADLY, { bytes: 1 }),
      ...['a', 'b', 'c'].map((text) => pool.run(taskOf(text), { bytes: 1 })),
    ]);
    const lost = { status: 'rejected', reason: expect.objectContaining({ code: 'ERR_WORKER_OUT_OF_MEMORY' }) };
    expect(ends.slice(0, 2)).toEqual([lost, lost]);
    expect(ends.slice(2)).toEqual(['b', 'c'].map((text) => ({ status: 'fulfilled', value: digestOf(text) })));
    expect(await Promise.all(['d', 'e'].map((text) => pool.run(taskOf(text))))).toEqual(['d', 'e'].map(digestOf));
  } finally {
    await pool.close();
  }
});

test.each([0, 1, 1000, 200_000, Infinity])(
  'every task of %d bytes is answered, with what is its own',
  async (bytes) => {
    const pool = new WorkerPool<DigestTask, readonly Digest[]>(3);
    try {
      const texts = Array.from({ length: 250 }, (_, i) => `text ${i}`);
      expect(await Promise.all(texts.map((text) => pool.run(taskOf(text), { bytes })))).toEqual(texts.map(digestOf));
    } finally {
      await pool.close();
    }
  },
);

test('a task that cannot be handed to a thread fails, and the thread goes on', async () => {
  const pool = new WorkerPool<DigestTask, readonly Digest[]>(1);
  const gone = Buffer.alloc(10_000);
  structuredClone(gone, { transfer: [gone.buffer] });
  try {
    await expect(pool.run({ stored: [gone] }, { moved: [gone.buffer] })).rejects.toMatchObject({
      name: 'DataCloneError',
    });
    expect(await pool.run(taskOf('next'))).toEqual(digestOf('next'));
  } finally {
    await pool.close();
  }
});

test('what waits when the threads are ended fails, and so does what comes after', async () => {
  const pool = new WorkerPool<DigestTask, readonly Digest[]>(1);
  const waiting = Promise.allSettled(Array.from({ length: 100 }, (_, i) => pool.run(taskOf(`${i}`))));
  await pool.close();
  expect((await waiting).map(({ status }) => status)).toEqual(Array.from({ length: 100 }, () => 'rejected'));
  await expect(pool.run(taskOf('late'))).rejects.toThrow('the worker threads were ended');
});

test('threads that were started and have nothing to do keep no process', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'auditseal-test-'));
  const program = join(folder, 'program.mjs');
  const pool = new URL('../../src/threads/pool.ts', import.meta.url).href;
  await writeFile(
    program,
    `import { WorkerPool } from ${JSON.stringify(pool)};
    const pool = new WorkerPool(2);
    pool.start();
    await pool.run({ stored: [Buffer.from('x')] });
    console.log('done');`,
  );
  try {
    const args = ['--disable-warning=ExperimentalWarning', program];
    expect((await promisify(execFile)(process.execPath, args)).stdout).toBe('done\n');
  } finally {
    await rm(folder, { recursive: true });
  }
});
