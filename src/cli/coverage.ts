import { formatCount, print, printItem } from './output.ts';
import { usageError } from './usage.ts';
import type { OptionValues } from './usage.ts';
import type { LEDGER_OPTIONS } from './ledgerOptions.ts';
import type { ArmAccess } from '../adapters/arm.ts';
import { ArmEstate } from '../adapters/armEstate.ts';
import { isHubId, isScope } from '../config/azureIds.ts';
import type { CoverageReport } from '../core/objects/coverage.ts';
import { askCoverage } from '../routing/coverage.ts';
import type { AskedCoverage } from '../guard/posture.ts';

const PROMISES = ['none', 'key', 'all'] as const;

/** coverageAsked asks what the options ask; undefined where they ask nothing. It throws USAGE. */
export function coverageAsked(
  {
    scope: scopes,
    hub: hubs,
    promised = 'none',
  }: Pick<OptionValues<typeof LEDGER_OPTIONS.posture>, 'scope' | 'hub' | 'promised'>,
  now: () => number,
): ((arm: ArmAccess) => Promise<AskedCoverage>) | undefined {
  const promise = PROMISES.find((one) => one === promised);
  if (promise === undefined) throw usageError('--promised must be none, key or all');
  if (scopes.length === 0) {
    if (hubs.length > 0 || promised !== 'none') throw usageError('--hub and --promised need a --scope');
    return undefined;
  }
  if (hubs.length === 0) throw usageError('--scope needs a --hub: az eventhubs eventhub show prints the id');
  if (!scopes.every(isScope))
    throw usageError('--scope must be the id of a subscription, managementGroups/NAME, or tenant');
  if (!hubs.every(isHubId))
    throw usageError(
      '--hub must be the resource id of an event hub, /subscriptions/…/namespaces/NAMESPACE/eventhubs/HUB',
    );
  const question = { scopes, hubs, promised: promise };
  return async (arm) => askCoverage({ reader: new ArmEstate(arm), now }, question);
}

/** printCoverage prints what of an estate is routed, by type. */
export function printCoverage({ subscriptions, types, findingsOmitted }: CoverageReport): void {
  print(
    `  coverage: ${formatCount(subscriptions.length)} ${subscriptions.length === 1 ? 'subscription' : 'subscriptions'}`,
  );
  for (const { type, isKey, sources, routed, partly, notRouted, ...rest } of types) {
    const others = [
      ['without logs', rest.withoutLogs],
      ["the pipeline's own", rest.leftOut],
      ['gone', rest.gone],
      ['not asked', rest.notAsked],
    ] as const;
    const said = others.filter(([, count]) => count > 0).map(([what, count]) => `, ${formatCount(count)} ${what}`);
    printItem(
      `    ${type}${isKey ? ' (key)' : ''}: ${formatCount(routed)} of ${formatCount(sources)} routed, ` +
        `${formatCount(partly)} partly, ${formatCount(notRouted)} not${said.join('')}`,
    );
  }
  if (findingsOmitted > 0) printItem(`    and ${formatCount(findingsOmitted)} more findings not-routed`);
}
