metadata name = 'Apps'
metadata description = 'The two function apps and their settings. The sealer writes the ledger and the auditor judges it, as different identities.'

import { consumerGroups, containers, hubName, keys, namesOf, tagsOf } from '../shared.bicep'

@description('Required. Region.')
@minLength(1)
@maxLength(64)
param location string

@description('Required. Tags of every resource.')
param tags tagsOf

@description('Required. Names of all resources.')
param names namesOf

@description('Required. Name of the ledger, which every segment carries. It can\'t be changed once something is sealed.')
@minLength(1)
@maxLength(200)
param ledgerOrigin string

@description('Required. Whether the vault holds a secret with an Ed25519 signer key, which the operator puts there.')
param hasSignerSecret bool

@description('Required. Verifier keys that checkpoints were signed with and no longer are, and the one of the Ed25519 signer key, separated by white space. The auditor knows no other key of that kind, because it can\'t read the secret.')
@maxLength(8000)
param verifierKeys string

@description('Required. Verifier keys that reports were signed with and no longer are, separated by white space.')
@maxLength(8000)
param auditorVerifierKeys string

@description('Required. Verifier keys of operators, who acknowledge findings, separated by white space.')
@maxLength(8000)
param operatorVerifierKeys string

@description('Required. Those of them that no longer count, for good, separated by white space.')
@maxLength(8000)
param operatorRevokedKeys string

@description('Required. Policy that names the witnesses who are asked to cosign, one line after the other, separated by semicolons. Empty: nobody is asked.')
@maxLength(8000)
param witnessPolicy string

@description('Required. When the hub is asked what it has: six fields, seconds first, UTC.')
@minLength(11)
@maxLength(100)
param watchSchedule string

@description('Required. Hours that the hub keeps an event.')
@minValue(1)
@maxValue(2160)
param hubRetentionHours int

@description('Required. When segments are taken into the log: six fields, seconds first, UTC.')
@minLength(11)
@maxLength(100)
param integrateSchedule string

@description('Required. When the ledger is rechecked: six fields, seconds first, UTC.')
@minLength(11)
@maxLength(100)
param verifySchedule string

@description('Required. When Azure is asked what guards the ledger: six fields, seconds first, UTC.')
@minLength(11)
@maxLength(100)
param postureSchedule string

@description('Required. Whether the auditor hands records on.')
param forwards bool

@description('Required. Where that begins, the first time: now, beginning, or a time.')
@minLength(3)
@maxLength(24)
param forwardFrom string

@description('Required. When records are handed on: six fields, seconds first, UTC.')
@minLength(11)
@maxLength(100)
param forwardSchedule string

@description('Required. Days that the retention policy of the ledger must have at least.')
@minValue(1)
@maxValue(146000)
param retentionDays int

@description('Required. What the auditor asks about which resources send their logs: ids of subscriptions, managementGroups/NAME, tenant. Empty: nothing.')
@maxLength(101)
param coverageScopes string[]

@description('Required. Hubs of other environments that logs may be sent to as well, as resource ids.')
@maxLength(20)
param coverageHubs string[]

@description('Required. What of that must be routed.')
@allowed(['none', 'key', 'all'])
param coveragePromised string

@description('Required. Hours after which a recheck begins at the first segment again. It reads the whole ledger, also what is in cool and cold tiers, where reading costs more.')
@minValue(1)
@maxValue(8784)
param verifyFullHours int

@description('Required. Minutes after which the host ends a run of the auditor\'s functions. A full recheck that takes longer files no report, and is begun again at the next run. An alert expects a report in six hours.')
@minValue(30)
@maxValue(300)
param verifyTimeoutMinutes int

@description('Required. Days over which the slices of a full recheck are spread, where the ledger is too large for one run. 0: they are handed out at once.')
@minValue(0)
@maxValue(366)
param recheckDays int

@description('Required. Minutes after which an idle partition, of which the hub says that all is sealed, gets a heartbeat.')
@minValue(1)
@maxValue(1440)
param heartbeatMinutes int

@description('Required. Hours without a record after which the auditor calls a category of records silent, at the earliest.')
@minValue(1)
@maxValue(8784)
param sourceSilentHours int

@description('Required. Categories of records that must come: CATEGORY=HOURS, separated by white space. Empty: what is usual decides alone.')
@maxLength(8000)
param sourcesExpected string

@description('Required. Address that the name of a section of the runbook is put behind. One that begins with neither http:// nor https:// is of no use to the auditor, whose pages anybody may have.')
@minLength(1)
@maxLength(513)
param runbook string

@description('Required. Version of Node.')
@minLength(2)
@maxLength(8)
param nodeVersion string

@description('Required. Events of a partition that ingest waits for, so that a segment has as many. At most 300, the largest delivery in host.json.')
@minValue(2)
@maxValue(300)
param leastEvents int

@description('Required. Seconds that ingest waits for them at most.')
@minValue(1)
@maxValue(600)
param maxWaitSeconds int

@description('Required. Memory of an instance.')
@allowed([512, 2048, 4096])
param memoryMB int

