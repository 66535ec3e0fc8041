metadata name = 'Shared types and names'
metadata description = 'What more than one module needs to agree on: the names of resources, and the types of parameters.'

@export()
@description('Tags that every resource carries.')
type tagsOf = {
  @description('A tag and its value.')
  *: string
}

@export()
@description('Settings of a function app: names and values.')
type settingsOf = {
  @description('A setting and its value.')
  *: string
}

@export()
@description('Parts of services that private endpoints are for: members of dnsZones.json.')
@maxLength(6)
type partsOf = ('blob' | 'queue' | 'namespace' | 'vault' | 'azuremonitor' | 'ResourceManagement')[]

@export()
@description('Name of every resource. Only the resource group has the name of the environment in it; all others have a token, so that their length does not depend on what somebody types.')
type namesOf = {
  @description('Resource group of everything.')
  resourceGroup: string
  @description('Identities: of the two apps, of the drill, and of the ledger account for its own key.')
  identity: { sealer: string, auditor: string, drill: string, encryption: string }
  @description('Function apps.')
  app: { sealer: string, auditor: string }
  @description('Plans of the function apps: a Flex Consumption plan holds one app.')
  plan: { sealer: string, auditor: string }
  @description('Storage accounts of the Functions hosts, one for each app.')
  hostStorage: { sealer: string, auditor: string }
  @description('Storage account of the ledger.')
  ledger: string
  @description('Event Hubs namespace.')
  hubNamespace: string
  @description('Key vault.')
  vault: string
  @description('Log Analytics workspace.')
  workspace: string
  @description('Application Insights.')
  insights: string
  @description('Virtual network.')
  network: string
  @description('Scope of what Azure Monitor is reached for through a private endpoint.')
  monitorScope: string
  @description('Data collection rule that records are handed on through.')
  forwardRule: string
}

@export()
@description('Principals of the identities that get roles in roles.bicep. An identity that is deleted and made again has the same name and id, and another principal; the name of a role assignment is made from the principal, because Azure refuses one of the same name for another principal.')
type principalsOf = {
  @description('Principal of the app that seals.')
  sealer: string
  @description('Principal of the app that checks.')
  auditor: string
  @description('Principal of the drill.')
  drill: string
}

@export()
@description('Gives the names of an environment. The token is 13 lower-case letters and digits.')
func namesFor(environmentName string, token string) namesOf => {
  resourceGroup: 'rg-${environmentName}'
  identity: {
    sealer: 'id-sealer-${token}'
    auditor: 'id-auditor-${token}'
    drill: 'id-drill-${token}'
    encryption: 'id-encryption-${token}'
  }
  app: { sealer: 'func-sealer-${token}', auditor: 'func-auditor-${token}' }
  plan: { sealer: 'plan-sealer-${token}', auditor: 'plan-auditor-${token}' }
  hostStorage: { sealer: 'stsealer${token}', auditor: 'stauditor${token}' }
  ledger: 'stledger${token}'
  hubNamespace: 'evhns-${token}'
  vault: 'kv-${token}'
  workspace: 'log-${token}'
  insights: 'appi-${token}'
  network: 'vnet-${token}'
  monitorScope: 'ampls-${token}'
  forwardRule: 'dcr-records-${token}'
}

@export()
@description('The event hub that everything is sent to.')
var hubName = 'audit'

@export()
@description('Consumer groups of the hub: each has one kind of reader.')
var consumerGroups = { ingest: 'ingest', repair: 'repair' }

@export()
@description('Authorization rule of the namespace that diagnostic settings send with.')
var senderRuleName = 'diagnostic-settings'

@export()
@description('Name of the diagnostic settings that send to a hub. It has the token of the hub\'s environment in it: two environments may reach the same resource, and under one name the second would redirect what the first one gets.')
func settingNameFor(senderRuleId string) string => 'auditseal-${last(split(split(senderRuleId, '/')[8], '-'))}'

@export()
@description('Stream of the data collection rule that records are handed on through, and its table.')
var forwardStream = 'Custom-AuditsealRecords_CL'

@export()
@description('Containers of the ledger account.')
var containers = { ledger: 'ledger', tlog: 'tlog' }

@export()
@description('Keys and secrets of the vault: the key that signs checkpoints, the one that signs reports, the key that the ledger account is encrypted with, the secret with an Ed25519 signer key.')
var keys = { signer: 'ledger', auditor: 'auditor', encryption: 'ledger-storage', secret: 'ledger-signer-key' }

@export()
@description('Categories of an activity log: all that there are.')
var activityCategories = [
  'Administrative'
  'Security'
  'ServiceHealth'
  'Alert'
  'Recommendation'
  'Policy'
  'Autoscale'
  'ResourceHealth'
]

// Azure's own initiatives: "Enable audit category group resource logging ... to Event Hub", and the one for all logs. Each
// of their policies compares a resource's location with resourceLocation, so one assignment reaches one location.
@export()
@description('Initiatives that give resources a diagnostic setting which sends to a hub, by the logs that they send.')
var initiatives = {
  audit: '1020d527-2764-4230-92cc-7035e4fcf8a7'
  allLogs: '85175a36-2f12-419a-96b4-18d5b0096531'
}

@export()
@description('Values of the parameters of a policy assignment.')
type parametersOf = {
  @description('A parameter and its value.')
  *: { value: string }
}

@export()
@description('Parameters that an assignment of one of the initiatives takes.')
func initiativeParameters(senderRuleId string, hubName string, resourceLocation string) parametersOf => {
  effect: { value: 'DeployIfNotExists' }
  diagnosticSettingName: { value: settingNameFor(senderRuleId) }
  resourceLocation: { value: resourceLocation }
  eventHubAuthorizationRuleId: { value: senderRuleId }
  eventHubName: { value: hubName }
}

@export()
@description('Role that the policies of the initiatives ask for, to write diagnostic settings: Log Analytics Contributor.')
var settingWriterRole = '92aaf0da-9dab-42b6-94a3-d43ce8d16293'
