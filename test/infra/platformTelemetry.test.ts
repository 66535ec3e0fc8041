import { groupOf, platformParameters, ruleOf } from './support/parameterFiles.ts';
import { describeTemplates } from './support/templates.ts';
import type { Deployment, Resource } from './support/templates.ts';

const PIPELINE = groupOf('aa');
const OTHERS = `${groupOf('bb')}/providers`;
const HUB = `${ruleOf('aa').split('/authorizationRules/')[0]}/eventhubs/audit`;

const of = ({ resources }: Deployment, type: string): readonly Resource[] =>
  resources.filter((one) => one.type === type);

describeTemplates('platform telemetry rules', (templates) => {
  test('one rule of the hub’s region sends all logs of the listed types to the hub, as an identity that may only send, and each resource is associated with it', async () => {
    const ids = [
      `${OTHERS}/Microsoft.ContainerRegistry/registries/acr`,
      `${OTHERS}/Microsoft.DBforPostgreSQL/flexibleServers/pg`,
      `${OTHERS}/Microsoft.ContainerRegistry/registries/acr2`,
    ];
    const own = `${PIPELINE}/providers/Microsoft.ContainerRegistry/registries/own`;
    const deployment = await templates.evaluateFile(platformParameters([...ids, own]));
    const [rule, ...more] = of(deployment, 'Microsoft.Insights/dataCollectionRules');
    expect(more).toEqual([]);
    const streams = [
      'microsoft.containerregistry/registries:Logs-Group-All',
      'microsoft.dbforpostgresql/flexibleservers:Logs-Group-All',
    ];
    expect(rule).toMatchObject({
      kind: 'PlatformTelemetry',
      location: 'westeurope',
      identity: { type: 'SystemAssigned' },
      properties: {
        dataSources: { platformTelemetry: [{ name: 'logs', streams }] },
        destinations: { eventHubs: [{ name: 'hub', eventHubResourceId: HUB }] },
        dataFlows: [{ streams, destinations: ['hub'] }],
      },
    });
    expect(rule?.id.startsWith(`${PIPELINE}/`)).toBe(true);
    expect(
      of(deployment, 'Microsoft.Insights/dataCollectionRuleAssociations').map(({ id, properties }) => [
        id,
        properties?.['dataCollectionRuleId'],
      ]),
    ).toEqual(
      ids.map((id) => [
        `${id}/providers/Microsoft.Insights/dataCollectionRuleAssociations/auditseal-${'aa'.repeat(6)}x`,
        rule?.id,
      ]),
    );
    const [role, ...others] = of(deployment, 'Microsoft.Authorization/roleAssignments');
    expect(others).toEqual([]);
    expect(role?.id.startsWith(`${HUB}/providers/`)).toBe(true);
    expect(role?.properties).toMatchObject({
      principalId: `principal of ${rule?.name}`,
      roleDefinitionId: expect.stringContaining('2b629674-e913-4c01-ae53-ef4638d8f975') as string,
    });
    expect(of(deployment, 'Microsoft.Insights/diagnosticSettings')).toEqual([]);
  });

  test('a type that no such rule knows is refused with its name, and so is a missing region', async () => {
    const vault = `${OTHERS}/Microsoft.KeyVault/vaults/kv`;
    await expect(templates.evaluateFile(platformParameters([vault]))).rejects.toThrow(
      `No platform telemetry rule sends logs of ${vault}`,
    );
    const child = `${OTHERS}/Microsoft.ContainerRegistry/registries/acr/replications/north`;
    await expect(templates.evaluateFile(platformParameters([child]))).rejects.toThrow(child);
    const registry = `${OTHERS}/Microsoft.ContainerRegistry/registries/acr`;
    await expect(templates.evaluateFile(platformParameters([registry], ''))).rejects.toThrow('needs hubLocation');
  });
});