@description('Required. Most instances of an app at a time.')
@minValue(40)
@maxValue(1000)
param maximumInstances int

@description('Required. Instances of ingest that always run. They save the start, and cost all day.')
@minValue(0)
@maxValue(32)
param warmIngest int

@description('Required. Whether instances of the sealer are spread over the zones of the region.')
param zoneRedundant bool

@description('Required. Whether the apps\' storage can be reached from the internet.')
param isPublic bool

@description('Required. Resource ids of the subnets of the apps and of private endpoints; empty for none.')
param subnetIds { sealer: string, auditor: string, endpoints: string }

@description('Required. Resource id of the resource group that has the DNS zones of private endpoints. Empty: there are none, or a policy makes the names.')
@maxLength(256)
param zonesGroupId string

@description('Required. Address ranges that may read the log and evidence over HTTP. Empty: everybody in a public network, nobody in a private one.')
@maxLength(100)
param callerRanges string[]

@description('Required. Address ranges that may deploy. Empty: any address, with a sign-in of Entra ID.')
@maxLength(100)
param deployerRanges string[]

var functionApps = loadJsonContent('../functionApps.json')
var recheckQueue = 'recheck'
var recheckContainer = 'recheck'

resource sealerIdentity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = {
  name: names.identity.sealer
}

resource auditorIdentity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = {
  name: names.identity.auditor
}

resource drillIdentity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = {
  name: names.identity.drill
}

resource forwardRule 'Microsoft.Insights/dataCollectionRules@2023-03-11' existing = if (forwards) {
  name: names.forwardRule
}

resource vault 'Microsoft.KeyVault/vaults@2024-11-01' existing = {
  name: names.vault

  resource signer 'keys' existing = {
    name: keys.signer
  }

  resource auditorKey 'keys' existing = {
    name: keys.auditor
  }
}

var common = {
  HUB__fullyQualifiedNamespace: '${names.hubNamespace}.servicebus.windows.net'
  HUB_NAME: hubName
  HUB_CONSUMER_GROUP: consumerGroups.ingest
  HUB_REPAIR_GROUP: consumerGroups.repair
  HUB_RETENTION_HOURS: string(hubRetentionHours)
  WATCH_SCHEDULE: watchSchedule
  LEDGER__blobServiceUri: 'https://${names.ledger}.blob.${environment().suffixes.storage}'
  LEDGER__credential: 'managedidentity'
  LEDGER_CONTAINER: containers.ledger
  LEDGER_ORIGIN: ledgerOrigin
  TLOG_CONTAINER: containers.tlog
  SIGNER__credential: 'managedidentity'
  AUDITOR__credential: 'managedidentity'
  WITNESS_POLICY: witnessPolicy
  INTEGRATE_SCHEDULE: integrateSchedule
  HEARTBEAT_MINUTES: string(heartbeatMinutes)
  VERIFY_SCHEDULE: verifySchedule
  POSTURE_SCHEDULE: postureSchedule
  VERIFY_FULL_HOURS: string(verifyFullHours)
  RECHECK_QUEUE: recheckQueue
}

// The host takes settings of such names over values of host.json, and reads lengths of time as hh:mm:ss:
// https://learn.microsoft.com/azure/azure-functions/functions-host-json#override-hostjson-values
var delivery = {
  AzureFunctionsJobHost__extensions__eventHubs__minEventBatchSize: string(leastEvents)
  AzureFunctionsJobHost__extensions__eventHubs__maxWaitTime: '00:${padLeft(maxWaitSeconds / 60, 2, '0')}:${padLeft(maxWaitSeconds % 60, 2, '0')}'
}
// Events that wait for a delivery to fill are not stuck.
var stuck = {
  STUCK_MINUTES: string(10 + (maxWaitSeconds + 59) / 60)
}
var coverage = empty(coverageScopes)
  ? {}
  : {
      COVERAGE_SCOPES: join(coverageScopes, ' ')
      COVERAGE_HUBS: join(
        concat([resourceId('Microsoft.EventHub/namespaces/eventhubs', names.hubNamespace, hubName)], coverageHubs),
        ' '
      )
      COVERAGE_PROMISED: coveragePromised
    }
// The app refuses any other address: a page that was copied elsewhere would link to nothing.
var runbookSetting = startsWith(toLower(runbook), 'http://') || startsWith(toLower(runbook), 'https://')
  ? { RUNBOOK_URL: runbook }
  : {}
var timeout = {
  AzureFunctionsJobHost__functionTimeout: '${padLeft(verifyTimeoutMinutes / 60, 2, '0')}:${padLeft(verifyTimeoutMinutes % 60, 2, '0')}:00'
}

var forwarding = forwards
  ? {
      FORWARD_ENDPOINT: forwardRule!.properties.endpoints.logsIngestion
      FORWARD_RULE: forwardRule!.properties.immutableId
      FORWARD_FROM: forwardFrom
      FORWARD__credential: 'managedidentity'
      FORWARD__clientId: auditorIdentity.properties.clientId
    }
  : { 'AzureWebJobs.forward.Disabled': 'true' }

