/** Runs schedules: `npm run simulate -- --seed N` one, `npm run simulate -- --schedules COUNT --from SEED` many. */
import { parseArgs } from 'node:util';
import { cacheCrypto } from './cachedCrypto.ts';
import { minimise } from './minimise.ts';
import { ENOUGH, count, formatCounts, neverTaken } from './paths.ts';
import type { Counts } from './paths.ts';
import { planOf } from './plan.ts';
import type { Plan } from './plan.ts';
import { Schedule } from './schedule.ts';

const USAGE = 'npm run simulate -- --seed N\nnpm run simulate -- --schedules COUNT --from SEED\n';
const PROGRESS_MS = 10_000;

const print = (text: string): unknown => process.stdout.write(`${text}\n`);

const fails = async (plan: Plan): Promise<boolean> => (await new Schedule(plan).run()).violation !== undefined;

/** report prints what failed, and what of its plan it takes to fail. */
async function report(plan: Plan, violation: unknown): Promise<void> {
  print(
    `seed ${plan.seed}: ${violation instanceof Error ? (violation.stack ?? violation.message) : String(violation)}`,
  );
  const { faults, productions, ...shape } = await minimise(plan, fails);
  const { violation: last } = await new Schedule({ ...shape, faults, productions }).run();
  print(`it takes ${faults.length} of ${plan.faults.length} faults and ${productions.length} events:`);
  for (const { kind, at, host, skip, dice } of faults)
    print(`  after ${(at / 1000).toFixed(1)} s: ${kind} (host ${host}, skip ${skip}, dice ${dice})`);
  print(`and then: ${last instanceof Error ? last.message : String(last)}`);
  print(`the plan: ${JSON.stringify({ ...shape, productions, faults })}`);
  print(`again: npm run simulate -- --seed ${plan.seed}`);
}

/** simulate runs schedules, up to the first that fails, and gives the exit status. */
async function simulate(schedules: number, from: number): Promise<0 | 1> {
  const counts: Counts = new Map();
  let [steps, said] = [0, performance.now()];
  const started = performance.now();
  const speed = (done: number): string => `${Math.round(done / ((performance.now() - started) / 1000))} a second`;
  for (let done = 0; done < schedules; done++) {
    const plan = planOf(from + done);
    const outcome = await new Schedule(plan).run();
    steps += outcome.steps;
    for (const [path, times] of outcome.paths) count(counts, path, times);
    if (outcome.violation !== undefined) {
      await report(plan, outcome.violation);
      return 1;
    }
    if (performance.now() - said < PROGRESS_MS) continue;
    said = performance.now();
    print(`${plural(done + 1)}, ${speed(done + 1)}`);
  }
  print(formatCounts(counts));
  print(`${plural(schedules)} of ${Math.round(steps / schedules)} steps, ${speed(schedules)}`);
  const missed = schedules < ENOUGH ? [] : neverTaken(counts);
  for (const path of missed) print(`never taken: ${path}`);
  return missed.length > 0 ? 1 : 0;
}

const plural = (schedules: number): string => `${schedules} ${schedules === 1 ? 'schedule' : 'schedules'}`;

const isNumber = (text: string): boolean => /^\d{1,15}$/.test(text);

/** given reads the arguments: how many schedules, one at least, and the first one's seed; undefined if they are wrong. */
function given(args: string[]): readonly [schedules: number, from: number] | undefined {
  const option = { type: 'string' } as const;
  try {
    const { values } = parseArgs({ args, options: { seed: option, schedules: option, from: option } });
    const { seed, schedules, from } = values;
    if (seed !== undefined && (schedules ?? from) !== undefined) return undefined;
    const numbers = seed === undefined ? [schedules ?? '', from ?? '0'] : ['1', seed];
    const [count, first] = numbers.map(Number) as [number, number];
    return numbers.every(isNumber) && count > 0 ? [count, first] : undefined;
  } catch {
    return undefined;
  }
}

async function main(): Promise<number> {
  const numbers = given(process.argv.slice(2));
  if (numbers !== undefined) return simulate(...numbers);
  process.stderr.write(USAGE);
  return 64;
}

cacheCrypto();
process.exitCode = await main();
