import { faultIn } from '../core/errors.ts';
import type { DrillAttempt, ForbiddenChange } from '../core/objects/guard.ts';
import { drillName } from '../core/objects/names.ts';
import type { Canaries } from '../ports/guard.ts';

/** Drill is what was tried, and what could not be tried. */
export interface Drill {
  readonly attempts: readonly DrillAttempt[];
  readonly unreadable: readonly { readonly object: string; readonly why: string }[];
}

/** Only an append blob takes appends. Delete comes last: without a policy nothing is left to try on after it. */
const PLAN: readonly (readonly [kind: 'block' | 'append', changes: readonly ForbiddenChange[]])[] = [
  ['block', ['overwrite', 'overwrite by blocks', 'set metadata', 'set properties', 'delete']],
  ['append', ['append']],
];

/** DRILL_CHANGES is every change that a drill tries. */
export const DRILL_CHANGES: readonly ForbiddenChange[] = PLAN.flatMap(([, changes]) => changes);

/**
 * runDrill tries on canaries of its own what a write-once container must refuse. They are of the day, so that no
 * retention period of theirs is over.
 */
export async function runDrill(canaries: Canaries, time: number): Promise<Drill> {
  const attempts: DrillAttempt[] = [];
  const unreadable: { object: string; why: string }[] = [];
  for (const [kind, changes] of PLAN) {
    const object = drillName(time, kind);
    try {
      await canaries.make(object, kind);
    } catch (error) {
      unreadable.push({ object, why: faultIn(error).message });
      continue;
    }
    for (const change of changes) {
      const tried = await canaries.attempt(object, change);
      attempts.push({ object, change, ...tried });
      if (tried.outcome === 'unverified')
        unreadable.push({
          object,
          why: `the drill could not tell whether the policy refuses to ${change}: ${tried.said}`,
        });
    }
  }
  return { attempts, unreadable };
}
