import type { ArmResources } from '../../local/arm/resources.ts';
import { ALERT_RULES, FUNCTIONS } from '../../src/doctor/expected.ts';

/** PutDeployment is what is put beside a ledger's account, as the templates make it. */
export interface PutDeployment {
  /** resource id of the ledger's account */
  readonly accountId: string;
  /** settings that both apps have */
  readonly settings: Readonly<Record<string, string>>;
}

const groupOf = (accountId: string): string => accountId.split('/providers/')[0] ?? '';

/** siteOf is the id of the app that runs a service. */
export const siteOf = (accountId: string, service: keyof typeof FUNCTIONS): string =>
  `${groupOf(accountId)}/providers/Microsoft.Web/sites/func-${service}`;

/** putDeployment puts the two apps, which one host runs here, the alert rules and who gets mail of them. */
export function putDeployment(resources: ArmResources, { accountId, settings }: PutDeployment): void {
  putSite(resources, accountId, 'sealer', settings);
  const posture = {
    LEDGER_RESOURCE_ID: accountId,
    RETENTION_DAYS: '365',
    POSTURE_SCHEDULE: '0 45 */6 * * *',
  };
  putSite(resources, accountId, 'auditor', { ...settings, ...posture });
  for (const name of ALERT_RULES) putRule(resources, accountId, name);
  putActionGroup(resources, accountId, { emailReceivers: [{ emailAddress: 'night@example.com', status: 'Enabled' }] });
}

const actionGroupOf = (accountId: string): string =>
  `${groupOf(accountId)}/providers/Microsoft.Insights/actionGroups/ag-auditseal`;

/** putActionGroup puts whom the alert rules tell. */
export const putActionGroup = (
  resources: ArmResources,
  accountId: string,
  properties: Readonly<Record<string, unknown>>,
): void => void resources.put(actionGroupOf(accountId), { properties: { enabled: true, ...properties } });

/** putRule puts an alert rule, on or off. */
export const putRule = (resources: ArmResources, accountId: string, name: string, enabled = true): void =>
  void resources.put(`${groupOf(accountId)}/providers/Microsoft.Insights/scheduledQueryRules/${name}`, {
    properties: { enabled, actions: { actionGroups: [actionGroupOf(accountId)] } },
  });

/** putSite puts an app with its settings; what the other one runs is switched off in it. */
export function putSite(
  resources: ArmResources,
  accountId: string,
  service: keyof typeof FUNCTIONS,
  settings: Readonly<Record<string, string>>,
  state = 'Running',
): void {
  const id = siteOf(accountId, service);
  resources.put(id, { tags: { 'azd-service-name': service }, properties: { state } });
  const others = FUNCTIONS[service === 'sealer' ? 'auditor' : 'sealer'];
  const own = { ...settings };
  for (const name of FUNCTIONS[service])
    if (settings[`AzureWebJobs.${name}.Disabled`] === undefined) delete own[`AzureWebJobs.${name}.Disabled`];
  for (const name of others) own[`AzureWebJobs.${name}.Disabled`] = 'true';
  resources.stage({
    method: 'POST',
    path: new RegExp(`/sites/func-${service}/config/appsettings/list$`, 'i'),
    status: 200,
    body: { properties: own },
  });
}
