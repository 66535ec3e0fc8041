/**
 * firstFree finds the first number whose name is free, where names are dense: it doubles its steps from `from` on until a
 * name is free, then bisects; at most 2 log2 n requests.
 */
export async function firstFree(isTaken: (number: number) => Promise<boolean>, from = 0): Promise<number> {
  let taken = from - 1;
  let step = 1;
  while (await isTaken(taken + step)) {
    taken += step;
    step *= 2;
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
