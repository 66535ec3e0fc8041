import { APPS } from './deployed.ts';
import type { App, Deployed } from './deployed.ts';
import { priceOf } from './priceList.ts';
import { DAYS, HOURS, assumed } from './usage.ts';
import type { Usage } from './usage.ts';

/** Line is one line of a month's bill. */
export interface Line {
  readonly component: Component;
  /** what the line is for */
  readonly what: string;
  /** name of a price in the list */
  readonly price: string;
  /** in the price's unit, without what is free */
  readonly quantity: number;
  /** for redundancy that the list has no price for, times the price */
  readonly factor: number;
  /** to the cent, so that what is shown adds up */
  readonly cost: number;
}

/** COMPONENTS are the parts of a bill, and the types of resources that they pay for. */
export const COMPONENTS = {
  'export of logs': ['Microsoft.Insights/diagnosticSettings'],
  'event hub': ['Microsoft.EventHub/namespaces', 'Microsoft.EventHub/namespaces/eventhubs'],
  'ledger, stored': ['Microsoft.Storage/storageAccounts'],
  'ledger, written and read': ['Microsoft.Storage/storageAccounts'],
  'ledger, moved to other tiers': ['Microsoft.Storage/storageAccounts'],
  'ledger, full rechecks': ['Microsoft.Storage/storageAccounts'],
  'storage of the hosts': ['Microsoft.Storage/storageAccounts'],
  'function apps': ['Microsoft.Web/serverfarms'],
  'key vault': ['Microsoft.KeyVault/vaults', 'Microsoft.KeyVault/vaults/keys'],
  'Log Analytics': ['Microsoft.OperationalInsights/workspaces'],
  alerts: ['Microsoft.Insights/scheduledQueryRules', 'Microsoft.Insights/metricAlerts'],
  'private network': [
    'Microsoft.Network/privateEndpoints',
    'Microsoft.Network/privateDnsZones',
    'Microsoft.Network/natGateways',
    'Microsoft.Network/publicIPAddresses',
  ],
} as const satisfies Readonly<Record<string, readonly string[]>>;

export type Component = keyof typeof COMPONENTS;

/**
 * FUNCTION_GROUPS are what of each app has instances of its own: every function, and all that answer HTTP together.
 * https://learn.microsoft.com/azure/azure-functions/event-driven-scaling#per-function-scaling
 */
export const FUNCTION_GROUPS = {
  sealer: ['ingest', 'watch', 'integrate', 'http'],
  auditor: ['verify', 'recheck', 'posture', 'http', 'forward'],
} as const satisfies Readonly<Record<App, readonly string[]>>;

/** copiesFactor is what an operation or a byte costs in the ledger account, times locally redundant storage. */
export function copiesFactor({ storage: { isGeo, isZoned } }: Deployed): number {
  return isGeo ? assumed('geoFactor') : isZoned ? assumed('zoneFactor') : 1;
}

/** priced gives what a quantity costs, by the name of its price in the list. */
export function priced(price: string, quantity: number, factor = 1): number {
  const { price: value, per } = priceOf(price);
  return (quantity * factor * value) / per;
}

