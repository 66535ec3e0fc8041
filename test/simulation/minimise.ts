import type { Plan } from './plan.ts';

/** smallest gives a part of a list that still fails, from which nothing can be left out alone: Zeller's delta debugging. */
async function smallest<T>(list: readonly T[], fails: (part: readonly T[]) => Promise<boolean>): Promise<readonly T[]> {
  let left = list;
  for (let size = Math.ceil(left.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let from = 0; from < left.length;) {
      const rest = [...left.slice(0, from), ...left.slice(from + size)];
      if (await fails(rest)) left = rest;
      else from += size;
    }
  }
  return left;
}

/** minimise leaves out of a plan that fails the faults and events that it fails without. */
export async function minimise(plan: Plan, fails: (plan: Plan) => Promise<boolean>): Promise<Plan> {
  const faults = await smallest(plan.faults, (part) => fails({ ...plan, faults: part }));
  const productions = await smallest(plan.productions, (part) => fails({ ...plan, faults, productions: part }));
  return { ...plan, faults, productions };
}
