metadata name = 'Auditseal'
metadata description = 'Everything in one resource group: the hub that logs are sent to, the app that seals them, the ledger, and the app that checks it.'

targetScope = 'subscription'

import { containers, hubName, namesFor, senderRuleName, settingNameFor } from 'shared.bicep'

@description('Required. Name of the environment, as azd calls it.')
@minLength(1)
@maxLength(64)
param environmentName string

@description('Required. Region of everything.')
@minLength(1)
@maxLength(64)
param location string

@description('Required. Row of sizes.json. development: cheap and short-lived. small: a team. production: zones, a second region, a network and keys of its own. It can\'t be changed later: another size is another environment.')
@allowed(['development', 'small', 'production'])
param size string

@description('Optional. Whether everything stays in a virtual network. Default: what the size says.')
@allowed(['public', 'private'])
param network string = loadJsonContent('sizes.json')[size].network

@description('Optional. Days that an object of the ledger is kept after it was made. After `auditseal lock` it can be raised, five times, and never lowered. Default: what the size says.')
@minValue(1)
@maxValue(146000)
param retentionDays int = loadJsonContent('sizes.json')[size].retentionDays

@description('Optional. Redundancy of the ledger. Standard_LRS: one building. Standard_ZRS: the zones of a region that has them. Standard_GZRS and Standard_RAGZRS: those, and another region; the second can be read there. It is chosen once: no deployment changes it in every direction. Default: what the size says.')
@allowed(['Standard_LRS', 'Standard_ZRS', 'Standard_GZRS', 'Standard_RAGZRS'])
param redundancy string = loadJsonContent('sizes.json')[size].storageSku

@description('Optional. Whether Microsoft Defender for Storage watches the ledger account. It is billed for the account and its transactions, which docs/costs.md leaves out.')
param hasDefender bool = false

@description('Optional. What diagnostic settings may do with the hub, by the key that they send with. Send: what they do. All: Manage, Send and Listen, which their documentation asks for; then whoever gets the key can also read events and change the hub. For where Azure refuses a setting, or nothing arrives.')
@allowed(['Send', 'All'])
param senderRights string = 'Send'

@description('Optional. Whether the retention policy is locked, so that it is left out. The preprovision hook finds out.')
param isPolicyLocked bool = false

@description('Optional. Version of Node that the apps run under. Default: the one in runtime.json, which the package is tested with.')
@allowed(['22', '24'])
param nodeVersion string = loadJsonContent('runtime.json').node

@description('Optional. Whether to make roles with exactly the rights that are used, or to give the nearest built-in ones. What that costs is said in modules/roles.bicep.')
param customRoles bool = true

@description('Optional. Object id of an Entra group whose members read the ledger and file what they do to its retention policy and holds. People join it to act, and leave it: the lock on the account also keeps a role that a person got there from being taken away. Empty: nobody gets such rights.')
@maxLength(36)
param operatorGroupId string = ''

@description('Optional. Name of the ledger, a URL without scheme; it can\'t be changed once something is sealed. Default: where the sealer serves the log.')
@maxLength(200)
param ledgerOrigin string = ''

@description('Optional. Whether the vault holds a secret `ledger-signer-key` with an Ed25519 signer key. The operator puts it there: a template would show it to whoever reads deployments.')
param hasSignerSecret bool = false

@description('Optional. Verifier keys of the Ed25519 signer key and of keys that were replaced, separated by white space.')
@maxLength(8000)
param verifierKeys string = ''

@description('Optional. Verifier keys of keys of the auditor that were replaced, separated by white space.')
@maxLength(8000)
param auditorVerifierKeys string = ''

@description('Optional. Verifier keys of operators, who acknowledge findings, separated by white space.')
@maxLength(8000)
param operatorVerifierKeys string = ''

@description('Optional. Those of them that no longer count, for good, separated by white space.')
@maxLength(8000)
param operatorRevokedKeys string = ''

