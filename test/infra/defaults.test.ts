import { ALWAYS } from './support/always.ts';
import { OFFERED, SETS } from './support/parameterSets.ts';
import type { SetName } from './support/parameterSets.ts';
import { describeTemplates } from './support/templates.ts';
import type { Deployment, Resource } from './support/templates.ts';

const isRoutedByPolicy = (set: SetName): boolean => 'AUDITSEAL_ROUTE_BY_POLICY' in SETS[set];

const EVERY = (Object.keys(SETS) as SetName[]).filter((set) => !isRoutedByPolicy(set));

const of = ({ resources }: Deployment, type: string): readonly Resource[] =>
  resources.filter((one) => one.type === type);

/** Sets of an existing network, in which no rules are made. */
const isExisting = (set: SetName): boolean => ['existing', 'centralZones', 'policyZones'].includes(set);

const isPrivate = (set: SetName): boolean => !['development', 'small', 'locked', 'forwarded'].includes(set);

/** Types of which nothing of that kind can be said. */
const NOTHING_TO_SAY = new Set([
  'Microsoft.Resources/resourceGroups',
  'Microsoft.ManagedIdentity/userAssignedIdentities',
  'Microsoft.EventHub/namespaces/eventhubs',
  'Microsoft.EventHub/namespaces/eventhubs/consumergroups',
  'Microsoft.Insights/diagnosticSettings',
  'Microsoft.Authorization/roleAssignments',
  'Microsoft.Authorization/roleDefinitions',
  // a test below is about these
  'Microsoft.EventHub/namespaces/authorizationRules',
  'Microsoft.Security/defenderForStorageSettings',
  'Microsoft.Storage/storageAccounts/blobServices',
  'Microsoft.Storage/storageAccounts/blobServices/containers/immutabilityPolicies',
  'Microsoft.Storage/storageAccounts/managementPolicies',
  'Microsoft.Storage/storageAccounts/queueServices',
  'Microsoft.Storage/storageAccounts/queueServices/queues',
  'Microsoft.Web/serverfarms',
  'Microsoft.Web/sites/config',
  // alerts.test.ts is about these
  'Microsoft.Insights/actionGroups',
  'Microsoft.Insights/activityLogAlerts',
  'Microsoft.Insights/metricAlerts',
  'Microsoft.Insights/scheduledQueryRules',
  'Microsoft.Insights/workbooks',
  // settings.test.ts is about these
  'Microsoft.Insights/dataCollectionRules',
  'Microsoft.OperationalInsights/workspaces/tables',
  // ports.test.ts is about these
  'Microsoft.Insights/privateLinkScopes',
  'Microsoft.Insights/privateLinkScopes/scopedResources',
  'Microsoft.Network/natGateways',
  'Microsoft.Network/networkSecurityGroups',
  'Microsoft.Network/privateDnsZones',
  'Microsoft.Network/privateEndpoints',
  'Microsoft.Network/privateEndpoints/privateDnsZoneGroups',
  'Microsoft.Network/publicIPAddresses',
  'Microsoft.Network/virtualNetworks',
  'Microsoft.Network/virtualNetworks/subnets',
]);

