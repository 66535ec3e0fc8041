/** Writes the table of simulated faults into docs/design.md, from a run: `node tools/pages/faultTable.ts`. */
import { cacheCrypto } from '../../test/simulation/cachedCrypto.ts';
import { planOf, FAULTS, FAULT_KINDS } from '../../test/simulation/plan.ts';
import { Schedule } from '../../test/simulation/schedule.ts';
import { formatTable } from './formatTable.ts';
import { writeBlock } from './markedBlock.ts';

const SCHEDULES = 400;

/** Struck is how often each fault happened in a run. */
export type Struck = Readonly<Record<string, number>>;

/** strikes runs schedules, and counts what faults happened in them. It throws where one never did, or a schedule failed. */
async function strikes(schedules: number): Promise<Struck> {
  const struck: Record<string, number> = {};
  for (let seed = 0; seed < schedules; seed++) {
    const { paths, violation } = await new Schedule(planOf(seed)).run();
    if (violation !== undefined) throw new Error(`seed ${seed} fails`, { cause: violation });
    for (const kind of FAULT_KINDS) struck[kind] = (struck[kind] ?? 0) + (paths.get(`fault: ${kind}`) ?? 0);
  }
  const missing = FAULT_KINDS.filter((kind) => !struck[kind]);
  if (missing.length > 0) throw new Error(`these never happened: ${missing.join(', ')}`);
  return struck;
}

/** formatFaults prints each fault, what it is, and how often it happened in the run. */
export const formatFaults = (struck: Struck): string =>
  formatTable(
    ['fault', 'what happens', `times in ${SCHEDULES} schedules`],
    FAULT_KINDS.map((kind) => [kind, FAULTS[kind], String(struck[kind])]),
  );

if (import.meta.main) {
  cacheCrypto();
  await writeBlock('docs/design.md', 'faults', formatFaults(await strikes(SCHEDULES)));
}
