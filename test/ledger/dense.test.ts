import { findEnd, firstFree } from '../../src/ledger/dense.ts';
import type { SequenceEnd } from '../../src/ledger/dense.ts';

const LAST = 999_999_999_999;

/** endOf finds the end of names that are dense up to `count`, and of others; of those in `signed` somebody who may signed. */
function endOf(count: number, others: readonly number[], signed: readonly number[]): Promise<SequenceEnd<string>> {
  const planted = [...others].sort((a, b) => a - b);
  const isTaken = (number: number): boolean => number < count || planted.includes(number);
  return findEnd({
    isTaken: async (number) => isTaken(number),
    list: async function* () {
      for (let number = 0; number < count; number++) yield number;
      yield* planted;
    },
    open: async (number) => (isTaken(number) ? (signed.includes(number) ? 'signed' : 'foreign') : undefined),
  });
}

/** guided is the names that lead somebody who doubles steps and halves them from `count` names to `goal`. */
async function guided(count: number, goal: number): Promise<number[]> {
  const planted: number[] = [];
  await firstFree(async (number) => {
    if (number >= count && number <= goal) planted.push(number);
    return number <= goal;
  });
  return planted;
}

test.each([
  [0, undefined],
  [1, 0],
  [1000, 999],
])('of %d dense names the last one is the newest', async (count, number) => {
  const end = await endOf(count, [], number === undefined ? [] : [number]);
  expect([end.newest?.number, end.free]).toEqual([number, count]);
});

test.each([20, 999_999, 1_000_014])(
  'somebody who may signs behind a hole, under %d: it goes on there',
  async (number) => {
    const end = await endOf(10, [14, number], [9, number]);
    expect([end.newest?.number, end.free]).toEqual([number, number + 1]);
  },
);

test('what was deleted when its retention ended is no hole', async () => {
  for (const first of [1, 1_000_000, 999_999_999]) {
    const end = await findEnd({
      isTaken: async (number) => number === first || number === first + 1,
      list: async function* () {
        yield* [first, first + 1];
      },
      open: async () => 'signed',
    });
    expect(end).toEqual({ newest: { number: first + 1, opened: 'signed' }, free: first + 2, hasHoles: false });
  }
});

test.each([1_000_015, LAST])('who signs under %d, a million further on, takes no numbers away', async (number) => {
  const end = await endOf(10, [14, number], [9, number]);
  expect([end.newest?.number, end.free]).toEqual([9, 10]);
});

test('who leads the search on by names that others signed needs one for each million', async () => {
  expect((await guided(10, 900_000)).length).toBeLessThan(50);
  expect((await guided(10, LAST)).length).toBeGreaterThan(LAST / 1_000_000);
});

test('behind a flood of what others signed, several are opened at one time, and else one', async () => {
  let running = 0;
  let most = 0;
  let opened = 0;
  const endBehind = (planted: number): Promise<SequenceEnd<string>> =>
    findEnd({
      isTaken: async (number) => number < 50 + planted,
      list: async function* () {},
      open: async (number) => {
        opened += 1;
        most = Math.max(most, ++running);
        await new Promise((resolve) => setImmediate(resolve));
        running -= 1;
        return number < 50 ? 'signed' : 'foreign';
      },
    });
  expect(await endBehind(0)).toMatchObject({ newest: { number: 49 }, free: 50 });
  expect([most, opened]).toEqual([1, 1]);
  expect(await endBehind(255)).toMatchObject({ newest: { number: 49 }, free: 305 });
  expect([most, opened]).toEqual([1, 1 + 256]);
  expect(await endBehind(1000)).toMatchObject({ newest: { number: 49 }, free: 1050 });
  expect([running, most]).toEqual([0, 8]);
});
