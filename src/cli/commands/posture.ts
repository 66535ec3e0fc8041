import { ArmPolicy } from '../../adapters/armPolicy.ts';
import { EXIT_STATUS } from '../../core/objects/report.ts';
import type { PostureReport } from '../../core/objects/report.ts';
import { checkPosture, roleName } from '../../guard/posture.ts';
import { ARM_HELP, ARM_OPTIONS, AZURE, containerPlace } from '../arm.ts';
import type { Outside } from '../arm.ts';
import { formatCount, print, printable } from '../output.ts';
import { parseCommand, wholeNumber } from '../usage.ts';

export const postureHelp = `auditseal posture TARGET --resource-id ID [options]

Asks Azure what guards a ledger's container, and compares it with what is promised: retention policy, legal holds, the
account's settings, management locks, role assignments. It changes nothing, and reads no segment.
TARGET is the container's URL.

  --retention-days N      the policy must retain for so many days at least (default: 365)
  --json                  print the report as JSON
${ARM_HELP}

Whoever signs in needs the role Reader on the account's resource group. What can't be read is never taken for right.

Exit status: 0 verified, 1 violated (at least one finding of severity error), 2 unverified (something could not be read),
64 wrong usage.

  auditseal posture https://account.blob.core.windows.net/ledger --resource-id ID --retention-days 2555
`;

const MAX_DAYS = 146_000;

export async function postureCommand(args: readonly string[], outside: Outside = AZURE): Promise<number> {
  const { positionals, options } = parseCommand(args, ['TARGET'], {
    ...ARM_OPTIONS,
    'retention-days': 'string',
    json: 'boolean',
  });
  const place = containerPlace(positionals[0] as string, options);
  const retentionDays = wholeNumber(options['retention-days'] ?? '365', '--retention-days', 1, MAX_DAYS);
  const reader = new ArmPolicy(await outside.connect(place.subscription), place);
  const { account, container } = place;
  const report = await checkPosture({ reader, now: outside.now }, { account, container, retentionDays });
  if (options.json === true) print(printable(JSON.stringify(report)));
  else printPosture(report);
  return EXIT_STATUS[report.status];
}

function printPosture(report: PostureReport): void {
  const { status, account, container, guard, settings, locks, roles, findings, notChecked, unreadable } = report;
  print(`${status}: posture of ${container}, of the account ${account}`);
  if (guard !== null) {
    const { policy, tags } = guard;
    if (policy === undefined) print('  policy: none');
    else {
      print(
        `  policy: ${policy.state}, ${formatCount(policy.days)} days, ${formatCount(report.retentionDays)} promised`,
      );
      for (const { update, days, time, who } of policy.history)
        print(printable(`    ${update} at ${time} by ${who}: ${formatCount(days)} days`));
    }
    print(
      printable(`  legal hold: ${tags.map(({ tag, time, who }) => `${tag} (${who}, ${time})`).join(', ') || 'none'}`),
    );
  }
  for (const [name, value] of Object.entries(settings ?? {}))
    print(printable(`  ${name}: ${String(value ?? 'not stated')}`));
  if (locks !== null) print(printable(`  management locks: ${locks.join(', ') || 'none'}`));
  for (const { role, principal, scope } of roles ?? [])
    print(printable(`  role ${roleName(role)}: ${principal}, on ${scope}`));
  for (const text of notChecked) print(`  not checked: ${printable(text)}`);
  for (const { object, why } of unreadable) print(`  unreadable: ${printable(object)}: ${printable(why)}`);
  for (const { code, severity, object, detail } of findings)
    print(`  ${severity} ${code}: ${printable(object)}: ${printable(detail)}`);
}
