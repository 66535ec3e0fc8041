import { startStack } from '../local/worm/harness.ts';
import type { Stack } from '../local/worm/harness.ts';
import { HUB, categoriesAt, hubAt, settingAt, subscriptionAt } from './madeUpEstate.ts';
import type { ArmResources } from '../../local/arm/resources.ts';
import { ArmEstate } from '../../src/adapters/armEstate.ts';
import type { CoverageCount } from '../../src/core/objects/coverage.ts';
import { askCoverage } from '../../src/routing/coverage.ts';
import type { Coverage, CoverageDeps, CoverageQuestion } from '../../src/routing/coverage.ts';

// An estate and who asks about it, for the tests of coverage.

export const SUBSCRIPTION = 'dddddddd-0000-0000-0000-000000000000';
export const VAULTS = `/subscriptions/${SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.KeyVault/vaults`;
export const VAULT = `${VAULTS}/kv-one`;

/** scene is the stack of the test that runs. */
export const scene = { stack: undefined as unknown as Stack, resources: undefined as unknown as ArmResources };

export async function openScene(): Promise<void> {
  scene.stack = await startStack();
  scene.resources = scene.stack.gateway.resources;
}

export const closeScene = async (): Promise<void> => scene.stack.close();

/** ask asks about one subscription and one hub, if nothing else is said. */
export const ask = async (
  question: Partial<CoverageQuestion> = {},
  deps: Partial<CoverageDeps> = {},
): Promise<Coverage> =>
  askCoverage(
    {
      reader: new ArmEstate({ endpoint: scene.stack.gateway.armUrl, token: async () => Promise.resolve('token') }),
      now: Date.now,
      ...deps,
    },
    { scopes: [SUBSCRIPTION], hubs: [HUB], promised: 'none', ...question },
  );

export const countOf = ({ report }: Coverage, type: string): Partial<CoverageCount> | undefined =>
  report.types.find((one) => one.type === type);

/** said gives what was found, each as one text. */
export const said = ({ findings }: Coverage): string[] => findings.map(({ object, detail }) => `${object}: ${detail}`);

/** smallEstate makes one vault, whose logs are sent, or not. */
export function smallEstate(isRouted = true): void {
  const { resources } = scene;
  hubAt(resources);
  subscriptionAt(resources, SUBSCRIPTION);
  categoriesAt(resources, /\/vaults\//, { AuditEvent: ['audit'], Other: [] });
  resources.put(VAULT, { location: 'westeurope' });
  if (isRouted) settingAt(resources, VAULT, [{ category: 'AuditEvent', enabled: true }]);
}
