import { describeTemplates } from './support/templates.ts';
import type { Deployment, Resource } from './support/templates.ts';

const PIPELINE = '/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-logs';
const RULE = `${PIPELINE}/providers/Microsoft.EventHub/namespaces/evhns-x/authorizationRules/diagnostic-settings`;
const OTHERS = '/subscriptions/00000000-0000-0000-0000-000000000009/resourceGroups/rg-others/providers';

const of = ({ resources }: Deployment, type: string): readonly Resource[] =>
  resources.filter((one) => one.type === type);

const settingsIn = (deployment: Deployment): readonly Resource[] =>
  of(deployment, 'Microsoft.Insights/diagnosticSettings');

type Parameters = Readonly<Record<string, { readonly value: unknown }>>;

const parametersOf = (properties: Resource['properties']): Parameters =>
  (properties as unknown as { parameters: Parameters }).parameters;

/** locationOf gives the location whose resources a policy assignment reaches. */
const locationOf = (properties: Resource['properties']): unknown => parametersOf(properties)['resourceLocation']?.value;

describeTemplates('routing', (templates) => {
  test('the activity log goes to the hub, all of it', async () => {
    const deployment = await templates.evaluate('small');
    const [setting] = settingsIn(deployment).filter(({ id }) =>
      /^\/subscriptions\/[^/]+\/providers\/[^/]+\/[^/]+\/[^/]+$/.test(id),
    );
    expect(setting?.properties).toMatchObject({
      eventHubAuthorizationRuleId: deployment.outputs['AUDITSEAL_SENDER_RULE'],
      eventHubName: 'audit',
    });
    const { logs } = (setting as unknown as { properties: { logs: { category: string; enabled: boolean }[] } })
      .properties;
    expect(logs.filter(({ enabled }) => enabled).map(({ category }) => category)).toEqual([
      'Administrative',
      'Security',
      'ServiceHealth',
      'Alert',
      'Recommendation',
      'Policy',
      'Autoscale',
      'ResourceHealth',
    ]);
  });

  test('no policy is assigned unless it is asked for', async () => {
    const deployment = await templates.evaluate('small');
    expect(of(deployment, 'Microsoft.Authorization/policyAssignments')).toEqual([]);
  });

  test('policies write settings of the region and of what has none, never for the pipeline itself, with two roles and no more', async () => {
    const deployment = await templates.evaluate('routed');
    const [namespace] = of(deployment, 'Microsoft.EventHub/namespaces');
    const setting = settingsIn(deployment).find(({ id }) => /^\/subscriptions\/[^/]+\/providers\//.test(id));
    const assignments = of(deployment, 'Microsoft.Authorization/policyAssignments');
    expect(assignments.map(({ properties }) => locationOf(properties))).toEqual(['westeurope', 'global']);
    for (const assignment of assignments) {
      expect(assignment).toMatchObject({
        location: 'westeurope',
        identity: { type: 'SystemAssigned' },
        properties: {
          policyDefinitionId:
            '/providers/Microsoft.Authorization/policySetDefinitions/1020d527-2764-4230-92cc-7035e4fcf8a7',
          notScopes: [PIPELINE],
          parameters: {
            effect: { value: 'DeployIfNotExists' },
            diagnosticSettingName: { value: setting?.name },
            eventHubAuthorizationRuleId: { value: deployment.outputs['AUDITSEAL_SENDER_RULE'] },
            eventHubName: { value: 'audit' },
          },
        },
      });
      const given = of(deployment, 'Microsoft.Authorization/roleAssignments')
        .filter(({ properties }) => properties?.['principalId'] === `principal of ${assignment.name}`)
        .map(({ id, properties }) => [
          id.replace(/\/providers\/Microsoft\.Authorization\/roleAssignments\/.*$/, ''),
          (properties as { roleDefinitionId: string }).roleDefinitionId.replace(/^.*\//, ''),
        ]);
      expect(Object.fromEntries(given)).toEqual({
        '/subscriptions/00000000-0000-0000-0000-000000000001': '92aaf0da-9dab-42b6-94a3-d43ce8d16293',
        [namespace?.id ?? '']: 'f526a384-b230-433a-b45c-95f59c4a2dec',
      });
      expect(given).toHaveLength(2);
    }
    const remediations = of(deployment, 'Microsoft.PolicyInsights/remediations').map(({ properties }) => properties);
    expect(remediations).toEqual(
      assignments.flatMap(({ id }) =>
        ['one', 'two'].map((reference) => ({
          policyAssignmentId: id,
          policyDefinitionReferenceId: reference,
          resourceDiscoveryMode: 'ReEvaluateCompliance',
        })),
      ),
    );
  });

  test('a second environment in the subscription writes over nothing of the first', async () => {
    const [first, second] = await Promise.all([templates.evaluate('routed'), templates.evaluate('second')]);
    const ids = new Set(first.resources.map(({ id }) => id.toLowerCase()));
    expect(second.resources.map(({ id }) => id).filter((id) => ids.has(id.toLowerCase()))).toEqual([]);
    // What a policy writes to a resource is no resource of the deployment: its name must differ, too.
    const namesWritten = ({ resources }: Deployment): Set<unknown> =>
      new Set(
        resources
          .filter(({ type }) => type === 'Microsoft.Authorization/policyAssignments')
          .map(({ properties }) => parametersOf(properties)['diagnosticSettingName']?.value),
      );
    expect(namesWritten(first).size).toBe(1);
    expect(namesWritten(second).size).toBe(1);
    expect(namesWritten(second)).not.toEqual(namesWritten(first));
    // What has no region, and the activity log, go to the first alone, as the second was told.
    expect(
      of(second, 'Microsoft.Authorization/policyAssignments').map(({ properties }) => locationOf(properties)),
    ).toEqual(['westeurope']);
    expect(settingsIn(second).filter(({ id }) => /^\/subscriptions\/[^/]+\/providers\//.test(id))).toEqual([]);
  });

  test('settings of two hubs have two names, on whatever resource and in the tenant', async () => {
    const other = RULE.replace('evhns-x', 'evhns-y');
    const settingsFor = async (rule: string): Promise<string[]> => {
      const named = await templates.evaluateFile(`
        using 'routing.bicep'
        param senderRuleId = '${rule}'
        param hubName = 'audit'
        param storageAccounts = ['${OTHERS}/Microsoft.Storage/storageAccounts/theirs']
        param keyVaults = ['${OTHERS}/Microsoft.KeyVault/vaults/kv-theirs']
        param sqlServers = ['${OTHERS}/Microsoft.Sql/servers/sql']
        param clusters = ['${OTHERS}/Microsoft.ContainerService/managedClusters/aks']
        param webApps = ['${OTHERS}/Microsoft.Web/sites/web']
      `);
      const tenant = await templates.evaluateFile(
        `
        using 'tenant.bicep'
        param senderRuleId = '${rule}'
        param hubName = 'audit'
      `,
        'tenant',
      );
      return [...settingsIn(named), ...tenant.resources].map(({ id }) => id);
    };
    const [first, second] = [await settingsFor(RULE), await settingsFor(other)];
    expect(first).toHaveLength(6);
    expect(first.filter((id) => second.includes(id))).toEqual([]);
    expect(first.map((id) => id.replace(/-x$/, '-y'))).toEqual(second);
  });

  test('named resources get their settings, and those of the pipeline are left out', async () => {
    const storage = 'Microsoft.Storage/storageAccounts';
    const deployment = await templates.evaluateFile(`
      using 'routing.bicep'
      param senderRuleId = '${RULE}'
      param hubName = 'audit'
      param storageAccounts = ['${OTHERS}/${storage}/theirs', '${PIPELINE.toUpperCase()}/providers/${storage}/stledger']
      param keyVaults = ['${OTHERS}/Microsoft.KeyVault/vaults/kv-theirs', '${PIPELINE}/providers/Microsoft.KeyVault/vaults/kv-x']
      param sqlServers = ['${OTHERS}/Microsoft.Sql/servers/sql']
      param clusters = ['${OTHERS}/Microsoft.ContainerService/managedClusters/aks']
      param webApps = ['${OTHERS}/Microsoft.Web/sites/web']
      param virtualMachines = [{ id: '${OTHERS}/Microsoft.Compute/virtualMachines/vm', location: 'westeurope' }]
    `);
    const sent = settingsIn(deployment).map(({ id, properties }) => {
      expect(properties).toMatchObject({ eventHubAuthorizationRuleId: RULE, eventHubName: 'audit' });
      const { logs } = properties as unknown as { logs: { category?: string; categoryGroup?: string }[] };
      return [
        id.replace('/providers/Microsoft.Insights/diagnosticSettings/auditseal-x', '').replace(OTHERS, ''),
        logs.map(({ category, categoryGroup }) => category ?? categoryGroup),
      ];
    });
    expect(sent).toEqual([
      [
        '/Microsoft.Storage/storageAccounts/theirs/blobServices/default',
        ['StorageRead', 'StorageWrite', 'StorageDelete'],
      ],
      ['/Microsoft.KeyVault/vaults/kv-theirs', ['audit']],
      ['/Microsoft.Sql/servers/sql/databases/master', ['SQLSecurityAuditEvents']],
      ['/Microsoft.ContainerService/managedClusters/aks', ['kube-audit-admin', 'guard']],
      ['/Microsoft.Web/sites/web', ['AppServiceAuditLogs', 'AppServiceHTTPLogs', 'AppServiceIPSecAuditLogs']],
    ]);
    expect(of(deployment, 'Microsoft.Sql/servers/auditingSettings')[0]?.properties).toMatchObject({
      state: 'Enabled',
      isAzureMonitorTargetEnabled: true,
    });
    const hub = RULE.replace(/\/authorizationRules\/.*$/, '/eventhubs/audit');
    const [rule] = of(deployment, 'Microsoft.Insights/dataCollectionRules');
    expect(rule).toMatchObject({
      kind: 'AgentDirectToStore',
      properties: { destinations: { eventHubsDirect: [{ eventHubResourceId: hub }] } },
    });
    const [role, ...more] = of(deployment, 'Microsoft.Authorization/roleAssignments');
    expect(more).toEqual([]);
    expect(role?.id.startsWith(`${hub}/providers/`)).toBe(true);
    expect(role?.properties).toMatchObject({
      principalId: 'principal of vm',
      roleDefinitionId: expect.stringContaining('2b629674-e913-4c01-ae53-ef4638d8f975') as string,
    });
  });

  test('the logs of Entra ID go to the hub', async () => {
    const parameters = `
      using 'tenant.bicep'
      param senderRuleId = '${RULE}'
      param hubName = 'audit'
    `;
    const { resources } = await templates.evaluateFile(parameters, 'tenant');
    expect(
      resources.map(({ type, properties }) => [
        type.toLowerCase(),
        properties?.['eventHubName'],
        properties?.['eventHubAuthorizationRuleId'],
      ]),
    ).toEqual([['microsoft.aadiam/diagnosticsettings', 'audit', RULE]]);
    const [setting] = resources as unknown as { properties: { logs: { category: string; enabled: boolean }[] } }[];
    expect(setting?.properties.logs.filter(({ enabled }) => enabled).map(({ category }) => category)).toEqual(
      expect.arrayContaining(['AuditLogs', 'SignInLogs', 'MicrosoftGraphActivityLogs']),
    );
  });
});
