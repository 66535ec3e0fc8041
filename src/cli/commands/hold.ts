import { tellOutcome } from './lock.ts';
import { ArmPolicy } from '../../adapters/armPolicy.ts';
import { isActionText } from '../../core/objects/action.ts';
import type { ContainerGuard } from '../../core/objects/guard.ts';
import { changeGuard, changeRefusal, holdTag } from '../../guard/change.ts';
import type { GuardChange } from '../../guard/change.ts';
import { ARM_HELP, ARM_OPTIONS, AZURE, cannot, containerPlace, whoActs, whyOf } from '../arm.ts';
import type { Outside } from '../arm.ts';
import { print, printable } from '../output.ts';
import { openTarget } from '../target.ts';
import { parseCommand, usageError } from '../usage.ts';

export const holdHelp = `auditseal hold set|clear TARGET --case ID --resource-id ID [options]
auditseal hold list TARGET --resource-id ID

Sets, clears or lists legal holds on a ledger's container. As long as there is one, nothing in the container can be deleted,
whatever the retention policy says; new segments are still created. A hold doesn't end by itself.
Set and clear go into the ledger as actions, first the attempt, then what came of it; the log gets entries of them.
TARGET is the container's URL (with a SAS, or for your own sign-in), with the right to read, list and create.

  --case ID               the case. Azure's tag for it is derived: without - _ . / # : and spaces, in lower case;
                          that must be 3 to 23 letters and digits. A container has at most 10
  --why TEXT              the reason; else it is asked for at the terminal
  --who NAME              who acts (default: the name that the sign-in's token claims)
  --json                  with list: print the holds as JSON
${ARM_HELP}

Exit status: 0 done and recorded, or listed, 1 Azure shows that it is not done, 2 it can't be done or it isn't known whether
it was, 64 wrong usage.

  auditseal hold set https://account.blob.core.windows.net/ledger --resource-id ID --case 2026-117 --why 'inquiry'
`;

export async function holdCommand(args: readonly string[], outside: Outside = AZURE): Promise<number> {
  const { positionals, options } = parseCommand(args, ['set|clear|list', 'TARGET'], {
    ...ARM_OPTIONS,
    case: 'string',
    why: 'string',
    who: 'string',
    json: 'boolean',
  });
  const [what, target] = positionals as [string, string];
  if (!['set', 'clear', 'list'].includes(what)) throw usageError('give hold set, hold clear or hold list');
  const place = containerPlace(target, options);
  const change = what === 'list' ? undefined : changeOf(what === 'set' ? 'hold-set' : 'hold-clear', options.case);
  const arm = await outside.connect(place.subscription);
  const control = new ArmPolicy(arm, place);
  const before = await control.guard();
  if (change === undefined) {
    if (options.json === true) print(printable(JSON.stringify(before.tags)));
    else printHolds(before);
    return 0;
  }
  const refusal = changeRefusal(change, before);
  if (refusal !== undefined) throw cannot(refusal);
  const store = await openTarget(target);
  const who = await whoActs(options.who, arm);
  const why = await whyOf(options.why, outside);
  const { account, container } = place;
  const words = { account, container, who, why };
  const { after, ...result } = await changeGuard({ store, control, now: outside.now }, change, words, before);
  if (after !== undefined) printHolds(after);
  return tellOutcome(result);
}

function changeOf(kind: 'hold-set' | 'hold-clear', caseId: string | undefined): GuardChange {
  if (caseId === undefined) throw usageError('give --case with the id of the case');
  if (!isActionText(caseId)) throw usageError('--case must be an id on one line');
  const tag = holdTag(caseId);
  if (tag !== undefined) return { kind, tag, case: caseId };
  throw usageError(
    '--case gives no tag that Azure takes: without - _ . / # : and spaces it must be 3 to 23 letters (a to z) and digits',
  );
}

function printHolds({ tags }: ContainerGuard): void {
  for (const { tag, time, who } of tags) print(printable(`hold        ${tag}, set by ${who} at ${time}`));
  if (tags.length === 0) print('no hold');
}
