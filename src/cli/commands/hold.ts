import { ArmPolicy } from '../../adapters/armPolicy.ts';
import { isActionText } from '../../core/objects/action.ts';
import type { ContainerGuard } from '../../core/objects/guard.ts';
import { changeGuard, changeRefusal, holdTag } from '../../guard/change.ts';
import type { GuardChange } from '../../guard/change.ts';
import { armEndpoint, containerPlace } from '../arm.ts';
import { defineCommand } from '../command.ts';
import { EXIT } from '../exits.ts';
import { askWords, tellOutcome } from '../guardAction.ts';
import { ACTION_OPTIONS, ARM_NOTES, ARM_OPTIONS, CONTAINER_MEANING, jsonOption } from '../options.ts';
import { print, printItem, printJson } from '../output.ts';
import { openTarget } from '../target.ts';
import { unusable, usageError } from '../usage.ts';

export const command = defineCommand(
  {
    name: 'hold',
    arguments: ['set|clear|list', 'TARGET'],
    usage: ['set|clear TARGET --case ID --resource-id ID [options]', 'list TARGET --resource-id ID [--json]'],
    description: [
      "Sets, clears or lists legal holds on a ledger's container. As long as there is one, nothing in the container can be " +
        "deleted, whatever the retention policy says; new segments are still created. A hold doesn't end by itself.",
      '',
      'What set and clear do goes into the ledger as actions, first the attempt, then its outcome; the log gets entries of ' +
        'them.',
      '',
      CONTAINER_MEANING,
    ],
    options: {
      case: {
        type: 'text',
        placeholder: 'ID',
        meaning:
          "the case. Azure's tag for the hold is the ID in lower case, without - _ . / # : and spaces; that must be 3 to 23 " +
          'letters and digits. A container has at most 10 holds',
      },
      ...ACTION_OPTIONS,
      json: jsonOption('what list finds'),
      ...ARM_OPTIONS,
    },
    notes: ARM_NOTES,
    exits: {
      fine: 'done and recorded, or listed',
      wrong: 'Azure shows that it was not done',
      unknown: "it can't be done, or it is not known whether it was, or the outcome is not recorded",
    },
    examples: [
      "auditseal hold set https://account.blob.core.windows.net/ledger --resource-id ID --case 2026-117 --why 'inquiry'",
    ],
  },
  async ({ given: [what, target], options }, outside) => {
    const change = changeOf(what, options.case);
    const place = containerPlace(target, options);
    const arm = await outside.connect(place.subscription, armEndpoint(options));
    const control = new ArmPolicy(arm, place);
    const before = await control.guard();
    if (change === undefined) {
      if (options.json) printJson(before.tags);
      else printHolds(before);
      return EXIT.fine;
    }
    const refusal = changeRefusal(change, before);
    if (refusal !== undefined) throw unusable(refusal);
    const store = await openTarget(target);
    const words = await askWords(options, arm, outside);
    const { account, container } = place;
    const deps = { store, control, now: outside.now };
    const result = await changeGuard(deps, change, { account, container, ...words }, before);
    if (result.after !== undefined) printHolds(result.after);
    return tellOutcome(result);
  },
);

/** changeOf reads what is wanted; undefined if the holds are only to be listed. */
function changeOf(what: string, caseId: string | undefined): GuardChange | undefined {
  if (what === 'list') return undefined;
  if (what !== 'set' && what !== 'clear')
    throw usageError('hold is followed by set, clear or list, such as: hold list TARGET');
  if (caseId === undefined) throw usageError('give --case with the id of the case');
  if (!isActionText(caseId)) throw usageError('--case must be an id on one line');
  const tag = holdTag(caseId);
  if (tag === undefined) {
    throw usageError(
      '--case gives no tag that Azure takes: without - _ . / # : and spaces it must be 3 to 23 letters (a to z) and digits',
    );
  }
  return { kind: `hold-${what}`, tag, case: caseId };
}

function printHolds({ tags }: ContainerGuard): void {
  for (const { tag, time, who } of tags) printItem(`hold        ${tag}, set by ${who} at ${time}`);
  if (tags.length === 0) print('no hold');
}
