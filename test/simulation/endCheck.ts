import { verifyLedger } from '../../src/verify/verify.ts';
import { LEDGER } from '../support/forge.ts';
import { KEY } from '../support/logs.ts';
import { Violation } from './scheduler.ts';
import type { World } from './world.ts';

/** checkVerified lets the real verify look at what came of a schedule: it must find what is true, and nothing else. */
export async function checkVerified({ store, tiles, scheduler, chains, planter, summaries }: World): Promise<void> {
  const report = await verifyLedger(
    {
      store,
      tiles,
      now: () => scheduler.time,
      summarize: summaries.summarize,
      concurrency: 2,
    },
    { ledger: LEDGER, verifiers: [KEY.verifierKey] },
  );
  const wanted = new Set<string>();
  for (const { gaps, recreations } of chains.values()) {
    for (const { name } of gaps) wanted.add(`sequence-gap ${name}`);
    for (const name of recreations) wanted.add(`hub-recreated ${name}`);
  }
  const { findings, unreadable } = report;
  const own = findings.filter(({ object }) => !planter.planted.has(object));
  const found = new Set(own.map(({ code, object }) => `${code} ${object}`));
  const wrong = [...found, ...wanted].filter((it) => !found.has(it) || !wanted.has(it));
  if (wrong.length > 0 || unreadable.length > 0)
    throw new Violation(
      `verify and the truth differ: ${[...wrong, ...own.filter(({ code, object }) => wrong.includes(`${code} ${object}`)).map(({ detail }) => detail), ...unreadable.map(({ object }) => object)].join(', ')}`,
    );
  for (const name of planter.planted.keys())
    if (
      name.startsWith('segments/') &&
      !findings.some(({ code, object }) => code === 'foreign-object' && object === name)
    )
      throw new Violation(`verify does not find ${name}, which was planted`);
}