const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Azure's rules for names: https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules */
const NAMES: Readonly<Record<string, RegExp>> = {
  'Microsoft.Resources/resourceGroups': /^[\w().-]{0,89}[\w()-]$/,
  'Microsoft.ManagedIdentity/userAssignedIdentities': /^[A-Za-z0-9][\w-]{2,127}$/,
  'Microsoft.OperationalInsights/workspaces': /^[A-Za-z0-9][A-Za-z0-9-]{2,61}[A-Za-z0-9]$/,
  'Microsoft.Insights/components': /^[^%&\\?/]{0,259}[^%&\\?/ .]$/,
  'Microsoft.Insights/diagnosticSettings': /^[^*<>%:&?+/\\ ]{1,260}$/,
  'Microsoft.Insights/actionGroups': /^[^:<>+/&%\\?|]{1,259}[^:<>+/&%\\?| .]$/,
  'Microsoft.Insights/activityLogAlerts': /^[^:<>+/&%\\?{}*|]{1,259}[^:<>+/&%\\?{}*| .]$/,
  'Microsoft.Insights/metricAlerts': /^[^*#&+:<>?@%{}\\/|]{1,259}[^*#&+:<>?@%{}\\/| .]$/,
  'Microsoft.Insights/scheduledQueryRules': /^[^*<>%{}&:\\?/#|]{1,259}[^*<>%{}&:\\?/#| .]$/,
  'Microsoft.Insights/workbooks': GUID,
  'Microsoft.Insights/dataCollectionRules': /^[A-Za-z0-9][\w-]{1,28}[A-Za-z0-9]$/,
  'Microsoft.OperationalInsights/workspaces/tables': /^[A-Za-z]\w{0,58}_CL$/,
  'Microsoft.EventHub/namespaces': /^[A-Za-z][A-Za-z0-9-]{4,48}[A-Za-z0-9]$/,
  'Microsoft.EventHub/namespaces/eventhubs': /^[A-Za-z0-9]([\w.-]{0,254}[A-Za-z0-9])?$/,
  'Microsoft.EventHub/namespaces/eventhubs/consumergroups': /^[A-Za-z0-9]([\w.-]{0,48}[A-Za-z0-9])?$/,
  'Microsoft.EventHub/namespaces/networkRuleSets': /^default$/,
  'Microsoft.EventHub/namespaces/authorizationRules': /^[A-Za-z0-9]([\w.-]{0,48}[A-Za-z0-9])?$/,
  'Microsoft.KeyVault/vaults': /^(?!.*--)[A-Za-z][A-Za-z0-9-]{1,22}[A-Za-z0-9]$/,
  'Microsoft.KeyVault/vaults/keys': /^[A-Za-z0-9-]{1,127}$/,
  'Microsoft.Storage/storageAccounts': /^[a-z0-9]{3,24}$/,
  'Microsoft.Storage/storageAccounts/blobServices': /^default$/,
  'Microsoft.Storage/storageAccounts/blobServices/containers': /^(?=.{3,63}$)[a-z0-9]+(-[a-z0-9]+)*$/,
  'Microsoft.Storage/storageAccounts/blobServices/containers/immutabilityPolicies': /^default$/,
  'Microsoft.Storage/storageAccounts/managementPolicies': /^default$/,
  'Microsoft.Storage/storageAccounts/queueServices': /^default$/,
  'Microsoft.Storage/storageAccounts/queueServices/queues': /^(?=.{3,63}$)[a-z0-9]+(-[a-z0-9]+)*$/,
  'Microsoft.Authorization/locks': /^[\w().-]{1,90}$/,
  'Microsoft.Authorization/roleAssignments': GUID,
  'Microsoft.Security/defenderForStorageSettings': /^current$/,
  'Microsoft.Authorization/roleDefinitions': GUID,
  'Microsoft.Web/serverfarms': /^[A-Za-z0-9-]{1,40}$/,
  // Not the 60 that a site may have: two hosts whose first 32 characters are the same take one another's leases.
  'Microsoft.Web/sites': /^[A-Za-z0-9][A-Za-z0-9-]{0,30}[A-Za-z0-9]$/,
  'Microsoft.Web/sites/config': /^appsettings$/,
  'Microsoft.Insights/privateLinkScopes': /^[^%&\\?/]{0,254}[^%&\\?/ .]$/,
  'Microsoft.Insights/privateLinkScopes/scopedResources': /^[^%&\\?/]{0,254}[^%&\\?/ .]$/,
  'Microsoft.Network/natGateways': /^[A-Za-z0-9]([\w.-]{0,78}\w)?$/,
  'Microsoft.Network/publicIPAddresses': /^[A-Za-z0-9]([\w.-]{0,78}\w)?$/,
  'Microsoft.Network/networkSecurityGroups': /^[A-Za-z0-9]([\w.-]{0,78}\w)?$/,
  'Microsoft.Network/privateDnsZones': /^[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63}){1,33}$/,
  'Microsoft.Network/privateDnsZones/virtualNetworkLinks': /^[A-Za-z0-9]([\w.-]{0,78}\w)?$/,
  'Microsoft.Network/privateEndpoints': /^[A-Za-z0-9]([\w.-]{0,78}\w)?$/,
  'Microsoft.Network/privateEndpoints/privateDnsZoneGroups': /^default$/,
  'Microsoft.Network/virtualNetworks': /^[A-Za-z0-9]([\w.-]{0,62}\w)?$/,
  'Microsoft.Network/virtualNetworks/subnets': /^[A-Za-z0-9]([\w.-]{0,78}\w)?$/,
  'Microsoft.Web/sites/basicPublishingCredentialsPolicies': /^(scm|ftp)$/,
};

describeTemplates('defaults', (templates) => {
  test.each(EVERY)('%s: every resource has what its type must have', async (set) => {
    const deployment = await templates.evaluate(set);
    const wrong = deployment.resources.filter(({ type }) => !(type in ALWAYS) && !NOTHING_TO_SAY.has(type));
    expect(wrong.map(({ type }) => type)).toEqual([]);
    for (const [type, members] of Object.entries(ALWAYS)) {
      if (!type.startsWith('Microsoft.Network/')) expect(of(deployment, type).length).toBeGreaterThan(0);
      for (const { id, properties } of of(deployment, type)) {
        expect({ id, ...properties }).toEqual(expect.objectContaining({ id, ...members }));
      }
    }
  });

  test.each(EVERY)('%s: the network is open or closed as a whole', async (set) => {
    const deployment = await templates.evaluate(set);
    const access = isPrivate(set) ? 'Disabled' : 'Enabled';
    const defaultAction = isPrivate(set) ? 'Deny' : 'Allow';
    const stores = [
      ...of(deployment, 'Microsoft.Storage/storageAccounts'),
      ...of(deployment, 'Microsoft.KeyVault/vaults'),
    ];
    expect(stores).toHaveLength(4);
    for (const { properties } of stores) {
      expect(properties).toMatchObject({
        publicNetworkAccess: access,
        networkAcls: { defaultAction, ipRules: [], virtualNetworkRules: [] },
      });
    }
    for (const type of ['Microsoft.EventHub/namespaces', 'Microsoft.EventHub/namespaces/networkRuleSets']) {
      expect(of(deployment, type)[0]?.properties).toMatchObject({ publicNetworkAccess: access });
    }
    expect(of(deployment, 'Microsoft.EventHub/namespaces/networkRuleSets')[0]?.properties).toMatchObject({
      defaultAction,
    });
  });

  test.each(EVERY)('%s: who may call and deploy', async (set) => {
    const sites = of(await templates.evaluate(set), 'Microsoft.Web/sites');
    const rules = Object.fromEntries(
      sites.map(({ name, properties }) => {
        const { siteConfig } = properties as unknown as { siteConfig: Readonly<Record<string, unknown>> };
        const ranges = (list: unknown): string[] =>
          (list as { action: string; ipAddress: string }[]).map(({ action, ipAddress }) => `${action} ${ipAddress}`);
        return [
          name.split('-')[1],
          {
            callers: [
              siteConfig['ipSecurityRestrictionsDefaultAction'],
              ...ranges(siteConfig['ipSecurityRestrictions']),
            ],
            deployers: [
              siteConfig['scmIpSecurityRestrictionsDefaultAction'],
              ...ranges(siteConfig['scmIpSecurityRestrictions']),
            ],
          },
        ];
      }),
    );
    const isLongest = set === 'longest';
    const deployers = isLongest ? ['Deny', 'Allow 255.255.255.255/32'] : ['Allow'];
    // The sealer answers with the log, the auditor with evidence.
    const callers = isLongest
      ? ['Deny', 'Allow 255.255.255.255/32', 'Allow 10.0.0.0/8']
      : [isPrivate(set) ? 'Deny' : 'Allow'];
    expect(rules).toEqual({ auditor: { callers, deployers }, sealer: { callers, deployers } });
  });

  test.each(OFFERED)('%s: sites have no member that Flex Consumption refuses', async (set) => {
    // https://learn.microsoft.com/azure/azure-functions/functions-app-settings#flex-consumption-plan-deprecations
    const refused =
      /"(ftpsState|linuxFxVersion|windowsFxVersion|netFrameworkVersion|javaVersion|powerShellVersion|use32BitWorkerProcess|alwaysOn|preWarmedInstanceCount|functionAppScaleLimit|minimumElasticInstanceCount|functionsRuntimeScaleMonitoringEnabled|vnetRouteAllEnabled|vnetContentShareEnabled|vnetImagePullEnabled|containerSize|isReserved|FUNCTIONS_WORKER_RUNTIME|FUNCTIONS_EXTENSION_VERSION|WEBSITE_RUN_FROM_PACKAGE|WEBSITE_CONTENTSHARE|WEBSITE_TIME_ZONE|WEBSITE_VNET_ROUTE_ALL|SCM_DO_BUILD_DURING_DEPLOYMENT|ENABLE_ORYX_BUILD)"/;
    const { resources } = await templates.evaluate(set);
    const sites = resources.filter(({ type }) => type.startsWith('Microsoft.Web/sites'));
    expect(sites.length).toBeGreaterThan(3);
    for (const site of sites) expect(JSON.stringify(site)).not.toMatch(refused);
  });

  test.each(EVERY)('%s: names keep to the rules of Azure', async (set) => {
    const { resources } = await templates.evaluate(set);
    const wrong = resources.filter(({ type, name }) => NAMES[type]?.test(name.split('/').at(-1) ?? '') !== true);
    expect(wrong.map(({ type, name }) => `${type} ${name}`)).toEqual([]);
    expect(new Set(resources.map(({ id }) => id)).size).toBe(resources.length);
  });

  test.each(EVERY)('%s: no secret is written down', async (set) => {
    const { snapshot, outputs } = await templates.evaluate(set);
    expect(snapshot).not.toMatch(/\blist[A-Z]\w*\(|AccountKey=|SharedAccess(Key|Signature)=|PRIVATE\+KEY/);
    expect(Object.keys(outputs).toSorted()).toEqual([
      'AUDITSEAL_AUDITOR',
      'AUDITSEAL_HUB',
      'AUDITSEAL_LEDGER_ACCOUNT',
      'AUDITSEAL_LEDGER_URL',
      'AUDITSEAL_SEALER',
      'AUDITSEAL_SENDER_RULE',
      'AUDITSEAL_VAULT',
      'AZURE_RESOURCE_GROUP',
    ]);
    for (const value of Object.values(outputs)) expect(value).toMatch(/^[\w./:-]+$/);
  });

  test.each(EVERY)(
    '%s: the hub gets what is meant for the ledger, and nothing that sealing itself gives rise to',
    async (set) => {
      const settings = of(await templates.evaluate(set), 'Microsoft.Insights/diagnosticSettings');
      const toHub = settings.filter(({ properties }) => 'eventHubAuthorizationRuleId' in (properties ?? {}));
      const from = toHub.map(({ id }) => /\/providers\/([\w.]+\/\w+)\/.*\/providers\//.exec(id)?.[1] ?? 'activity log');
      const rules = 'Microsoft.Network/networkSecurityGroups';
      expect(from.toSorted()).toEqual([
        'Microsoft.KeyVault/vaults',
        ...(isPrivate(set) && !isExisting(set) ? [rules, rules, rules] : []),
        'activity log',
      ]);
      for (const { properties } of toHub) expect(properties).toMatchObject({ eventHubName: 'audit' });
      for (const { properties } of settings) expect(properties).toHaveProperty('workspaceId');
      const logged = settings.map(({ id }) => id).join('\n');
      for (const part of ['/evhns-', '/kv-', '/stledger', '/stsealer', '/stauditor']) expect(logged).toContain(part);
    },
  );

  test.each(OFFERED)('%s: the ledger takes objects that nobody can change', async (set) => {
    const deployment = await templates.evaluate(set);
    const days = { development: 1, small: 365, production: 2555 }[set];
    const policies = of(deployment, 'Microsoft.Storage/storageAccounts/blobServices/containers/immutabilityPolicies');
    expect(policies.map(({ name, properties }) => [name.split('/').slice(1), properties])).toEqual([
      [
        ['default', 'ledger', 'default'],
        {
          immutabilityPeriodSinceCreationInDays: days,
          allowProtectedAppendWrites: false,
          allowProtectedAppendWritesAll: false,
        },
      ],
    ]);
    const [rules] = of(deployment, 'Microsoft.Storage/storageAccounts/managementPolicies');
    expect(JSON.stringify(rules?.properties)).not.toMatch(/delete/i);
    expect(rules?.properties).toMatchObject({
      policy: { rules: [{ definition: { filters: { blobTypes: ['blockBlob'], prefixMatch: ['ledger/segments/'] } } }] },
    });
  });

  test('production has zones, a second region and keys of its own', async () => {
    const deployment = await templates.evaluate('production');
    const [vault] = of(deployment, 'Microsoft.KeyVault/vaults');
    const ledger = of(deployment, 'Microsoft.Storage/storageAccounts').find(({ name }) => name.startsWith('stledger'));
    expect(vault?.properties).toMatchObject({ sku: { name: 'premium' }, networkAcls: { bypass: 'AzureServices' } });
    expect(ledger).toMatchObject({
      sku: { name: 'Standard_RAGZRS' },
      properties: {
        encryption: {
          keySource: 'Microsoft.Keyvault',
          keyvaultproperties: { keyname: 'ledger-storage', keyvaulturi: `https://${vault?.name}.vault.azure.net/` },
        },
      },
    });
    const keys = of(deployment, 'Microsoft.KeyVault/vaults/keys').map(({ name, properties }) => [
      name.replace(/^.*\//, ''),
      properties?.['kty'],
      properties?.['keyOps'],
    ]);
    expect(keys).toEqual([
      ['ledger', 'EC-HSM', ['sign', 'verify']],
      ['auditor', 'EC-HSM', ['sign', 'verify']],
      ['ledger-storage', 'RSA-HSM', ['wrapKey', 'unwrapKey']],
    ]);
    const zoned = of(deployment, 'Microsoft.Web/serverfarms').map(({ name, properties }) => [
      name.split('-')[1],
      properties?.['zoneRedundant'],
    ]);
    expect(zoned).toEqual([
      ['sealer', true],
      ['auditor', false],
    ]);
    expect(JSON.stringify(of(deployment, 'Microsoft.KeyVault/vaults/keys'))).not.toContain('expiryTime');
  });

  test.each(EVERY)('%s: locks keep what can be deleted by mistake', async (set) => {
    const locks = of(await templates.evaluate(set), 'Microsoft.Authorization/locks');
    const locked = locks.map(
      ({ id, name }) => `${/\/(\w+?)-?\w{13}\/providers\/[\w.]+\/locks\//.exec(id)?.[1]}: ${name}`,
    );
    expect(locked.toSorted()).toEqual(
      set === 'development'
        ? ['stledger: ledger-stays']
        : ['evhns: hub-stays', 'kv: keys-stay', 'stledger: ledger-stays'],
    );
  });

  test.each(EVERY)(
    '%s: what diagnostic settings send with may send, and more only where that was asked for',
    async (set) => {
      const rules = of(await templates.evaluate(set), 'Microsoft.EventHub/namespaces/authorizationRules');
      expect(rules.map(({ properties }) => properties?.['rights'])).toEqual([
        set === 'longest' ? ['Manage', 'Send', 'Listen'] : ['Send'],
      ]);
    },
  );

  test.each(EVERY)('%s: redundancy is that of the size, or the one that was asked for', async (set) => {
    const accounts = of(await templates.evaluate(set), 'Microsoft.Storage/storageAccounts');
    const skus = accounts.map(({ name, sku }) => [
      name.replace(/^st(\w+)\w{13}$/, '$1'),
      (sku as { name: string }).name,
    ]);
    const isProduction = ['production', 'builtInRoles', 'longest'].includes(set);
    const asked = { development: 'Standard_LRS', longest: 'Standard_GZRS' } as Readonly<Record<string, string>>;
    expect(Object.fromEntries(skus)).toEqual({
      ledger: asked[set] ?? (isProduction ? 'Standard_RAGZRS' : 'Standard_ZRS'),
      sealer: isProduction ? 'Standard_ZRS' : 'Standard_LRS',
      auditor: 'Standard_LRS',
    });
  });

  test.each(EVERY)(
    '%s: Defender watches the ledger where that was asked for, else as the subscription says, and never touches a blob',
    async (set) => {
      const defenders = of(await templates.evaluate(set), 'Microsoft.Security/defenderForStorageSettings');
      const watched = defenders.map(({ id }) => /storageAccounts\/(\w+)\w{13}\//.exec(id)?.[1]);
      expect(watched).toEqual(set === 'longest' ? ['stledger'] : []);
      for (const { properties } of defenders) {
        expect(properties).toEqual({
          isEnabled: true,
          overrideSubscriptionLevelSettings: true,
          malwareScanning: { onUpload: { isEnabled: false } },
          sensitiveDataDiscovery: { isEnabled: false },
        });
      }
    },
  );

  test('the ledger takes no copies from other tenants, and no SAS for longer than a day', async () => {
    for (const set of OFFERED) {
      const accounts = of(await templates.evaluate(set), 'Microsoft.Storage/storageAccounts');
      const ledger = accounts.find(({ name }) => name.startsWith('stledger'));
      expect(ledger?.properties).toMatchObject({
        allowedCopyScope: 'AAD',
        sasPolicy: { sasExpirationPeriod: '1.00:00:00', expirationAction: 'Block' },
      });
    }
  });

  test('the right of the ledger account on its key is given before the hub is made, and the account is made after', async () => {
    const { resources } = (await templates.build('main')) as {
      readonly resources: Readonly<Record<string, { readonly dependsOn?: readonly string[] }>>;
    };
    const before = (name: string): readonly string[] => resources[name]?.dependsOn ?? [];
    expect(before('encryptionRole')).toEqual(expect.arrayContaining(['identities', 'vault']));
    expect(before('hub')).toContain('encryptionRole');
    expect(before('ledger')).toEqual(expect.arrayContaining(['encryptionRole', 'hub']));
    for (const name of ['identities', 'vault', 'encryptionRole']) expect(before(name)).not.toContain('hub');
  });

  test('a locked policy is left alone, and nothing else changes by it', async () => {
    const [open, locked] = await Promise.all([templates.evaluate('small'), templates.evaluate('locked')]);
    const rest = open.resources.filter(({ type }) => !type.endsWith('/immutabilityPolicies'));
    expect(rest).toHaveLength(open.resources.length - 1);
    expect(locked.resources).toEqual(rest);
  });

  test('the longest values arrive whole', async () => {
    const deployment = await templates.evaluate('longest');
    expect(deployment.outputs['AZURE_RESOURCE_GROUP']).toBe(`rg-${'e'.repeat(64)}`);
    const settings = deployment.resources.find(({ name }) => /^func-sealer-\w+\/appsettings$/.test(name));
    expect(settings?.properties?.['LEDGER_ORIGIN']).toHaveLength(200);
  });
});
