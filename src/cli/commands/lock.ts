import { ArmPolicy } from '../../adapters/armPolicy.ts';
import type { ContainerPlace } from '../../adapters/armPolicy.ts';
import { MAX_RETENTION_DAYS } from '../../core/limits.ts';
import { MAX_EXTENSIONS, extensionsOf } from '../../core/objects/guard.ts';
import type { ContainerGuard } from '../../core/objects/guard.ts';
import { changeGuard, changeRefusal } from '../../guard/change.ts';
import type { GuardChange } from '../../guard/change.ts';
import { deletableFrom, sealedSpan } from '../../guard/retentionEnd.ts';
import type { ObjectStore } from '../../ports/store.ts';
import { armEndpoint, containerPlace } from '../arm.ts';
import { defineCommand } from '../command.ts';
import { askWords, tellOutcome } from '../guardAction.ts';
import { ACTION_OPTIONS, ARM_NOTES, ARM_OPTIONS, CONTAINER_MEANING } from '../options.ts';
import { formatCount, print, printItem } from '../output.ts';
import type { Outside } from '../outside.ts';
import { openTarget } from '../target.ts';
import { unusable, usageError } from '../usage.ts';

export const command = defineCommand(
  {
    name: 'lock',
    arguments: ['TARGET'],
    usage: ['TARGET --resource-id ID [options]'],
    description: [
      "Locks the retention policy of a ledger's container. This can't be undone: until its days have passed, nobody can " +
        'delete a segment, shorten or remove the policy, or delete the container, the account or its resource group, so that ' +
        'azd down, az group delete and terraform destroy fail; and the storage is paid for as long.',
      '',
      "First it shows what would be locked; then it asks for the container's name. The attempt and its outcome go into the " +
        'ledger as actions, of which the log gets entries.',
      '',
      CONTAINER_MEANING,
    ],
    options: {
      extend: {
        type: 'number',
        placeholder: 'DAYS',
        least: 1,
        most: MAX_RETENTION_DAYS,
        meaning: `lengthen a locked policy to DAYS, which Azure allows ${MAX_EXTENSIONS} times`,
      },
      confirm: {
        type: 'text',
        placeholder: 'NAME',
        meaning: "the container's name (default: asked for at the terminal)",
      },
      ...ACTION_OPTIONS,
      ...ARM_OPTIONS,
    },
    notes: [
      ...ARM_NOTES,
      '',
      'The account that you are signed in with needs the right to lock or to extend, which the role Storage Account ' +
        'Contributor has: immutabilityPolicies/lock/action or immutabilityPolicies/extend/action, both under ' +
        'Microsoft.Storage/storageAccounts/blobServices/containers.',
    ],
    exits: {
      fine: 'locked or extended, and recorded',
      wrong: 'Azure shows that it was not done',
      unknown: "it can't be done, or it is not known whether it was, or the outcome is not recorded",
    },
    examples: [
      "auditseal lock https://account.blob.core.windows.net/ledger --resource-id ID --why 'production since today'",
      "auditseal lock https://account.blob.core.windows.net/ledger --resource-id ID --extend 2555 --why 'case 2026-117'",
    ],
  },
  async ({ given: [target], options }, outside) => {
    const place = containerPlace(target, options);
    const change: GuardChange =
      options.extend === undefined ? { kind: 'lock' } : { kind: 'extend', days: options.extend };
    const store = await openTarget(target);
    const arm = await outside.connect(place.subscription, armEndpoint(options));
    const control = new ArmPolicy(arm, place);
    const before = await control.guard();
    await showWhat(store, place, before, change);
    const refusal = changeRefusal(change, before);
    if (refusal !== undefined) throw unusable(refusal);
    const words = await askWords(options, arm, outside);
    await confirm(place.container, options.confirm, outside);
    const { account, container } = place;
    const deps = { store, control, now: outside.now };
    const result = await changeGuard(deps, change, { account, container, ...words }, before);
    if (result.after !== undefined) printAfter(result.after);
    return tellOutcome(result);
  },
);

async function showWhat(
  store: ObjectStore,
  { account, container }: ContainerPlace,
  guard: ContainerGuard,
  change: GuardChange,
): Promise<void> {
  const { policy } = guard;
  print(`container   ${container}, of the account ${account}`);
  if (policy === undefined) return;
  const days = change.kind === 'extend' ? change.days : policy.days;
  print(`policy      ${policy.state}, ${formatCount(policy.days)} days`);
  if (policy.state === 'Locked') print(`extensions  ${extensionsOf(guard)} of ${MAX_EXTENSIONS} used`);
  if (change.kind === 'extend') print(`would be    ${formatCount(change.days)} days`);
  if (policy.allowsAppends) printItem('appends     allowed to blobs that are there; a lock makes that final');
  const span = await sealedSpan(store);
  if (span === undefined) print('segments    none that can be read');
  else {
    const [first, newest] = [deletableFrom(span.first, days), deletableFrom(span.newest, days)];
    printItem(`segments    the first can be deleted from ${first} on, the newest so far from ${newest} on`);
  }
  print('This can NOT be undone, whatever rights on the account somebody has.');
  printItem(
    'From then on, until the last segment is that old, nobody can delete the container, the account or its resource group: ' +
      'azd down, az group delete and terraform destroy fail. The storage is paid for meanwhile.',
  );
}

async function confirm(container: string, given: string | undefined, outside: Outside): Promise<void> {
  const typed = given ?? (await outside.ask(`Type the container's name to go on: `));
  if (typed === undefined) throw usageError("nobody is at the terminal; give --confirm with the container's name");
  if (typed !== container) throw unusable(`that is not the container's name, ${container}; nothing was changed`);
}

function printAfter({ policy }: ContainerGuard): void {
  if (policy === undefined) return;
  const last = policy.history.at(-1);
  const by = last === undefined ? '' : `; last change: ${last.update} by ${last.who} at ${last.time}`;
  printItem(`is now      ${policy.state}, ${formatCount(policy.days)} days${by}`);
}