@description('Optional. Policy that names the witnesses who are asked to cosign, one line after the other, separated by semicolons. Empty: nobody is asked.')
@maxLength(8000)
param witnessPolicy string = ''

@description('Optional. Seconds that events wait in the hub for a segment to fill, 600 at most: so late is a record sealed when little comes. Fewer seconds, more segments: each costs, and slows rechecks. Default: what the size says.')
@minValue(1)
@maxValue(600)
param maxWaitSeconds int = loadJsonContent('sizes.json')[size].ingest.maxWaitSeconds

@description('Optional. When segments are taken into the log: six fields, seconds first, UTC. Default: what the size says.')
@minLength(11)
@maxLength(100)
param integrateSchedule string = loadJsonContent('sizes.json')[size].integrateSchedule

@description('Optional. When the hub is asked what it has: six fields, seconds first, UTC. An alert expects one run in half an hour, and a quiet partition one in AUDITSEAL_HEARTBEAT_MINUTES and 10 minutes more: else partition-silent is a false alarm.')
@minLength(11)
@maxLength(100)
param watchSchedule string = '50 * * * * *'

@description('Optional. When the ledger is rechecked: six fields, seconds first, UTC. An alert expects one run in six hours.')
@minLength(11)
@maxLength(100)
param verifySchedule string = '0 15 * * * *'

@description('Optional. When Azure is asked what guards the ledger: six fields, seconds first, UTC. An alert expects one run a day.')
@minLength(11)
@maxLength(100)
param postureSchedule string = '0 45 */6 * * *'

@description('Optional. Minutes after which an idle partition, of which the hub says that all is sealed, gets a heartbeat.')
@minValue(1)
@maxValue(1440)
param heartbeatMinutes int = 15

@description('Optional. Hours without a record after which the auditor calls a category of records silent, at the earliest: one that always came in bursts gets twice its longest silence.')
@minValue(1)
@maxValue(8784)
param sourceSilentHours int = 24

@description('Optional. Categories of records that must come, each with the hours without one after which it is silent, separated by white space, such as `AuditLogs=6 Policy=0`. 0: it never is. Of all others what is usual is taken from the last four weeks. With a wrong text the auditor doesn\'t start.')
@maxLength(8000)
param sourcesExpected string = ''

@description('Optional. Address ranges that may read the log and evidence over HTTP. Empty: everybody in a public network, nobody in a private one.')
@maxLength(100)
param callerRanges string[] = []

@description('Optional. Address ranges that may deploy the apps. Empty: any address, with a sign-in of Entra ID.')
@maxLength(100)
param deployerRanges string[] = []

@description('Optional. Address range of the private network, of 128 addresses at least.')
@minLength(9)
@maxLength(18)
param addressRange string = '10.90.0.0/24'

@description('Optional. Address ranges of operators, in networks that are peered with the private one, who may reach the ledger, the hub and the vault.')
@maxLength(100)
param operatorRanges string[] = []

@description('Optional. Address ranges of witnesses, which the private network must let through. Names would not do: its rules know addresses.')
@maxLength(100)
param witnessRanges string[] = []

@description('Optional. More address ranges that requests of the apps come from inside the private network. Needed only where its logs show requests of the apps that its rules refused.')
@maxLength(100)
param appRanges string[] = []

@description('Optional. How the apps leave the private network for what has no private endpoint: Entra ID, and by default Azure Monitor and Azure Resource Manager. none: nothing is made, and the way out is what Flex Consumption or the existing network has. Default: natGateway for a network that is made, none for an existing one.')
@allowed(['natGateway', 'none'])
param egress string = empty(sealerSubnetId) ? 'natGateway' : 'none'

@description('Optional. Whether telemetry goes to Azure Monitor through a private endpoint. Not for an existing network, which can have one scope of Azure Monitor only.')
param privateMonitor bool = false

@description('Optional. Resource id of the tenant\'s resource management private link, `Microsoft.Authorization/resourceManagementPrivateLinks`, for a private endpoint of Azure Resource Manager. Empty: it is asked at its public address.')
@maxLength(512)
param armPrivateLinkId string = ''

