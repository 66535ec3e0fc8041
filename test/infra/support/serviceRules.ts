/**
 * What Azure's services accept, where no compiler says so. Each rule has its source; test/infra/serviceRules.test.ts holds
 * the evaluated templates against them. `DOCS` stands for https://learn.microsoft.com/azure.
 */

const MINUTES: Readonly<Record<string, number>> = { M: 1, H: 60, D: 1440 };

/** minutesOf gives the minutes of an ISO 8601 duration of one unit, as alert rules take it: PT5M, PT6H, P1D. */
export function minutesOf(duration: string): number {
  const [, digits, unit = ''] = /^P(?:(?=\d+D$)|T(?=\d+[MH]$))(\d+)([MHD])$/.exec(duration) ?? [];
  const factor = MINUTES[unit];
  if (factor === undefined) throw new Error(`${duration} is no duration of one unit`);
  return Number(digits) * factor;
}

/**
 * Minutes that the window of a log search alert may have: the service's own refusal names them, Azure/azure-rest-api-specs
 * issue 21258. One minute is for rules that are evaluated each minute.
 */
export const LOG_ALERT_WINDOWS: readonly number[] = [5, 10, 15, 30, 45, 60, 120, 180, 240, 300, 360, 1440, 2880];

/**
 * Minutes between two evaluations of a log search alert: hashicorp/terraform-provider-azurerm,
 * website/docs/r/monitor_scheduled_query_rules_alert_v2.html.markdown, which also says that they may be no more than the
 * window. At one minute the query may hold no `union`, `search` or `take`: MicrosoftDocs/azure-monitor-docs,
 * articles/azure-monitor/alerts/alerts-create-log-alert-rule.md.
 */
export const LOG_ALERT_FREQUENCIES: readonly number[] = [1, 5, 10, 15, 30, 45, 60, 120, 180, 240, 300, 360, 1440];

/** What the query of a log search alert may not hold (the same page), and the bytes that all of a rule's properties may have. */
export const LOG_ALERT_REFUSES = /\b(bag_unpack|pivot|narrow|AggregatedValue)\b/;
export const LOG_ALERT_BYTES = 64 * 1024;

/**
 * Minutes that window and frequency of a metric alert may have; the window is the longer one:
 * hashicorp/terraform-provider-azurerm, website/docs/r/monitor_metric_alert.html.markdown.
 */
export const METRIC_ALERT_WINDOWS: readonly number[] = [1, 5, 15, 30, 60, 360, 720, 1440];
export const METRIC_ALERT_FREQUENCIES: readonly number[] = [1, 5, 15, 30, 60];

/**
 * What a condition of an activity-log alert may compare: equal values, or one of several, and nothing else; no condition
 * leaves anything out. Azure/azure-rest-api-specs,
 * specification/monitor/resource-manager/Microsoft.Insights/stable/2020-10-01/activityLogAlerts_API.json, and
 * DOCS/templates/microsoft.insights/activitylogalerts.
 */
export const ACTIVITY_LOG_FIELD =
  /^(resourceId|category|caller|level|operationName|resourceGroup|resourceProvider|status|subStatus|resourceType|properties\..+)$/i;
export const ACTIVITY_LOG_COMPARISONS: readonly string[] = ['equals', 'containsAny'];

/**
 * What an assignment of a policy at a subscription may be called; at a management group it would be 24 characters:
 * DOCS/azure-resource-manager/management/resource-name-rules#microsoftauthorization.
 */
