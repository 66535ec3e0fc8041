import type { ArmResources } from '../../local/arm/resources.ts';

/** What each resource of a made-up estate is, and whether it has to be named; written without the code that judges it. */
export interface MadeUpEstate {
  readonly subscriptions: readonly string[];
  readonly hub: string;
  readonly resources: number;
  /** what doesn't send all that it must, and whether it sends some of it */
  readonly unrouted: ReadonlyMap<string, 'partly' | 'notRouted'>;
}

const HUB_GROUP = '/subscriptions/aaaaaaaa-0000-0000-0000-000000000000/resourceGroups/rg-logs/providers';
export const NAMESPACE = `${HUB_GROUP}/Microsoft.EventHub/namespaces/evhns-logs`;
export const HUB = `${NAMESPACE}/eventhubs/audit`;
export const RULE = `${NAMESPACE}/authorizationRules/diagnostic-settings`;
const OTHER_RULE = RULE.replace('evhns-logs', 'evhns-else');

export const ACTIVITY = [
  'Administrative',
  'Security',
  'ServiceHealth',
  'Alert',
  'Recommendation',
  'Policy',
  'Autoscale',
  'ResourceHealth',
];

type Logs = readonly { readonly category?: string; readonly categoryGroup?: string; readonly enabled: boolean }[];

/** settingAt puts a diagnostic setting on a resource. */
export function settingAt(
  resources: ArmResources,
  id: string,
  logs: Logs,
  { name = 'auditseal', rule = RULE, hub = 'audit' }: { name?: string; rule?: string; hub?: string } = {},
): void {
  resources.put(`${id}/providers/Microsoft.Insights/diagnosticSettings/${name}`, {
    properties: { eventHubAuthorizationRuleId: rule, eventHubName: hub, logs },
  });
}

/** categoriesAt has Azure say which logs resources whose path fits have. */
export function categoriesAt(
  resources: ArmResources,
  path: RegExp,
  categories: Readonly<Record<string, string[]>>,
): void {
  const value = Object.entries(categories).map(([name, categoryGroups]) => ({
    name,
    properties: { categoryType: 'Logs', categoryGroups },
  }));
  const metrics = { name: 'AllMetrics', properties: { categoryType: 'Metrics', categoryGroups: [] } };
  resources.stage({
    path: new RegExp(`${path.source}.*/diagnosticSettingsCategories$`, 'i'),
    status: 200,
    body: { value: [...value, metrics] },
  });
}

/** noLogsAt has Azure refuse diagnostic settings to resources whose path fits, without the envelope, as it does. */
export const noLogsAt = (resources: ArmResources, path: RegExp): void =>
  resources.stage({
    path: new RegExp(`${path.source}.*/diagnosticSettings(Categories)?$`, 'i'),
    status: 400,
    body: { code: 'ResourceTypeNotSupported', message: 'The resource type does not support diagnostic settings.' },
  });

/** subscriptionAt puts a subscription of which everything may be read, with its activity log sent. */
export function subscriptionAt(resources: ArmResources, id: string, isSent = true): void {
  resources.put(`/subscriptions/${id}`, { properties: { state: 'Enabled' } });
  resources.stage({
    path: new RegExp(`^/subscriptions/${id}/providers/Microsoft.Authorization/permissions$`, 'i'),
    status: 200,
    body: { value: [{ actions: ['*/read'], notActions: [] }] },
  });
  if (isSent)
    settingAt(
      resources,
      `/subscriptions/${id}`,
      ACTIVITY.map((category) => ({ category, enabled: true })),
    );
}

/** hubAt puts the hub, its namespace and the rule that settings send with. */
export function hubAt(resources: ArmResources, { takesKeys = true, rights = ['Send'], status = 'Active' } = {}): void {
  resources.put(NAMESPACE, { location: 'West Europe', properties: { disableLocalAuth: !takesKeys } });
  resources.put(HUB, { properties: { status } });
  resources.put(RULE, { properties: { rights } });
}

const AUDIT = { AuditEvent: ['audit', 'allLogs'], Evaluation: ['allLogs'] };

/** What becomes of each resource in turn; every fifth sends to another hub, and so on. */
const WAYS = ['group', 'category', 'all', 'none', 'other', 'metrics', 'off', 'unnamed'] as const;
type Way = (typeof WAYS)[number];