@description('Optional. Resource id of a subnet of an existing network, for the sealer. With the two below, no network and no rules are made.')
@maxLength(512)
param sealerSubnetId string = ''

@description('Optional. Resource id of a subnet of the same existing network, for the auditor.')
@maxLength(512)
param auditorSubnetId string = ''

@description('Optional. Resource id of a subnet of the same existing network, for private endpoints.')
@maxLength(512)
param endpointSubnetId string = ''

@description('Optional. Where the names of private endpoints are. own: in zones that are made and linked to the network. The resource id of a resource group: in its zones, which the existing network asks already. policy: a policy of the organisation makes the names.')
@minLength(3)
@maxLength(256)
param dnsZones string = 'own'

@description('Optional. Addresses that get mail when something is wrong. Empty: alerts show in the portal alone.')
@maxLength(20)
param alertEmails string[] = []

@description('Optional. Where alerts and pages of the auditor say that the runbook is: the address of your own copy, on a wiki or in the repository. The name of a section is put behind it, after a # unless it ends with one or with =. Default: its path in the repository.')
@minLength(1)
@maxLength(512)
param runbookUrl string = 'docs/runbook.md'

@description('Optional. Object ids of the identities that deploy, such as the pipeline\'s. What each deployment changes alerts nobody when they do it. Without the activity log (routeActivityLog) it has no effect. Empty: each deployment is an alert.')
@maxLength(10)
param deployers string[] = []

@description('Optional. Whether alerts watch roles, policies and diagnostic settings of the whole subscription too. Azure tells no role at the subscription from one further down, so where many people give roles, name the deployers: then only those at the subscription itself count.')
param watchSubscription bool = true

@description('Optional. Whether the auditor asks Azure which resources of the subscription send their logs to the hub. It gets the role Reader on the subscription.')
param watchCoverage bool = true

@description('Optional. What else it asks about: ids of subscriptions, managementGroups/NAME, and tenant for Entra ID. The right to read there is given by hand, or by estate.bicep.')
@maxLength(100)
param coverageScopes string[] = []

@description('Optional. Hubs of other environments, as resource ids: what sends to one of them is routed too.')
@maxLength(20)
param coverageHubs string[] = []

@description('Optional. What of all that must be routed, else the posture is violated. none: nothing, and all else is a warning. key: key services. all: everything that has logs.')
@allowed(['none', 'key', 'all'])
param coveragePromised string = 'none'

@description('Optional. Whether the auditor hands records on to a table of Log Analytics, and the plan of that table. none: it does not. Analytics: for alerts and analytics rules. Basic and Auxiliary: cheaper to take in, with queries that are limited and billed, and without alerts and analytics rules. A table that is made as Auxiliary, or as another, stays so. Not with AUDITSEAL_PRIVATE_MONITOR: the rule has a public address only.')
@allowed(['none', 'Analytics', 'Basic', 'Auxiliary'])
param forwardPlan string = 'none'

@description('Optional. Workspace of that table, as a resource id, such as the one of Sentinel. Whoever deploys needs the right to make a table there. Empty: the workspace of the environment.')
@maxLength(512)
param forwardWorkspaceId string = ''

@description('Optional. Region of that workspace, where the rule has to be. Empty: the region of everything.')
@maxLength(64)
param forwardLocation string = ''

@description('Optional. Where handing on begins, the first time: now, beginning, or a time such as 2026-11-22T00:00:00.000Z. From the beginning, all that is in the ledger is taken in, and billed.')
@minLength(3)
@maxLength(24)
param forwardFrom string = 'now'

@description('Optional. When records are handed on: six fields, seconds first, UTC. An alert expects one run in half an hour.')
@minLength(11)
@maxLength(100)
param forwardSchedule string = '15 * * * * *'

