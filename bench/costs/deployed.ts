import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadHostOptions } from '../../local/host/hostJson.ts';
import type { Settings } from '../../local/host/settings.ts';
import { parseTimeSpan } from '../../local/host/timeSpan.ts';
import { OFFERED } from '../../test/infra/support/parameterSets.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export const SIZES = OFFERED;
export type Size = (typeof OFFERED)[number];

/** Deployed is what of a deployment decides its price. */
export interface Deployed {
  readonly types: ReadonlySet<string>;
  readonly hub: { readonly isPremium: boolean; readonly units: number; readonly partitions: number };
  readonly storage: {
    readonly isGeo: boolean;
    readonly isZoned: boolean;
    readonly coolAfterDays: number;
    readonly coldAfterDays: number;
  };
  readonly isHostStorageZoned: boolean;
  readonly memoryGb: number;
  /** apps whose instances are spread over zones, and so always run */
  readonly zoned: readonly App[];
  /** instances of ingest that always run, where zones don't ask for more */
  readonly warmIngest: number;
  readonly hsmKeys: number;
  readonly hasOwnKey: boolean;
  readonly logDays: number;
  /** the ledger account's log of reads goes to Log Analytics */
  readonly logsReads: boolean;
  /** log search rules that run every 5 minutes, and less often */
  readonly rules: { readonly often: number; readonly seldom: number };
  readonly metricAlerts: number;
  readonly endpoints: number;
  readonly zones: number;
  /** each with one address */
  readonly natGateways: number;
  /** when ingest gets a delivery: once so many events are there, or after so long */
  readonly delivery: { readonly leastEvents: number; readonly waitSeconds: number };
  readonly watchRunsADay: number;
  readonly integrateRunsADay: number;
  readonly verifyRunsADay: number;
  readonly postureRunsADay: number;
  readonly verifyFullHours: number;
  /** over how many days the slices of a full recheck are spread */
  readonly recheckDays: number;
  /** hours after which the host ends a recheck */
  readonly verifyHours: number;
  readonly heartbeatMinutes: number;
}

export const APPS = ['sealer', 'auditor'] as const;
export type App = (typeof APPS)[number];

const TIMEOUT = 'AzureFunctionsJobHost__functionTimeout';

interface Resource {
  readonly type: string;
  readonly name: string;
  readonly sku?: { readonly name: string; readonly capacity?: number };
  readonly properties?: unknown;
}

