/** Parameters of the templates that azd doesn't deploy, as text of a parameter file in infra/. */

/** groupOf and ruleOf are the group of a made-up environment, and the rule that its diagnostic settings send with. */
export const groupOf = (region: string): string =>
  `/subscriptions/00000000-0000-0000-0000-0000000000${region}/resourceGroups/rg-${region}`;
export const ruleOf = (region: string): string =>
  `${groupOf(region)}/providers/Microsoft.EventHub/namespaces/evhns-${region.repeat(6)}x/authorizationRules/diagnostic-settings`;

export const EXCLUDED = '/subscriptions/00000000-0000-0000-0000-0000000000cc/resourceGroups/rg-others';
export const AUDITORS = ['aaaaaaaa-0000-4000-8000-000000000001', 'bbbbbbbb-0000-4000-8000-000000000001'];

/** REMEDIATED is a subscription whose resources that are there already are to be routed. */
export const REMEDIATED = '00000000-0000-0000-0000-0000000000dd';

/** estateParameters routes a management group to two hubs. */
export const estateParameters = (second = 'northeurope', globalLocation = 'westeurope'): string => `
  using 'estate.bicep'
  param hubs = [
    { location: 'westeurope', senderRuleId: '${ruleOf('aa')}', hubName: 'audit' }
    { location: '${second}', senderRuleId: '${ruleOf('bb')}', hubName: 'audit' }
  ]
  param globalLocation = '${globalLocation}'
  param excludedGroups = ['${EXCLUDED}']
  param remediatedSubscriptions = ['${REMEDIATED}']
  param remediated = ['one']
  param auditors = [${AUDITORS.map((id) => `'${id}'`).join(', ')}]
`;

/** platformParameters has a data collection rule send the logs of these resources. */
export const platformParameters = (ids: readonly string[], more = "param hubLocation = 'westeurope'"): string => `
  using 'routing.bicep'
  param senderRuleId = '${ruleOf('aa')}'
  param hubName = 'audit'
  param platformTelemetry = [${ids.map((id) => `'${id}'`).join(', ')}]
  ${more}
`;

const OTHERS = `${EXCLUDED}/providers`;

/** FILES are the ones of them that have a snapshot, and what they are deployed to. */
export const FILES = {
  estate: { parameters: estateParameters(), to: 'managementGroup' },
  platformTelemetry: {
    parameters: platformParameters([
      `${OTHERS}/Microsoft.ContainerRegistry/registries/acr`,
      `${OTHERS}/Microsoft.DBforPostgreSQL/flexibleServers/pg`,
    ]),
    to: 'subscription',
  },
} as const;