@description('Optional. Whether the activity log of the subscription goes to the hub. One environment in a subscription is enough: each further one gets the same events again, at its own cost, and takes nothing from the first. Set to false later, it leaves the setting that is there.')
param routeActivityLog bool = true

@description('Optional. Whether a policy gives every resource of the subscription and region a diagnostic setting, and for which logs. Its identity gets the right to write such settings in the whole subscription.')
@allowed(['none', 'audit', 'allLogs'])
param routeByPolicy string = 'none'

@description('Optional. Whether that policy reaches resources without a region too, such as Front Door. One environment in a subscription is enough.')
param routeGlobal bool = true

@description('Optional. More resource groups that this policy leaves out, by name. Each of two environments in one region that both route by policy names the group of the other: else each gets what the other logs about sealing that, without end.')
@maxLength(100)
param excludedGroups string[] = []

@description('Optional. Members of the policy initiative whose existing resources get their settings now.')
@maxLength(200)
param remediated string[] = []

var token = toLower(uniqueString(subscription().id, environmentName, location))
var names = namesFor(environmentName, token)
var tags = { 'azd-env-name': environmentName }
var chosen = loadJsonContent('sizes.json')[size]
var isPublic = network == 'public'

// It stands in texts of queries, whose rules Azure takes unchecked, and in a setting without which the auditor doesn't start.
var runbook = length(split(runbookUrl, ['"', '\\', ' ', '\t', '\r', '\n'])) > 1
  ? fail('AUDITSEAL_RUNBOOK_URL has a quote, a backslash or white space, which no address has.')
  : '${runbookUrl}${endsWith(runbookUrl, '#') || endsWith(runbookUrl, '=') ? '' : '#'}'

var givenSubnets = filter([sealerSubnetId, auditorSubnetId, endpointSubnetId], id => !empty(id))
var isExisting = !empty(givenSubnets)
var privateParts = concat(privateMonitor ? ['azuremonitor'] : [], empty(armPrivateLinkId) ? [] : ['ResourceManagement'])
var contradictions = concat(
  isPublic && (isExisting || dnsZones != 'own' || !empty(privateParts))
    ? ['Subnets, zones and private links are for a private network: AUDITSEAL_NETWORK is public.']
    : [],
  isExisting && length(union(givenSubnets, [])) != 3 ? ['An existing network takes three subnets: of the sealer, of the auditor, of private endpoints.'] : [],
  isExisting && egress != 'none' ? ['An existing network brings its own way out: egress is none.'] : [],
  isExisting && !empty(privateParts)
    ? ['An existing network brings its own private links to Azure Monitor and Azure Resource Manager.']
    : [],
  !isExisting && dnsZones != 'own'
    ? ['Zones of elsewhere need an existing network, which asks them before the apps start.']
    : [],
  forwardPlan != 'none' && privateMonitor
    ? [
        'The rule that records are handed on through has a public address only: AUDITSEAL_FORWARD and AUDITSEAL_PRIVATE_MONITOR exclude each other.'
      ]
    : []
)
var subnetIds = !empty(contradictions)
  ? fail(join(contradictions, ' '))
  : isPublic
      ? { sealer: '', auditor: '', endpoints: '' }
      : isExisting
          ? { sealer: sealerSubnetId, auditor: auditorSubnetId, endpoints: endpointSubnetId }
          : toObject(
              ['sealer', 'auditor', 'endpoints'],
              name => name,
              name =>
                resourceId(
                  subscription().subscriptionId,
                  names.resourceGroup,
                  'Microsoft.Network/virtualNetworks/subnets',
                  names.network,
                  name
                )
            )
var zonesGroupId = isPublic || dnsZones == 'policy'
  ? ''
  : dnsZones == 'own' ? '${subscription().id}/resourceGroups/${names.resourceGroup}' : dnsZones

resource group 'Microsoft.Resources/resourceGroups@2024-11-01' = {
  name: names.resourceGroup
  location: location
  tags: tags
}

