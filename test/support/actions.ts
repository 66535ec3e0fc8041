import { formatAction } from '../../src/core/objects/action.ts';
import type { Action } from '../../src/core/objects/action.ts';
import { actionName } from '../../src/core/objects/names.ts';
import { timeOf } from './forge.ts';

type Kind = { readonly kind: 'lock'; readonly days: number } | { readonly kind: 'hold-set'; readonly case: string };

/** forgeAction makes the action of that number: an attempt, or what came of the one before it. */
export function forgeAction(number: number, kind: Kind, outcome: Action['outcome'], second: number): [string, Buffer] {
  const policy = { state: 'Locked', days: 365, etag: '8d57a8b2ff50332' } as const;
  const action: Action = {
    version: 1,
    ...kind,
    ...('case' in kind && { tag: kind.case.toLowerCase() }),
    outcome,
    time: timeOf(second),
    account: 'account1',
    container: 'ledger',
    who: 'ann@example.com',
    why: 'a test',
    ...(outcome !== 'attempted' && { attempt: actionName(number - 1) }),
    guard: { policy, tags: [] },
  };
  return [actionName(number), formatAction(action)];
}

/** forgeHold makes the two actions of a hold: the attempt, and that it was done. */
export const forgeHold = (number: number, id: string, second: number): [string, Buffer][] => [
  forgeAction(number, { kind: 'hold-set', case: id }, 'attempted', second),
  forgeAction(number + 1, { kind: 'hold-set', case: id }, 'done', second),
];

/** forgeActions makes actions 0 to 3: a lock 1,000 seconds before a time of the tests and a hold at it, with what came of them. */
export const forgeActions = (second: number): [string, Buffer][] => [
  forgeAction(0, { kind: 'lock', days: 365 }, 'attempted', second - 1000),
  forgeAction(1, { kind: 'lock', days: 365 }, 'done', second - 1000),
  ...forgeHold(2, 'Case117', second),
];