/** billOf prices what a deployment does in a month. Lines of nothing are left out. */
export function billOf(deployed: Deployed, usage: Usage): Line[] {
  const { isGeo } = deployed.storage;
  const copies = copiesFactor(deployed);
  const zone = deployed.isHostStorageZoned ? assumed('zoneFactor') : 1;
  const line = (component: Component, what: string, price: string, quantity: number, factor = 1): Line => {
    const cents = Math.round(priced(price, quantity, factor) * 100);
    // One of nothing is left out, and one of nobody knows how much would be too.
    if (Number.isNaN(cents)) throw new Error(`it is not known how much of ${price} goes into ${component}, ${what}`);
    return { component, what, price, quantity, factor, cost: cents / 100 };
  };
  const { tiers } = usage;
  return [
    line('export of logs', 'bodies, as diagnostic settings send them', 'platformLogs', usage.rawGb),
    ...hubLines(line, deployed, usage),
    line('ledger, stored', 'segments of the first days', 'blobHotStored', tiers.hot.gb, copies),
    line('ledger, stored', 'segments in the cool tier', 'blobCoolStored', tiers.cool.gb, copies),
    line('ledger, stored', 'segments in the cold tier', 'blobColdStored', tiers.cold.gb, copies),
    line('ledger, stored', 'batches, checkpoints, tiles, reports', 'blobHotStored', usage.besideGb, copies),
    line('ledger, stored', 'copies to the other region', 'geoReplicated', isGeo ? usage.createdGb : 0),
    line('ledger, written and read', 'segments, batches, checkpoints, tiles', 'blobHotWrite', usage.writes, copies),
    line('ledger, written and read', '`integrate`, hourly `verify` and status', 'blobHotRead', usage.reads),
    line('ledger, written and read', '`integrate`, hourly `verify` and status', 'blobList', usage.lists, copies),
    line('ledger, moved to other tiers', 'each segment once', 'blobCoolWrite', usage.toCool, copies),
    line('ledger, moved to other tiers', 'each segment once', 'blobColdWrite', usage.toCold, copies),
    line('ledger, full rechecks', 'hot segments, and the log', 'blobHotRead', tiers.hot.fullReads + usage.fullLogReads),
    line('ledger, full rechecks', 'cool segments', 'blobCoolRead', tiers.cool.fullReads),
    line('ledger, full rechecks', 'cold segments', 'blobColdRead', tiers.cold.fullReads),
    line('ledger, full rechecks', 'cool segments', 'blobCoolRetrieved', tiers.cool.fullGb),
    line('ledger, full rechecks', 'cold segments', 'blobColdRetrieved', tiers.cold.fullGb),
    line('ledger, full rechecks', 'pages of names', 'blobList', usage.fullLists, copies),
    line('storage of the hosts', 'positions, claims, leases, timers', 'blobHotWrite', usage.hostWrites, zone),
    line('storage of the hosts', 'claims', 'blobList', usage.hostLists, zone),
    line('storage of the hosts', 'results of slices', 'blobHotWrite', usage.recheck.writes),
    line('storage of the hosts', 'results of slices', 'blobHotRead', usage.recheck.reads),
    line(
      'storage of the hosts',
      'messages of slices, and looks at the queue',
      'queueOperation',
      usage.recheck.queueOperations,
    ),
    ...functionLines(line, deployed, usage),
    line('key vault', 'signatures, own key of the ledger account', 'vaultOperations', usage.operations),
    line('key vault', 'keys in hardware', 'vaultHsmKey', deployed.hsmKeys),
    line('Log Analytics', 'taken in', 'logIngestion', Math.max(0, usage.logGb - assumed('freeLogGb'))),
    line('Log Analytics', 'kept', 'logRetention', keptLogGb(deployed, usage)),
    line('alerts', 'rules', 'alertRule5', deployed.rules.often),
    line('alerts', 'rules', 'alertRule15', deployed.rules.seldom),
    line('alerts', 'metrics of the hub', 'alertMetric', deployed.metricAlerts),
    line('private network', 'endpoints', 'privateEndpoint', deployed.endpoints * HOURS),
    line('private network', 'through them', 'privateEndpointData', deployed.endpoints === 0 ? 0 : usage.endpointGb),
    line('private network', 'names of the endpoints', 'dnsZone', deployed.zones),
    line('private network', 'way out', 'natGateway', deployed.natGateways * HOURS),
    line('private network', 'its address', 'publicAddress', deployed.natGateways * HOURS),
    line('private network', 'telemetry through it', 'natGatewayData', deployed.natGateways * usage.telemetryGb),
  ].filter(({ quantity }) => quantity > 0);
}

type MakeLine = (component: Component, what: string, price: string, quantity: number, factor?: number) => Line;

function hubLines(line: MakeLine, { hub }: Deployed, { events }: Usage): Line[] {
  if (hub.isPremium) return [line('event hub', 'processing units', 'hubProcessingUnit', hub.units * HOURS)];
  return [
    line('event hub', 'throughput units', 'hubThroughputUnit', hub.units * HOURS),
    line('event hub', 'events that come in', 'hubIngress', events),
  ];
}

function functionLines(line: MakeLine, deployed: Deployed, { runs, runTime }: Usage): Line[] {
  const { memoryGb, zoned, warmIngest } = deployed;
  if (warmIngest > 0 && !zoned.includes('sealer'))
    throw new Error('instances that always run are calculated for zone-redundant plans alone');
  const least = assumed('leastZoneInstances');
  const instances = zoned.reduce((sum, app) => sum + FUNCTION_GROUPS[app].length * least, 0);
  const ready = zoned.length === 0 ? 0 : instances + Math.max(0, warmIngest - least);
  const sum = (apps: readonly App[], of: Readonly<Record<App, number>>): number =>
    apps.reduce((all, app) => all + of[app], 0);
  const others = APPS.filter((app) => !zoned.includes(app));
  const free = { time: assumed('freeGbSeconds'), runs: assumed('freeRuns') };
  return [
    line('function apps', `${ready} instances that always run`, 'alwaysReady', ready * memoryGb * HOURS * 3600),
    line('function apps', 'time of those', 'alwaysReadyTime', sum(zoned, runTime) * memoryGb),
    line('function apps', 'runs of those', 'functionsRuns', sum(zoned, runs)),
    line('function apps', 'time', 'functionsTime', Math.max(0, sum(others, runTime) * memoryGb - free.time)),
    line('function apps', 'runs', 'functionsRuns', Math.max(0, sum(others, runs) - free.runs)),
  ];
}

/** keptLogGb gives the GB of logs that are kept for longer than is free, once the pipeline has run for so long. */
function keptLogGb({ logDays }: Deployed, { logGb }: Usage): number {
  return (logGb / DAYS) * Math.max(0, logDays - assumed('freeLogDays'));
}

/** totalOf adds up lines. */
export const totalOf = (lines: readonly Line[]): number => lines.reduce((sum, { cost }) => sum + cost, 0);