module identities 'modules/identities.bicep' = {
  scope: group
  params: {
    location: location
    tags: tags
    identityNames: concat(
      [names.identity.sealer, names.identity.auditor, names.identity.drill],
      chosen.customerManagedKey ? [names.identity.encryption] : []
    )
  }
}

resource sealer 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = {
  scope: group
  name: names.identity.sealer
  dependsOn: [identities]
}

resource auditor 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = {
  scope: group
  name: names.identity.auditor
  dependsOn: [identities]
}

resource drill 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = {
  scope: group
  name: names.identity.drill
  dependsOn: [identities]
}

resource encryption 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = if (chosen.customerManagedKey) {
  scope: group
  name: names.identity.encryption
  dependsOn: [identities]
}

module logs 'modules/logs.bicep' = {
  scope: group
  params: {
    location: location
    tags: tags
    workspaceName: names.workspace
    insightsName: names.insights
    retentionDays: chosen.logRetentionDays
  }
}

module hub 'modules/hub.bicep' = {
  scope: group
  params: {
    location: location
    tags: tags
    namespaceName: names.hubNamespace
    sku: chosen.hub.sku
    capacity: chosen.hub.capacity
    maximumCapacity: chosen.hub.maximumCapacity
    partitions: chosen.hub.partitions
    retentionHours: chosen.hub.retentionHours
    isPublic: isPublic
    isLocked: chosen.locksVaultAndHub
    senderRights: senderRights
    workspaceName: names.workspace
  }
  dependsOn: [logs, encryptionRole]
}

module vault 'modules/vault.bicep' = {
  scope: group
  params: {
    location: location
    tags: tags
    vaultName: names.vault
    sku: chosen.vaultSku
    isPublic: isPublic
    isLocked: chosen.locksVaultAndHub
    hasEncryptionKey: chosen.customerManagedKey
  }
}

// Before the hub, which takes minutes to make, and so long before the ledger account asks for its key: a role that was
// given a moment ago may not work yet (https://github.com/Azure/bicep/issues/16601).
module encryptionRole 'modules/encryptionRole.bicep' = if (chosen.customerManagedKey) {
  scope: group
  params: {
    vaultName: names.vault
    #disable-next-line what-if-short-circuiting // see principalsOf; test/infra/snapshots has what what-if leaves out
    principalId: encryption!.properties.principalId
  }
  dependsOn: [identities, vault]
}

module vaultAudit 'modules/vaultAudit.bicep' = {
  scope: group
  params: {
    vaultName: names.vault
    hubNamespaceName: names.hubNamespace
    workspaceName: names.workspace
  }
  dependsOn: [vault, hub]
}

module ledger 'modules/ledger.bicep' = {
  scope: group
  params: {
    location: location
    tags: tags
    accountName: names.ledger
    sku: redundancy
    retentionDays: retentionDays
    isPolicyLocked: isPolicyLocked
    coolAfterDays: chosen.coolAfterDays
    coldAfterDays: chosen.coldAfterDays
    logsReads: chosen.logsReads
    hasDefender: hasDefender
    isPublic: isPublic
    workspaceName: names.workspace
    hasOwnKey: chosen.customerManagedKey
    vaultName: names.vault
    encryptionIdentityName: names.identity.encryption
  }
  dependsOn: [vault, hub, encryptionRole]
}

module privateNetwork 'modules/network.bicep' = if (!isPublic && !isExisting) {
  scope: group
  params: {
    location: location
    tags: tags
    networkName: names.network
    addressRange: addressRange
    operatorRanges: operatorRanges
    witnessRanges: witnessRanges
    appRanges: appRanges
    hasNatGateway: egress == 'natGateway'
    privateParts: privateParts
    hubNamespaceName: names.hubNamespace
    workspaceName: names.workspace
  }
  dependsOn: [hub]
}

