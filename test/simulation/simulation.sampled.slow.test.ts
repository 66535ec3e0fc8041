import { runNode } from '../support/program.ts';
import { picked, triedOf } from '../support/sample.ts';
import { BUGS } from './bugs.ts';
import { minimise } from './minimise.ts';
import { ENOUGH } from './paths.ts';
import { FAULT_KINDS, planOf } from './plan.ts';
import type { Plan } from './plan.ts';
import { Schedule } from './schedule.ts';

/** How many the whole run tries, and in how many a planted mistake is found. */
const SCHEDULES = 2000;

const simulate = (args: readonly string[], env: Readonly<Record<string, string>> = {}): ReturnType<typeof runNode> =>
  runNode([...args.slice(0, -2), 'test/simulation/simulate.ts', ...args.slice(-2)], env);

test('in no schedule anything is lost, doubled, out of order or claimed that is not so, and each path is taken', async () => {
  const { code, stdout, stderr } = await simulate(['--schedules', String(triedOf(SCHEDULES, 100, ENOUGH))]);
  if (code !== 0) throw new Error(`${stdout.slice(0, 4000)}${stderr}`);
}, 900_000);

test.each(picked(Object.keys(BUGS), 1, 1))('it is found if %s', async (bug) => {
  const plant = ['--import', './test/simulation/plantBug.ts'];
  const { code, stdout, stderr } = await simulate([...plant, '--schedules', String(SCHEDULES)], { PLANTED_BUG: bug });
  expect(stderr).toBe('');
  expect(code).toBe(1);
  expect(stdout).toMatch(
    /^seed \d+: [^]*^it takes \d+ of \d+ faults and \d+ events:$[^]*^again: npm run simulate -- --seed \d+$/m,
  );
});

test('one seed is one schedule', async () => {
  const [first, second] = [await new Schedule(planOf(5)).run(), await new Schedule(planOf(5)).run()];
  expect(second).toEqual(first);
  expect(first.steps).toBeGreaterThan(100);
});

test('a plan that fails is cut down to what it takes', async () => {
  const [kind] = FAULT_KINDS;
  const fault = (at: number): Plan['faults'][number] => ({ kind, at, host: 0, skip: 0, dice: 0 });
  const plan: Plan = { ...planOf(1), faults: Array.from({ length: 11 }, (_, i) => fault(i)) };
  const fails = async ({ faults, productions }: Plan): Promise<boolean> =>
    [3, 8].every((at) => faults.some((it) => it.at === at)) && productions.length > 0;
  const { faults, productions } = await minimise(plan, fails);
  expect(faults.map(({ at }) => at)).toEqual([3, 8]);
  expect(productions).toHaveLength(1);
});

test.each([
  [['--seed', 'x']],
  [['--schedules', '1.5']],
  [['--schedules', '0']],
  [['--seed', '1', '--schedules', '2']],
  [['--seed', '1', '--from', '2']],
  [['--help']],
])('%j is refused', async (args) => {
  const { code, stdout, stderr } = await runNode(['test/simulation/simulate.ts', ...args]);
  expect([code, stdout]).toEqual([64, '']);
  expect(stderr).toMatch(/^npm run simulate -- --seed N\nnpm run simulate -- .*\n$/);
});

test('a single schedule is counted as one', async () => {
  expect((await simulate(['--schedules', '1'])).stdout).toMatch(/^1 schedule of \d+ steps, /m);
});