/** readDeployed reads what a size deploys from its committed snapshot, which a test holds equal to the templates. */
export function readDeployed(size: Size): Deployed {
  const snapshot = readFileSync(join(ROOT, `test/infra/snapshots/${size}.json`), 'utf8');
  const { predictedResources: resources } = JSON.parse(snapshot) as {
    readonly predictedResources: readonly Resource[];
  };
  const all = (type: string): Resource[] => resources.filter((one) => one.type === `Microsoft.${type}`);
  const one = (type: string, name = ''): Resource => {
    const found = all(type).find((each) => each.name.startsWith(name));
    if (found === undefined) throw new Error(`${size} deploys no ${type} ${name}`);
    return found;
  };
  const read = (resource: Resource, ...path: readonly string[]): unknown =>
    path.reduce<unknown>((value, member) => (value as Record<string, unknown>)[member], resource.properties);
  const text = (resource: Resource, ...path: readonly string[]): string => String(read(resource, ...path));
  const count = (resource: Resource, ...path: readonly string[]): number => {
    const value = Number(read(resource, ...path));
    if (!Number.isFinite(value)) throw new Error(`${resource.name} has no number ${path.join('.')}`);
    return value;
  };
  const namespace = one('EventHub/namespaces');
  const rule = (after: string): number =>
    count(
      one('Storage/storageAccounts/managementPolicies'),
      'policy',
      'rules',
      '0',
      'definition',
      'actions',
      'baseBlob',
      after,
      'daysAfterModificationGreaterThan',
    );
  const scale = ['functionAppConfig', 'scaleAndConcurrency'];
  const [sealer, auditor] = [one('Web/sites/config', 'func-sealer'), one('Web/sites/config', 'func-auditor')];
  const setting = (name: string): string => text(sealer, name);
  const { minEventBatchSize, maxWaitTimeMs } = loadHostOptions(ROOT, sealer.properties as Settings).eventHubs;
  // A rule that is switched off is taken to cost nothing; no page was found that says so.
  const frequencies = all('Insights/scheduledQueryRules')
    .filter((each) => read(each, 'enabled') === true)
    .map((each) => text(each, 'evaluationFrequency'));
  const often = frequencies.filter((frequency) => frequency === 'PT5M').length;
  if (!frequencies.every((frequency) => ['PT5M', 'PT15M', 'PT1H', 'P1D'].includes(frequency)))
    throw new Error('there is no price for a rule that runs so often');
  const warm = read(one('Web/sites', 'func-sealer'), ...scale, 'alwaysReady') as readonly {
    readonly instanceCount: number;
  }[];
  const kinds = all('KeyVault/vaults/keys').map((key) => text(key, 'kty'));
  return {
    types: new Set(resources.map(({ type }) => type)),
    hub: {
      isPremium: namespace.sku?.name === 'Premium',
      units: namespace.sku?.capacity ?? 1,
      partitions: count(one('EventHub/namespaces/eventhubs'), 'partitionCount'),
    },
    storage: {
      isGeo: one('Storage/storageAccounts', 'stledger').sku?.name === 'Standard_RAGZRS',
      isZoned: one('Storage/storageAccounts', 'stledger').sku?.name === 'Standard_ZRS',
      coolAfterDays: rule('tierToCool'),
      coldAfterDays: rule('tierToCold'),
    },
    isHostStorageZoned: one('Storage/storageAccounts', 'stsealer').sku?.name === 'Standard_ZRS',
    memoryGb: count(one('Web/sites', 'func-sealer'), ...scale, 'instanceMemoryMB') / 1024,
    zoned: APPS.filter((app) => read(one('Web/serverfarms', `plan-${app}`), 'zoneRedundant') === true),
    warmIngest: warm.reduce((sum, { instanceCount }) => sum + instanceCount, 0),
    hsmKeys: kinds.filter((kind) => kind.endsWith('-HSM')).length,
    hasOwnKey: kinds.length > 1,
    logsReads: logsReads(resources),
    logDays: count(one('OperationalInsights/workspaces'), 'retentionInDays'),
    rules: { often, seldom: frequencies.length - often },
    metricAlerts: all('Insights/metricAlerts').length,
    endpoints: all('Network/privateEndpoints').length,
    zones: all('Network/privateDnsZones').length,
    natGateways: all('Network/natGateways').length,
    delivery: { leastEvents: minEventBatchSize, waitSeconds: maxWaitTimeMs / 1000 },
    watchRunsADay: runsADay(setting('WATCH_SCHEDULE')),
    integrateRunsADay: runsADay(setting('INTEGRATE_SCHEDULE')),
    verifyRunsADay: runsADay(setting('VERIFY_SCHEDULE')),
    postureRunsADay: runsADay(setting('POSTURE_SCHEDULE')),
    verifyFullHours: Number(setting('VERIFY_FULL_HOURS')),
    recheckDays: Number(text(auditor, 'RECHECK_DAYS')),
    verifyHours: (parseTimeSpan(text(auditor, TIMEOUT)) ?? NaN) / 3_600_000,
    heartbeatMinutes: Number(setting('HEARTBEAT_MINUTES')),
  };
}

/** runsADay counts how often a schedule of six fields comes due, if it is the same every day. */
export function runsADay(schedule: string): number {
  const [seconds = '', minutes = '', hours = '', ...days] = schedule.split(' ');
  const count = (field: string, of: number): number => {
    if (field === '*') return of;
    const [, step] = /^\*\/(\d+)$/.exec(field) ?? [];
    if (step !== undefined) return Math.ceil(of / Number(step));
    return /^\d+$/.test(field) ? 1 : NaN;
  };
  const runs = count(seconds, 60) * count(minutes, 60) * count(hours, 24);
  if (days.join(' ') !== '* * *' || Number.isNaN(runs)) throw new Error(`how often ${schedule} is was not understood`);
  return runs;
}

interface Diagnostics {
  readonly workspaceId?: string;
  readonly logs?: readonly { readonly category?: string; readonly enabled: boolean }[];
}

/** logsReads tells whether any diagnostic setting has reads of storage logged. */
const logsReads = (resources: readonly Resource[]): boolean =>
  resources
    .filter(({ type }) => type === 'Microsoft.Insights/diagnosticSettings')
    .flatMap(({ properties }) => (properties as Diagnostics).logs ?? [])
    .some(({ category, enabled }) => category === 'StorageRead' && enabled);