module privateZones 'modules/privateZones.bicep' = if (!isPublic && dnsZones == 'own') {
  scope: group
  params: {
    tags: tags
    linkName: names.network
    networkId: join(take(split(subnetIds.endpoints, '/'), 9), '/')
    parts: concat(['blob', 'queue', 'namespace', 'vault'], privateParts)
  }
  dependsOn: [privateNetwork]
}

module privateEndpoints 'modules/privateEndpoints.bicep' = if (!isPublic) {
  scope: group
  params: {
    location: location
    tags: tags
    names: names
    subnetId: subnetIds.endpoints
    zonesGroupId: zonesGroupId
    privateMonitor: privateMonitor
    armPrivateLinkId: armPrivateLinkId
  }
  dependsOn: [privateNetwork, privateZones, ledger]
}

module roles 'modules/roles.bicep' = {
  scope: group
  params: {
    names: names
    #disable-next-line what-if-short-circuiting // see principalsOf; test/infra/snapshots has what what-if leaves out
    principals: {
      sealer: sealer.properties.principalId
      auditor: auditor.properties.principalId
      drill: drill.properties.principalId
    }
    operatorGroupId: operatorGroupId
    token: token
    customRoles: customRoles
    hasSignerSecret: hasSignerSecret
  }
  dependsOn: [identities, ledger]
}

var forwards = forwardPlan != 'none'
var tablePlans = { none: 'Analytics', Analytics: 'Analytics', Basic: 'Basic', Auxiliary: 'Auxiliary' }
var forwardWorkspace = split(
  empty(forwardWorkspaceId)
    ? resourceId(
        subscription().subscriptionId,
        names.resourceGroup,
        'Microsoft.OperationalInsights/workspaces',
        names.workspace
      )
    : forwardWorkspaceId,
  '/'
)

module forwardTable 'modules/forwardTable.bicep' = if (forwards) {
  scope: resourceGroup(forwardWorkspace[2], forwardWorkspace[4])
  params: {
    workspaceName: forwardWorkspace[8]
    plan: tablePlans[forwardPlan]
  }
  dependsOn: [logs]
}

module forward 'modules/forward.bicep' = if (forwards) {
  scope: group
  params: {
    location: empty(forwardLocation) ? location : forwardLocation
    tags: tags
    ruleName: names.forwardRule
    workspaceId: join(forwardWorkspace, '/')
    #disable-next-line what-if-short-circuiting // see principalsOf; test/infra/snapshots has what what-if leaves out
    principalId: auditor.properties.principalId
  }
  dependsOn: [identities, forwardTable]
}

module coverageReader 'modules/coverageReader.bicep' = if (watchCoverage) {
  params: {
    #disable-next-line what-if-short-circuiting // see principalsOf; test/infra/snapshots has what what-if leaves out
    principalId: auditor.properties.principalId
  }
  dependsOn: [identities]
}

module apps 'modules/apps.bicep' = {
  scope: group
  params: {
    location: location
    tags: tags
    names: names
    ledgerOrigin: empty(ledgerOrigin) ? '${names.app.sealer}.azurewebsites.net/api/log' : ledgerOrigin
    hasSignerSecret: hasSignerSecret
    verifierKeys: verifierKeys
    auditorVerifierKeys: auditorVerifierKeys
    operatorVerifierKeys: operatorVerifierKeys
    operatorRevokedKeys: operatorRevokedKeys
    witnessPolicy: witnessPolicy
    watchSchedule: watchSchedule
    hubRetentionHours: chosen.hub.retentionHours
    integrateSchedule: integrateSchedule
    verifySchedule: verifySchedule
    postureSchedule: postureSchedule
    forwards: forwards
    forwardFrom: forwardFrom
    forwardSchedule: forwardSchedule
    retentionDays: retentionDays
    coverageScopes: watchCoverage ? concat([subscription().subscriptionId], coverageScopes) : []
    coverageHubs: coverageHubs
    coveragePromised: coveragePromised
    verifyFullHours: chosen.verifyFullHours
    verifyTimeoutMinutes: chosen.verifyTimeoutMinutes
    recheckDays: chosen.recheckDays
    heartbeatMinutes: heartbeatMinutes
    sourceSilentHours: sourceSilentHours
    sourcesExpected: sourcesExpected
    runbook: runbook
    nodeVersion: nodeVersion
    leastEvents: chosen.ingest.leastEvents
    maxWaitSeconds: maxWaitSeconds
    memoryMB: chosen.app.memoryMB
    maximumInstances: chosen.app.maximumInstances
    warmIngest: chosen.app.warmIngest
    zoneRedundant: chosen.app.zoneRedundant
    isPublic: isPublic
    subnetIds: subnetIds
    zonesGroupId: zonesGroupId
    callerRanges: callerRanges
    deployerRanges: deployerRanges
  }
  dependsOn: [roles, privateEndpoints, forward]
}

