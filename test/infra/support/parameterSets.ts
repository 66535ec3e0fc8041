/** Sets of parameters: what is in the azd environment when infra/main.bicepparam is read. */

type Environment = Readonly<Record<string, string>>;

const of = (size: string, more: Environment = {}): Environment => ({
  AZURE_ENV_NAME: 'logs',
  AZURE_LOCATION: 'westeurope',
  AUDITSEAL_SIZE: size,
  ...more,
});

/** Object ids of two groups. */
const operators = '00000000-0000-4000-8000-000000000003';
const otherOperators = 'ffffffff-ffff-4fff-bfff-ffffffffffff';

const ownNetwork = {
  AUDITSEAL_NETWORK: 'private',
  AUDITSEAL_APP_RANGES: '198.51.100.0/24',
  AUDITSEAL_OPERATOR_RANGES: '10.1.0.0/16,10.2.0.0/16',
  AUDITSEAL_WITNESS_RANGES: '192.0.2.0/24',
};
const elsewhere = '/subscriptions/00000000-0000-0000-0000-0000000000aa/resourceGroups';
const existingNetwork = `${elsewhere}/rg-net/providers/Microsoft.Network/virtualNetworks/vnet-spoke`;
const existingSubnets = {
  AUDITSEAL_NETWORK: 'private',
  AUDITSEAL_SEALER_SUBNET: `${existingNetwork}/subnets/snet-sealer`,
  AUDITSEAL_AUDITOR_SUBNET: `${existingNetwork}/subnets/snet-auditor`,
  AUDITSEAL_ENDPOINT_SUBNET: `${existingNetwork}/subnets/snet-endpoints`,
};

const longestRange = '255.255.255.255/32';

/** DEPLOYERS are as many object ids of deployers as the template takes. */
export const DEPLOYERS = Array.from({ length: 10 }, (_none, i) => `00000000-0000-0000-0000-00000000010${i}`);

/** RUNBOOK_URL is where a wiki has the runbook, as long as the template takes it, and its sections by a parameter of the address. */
export const RUNBOOK_URL = `https://wiki.example.com/${'r'.repeat(479)}?anchor=`;

/** OTHER_HUB is the hub of another environment. */
export const OTHER_HUB = `${elsewhere}/rg-north/providers/Microsoft.EventHub/namespaces/evhns-north/eventhubs/audit`;

/** SETS are evaluated by the tests. The first three are the ones that are offered, and have a snapshot each. */
export const SETS = {
  development: of('development'),
  small: of('small'),
  locked: of('small', { AUDITSEAL_POLICY_STATE: 'Locked' }),
  production: of('production', { AUDITSEAL_HAS_SIGNER_SECRET: 'true', AUDITSEAL_OPERATORS: operators }),
  builtInRoles: of('production', {
    AUDITSEAL_CUSTOM_ROLES: 'false',
    AUDITSEAL_HAS_SIGNER_SECRET: 'true',
    AUDITSEAL_OPERATORS: operators,
  }),
  private: of('small', {
    ...ownNetwork,
    AUDITSEAL_MAX_WAIT_SECONDS: '600',
    AUDITSEAL_NODE_VERSION: '22',
    AUDITSEAL_OPERATORS: operators,
    AUDITSEAL_DEPLOYERS: DEPLOYERS.join(','),
    AUDITSEAL_WATCH_SUBSCRIPTION: 'false',
  }),
  privateLinks: of('small', {
    ...ownNetwork,
    AUDITSEAL_EGRESS: 'none',
    AUDITSEAL_PRIVATE_MONITOR: 'true',
    AUDITSEAL_ARM_PRIVATE_LINK: `${elsewhere}/rg-arm/providers/Microsoft.Authorization/resourceManagementPrivateLinks/arm`,
  }),
  existing: of('small', existingSubnets),
  centralZones: of('small', { ...existingSubnets, AUDITSEAL_DNS_ZONES: `${elsewhere}/rg-dns` }),
  policyZones: of('small', { ...existingSubnets, AUDITSEAL_DNS_ZONES: 'policy' }),
  routed: of('small', {
    AUDITSEAL_ROUTE_BY_POLICY: 'audit',
    AUDITSEAL_REMEDIATED: 'one,two',
    AUDITSEAL_COVERAGE_SCOPES: 'managementGroups/corp,tenant',
    AUDITSEAL_COVERAGE_HUBS: OTHER_HUB,
    AUDITSEAL_COVERAGE_PROMISED: 'key',
    AUDITSEAL_OPERATORS: otherOperators,
  }),
  /** a second environment in the subscription and region of `routed` */
  second: of('small', {
    AZURE_ENV_NAME: 'others',
    AUDITSEAL_ROUTE_BY_POLICY: 'audit',
    AUDITSEAL_EXCLUDED_GROUPS: 'rg-logs,rg-more',
    AUDITSEAL_ROUTE_ACTIVITY_LOG: 'false',
    AUDITSEAL_ROUTE_GLOBAL: 'false',
    AUDITSEAL_WATCH_SUBSCRIPTION: 'false',
    AUDITSEAL_DEPLOYERS: DEPLOYERS.join(','),
    AUDITSEAL_COVERAGE: 'false',
  }),
  forwarded: of('small', {
    AUDITSEAL_FORWARD: 'Analytics',
    AUDITSEAL_FORWARD_WORKSPACE: `${elsewhere}/rg-sentinel/providers/Microsoft.OperationalInsights/workspaces/log-sentinel`,
    AUDITSEAL_FORWARD_LOCATION: 'northeurope',
    AUDITSEAL_FORWARD_FROM: 'beginning',
    AUDITSEAL_FORWARD_SCHEDULE: '0 */5 * * * *',
  }),
  longest: of('production', {
    AUDITSEAL_FORWARD: 'Auxiliary',
    AZURE_ENV_NAME: 'e'.repeat(64),
    AZURE_LOCATION: 'australiasoutheast',
    AUDITSEAL_ORIGIN: `${'o'.repeat(196)}.org`,
    AUDITSEAL_RETENTION_DAYS: '146000',
    AUDITSEAL_OPERATORS: otherOperators,
    AUDITSEAL_MAX_WAIT_SECONDS: '545',
    AUDITSEAL_INTEGRATE_SCHEDULE: '30 */5 * * * *',
    AUDITSEAL_REDUNDANCY: 'Standard_GZRS',
    AUDITSEAL_DEFENDER: 'true',
    AUDITSEAL_SENDER_RIGHTS: 'All',
    AUDITSEAL_CALLER_RANGES: `${longestRange},10.0.0.0/8`,
    AUDITSEAL_DEPLOYER_RANGES: longestRange,
    AUDITSEAL_RUNBOOK_URL: RUNBOOK_URL,
    AUDITSEAL_SOURCE_SILENT_HOURS: '8784',
    AUDITSEAL_SOURCES_EXPECTED: 'AuditLogs=6  Policy=0',
    AUDITSEAL_ALERT_EMAILS: 'a@example.com,b@example.com',
    AUDITSEAL_DEPLOYERS: DEPLOYERS.join(','),
  }),
} satisfies Readonly<Record<string, Environment>>;

export type SetName = keyof typeof SETS;

export const OFFERED = ['development', 'small', 'production'] as const satisfies readonly SetName[];
