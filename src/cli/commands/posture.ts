import { ArmPolicy } from '../../adapters/armPolicy.ts';
import type { ContainerGuard } from '../../core/objects/guard.ts';
import type { PostureReport } from '../../core/objects/report.ts';
import { checkPosture, roleName } from '../../guard/posture.ts';
import { armEndpoint, containerPlace } from '../arm.ts';
import { coverageAsked, printCoverage } from '../coverage.ts';
import { defineLedgerCommand } from '../ledgerCommand.ts';
import { DEFAULT_DAYS, LEDGER_OPTIONS } from '../ledgerOptions.ts';
import { ARM_NOTES, LIST_MEANING, jsonOption } from '../options.ts';
import { formatCount, print, printItem } from '../output.ts';
import { printOpen, printRest } from '../report.ts';

export const command = defineLedgerCommand(
  {
    name: 'posture',
    arguments: ['TARGET'],
    usage: ['TARGET --resource-id ID [options]', 'LIST [options]'],
    description: [
      "Asks Azure what guards a ledger's container, and compares it with what is promised: retention policy, legal holds, " +
        "the account's settings, management locks, role assignments. With --scope it also asks what sends its logs to the hub. " +
        'It changes nothing, and reads no segment.',
      "TARGET is the container's URL.",
      LIST_MEANING,
    ],
    options: {
      ...LEDGER_OPTIONS.posture,
      json: jsonOption('the report'),
    },
    notes: [
      ...ARM_NOTES,
      '',
      "The account that you are signed in with needs the role Reader on the storage account's resource group. What can't be " +
        'read is never taken for right.',
    ],
    exits: {
      fine: 'verified',
      wrong: 'violated: at least one finding of severity error',
      unknown: 'unverified: something could not be read',
    },
    examples: [
      'auditseal posture https://account.blob.core.windows.net/ledger --resource-id ID --retention-days 2555',
      'auditseal posture https://account.blob.core.windows.net/ledger --resource-id ID --scope SUBSCRIPTION --hub HUB_ID --promised key',
      'auditseal posture estate.json',
    ],
  },
  {
    ofLedger: LEDGER_OPTIONS.posture,
    atOnce: 4,
    plan: ({ target, options, listed }, outside) => {
      const place = containerPlace(target, options);
      const ask = coverageAsked(options, outside.now);
      return async () => {
        const arm = await outside.connect(place.subscription, armEndpoint(options));
        const reader = new ArmPolicy(arm, place);
        const { account, container } = place;
        const { 'retention-days': retentionDays = DEFAULT_DAYS } = options;
        const asked = await checkPosture(
          { reader, now: outside.now },
          { account, container, retentionDays },
          { coverage: await ask?.(arm) },
        );
        const report =
          listed === undefined ? asked : { ...asked, notChecked: [...asked.notChecked, unknownName(listed.ledger)] };
        return { report, print: () => printPosture(report) };
      };
    },
  },
);

const unknownName = (ledger: string): string =>
  `whether this container is that of ${ledger}: Azure Resource Manager knows no names of ledgers; verify does`;

function printPosture(report: PostureReport): void {
  const { status, account, container, guard, settings, locks, roles } = report;
  print(`${status}: posture of ${container}, of the account ${account}`);
  printOpen(report.findings);
  if (guard !== null) printGuard(guard, report.retentionDays);
  for (const [name, value] of Object.entries(settings ?? {})) printItem(`  ${name}: ${String(value ?? 'not stated')}`);
  if (locks !== null) printItem(`  management locks: ${locks.join(', ') || 'none'}`);
  for (const { role, principal, scope } of roles ?? [])
    printItem(`  role ${roleName(role)}: ${principal}, on ${scope}`);
  if (report.coverage !== undefined) printCoverage(report.coverage);
  printRest(report);
}

function printGuard({ policy, tags }: ContainerGuard, promised: number): void {
  if (policy === undefined) print('  policy: none');
  else {
    print(`  policy: ${policy.state}, ${formatCount(policy.days)} days, ${formatCount(promised)} promised`);
    for (const { update, days, time, who } of policy.history)
      printItem(`    ${update} at ${time} by ${who}: ${formatCount(days)} days`);
  }
  printItem(`  legal hold: ${tags.map(({ tag, time, who }) => `${tag} (${who}, ${time})`).join(', ') || 'none'}`);
}
