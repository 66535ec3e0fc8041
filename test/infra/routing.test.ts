import { MACHINE_LOG_DESTINATIONS } from './support/serviceRules.ts';
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
          resourceCount: 50_000,
        })),
      ),
    );
  });

  test('policies leave out the groups of other environments, where they are named', async () => {
    const assignments = of(await templates.evaluate('second'), 'Microsoft.Authorization/policyAssignments');
    const groups = PIPELINE.replace(/[^/]+$/, '');
    expect(assignments.map(({ properties }) => properties?.['notScopes'])).toEqual([
      ['rg-others', 'rg-logs', 'rg-more'].map((name) => groups + name),
    ]);
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
      param webApps = ['${OTHERS}/Microsoft.Web/sites/web', '${OTHERS}/Microsoft.Web/sites/func']
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
      ['/Microsoft.Web/sites/func', ['FunctionAppLogs']],
    ]);
    expect(of(deployment, 'Microsoft.Sql/servers/auditingSettings')[0]?.properties).toMatchObject({
      state: 'Enabled',
      isAzureMonitorTargetEnabled: true,
    });
    expect(of(deployment, 'Microsoft.Insights/dataCollectionRules')).toEqual([]);
    expect(of(deployment, 'Microsoft.Authorization/roleAssignments')).toEqual([]);
  });

  test('machines send to a workspace, in whose region their rules are, and it exports their two tables to the hub', async () => {
    const workspace = `${OTHERS}/Microsoft.OperationalInsights/workspaces/log-machines`;
    const deployment = await templates.evaluateFile(`
      using 'routing.bicep'
      param senderRuleId = '${RULE}'
      param hubName = 'audit'
      param virtualMachines = ['${OTHERS}/Microsoft.Compute/virtualMachines/vm', '${OTHERS}/Microsoft.Compute/virtualMachines/vm2']
      param machineWorkspace = { id: '${workspace}', location: 'westeurope' }
    `);
    const rules = of(deployment, 'Microsoft.Insights/dataCollectionRules');
    expect(rules.map(({ properties }) => properties?.['description'])).toEqual(['Logs of vm', 'Logs of vm2']);
    expect(new Set(rules.map(({ name }) => name)).size).toBe(2);
    for (const { name, kind, location, properties } of rules) {
      expect(name).toMatch(/^dcr-auditseal-x-\w{13}$/);
      const { destinations } = properties as unknown as { destinations: object };
      expect(Object.keys(destinations)).toEqual(MACHINE_LOG_DESTINATIONS);
      expect({ kind, location }).toEqual({ kind: undefined, location: 'westeurope' });
      expect(properties).toMatchObject({
        destinations: { logAnalytics: [{ name: 'workspace', workspaceResourceId: workspace }] },
        dataFlows: [{ streams: ['Microsoft-Event', 'Microsoft-Syslog'], destinations: ['workspace'] }],
      });
    }
    expect(
      of(deployment, 'Microsoft.Insights/dataCollectionRuleAssociations').map(({ id, properties }) => [
        id.replace(/^.*\/virtualMachines\/(\w+)\/.*$/, '$1'),
        id.replace(/^.*\//, ''),
        properties?.['dataCollectionRuleId'],
      ]),
    ).toEqual([
      ['vm', 'auditseal-x', rules[0]?.id],
      ['vm2', 'auditseal-x', rules[1]?.id],
    ]);
    const [tables, ...more] = of(deployment, 'Microsoft.OperationalInsights/workspaces/dataExports');
    expect(more).toEqual([]);
    expect(tables?.id).toBe(`${workspace}/dataExports/auditseal-x`);
    expect(tables?.properties).toEqual({
      destination: {
        resourceId: RULE.replace(/\/authorizationRules\/.*$/, ''),
        metaData: { eventHubName: 'audit' },
      },
      enable: true,
      tableNames: ['Event', 'Syslog'],
    });
    expect(of(deployment, 'Microsoft.Authorization/roleAssignments')).toEqual([]);
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
