import { ArmPolicy } from '../../adapters/armPolicy.ts';
import type { ContainerPlace } from '../../adapters/armPolicy.ts';
import type { ContainerGuard } from '../../core/objects/guard.ts';
import { MAX_EXTENSIONS, changeGuard, changeRefusal, extensionsOf } from '../../guard/change.ts';
import type { GuardActionResult, GuardChange } from '../../guard/change.ts';
import { deletableFrom, sealedSpan } from '../../guard/retentionEnd.ts';
import type { ObjectStore } from '../../ports/store.ts';
import { ARM_HELP, ARM_OPTIONS, AZURE, cannot, containerPlace, whoActs, whyOf } from '../arm.ts';
import type { Outside } from '../arm.ts';
import { formatCount, print, printable, tell } from '../output.ts';
import { openTarget } from '../target.ts';
import { parseCommand, usageError, wholeNumber } from '../usage.ts';

export const lockHelp = `auditseal lock TARGET [--extend DAYS] --resource-id ID [options]

Locks the retention policy of a ledger's container. It can't be undone: until its days have passed, nobody can delete a
segment, the policy can't be shortened or removed, and the container, the account and its resource group can't be
deleted, so that azd down, az group delete and terraform destroy fail; storage is paid for as long.
First it shows what would be locked; then it wants the container's name. The attempt, and what came of it, go into the
ledger as actions, which the log gets entries of.
TARGET is the container's URL (with a SAS, or for your own sign-in), with the right to read, list and create.

  --extend DAYS           lengthen a locked policy to DAYS. Azure allows ${MAX_EXTENSIONS} extensions of a policy
  --confirm NAME          the container's name, instead of typing it at the terminal
  --why TEXT              the reason; else it is asked for at the terminal
  --who NAME              who acts (default: the name that the sign-in's token claims)
${ARM_HELP}

Whoever signs in needs the right to lock: Microsoft.Storage/storageAccounts/blobServices/containers/immutabilityPolicies/
lock/action, or extend/action; the role Storage Account Contributor has both.

Exit status: 0 locked or extended, and recorded, 1 Azure shows that it is not, 2 it can't be done or it isn't known whether
it was, 64 wrong usage.

  auditseal lock https://account.blob.core.windows.net/ledger --resource-id ID --why 'production since today'
  auditseal lock https://account.blob.core.windows.net/ledger --resource-id ID --extend 2555 --why 'case 2026-117'
`;

const MAX_DAYS = 146_000;

export async function lockCommand(args: readonly string[], outside: Outside = AZURE): Promise<number> {
  const { positionals, options } = parseCommand(args, ['TARGET'], {
    ...ARM_OPTIONS,
    extend: 'string',
    confirm: 'string',
    why: 'string',
    who: 'string',
  });
  const target = positionals[0] as string;
  const place = containerPlace(target, options);
  const { extend } = options;
  const change: GuardChange =
    extend === undefined ? { kind: 'lock' } : { kind: 'extend', days: wholeNumber(extend, '--extend', 1, MAX_DAYS) };
  const store = await openTarget(target);
  const arm = await outside.connect(place.subscription);
  const control = new ArmPolicy(arm, place);
  const before = await control.guard();
  await showWhat(store, place, before, change);
  const refusal = changeRefusal(change, before);
  if (refusal !== undefined) throw cannot(refusal);
  const who = await whoActs(options.who, arm);
  const why = await whyOf(options.why, outside);
  await confirm(place.container, options.confirm, outside);
  const { account, container } = place;
  const words = { account, container, who, why };
  return tellResult(await changeGuard({ store, control, now: outside.now }, change, words, before));
}

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
  if (policy.allowsAppends) print('appends     allowed to blobs that are there; a lock makes that final');
  const span = await sealedSpan(store);
  if (span === undefined) print('segments    none that can be read');
  else {
    const [first, newest] = [deletableFrom(span.first, days), deletableFrom(span.newest, days)];
    print(`segments    the first can be deleted from ${first} on, the newest so far from ${newest} on`);
  }
  print('It can NOT be undone, whatever rights on the account somebody has.');
  print(
    'From then on, until the last segment is that old nobody deletes the container, the account or its resource group,',
  );
  print(
    'and every tool that wants to fails at that: azd down, az group delete, terraform destroy. Storage is paid meanwhile.',
  );
}

async function confirm(container: string, given: string | undefined, outside: Outside): Promise<void> {
  const typed = given ?? (await outside.ask(`Type the container's name to go on: `));
  if (typed === undefined) throw usageError("nobody is at the terminal; give --confirm with the container's name");
  if (typed !== container) throw cannot(`that is not the container's name, ${container}; nothing was changed`);
}

function tellResult({ outcome, error, isOvertaken, after, recorded, unrecorded }: GuardActionResult): number {
  if (after?.policy !== undefined) {
    const { state, days, history } = after.policy;
    const last = history.at(-1);
    const by = last === undefined ? '' : `; last change: ${last.update} by ${last.who} at ${last.time}`;
    print(printable(`is now      ${state}, ${formatCount(days)} days${by}`));
  }
  return tellOutcome({
    outcome,
    isOvertaken,
    recorded,
    ...(error !== undefined && { error }),
    ...(unrecorded !== undefined && { unrecorded }),
  });
}

const EXIT_FAILED = 1;
const EXIT_UNKNOWN = 2;

/** tellOutcome says what came of an action, and gives the exit status. */
export function tellOutcome({
  outcome,
  error,
  isOvertaken,
  recorded,
  unrecorded,
}: Omit<GuardActionResult, 'after'>): number {
  print(`recorded    ${recorded.join(', ')}`);
  if (unrecorded !== undefined)
    tell(printable(`auditseal: what came of it couldn't be recorded: ${unrecorded}; verify will name the attempt`));
  if (isOvertaken) tell('auditseal: somebody changed the policy meanwhile; look again');
  if (error !== undefined) tell(printable(`auditseal: ${error}`));
  if (outcome === 'done') return unrecorded === undefined ? 0 : EXIT_UNKNOWN;
  if (outcome === 'failed') {
    tell('auditseal: it was not done, as Azure shows it');
    return EXIT_FAILED;
  }
  tell('auditseal: whether it was done is not known; look with auditseal posture');
  return EXIT_UNKNOWN;
}
