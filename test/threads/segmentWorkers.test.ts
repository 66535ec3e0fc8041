import { buildUnit } from '../../src/core/index/build.ts';
import type { SegmentPart } from '../../src/core/index/build.ts';
import { SegmentWorkers } from '../../src/threads/workers.ts';
import { summarizeSegment } from '../../src/core/segment/summary.ts';
import { verifyLedger } from '../../src/verify/verify.ts';
import { check } from '../support/checking.ts';
import { forgeChain, nameOf, timeOf } from '../support/forge.ts';
import { sealedSegment } from '../support/indexScene.ts';
import { MemoryStore } from '../support/memoryStore.ts';

/** The segments of other names are foreign, and so is what is none. */
const QUESTION = { name: nameOf(0), trust: {}, countsCategories: true };

let workers: SegmentWorkers;
beforeEach(() => {
  workers = new SegmentWorkers(2);
});
afterEach(() => workers.close());

const now = (): number => Date.parse(timeOf(3_000_000));

test('threads give what this thread gives, for segments and for everything else, in any number', async () => {
  const objects = forgeChain(20);
  const all = [...objects.values(), Buffer.alloc(0), Buffer.from('junk')];
  const expected = all.map((bytes) => summarizeSegment(Buffer.from(bytes), QUESTION));
  expect(await Promise.all(all.map((bytes) => workers.summarize(Buffer.from(bytes), QUESTION)))).toEqual(expected);
});

test('a check with threads says what a check in this thread says', async () => {
  const objects = forgeChain(30);
  objects.set(nameOf(7), Buffer.from('junk'));
  objects.delete(nameOf(20));
  const store = new MemoryStore(objects);
  const report = await verifyLedger({ store, now, summarize: workers.summarize, concurrency: 6 });
  expect(report).toEqual(await check(store));
});

test('a buffer of its own moves to the thread; a view stays whole', async () => {
  const stored = forgeChain(1).get(nameOf(0)) as Buffer;
  const own = Buffer.from(new ArrayBuffer(stored.length));
  stored.copy(own);
  expect(await workers.summarize(own, QUESTION)).toMatchObject({ ok: true });
  expect(own).toHaveLength(0);
  const around = Buffer.concat([Buffer.from('xx'), stored, Buffer.from('yy')]);
  expect(await workers.summarize(around.subarray(2, -2), QUESTION)).toMatchObject({ ok: true });
  expect(around).toHaveLength(stored.length + 4);
});

test('a unit of the index is the one that this thread makes, and its parts move', async () => {
  const parts = Array.from({ length: 5 }, (_, i) => sealedSegment(i, i, [`{"identity":"user ${i}"}`, 'no JSON']).part);
  const copies = (): SegmentPart[] => parts.map(({ row, terms }) => ({ row, terms: Buffer.from(terms) }));
  const moved = copies().map(({ row, terms }) => ({ row, terms: Buffer.from(Uint8Array.from(terms).buffer) }));
  const first = buildUnit({ from: 0, to: 3 }, copies().slice(0, 3));
  const built = await workers.build({ from: 0, to: 3 }, moved.slice(0, 3));
  expect(built).toEqual(first);
  expect(moved.map(({ terms }) => terms.length > 0)).toEqual([false, false, false, true, true]);
  const whole = buildUnit({ from: 0, to: 5 }, copies());
  const of = { unit: built.unit, file: built.bytes };
  expect(await workers.build({ from: 0, to: 5 }, [of, ...copies().slice(3)])).toEqual(whole);
  const wrong = { unit: first.unit, file: Buffer.from('<html>') };
  await expect(workers.build({ from: 0, to: 5 }, [wrong, ...copies().slice(3)])).rejects.toMatchObject({
    code: 'INDEX_MALFORMED',
  });
});

test('what one segment ends in is its own, also among those that go to a thread together', async () => {
  const stored = forgeChain(1).get(nameOf(0)) as Buffer;
  // A fault of the program, which no bytes of a segment lead to.
  const poison = { byteLength: 1, buffer: {} } as unknown as Buffer;
  const ends = await Promise.allSettled([
    workers.summarize(Buffer.from(stored), QUESTION),
    workers.summarize(poison, QUESTION),
    workers.summarize(Buffer.from('junk'), QUESTION),
    ...Array.from({ length: 40 }, () => workers.summarize(Buffer.from(stored), QUESTION)),
  ]);
  const outcomes = ends.map((end) => (end.status === 'fulfilled' ? end.value.ok : 'rejected'));
  expect(outcomes).toEqual([true, 'rejected', false, ...Array.from({ length: 40 }, () => true)]);
});

test('closing with work under way fails it', async () => {
  const pending = Promise.allSettled([workers.summarize(forgeChain(1).get(nameOf(0)) as Buffer, QUESTION)]);
  await workers.close();
  expect((await pending)[0]?.status).toBe('rejected');
});