// Every function of the package is run by one app and switched off in the other. Records are handed on where nothing is sealed.
var switchedOff = {
  sealer: toObject(functionApps.auditor, name => 'AzureWebJobs.${name}.Disabled', name => 'true')
  auditor: toObject(functionApps.sealer, name => 'AzureWebJobs.${name}.Disabled', name => 'true')
}

// Any version of the vault's key will do to sign, but a signature names one: its key ID is made from the public key.
module sealer 'functionApp.bicep' = {
  params: {
    location: location
    tags: tags
    serviceName: 'sealer'
    appName: names.app.sealer
    planName: names.plan.sealer
    hostStorageName: names.hostStorage.sealer
    queueNames: []
    containerNames: []
    identityName: names.identity.sealer
    otherIdentityNames: []
    insightsName: names.insights
    workspaceName: names.workspace
    nodeVersion: nodeVersion
    memoryMB: memoryMB
    maximumInstances: maximumInstances
    alwaysReady: warmIngest > 0 ? [{ name: 'function:ingest', instanceCount: warmIngest }] : []
    zoneRedundant: zoneRedundant
    isPublic: isPublic
    subnetId: subnetIds.sealer
    endpointSubnetId: subnetIds.endpoints
    zonesGroupId: zonesGroupId
    callerRanges: callerRanges
    isClosed: !isPublic
    deployerRanges: deployerRanges
    settings: {
      ...common
      ...switchedOff.sealer
      FORWARD_SCHEDULE: '15 * * * * *' // whatever is asked of the auditor: a wrong one must not stop sealing
      ...delivery
      ...stuck
      HUB__credential: 'managedidentity'
      HUB__clientId: sealerIdentity.properties.clientId
      LEDGER__clientId: sealerIdentity.properties.clientId
      SIGNER__clientId: sealerIdentity.properties.clientId
      SIGNER__keyUrl: vault::signer.properties.keyUriWithVersion
      LEDGER_SIGNER_KEY: hasSignerSecret
        ? '@Microsoft.KeyVault(SecretUri=https://${names.vault}${environment().suffixes.keyvaultDns}/secrets/${keys.secret})'
        : ''
      LEDGER_VERIFIER_KEYS: verifierKeys
      AUDITOR__clientId: sealerIdentity.properties.clientId
      AUDITOR_VERIFIER_KEYS: trim('${vault::auditorKey.properties.keyUriWithVersion} ${auditorVerifierKeys}')
      OPERATOR_VERIFIER_KEYS: operatorVerifierKeys
      OPERATOR_REVOKED_KEYS: operatorRevokedKeys
    }
  }
}

// No right on the hub, and of the log's key nothing but the public part, which the vault shows it. It signs with its own. It
// also serves evidence: what reads whole segments for whoever asks must not run where events are sealed.
module auditor 'functionApp.bicep' = {
  params: {
    location: location
    tags: tags
    serviceName: 'auditor'
    appName: names.app.auditor
    planName: names.plan.auditor
    hostStorageName: names.hostStorage.auditor
    queueNames: [recheckQueue, '${recheckQueue}-poison'] // the host puts what fails for good into the second
    containerNames: [recheckContainer]
    identityName: names.identity.auditor
    otherIdentityNames: [names.identity.drill]
    insightsName: names.insights
    workspaceName: names.workspace
    nodeVersion: nodeVersion
    memoryMB: memoryMB
    maximumInstances: maximumInstances
    alwaysReady: []
    // Timers, slices that are handed out again, and evidence that can be asked for again: what a lost zone takes with it is made
    // up later, and in a plan with zones each function has two instances that always run, and are billed.
    zoneRedundant: false
    isPublic: isPublic
    subnetId: subnetIds.auditor
    endpointSubnetId: subnetIds.endpoints
    zonesGroupId: zonesGroupId
    callerRanges: callerRanges
    isClosed: !isPublic
    deployerRanges: deployerRanges
    settings: {
      ...common
      ...switchedOff.auditor
      FORWARD_SCHEDULE: forwardSchedule
      ...forwarding
      ...timeout
      RECHECK_CONTAINER: recheckContainer
      RECHECK_DAYS: string(recheckDays)
      LEDGER__clientId: auditorIdentity.properties.clientId
      SIGNER__clientId: auditorIdentity.properties.clientId
      LEDGER_RESOURCE_ID: resourceId('Microsoft.Storage/storageAccounts', names.ledger)
      RETENTION_DAYS: string(retentionDays)
      ...coverage
      ...runbookSetting
      SOURCE_SILENT_HOURS: string(sourceSilentHours)
      SOURCES_EXPECTED: sourcesExpected
      DRILL__credential: 'managedidentity'
      DRILL__clientId: drillIdentity.properties.clientId
      LEDGER_VERIFIER_KEYS: trim('${vault::signer.properties.keyUriWithVersion} ${verifierKeys}')
      AUDITOR__clientId: auditorIdentity.properties.clientId
      AUDITOR__keyUrl: vault::auditorKey.properties.keyUriWithVersion
      AUDITOR_VERIFIER_KEYS: auditorVerifierKeys
    }
  }
}