module alerts 'modules/alerts.bicep' = {
  scope: group
  params: {
    location: location
    tags: tags
    workspaceName: names.workspace
    hubNamespaceName: names.hubNamespace
    emails: alertEmails
    runbook: runbook
    hubRetentionHours: chosen.hub.retentionHours
    deployers: deployers
    watchSubscription: watchSubscription
    activityLogSettingId: subscriptionResourceId('Microsoft.Insights/diagnosticSettings', settingNameFor(senderRuleId))
    routeActivityLog: routeActivityLog
    forwards: forwards
  }
  dependsOn: [logs, hub]
}

module workbook 'modules/workbook.bicep' = {
  scope: group
  params: {
    location: location
    tags: tags
    workspaceName: names.workspace
    runbook: runbook
  }
  dependsOn: [logs]
}

var senderRuleId = resourceId(
  subscription().subscriptionId,
  names.resourceGroup,
  'Microsoft.EventHub/namespaces/authorizationRules',
  names.hubNamespace,
  senderRuleName
)

module activityLog 'modules/routing/activityLog.bicep' = if (routeActivityLog) {
  params: {
    senderRuleId: senderRuleId
    hubName: hubName
    workspaceId: resourceId(
      subscription().subscriptionId,
      names.resourceGroup,
      'Microsoft.OperationalInsights/workspaces',
      names.workspace
    )
  }
  dependsOn: [hub]
}

var routedLocations = routeByPolicy == 'none' ? [] : routeGlobal ? [location, 'global'] : [location]

module policies 'modules/routing/policies.bicep' = [
  for resourceLocation in routedLocations: {
    params: {
      token: token
      location: location
      resourceLocation: resourceLocation
      senderRuleId: senderRuleId
      hubName: hubName
      logs: routeByPolicy == 'allLogs' ? 'allLogs' : 'audit'
      remediated: remediated
      pipelineGroupName: names.resourceGroup
      excludedGroups: excludedGroups
      hubNamespaceName: names.hubNamespace
    }
    dependsOn: [hub]
  }
]

@description('Resource group of everything.')
output AZURE_RESOURCE_GROUP string = names.resourceGroup

@description('Storage account of the ledger.')
output AUDITSEAL_LEDGER_ACCOUNT string = names.ledger

@description('Container of the ledger; what `auditseal` takes as TARGET.')
output AUDITSEAL_LEDGER_URL string = 'https://${names.ledger}.blob.${environment().suffixes.storage}/${containers.ledger}'

@description('Event Hubs namespace, and the hub in it, for diagnostic settings.')
output AUDITSEAL_HUB string = '${names.hubNamespace}/${hubName}'

@description('Vault with the signing keys: `ledger` of the log, `auditor` of the reports.')
output AUDITSEAL_VAULT string = names.vault

@description('Function app that seals.')
output AUDITSEAL_SEALER string = names.app.sealer

@description('Function app that checks.')
output AUDITSEAL_AUDITOR string = names.app.auditor

@description('Rule that diagnostic settings send with: what routing.bicep and tenant.bicep take as senderRuleId.')
output AUDITSEAL_SENDER_RULE string = senderRuleId