const SENT: Readonly<Record<Way, Logs>> = {
  group: [{ categoryGroup: 'audit', enabled: true }],
  category: [{ category: 'AuditEvent', enabled: true }],
  all: [{ categoryGroup: 'allLogs', enabled: true }],
  none: [],
  other: [{ categoryGroup: 'allLogs', enabled: true }],
  metrics: [],
  off: [{ categoryGroup: 'audit', enabled: false }],
  unnamed: [{ categoryGroup: 'audit', enabled: true }],
};
const ARRIVES: readonly Way[] = ['group', 'category', 'all'];

/**
 * makeEstate puts an estate of so many resources into three subscriptions: vaults, clusters, apps, servers, accounts, machines,
 * types that nobody knows, and twice as many that have no logs.
 */
export function makeEstate(resources: ArmResources, count: number): MadeUpEstate {
  const subscriptions = ['a', 'b', 'c'].map((letter) => `${letter.repeat(8)}-0000-0000-0000-000000000000`);
  const unrouted = new Map<string, 'partly' | 'notRouted'>();
  hubAt(resources);
  for (const [at, id] of subscriptions.entries()) subscriptionAt(resources, id, at < 2);
  unrouted.set(`/subscriptions/${subscriptions[2]}`, 'notRouted');
  categoriesAt(resources, /\/(vaults|managedClusters|strange)\//, AUDIT);
  categoriesAt(resources, /\/sites\//, { AppServiceHTTPLogs: ['allLogs'], AppServiceConsoleLogs: ['allLogs'] });
  categoriesAt(resources, /\/storageAccounts\//, {
    StorageRead: ['audit'],
    StorageWrite: ['audit'],
    StorageDelete: ['audit'],
  });
  noLogsAt(resources, /\/(networkInterfaces|disks)\//);
  makeCollection(resources, subscriptions[0] ?? '');
  for (let n = 0; n < count; n++) {
    const subscription = subscriptions[n % 3] ?? '';
    const group = `/subscriptions/${subscription}/resourceGroups/rg-${n % 40}/providers`;
    const way = WAYS[n % WAYS.length] as Way;
    const put = (type: string, kind = '', properties = {}): string =>
      resources.put(`${group}/${type}/n${n}`, { location: 'westeurope', ...(kind !== '' && { kind }), properties }).id;
    const send = (id: string, logs: Logs): void => {
      const rule = way === 'other' ? OTHER_RULE : RULE;
      if (logs.length > 0) settingAt(resources, id, logs, { rule, hub: way === 'unnamed' ? 'another' : 'audit' });
    };
    const judge = (id: string): void => {
      if (!ARRIVES.includes(way)) unrouted.set(id, 'notRouted');
    };
    switch (n % 10) {
      case 0:
      case 1: {
        const types = [
          'Microsoft.KeyVault/vaults',
          'Microsoft.ContainerService/managedClusters',
          'Contoso.Odd/strange',
        ];
        const id = put(types[Math.floor(n / 10) % 3] ?? '');
        send(id, SENT[way]);
        judge(id);
        break;
      }
      case 2: {
        const id = put('Microsoft.Web/sites', 'functionapp,linux');
        // Without an audit group, all of its logs are wanted: one category is not enough.
        const logs = way === 'category' ? [{ category: 'AppServiceHTTPLogs', enabled: true }] : SENT[way];
        send(id, logs);
        if (way === 'category') unrouted.set(id, 'partly');
        else if (way !== 'all') unrouted.set(id, 'notRouted');
        break;
      }
      case 3: {
        const id = put('Microsoft.Sql/servers');
        const master = `${id}/databases/master`;
        resources.put(`${id}/extendedAuditingSettings/default`, {
          properties: {
            state: n % 20 === 3 ? 'Enabled' : 'Disabled',
            isAzureMonitorTargetEnabled: true,
            auditActionsAndGroups: ['BATCH_COMPLETED_GROUP'],
          },
        });
        resources.put(`${group}/Microsoft.Sql/servers/n${n}/databases/data`, { location: 'westeurope' });
        const logs = way === 'category' ? [{ category: 'SQLSecurityAuditEvents', enabled: true }] : SENT[way];
        send(master, logs);
        if (!ARRIVES.includes(way) || n % 20 !== 3) unrouted.set(master, 'notRouted');
        break;
      }
      case 4: {
        const id = put('Microsoft.Storage/storageAccounts', n % 20 === 4 ? 'StorageV2' : 'BlockBlobStorage');
        for (const service of n % 20 === 4 ? ['blob', 'queue', 'table', 'file'] : ['blob']) {
          const at = `${id}/${service}Services/default`;
          const logs = way === 'category' ? [{ category: 'StorageWrite', enabled: true }] : SENT[way];
          send(at, logs);
          if (way === 'category') unrouted.set(at, 'partly');
          else judge(at);
        }
        break;
      }
      case 5: {
        const id = put('Microsoft.Compute/virtualMachines', '', {
          storageProfile: { osDisk: { osType: n % 4 === 1 ? 'Windows' : 'Linux' } },
        });
        const rule = n % 20 === 5 ? 'good' : 'bad';
        if (n % 3 === 0)
          resources.put(`${id}/providers/Microsoft.Insights/dataCollectionRuleAssociations/a`, {
            properties: { dataCollectionRuleId: ruleAt(subscriptions[0] ?? '', rule) },
          });
        if (n % 3 !== 0 || rule === 'bad') unrouted.set(id, 'notRouted');
        break;
      }
      case 6: {
        // A platform telemetry rule in the place of a diagnostic setting.
        const id = put('Contoso.Odd/strange');
        if (n % 20 === 6)
          resources.put(`${id}/providers/Microsoft.Insights/dataCollectionRuleAssociations/p`, {
            properties: { dataCollectionRuleId: ruleAt(subscriptions[0] ?? '', 'platform') },
          });
        else unrouted.set(id, 'notRouted');
        break;
      }
      default:
        put(n % 2 === 0 ? 'Microsoft.Network/networkInterfaces' : 'Microsoft.Compute/disks');
    }
  }
  return { subscriptions, hub: HUB, resources: count, unrouted };
}

const ruleAt = (subscription: string, name: string): string =>
  `/subscriptions/${subscription}/resourceGroups/rg-rules/providers/Microsoft.Insights/dataCollectionRules/${name}`;

function makeCollection(resources: ArmResources, subscription: string): void {
  noLogsAt(resources, /\/dataCollectionRules\//);
  noLogsAt(resources, /\/workspaces\//);
  for (const [name, workspace] of [
    ['good', 'ws-good'],
    ['bad', 'ws-bad'],
  ] as const) {
    const id = `/subscriptions/${subscription}/resourceGroups/rg-rules/providers/Microsoft.OperationalInsights/workspaces/${workspace}`;
    resources.put(id, { location: 'westeurope' });
    resources.put(ruleAt(subscription, name), {
      location: 'westeurope',
      kind: 'Linux',
      properties: {
        dataSources: {
          windowsEventLogs: [{ name: 'e', streams: ['Microsoft-Event'], xPathQueries: ['Security!*'] }],
          syslog: [{ name: 's', streams: ['Microsoft-Syslog'], facilityNames: ['auth', 'authpriv'], logLevels: ['*'] }],
        },
        destinations: { logAnalytics: [{ name: 'w', workspaceResourceId: id }] },
        dataFlows: [{ streams: ['Microsoft-Event', 'Microsoft-Syslog'], destinations: ['w'] }],
      },
    });
    resources.put(`${id}/dataExports/hub`, {
      properties: {
        destination: { resourceId: NAMESPACE, metaData: { eventHubName: 'audit' } },
        enable: name === 'good',
        tableNames: ['Event', 'Syslog'],
      },
    });
  }
  resources.put(ruleAt(subscription, 'platform'), {
    location: 'westeurope',
    kind: 'PlatformTelemetry',
    properties: {
      dataSources: { platformTelemetry: [{ name: 'l', streams: ['Contoso.Odd/strange:Logs-Group-All'] }] },
      destinations: { eventHubs: [{ name: 'h', eventHubResourceId: HUB }] },
      dataFlows: [{ streams: ['Contoso.Odd/strange:Logs-Group-All'], destinations: ['h'] }],
    },
  });
}
