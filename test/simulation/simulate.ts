/** Runs schedules: `npm run simulate -- --seed N`. */
import './cachedCrypto.ts';
import { planOf } from './plan.ts';
import { Schedule } from './schedule.ts';
const from = Number(process.argv[2] ?? 0), count = Number(process.argv[3] ?? 100);
const paths = new Map<string, number>();
const t0 = performance.now();
let steps = 0, bad = 0;
for (let seed = from; seed < from + count; seed++) {
  const outcome = await new Schedule(planOf(seed)).run();
  steps += outcome.steps;
  for (const [k, v] of outcome.paths) paths.set(k, (paths.get(k) ?? 0) + v);
  if (outcome.violation !== undefined) {
    bad++;
    const v = outcome.violation as Error;
    console.log(`seed ${seed}:`, process.argv[4] ? v : `${v.name} ${v.message}`);
  }
}
console.log(`${count} schedules, ${bad} bad, ${Math.round(count / ((performance.now() - t0) / 1000))} a second, ${Math.round(steps / count)} steps each`);
if (process.argv[4]) console.log([...paths].sort());