export const POLICY_ASSIGNMENT_NAME = /^[^#<>%&:?\\/]{0,63}[^#<>%&:?\\/ .]$/;

/** How many diagnostic settings a resource, a subscription or a tenant may have: DOCS/azure-monitor/platform/diagnostic-settings. */
export const DIAGNOSTIC_SETTINGS = 5;

/**
 * Metrics of an Event Hubs namespace that an alert may watch, each with whether a diagnostic setting exports it to
 * AzureMetrics ("DS Export"): MicrosoftDocs/azure-reference-other,
 * azure-monitor-ref/supported-metrics/includes/microsoft-eventhub-namespaces-metrics-include.md. All are sums of each minute.
 */
export const HUB_METRICS: Readonly<Record<string, { readonly isExported: boolean }>> = {
  CaptureBacklog: { isExported: false },
  IncomingBytes: { isExported: true },
  IncomingMessages: { isExported: true },
  IncomingRequests: { isExported: true },
  OutgoingBytes: { isExported: true },
  OutgoingMessages: { isExported: true },
  QuotaExceededErrors: { isExported: false },
  ServerErrors: { isExported: false },
  SuccessfulRequests: { isExported: false },
  ThrottledRequests: { isExported: false },
  UserErrors: { isExported: false },
};

/**
 * FLEX_NODE_VERSIONS are the versions of Node that a plan of Flex Consumption takes. 24 is generally available there:
 * https://github.com/Azure/azure-functions-core-tools/pull/4867 (April 2026, the stacks with SKU FC1). Its end of life took
 * 20 out: https://learn.microsoft.com/azure/azure-functions/functions-versions.
 */
export const FLEX_NODE_VERSIONS: readonly string[] = ['22', '24'];

/**
 * Where a rule may send the event logs and the syslog of a machine: "only … to a Log Analytics workspace", says
 * MicrosoftDocs/azure-monitor-docs, articles/azure-monitor/vm/data-collection-windows-events.md. Rules that sent straight to
 * hubs and storage (kind AgentDirectToStore) were retired on 31 July 2026.
 */
export const MACHINE_LOG_DESTINATIONS: readonly string[] = ['logAnalytics'];

/**
 * What azd takes in azure.yaml. All of it was read in Azure/azure-dev at ae35809, which is azd 1.31.2: alpha features in
 * cli/azd/resources/alpha_features.yaml (all are off until `azd config set alpha.NAME on`), where they are asked for in
 * cli/azd/cmd/container.go and cli/azd/pkg, members of requiredVersions in schemas/v1.0/azure.yaml.json, and versions in
 * cli/azd/CHANGELOG.md, by the pull request.
 */
export const AZD = {
  /** the version that was read */
  read: '1.31.2',
  /** languages of a service for which azd itself has a packager, and asks for no alpha feature */
  languages: ['dotnet', 'csharp', 'fsharp', 'js', 'ts', 'py', 'python', 'java', 'go', 'golang', 'docker'],
  requiredVersions: ['azd', 'extensions'],
  /** what asks for an alpha feature, as the path of a member; a star is any name */
  alpha: {
    'services.*.language=custom': 'language.custom',
    'services.*.k8s.helm': 'aks.helm',
    'services.*.k8s.kustomize': 'aks.kustomize',
    'infra.deploymentStacks': 'deployment.stacks',
  },
  /** the first version that knows a member, or does what we rely on */
  since: {
    'services.*.remoteBuild': '1.23.5', // pull request 6748
    'hooks.preprovision': '1.25.3', // before, `azd up` swallowed what hooks print: pull request 8263
    'pipeline.provider': '1.26.0', // before, federated credentials didn't fit changed subjects of tokens: pull request 8681
  },
} as const;

/**
 * isNamedByPrincipal tells whether a role assignment gets another name for another principal, as far as an unevaluated name
 * shows it. Azure refuses another principal under the same name (RoleAssignmentUpdateNotPermitted), and an identity that is
 * deleted and made again has another one: MicrosoftDocs/azure-docs, articles/role-based-access-control/troubleshooting.md.
 */
export const isNamedByPrincipal = (name: string, principalId: string): boolean =>
  name.startsWith('[guid(') && name.includes(`, ${principalId.slice(1, -1)}, `);

/**
 * Fewest instances of a function that always run, if any do, in a zone-redundant Flex Consumption plan: the platform makes
 * them two and bills two where less are configured, and takes no change to less. Premium plans have the same minimum:
 * MicrosoftDocs/azure-docs, articles/reliability/reliability-functions.md.
 */
export const LEAST_ZONED_INSTANCES = 2;

/**
 * What the trigger of Event Hubs takes in `host.json`, and in settings over it: Azure/azure-sdk-for-net,
 * sdk/eventhub/Microsoft.Azure.WebJobs.Extensions.EventHubs/src/Config/EventHubOptions.cs. It waits at all only for more
 * than one event, and not for more than the largest delivery (EventHubWebJobsBuilderExtensions.cs beside it).
 */
export const TRIGGER_LONGEST_WAIT = '00:10:00';
export const TRIGGER_LEAST_EVENTS = 2;

/**
 * Subnets that apps on a Flex Consumption plan go out through: MicrosoftDocs/azure-docs,
 * articles/azure-functions/functions-networking-options.md, of 2026-03-03 ("Considerations for the Flex Consumption plan",
 * "Subnets"). A /27 is recommended for one app, whatever its instances: they share at most 27 gateways. No private endpoints.
 */
export const FLEX_SUBNET = {
  delegation: 'Microsoft.App/environments',
  name: /^[^_]+$/,
  longestPrefix: 27,
} as const;

/** Addresses at the beginning of each subnet that Azure keeps for itself: the same page. */
export const RESERVED_ADDRESSES = 5;

/**
 * What a security rule may say: Azure/azure-rest-api-specs, networkSecurityGroup.json ("Restricted to 140 chars", "between
 * 100 and 4096", "unique for each rule in the collection"); for names DOCS/azure-resource-manager/management/resource-name-rules.
 */
export const SECURITY_RULE = {
  name: /^[A-Za-z0-9]([\w.-]{0,78}\w)?$/,
  longestDescription: 140,
  leastPriority: 100,
  greatestPriority: 4096,
} as const;

/**
 * Members that a zone group must have for each part of a private endpoint: MicrosoftDocs/azure-docs,
 * articles/private-link/private-endpoint-dns.md. A network can be linked to one zone of a name.
 */
export const PRIVATE_ZONES: Readonly<Record<string, readonly string[]>> = {
  blob: ['privatelink.blob.core.windows.net'],
  queue: ['privatelink.queue.core.windows.net'],
  namespace: ['privatelink.servicebus.windows.net'],
  vault: ['privatelink.vaultcore.azure.net'],
  azuremonitor: [
    'privatelink.monitor.azure.com',
    'privatelink.oms.opinsights.azure.com',
    'privatelink.ods.opinsights.azure.com',
    'privatelink.agentsvc.azure-automation.net',
    'privatelink.blob.core.windows.net',
  ],
  ResourceManagement: ['privatelink.azure.com'],
};
