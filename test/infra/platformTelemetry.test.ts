import { groupOf, platformParameters, ruleOf } from './support/parameterFiles.ts';
import { describeTemplates } from './support/templates.ts';
import type { Deployment, Resource } from './support/templates.ts';

const PIPELINE = groupOf('aa');
const OTHERS = `${groupOf('bb')}/providers`;
const HUB = `${ruleOf('aa').split('/authorizationRules/')[0]}/eventhubs/audit`;

const of = ({ resources }: Deployment, type: string): readonly Resource[] =>
  resources.filter((one) => one.type === type);

describeTemplates('platform telemetry rules', (templates) => {
  test('a rule of each type sends all of its logs to the hub, as an identity that may only send, and each resource is associated with that of its type', async () => {
    const ids = [
      `${OTHERS}/Microsoft.ContainerRegistry/registries/acr`,
      `${OTHERS}/Microsoft.DBforPostgreSQL/flexibleServers/pg`,
      `${OTHERS}/Microsoft.ContainerRegistry/registries/acr2`,
    ];
    const own = `${PIPELINE}/providers/Microsoft.ContainerRegistry/registries/own`;
    const deployment = await templates.evaluateFile(platformParameters([...ids, own]));
    const rules = of(deployment, 'Microsoft.Insights/dataCollectionRules');
    for (const [index, type] of [
      'microsoft.containerregistry/registries',
      'microsoft.dbforpostgresql/flexibleservers',
    ].entries()) {
      const streams = [`${type}:Logs-Group-All`];
      expect(rules[index]).toMatchObject({
        kind: 'PlatformTelemetry',
        // As Microsoft asks for: with an earlier version nothing comes.
        apiVersion: '2024-03-11',
        location: 'westeurope',
        identity: { type: 'SystemAssigned' },
        properties: {
          dataSources: { platformTelemetry: [{ name: 'logs', streams }] },
          destinations: { eventHubs: [{ name: 'hub', eventHubResourceId: HUB }] },
          dataFlows: [{ streams, destinations: ['hub'] }],
        },
      });
      expect(rules[index]?.id.startsWith(`${PIPELINE}/`)).toBe(true);
      expect(rules[index]?.name.length).toBeLessThanOrEqual(64);
    }
    expect(rules).toHaveLength(2);
    expect(
      of(deployment, 'Microsoft.Insights/dataCollectionRuleAssociations').map(({ id, properties }) => [
        id,
        properties?.['dataCollectionRuleId'],
      ]),
    ).toEqual(
      ids.map((id, index) => [
        `${id}/providers/Microsoft.Insights/dataCollectionRuleAssociations/auditseal-${'aa'.repeat(6)}x`,
        rules[index % 2]?.id,
      ]),
    );
    const roles = of(deployment, 'Microsoft.Authorization/roleAssignments');
    expect(roles).toHaveLength(2);
    for (const [index, { id, properties }] of roles.entries()) {
      expect(id.startsWith(`${HUB}/providers/`)).toBe(true);
      expect(properties).toMatchObject({
        principalId: `principal of ${rules[index]?.name}`,
        roleDefinitionId: expect.stringContaining('2b629674-e913-4c01-ae53-ef4638d8f975') as string,
      });
    }
    expect(of(deployment, 'Microsoft.Insights/diagnosticSettings')).toEqual([]);
  });

  test('a deployment that names other resources leaves the rule of a type as it is', async () => {
    const ruleOfRegistries = async (ids: readonly string[]): Promise<Resource | undefined> =>
      of(await templates.evaluateFile(platformParameters(ids)), 'Microsoft.Insights/dataCollectionRules').find(
        ({ properties }) => JSON.stringify(properties).includes('microsoft.containerregistry/registries'),
      );
    const registry = `${OTHERS}/Microsoft.ContainerRegistry/registries/acr`;
    const server = `${OTHERS}/Microsoft.DBforPostgreSQL/flexibleServers/pg`;
    const alone = await ruleOfRegistries([registry]);
    expect(alone).toBeDefined();
    expect(await ruleOfRegistries([server, `${registry}2`])).toEqual(alone);
    expect(await ruleOfRegistries([server])).toBeUndefined();
  });

  test('a type or a region that has no such rules is refused with its name, and so is a missing region', async () => {
    const vault = `${OTHERS}/Microsoft.KeyVault/vaults/kv`;
    await expect(templates.evaluateFile(platformParameters([vault]))).rejects.toThrow(
      `No platform telemetry rule sends logs of ${vault}`,
    );
    const child = `${OTHERS}/Microsoft.ContainerRegistry/registries/acr/replications/north`;
    await expect(templates.evaluateFile(platformParameters([child]))).rejects.toThrow(child);
    const registry = `${OTHERS}/Microsoft.ContainerRegistry/registries/acr`;
    await expect(templates.evaluateFile(platformParameters([registry], ''))).rejects.toThrow('needs hubLocation');
    await expect(
      templates.evaluateFile(platformParameters([registry], "param hubLocation = 'Germany West Central'")),
    ).rejects.toThrow('There are no platform telemetry rules in Germany West Central');
    const spaced = await templates.evaluateFile(platformParameters([registry], "param hubLocation = 'West Europe'"));
    expect(of(spaced, 'Microsoft.Insights/dataCollectionRules')).toHaveLength(1);
  });
});
