import type { EstateResource } from '../ports/coverage.ts';

/** Source is something whose logs can be sent: a resource, or a part of one that has logs of its own. */
export interface Source {
  /** what is asked for its diagnostic settings */
  readonly id: string;
  /** of the part, in lower case */
  readonly type: string;
  readonly kind: string;
  readonly location: string;
  /** of a machine: 'windows', 'linux' or '' */
  readonly system: string;
  /** of the resource that it belongs to */
  readonly resource: string;
  readonly isKey: boolean;
  /** how its logs get away: by diagnostic settings, or from inside a machine */
  readonly way: 'settings' | 'machine';
  /** logs that it must send to be routed; left out where Azure is asked which there are */
  readonly required?: readonly string[];
}

/** regionName gives the name of a region in one word: 'West Europe' is 'westeurope'. */
export const regionName = (location: string): string => location.toLowerCase().replaceAll(' ', '');

/** The type of the activity logs of a subscription and of a management group, and of a tenant's logs of Entra ID, in a report. */
export const ACTIVITY_LOG = 'microsoft.resources/subscriptions';
export const GROUP_LOG = 'microsoft.management/managementgroups';
export const ENTRA = 'microsoft.aadiam/tenants';

/** Every category of an activity log. learn.microsoft.com/azure/azure-monitor/platform/activity-log-schema */
export const ACTIVITY_CATEGORIES = [
  'Administrative',
  'Security',
  'ServiceHealth',
  'Alert',
  'Recommendation',
  'Policy',
  'Autoscale',
  'ResourceHealth',
] as const;

/** Categories of a management group's own activity log: what is done to the group itself, and not to what is below it. */
export const GROUP_CATEGORIES = ['Administrative', 'Policy'] as const;

/** Categories of Entra ID that say who changed something and who signed in. Others take licences, or are reports of risks. */
export const ENTRA_CATEGORIES = [
  'AuditLogs',
  'SignInLogs',
  'NonInteractiveUserSignInLogs',
  'ServicePrincipalSignInLogs',
  'ManagedIdentitySignInLogs',
] as const;

/** Types whose logs say who did what to what matters most. */
const KEY_TYPES: ReadonlySet<string> = new Set([
  'microsoft.keyvault/vaults',
  'microsoft.keyvault/managedhsms',
  'microsoft.sql/servers',
  'microsoft.sql/managedinstances',
  'microsoft.storage/storageaccounts',
  'microsoft.containerservice/managedclusters',
  'microsoft.web/sites',
  'microsoft.web/sites/slots',
  'microsoft.compute/virtualmachines',
  'microsoft.hybridcompute/machines',
]);

/** Types whose logs come from inside, by an agent. Scale sets are mostly nodes of clusters, which nobody signs in to. */
const MACHINES: ReadonlySet<string> = new Set([
  'microsoft.compute/virtualmachines',
  'microsoft.compute/virtualmachinescalesets',
  'microsoft.hybridcompute/machines',
]);

/** A storage account has its logs at its services, and which it has depends on its kind. */
const STORAGE_SERVICES: Readonly<Record<string, readonly string[]>> = {
  blobstorage: ['blob'],
  blockblobstorage: ['blob'],
  filestorage: ['file'],
};
const ALL_SERVICES = ['blob', 'queue', 'table', 'file'];

/** Types of the pipeline's own that would log about sealing what they logged. */
const OWN_TYPES =
  /^microsoft\.(eventhub\/namespaces|storage\/storageaccounts|web\/(sites|serverfarms)|operationalinsights\/workspaces|insights\/components)(\/|$)/;

/** isPipelines tells whether a resource is one of the pipeline's that must not send its logs to it. */
export const isPipelines = ({ id, type }: EstateResource, pipelineGroups: readonly string[]): boolean =>
  OWN_TYPES.test(type) && pipelineGroups.some((group) => id.toLowerCase().startsWith(`${group}/`));

/** sourcesOf gives what of a resource has logs of its own: mostly the resource itself. */
export function sourcesOf(resource: EstateResource): Source[] {
  const { id, type, kind, location, system } = resource;
  const isKey = KEY_TYPES.has(type);
  const source = { id, type, kind, location, system, resource: id, isKey, way: 'settings' } as const;
  if (MACHINES.has(type)) return [{ ...source, way: 'machine' }];
  if (type === 'microsoft.storage/storageaccounts')
    return (STORAGE_SERVICES[kind.toLowerCase()] ?? ALL_SERVICES).map((service) => ({
      ...source,
      id: `${id}/${service}Services/default`,
      type: `${type}/${service}services`,
      isKey: service === 'blob',
    }));
  // The database master stands for its server, whose audit has every database in it.
  if (type === 'microsoft.sql/servers/databases') return [];
  if (type === 'microsoft.sql/servers')
    return [{ ...source, id: `${id}/databases/master`, required: ['SQLSecurityAuditEvents'] }];
  return [source];
}
