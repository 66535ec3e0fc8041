import { LEARN } from '../../fields/rule.ts';
import { apiActivity } from '../activities.ts';
import type { Mapped, Mapping } from '../mapping.ts';
import { actorOf, endpointOf, given, requestOf, resourcesOf, responseOf, urlOf, userOf } from '../parts.ts';
import type { RecordView } from '../record.ts';

const BY_OPERATION = 'by the end of the operation: read, get or list; create; update or patch; delete; else other';

interface Call {
  readonly operation: string | undefined;
  readonly service: string | undefined;
  readonly code?: string | undefined;
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly agent?: string | undefined;
  readonly address?: string | undefined;
}

/** call makes an API call: OCSF asks for who called, from where, and what. */
function call(record: RecordView, { operation, service, code, method, url, agent, address }: Call): Mapped | undefined {
  const { actor, ip, resource, target } = record.values;
  const [who, from] = [actorOf(userOf(actor)), endpointOf(address ?? ip)];
  if (operation === undefined || who === undefined || from === undefined) return undefined;
  return {
    activity: apiActivity(method === undefined ? operation : method.toLowerCase()),
    attributes: {
      actor: who,
      api: given({ operation, service: service === undefined ? undefined : { name: service } }),
      src_endpoint: from,
      ...given({
        resources: resourcesOf(resource, target),
        http_request: requestOf(method, urlOf(url), agent),
        http_response: responseOf(code),
      }),
    },
  };
}

/** CONTROL_MAPPINGS is about what was asked of Azure, of Kubernetes and of vaults. */
export const CONTROL_MAPPINGS: readonly Mapping[] = [
  {
    origin: 'activity log',
    source: `${LEARN}/azure-monitor/platform/activity-log-schema`,
    product: { name: 'Azure Activity Log', vendor_name: 'Microsoft' },
    categories: ['administrative', 'policy', 'autoscale'],
    to: 'api',
    activities: BY_OPERATION,
    map: (record) =>
      call(record, {
        operation: record.values.operation,
        service: /^[^/]+/.exec(record.values.operation ?? '')?.[0],
      }),
  },
  {
    origin: 'Key Vault',
    source: `${LEARN}/key-vault/general/logging`,
    product: { name: 'Azure Key Vault', vendor_name: 'Microsoft' },
    categories: ['auditevent'],
    to: 'api',
    activities: BY_OPERATION,
    map: (record) =>
      call(record, {
        operation: record.values.operation,
        service: 'Key Vault',
        code: record.text('properties.httpStatusCode'),
        url: record.text('properties.requestUri'),
        agent: record.text('properties.clientInfo'),
      }),
  },
  {
    origin: 'Microsoft Graph activity',
    source: `${LEARN}/azure-monitor/reference/tables/microsoftgraphactivitylogs`,
    product: { name: 'Microsoft Graph', vendor_name: 'Microsoft' },
    categories: ['microsoftgraphactivitylogs'],
    to: 'api',
    activities: 'by the method: GET or HEAD is read, PATCH update, DELETE delete; else other',
    map: (record) =>
      call(record, {
        operation: record.text('properties.requestMethod'),
        service: 'Microsoft Graph',
        code: record.text('properties.responseStatusCode'),
        method: record.text('properties.requestMethod'),
        url: record.text('properties.requestUri'),
        agent: record.text('properties.userAgent'),
      }),
  },
  {
    origin: 'Kubernetes audit',
    source: 'kubernetes.io/docs/reference/config-api/apiserver-audit.v1',
    product: { name: 'Azure Kubernetes Service', vendor_name: 'Microsoft' },
    categories: ['kube-audit', 'kube-audit-admin'],
    to: 'api',
    activities: 'by the verb: get, list or watch; create; update or patch; delete or deletecollection; else other',
    map: (record) =>
      call(record, {
        operation: record.text('properties.log.verb'),
        service: 'Kubernetes',
        code: record.text('properties.log.responseStatus.code'),
        url: record.text('properties.log.requestURI'),
        agent: record.text('properties.log.userAgent'),
        address: record.text('properties.log.sourceIPs'),
      }),
  },
  {
    origin: 'Databricks',
    source: `${LEARN}/databricks/admin/account-settings/audit-logs`,
    product: { name: 'Azure Databricks', vendor_name: 'Microsoft' },
    operations: ['microsoft.databricks/'],
    to: 'api',
    activities: BY_OPERATION,
    map: (record) =>
      call(record, {
        operation: record.text('properties.actionName'),
        service: record.text('properties.serviceName'),
        agent: record.text('properties.userAgent'),
      }),
  },
];
