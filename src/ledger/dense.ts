/**
 * MAX_STEP is how far a number may be from the one before it, for its object to be where a sequence goes on: a million. Somebody who
 * once signed under the last number that there is would otherwise leave none for what is honest.
 */
const MAX_STEP = 1_000_000;
/** MAX_FIRST is how far the first number may be from 0: objects may be deleted when their retention ends. */
const MAX_FIRST = 1_000_000_000;
/** How many objects are opened at one time, once so many one after the other were foreign. */
const AHEAD = 8;
const FLOOD = 256;

/**
 * firstFree finds the first number whose name is free, where names are dense: it doubles its steps from `from` on, up to
 * MAX_STEP, until a name is free, then bisects; at most 2 log2 n requests, and one more for each million.
 */
export async function firstFree(isTaken: (number: number) => Promise<boolean>, from = 0): Promise<number> {
  let taken = from - 1;
  let step = 1;
  while (await isTaken(taken + step)) {
    taken += step;
    step = Math.min(2 * step, MAX_STEP);
  }
  let free = taken + step;
  while (free - taken > 1) {
    const middle = taken + Math.floor((free - taken) / 2);
    if (await isTaken(middle)) taken = middle;
    else free = middle;
  }
  // The caller's start may be wrong: with nothing there, look from the beginning.
  return free === from && from > 0 && !(await isTaken(from - 1)) ? firstFree(isTaken) : free;
}

/** Sequence is objects whose names have numbers, from 0 on. */
export interface Sequence<T> {
  readonly isTaken: (number: number) => Promise<boolean>;
  /** the numbers that are taken, from one on, in ascending order */
  readonly list: (from: number) => AsyncIterable<number>;
  /** open gives what somebody who may signed under a number, 'foreign' for everything else, undefined for nothing. */
  readonly open: (number: number) => Promise<T | 'foreign' | undefined>;
}

/** SequenceEnd is the newest object that somebody who may signed, and the least number behind it that is free. */
export interface SequenceEnd<T> {
  readonly newest?: { readonly number: number; readonly opened: T };
  readonly free: number;
  /** names behind a hole are taken; one at the beginning is none, where somebody signed what is behind it */
  readonly hasHoles: boolean;
}

/**
 * findEnd finds where a sequence goes on, whoever else has taken names. Honest names are dense, so the first free one is
 * found by asking for few; where a name before it turns out to be free, somebody has planted some further on, and the
 * listing decides. `from` is a number up to which names were dense, or behind which one is free.
 */
export async function findEnd<T>({ isTaken, list, open }: Sequence<T>, from = 0): Promise<SequenceEnd<T>> {
  const free = await firstFree(isTaken, from);
  if (free === 0) return findListedEnd(list, open);
  const all = function* (): Generator<number> {
    for (let number = free - 1; number >= 0; number--) yield number;
  };
  for await (const { number, opened } of openDown(all(), open)) {
    if (opened === undefined) return findListedEnd(list, open);
    if (opened !== 'foreign') return { newest: { number, opened }, free, hasHoles: false };
  }
  return { free, hasHoles: false };
}

/** openDown opens one after the other, and several at one time where many were foreign. */
async function* openDown<T>(
  numbers: Iterable<number>,
  open: Sequence<T>['open'],
): AsyncGenerator<{ readonly number: number; readonly opened: Awaited<ReturnType<Sequence<T>['open']>> }> {
  const left = numbers[Symbol.iterator]();
  const ahead: { readonly number: number; readonly opening: ReturnType<Sequence<T>['open']> }[] = [];
  try {
    for (let seen = 0; ; seen++) {
      const most = seen < FLOOD ? 1 : AHEAD;
      for (let next = left.next(); next.done !== true; next = left.next()) {
        const opening = open(next.value);
        opening.catch(() => {}); // it is awaited in its turn
        ahead.push({ number: next.value, opening });
        if (ahead.length >= most) break;
      }
      const first = ahead.shift();
      if (first === undefined) return;
      yield { number: first.number, opened: await first.opening };
    }
  } finally {
    await Promise.allSettled(ahead.map(({ opening }) => opening));
  }
}

async function findListedEnd<T>(list: Sequence<T>['list'], open: Sequence<T>['open']): Promise<SequenceEnd<T>> {
  const taken: number[] = [];
  for await (const number of list(0)) {
    const last = taken.at(-1);
    if (last === undefined ? number > MAX_FIRST : number - last > MAX_STEP) break;
    taken.push(number);
  }
  for await (const { number, opened } of openDown(taken.toReversed(), open)) {
    if (opened === undefined || opened === 'foreign') continue;
    let free = number + 1;
    for (let next = taken.indexOf(free); next > 0 && taken[next] === free; next++) free++;
    const hasHoles = (taken.at(-1) as number) - (taken[0] as number) >= taken.length;
    return { newest: { number, opened }, free, hasHoles };
  }
  let free = 0;
  while (taken[free] === free) free++;
  return { free, hasHoles: taken.length > free };
}
