metadata name = 'Routing'
metadata description = 'Diagnostic settings for resources that are named one by one: those that no policy initiative covers, and those whose logs must not wait for one. Deployed by itself: az deployment sub create --location REGION --parameters infra/routing.bicepparam.'

targetScope = 'subscription'

import { settingNameFor } from 'shared.bicep'

@description('Required. Authorization rule of the namespace that diagnostic settings send with, as a resource id.')
@minLength(1)
@maxLength(512)
param senderRuleId string

@description('Required. Event hub.')
@minLength(1)
@maxLength(256)
param hubName string

@description('Optional. Storage accounts, as resource ids.')
@maxLength(200)
param storageAccounts string[] = []

@description('Optional. Key vaults, as resource ids.')
@maxLength(200)
param keyVaults string[] = []

@description('Optional. SQL servers, as resource ids.')
@maxLength(200)
param sqlServers string[] = []

@description('Optional. Kubernetes clusters, as resource ids.')
@maxLength(200)
param clusters string[] = []

@description('Optional. Web apps and function apps, as resource ids.')
@maxLength(200)
param webApps string[] = []

@description('Optional. Virtual machines, as resource ids. Their agents send to the workspace below.')
@maxLength(200)
param virtualMachines string[] = []

@description('Optional. Workspace that agents of virtual machines send to, with its region, which must be that of the hub. Its tables Event and Syslog are exported to the hub whole, whoever writes to them. Needed where virtualMachines names any.')
param machineWorkspace { id: string, location: string }?

@description('Optional. Resources of the types in platformTelemetry.json, as resource ids: a data collection rule sends their logs. They are in the region of the hub. Where a policy or somebody else gives one a diagnostic setting, too, its logs come twice.')
@maxLength(200)
param platformTelemetry string[] = []

@description('Optional. Region of the hub, which is one of those in platformTelemetry.json. Needed where platformTelemetry names any.')
@maxLength(64)
param hubLocation string = ''

// What is in the pipeline's own group is left out, whoever lists it, in whatever case: its logs about sealing would be
// sealed, for ever.
var pipeline = '${split(senderRuleId, '/providers/')[0]}/'

func others(ids string[], pipeline string) string[] => filter(ids, id => !startsWith(id, pipeline))

// With all of its parts: a child is of another type than its parent.
func typeOf(id string) string =>
  toLower(join(filter(split(last(split(id, '/providers/')), '/'), (part, i) => i == 0 || i % 2 == 1), '/'))

var platformTelemetryOf = loadJsonContent('platformTelemetry.json')
var withoutRule = filter(platformTelemetry, id => !contains(platformTelemetryOf.types, typeOf(id)))
var hubRegion = replace(toLower(hubLocation), ' ', '')
var platformFaults = concat(
  empty(withoutRule)
    ? []
    : [
        'No platform telemetry rule sends logs of ${join(withoutRule, ', ')}: list them elsewhere, for a diagnostic setting.'
      ],
  empty(platformTelemetry) || !empty(hubLocation) ? [] : ['platformTelemetry needs hubLocation, the region of the hub.'],
  empty(platformTelemetry) || empty(hubLocation) || contains(platformTelemetryOf.regions, hubRegion)
    ? []
    : [
        'There are no platform telemetry rules in ${hubLocation}: list the resources elsewhere, for diagnostic settings.'
      ]
)
var platformIds = empty(platformFaults) ? others(platformTelemetry, pipeline) : fail(join(platformFaults, ' '))

module storage 'modules/routing/storageBlob.bicep' = [
  for id in others(storageAccounts, pipeline): {
    scope: resourceGroup(split(id, '/')[2], split(id, '/')[4])
    params: {
      resourceName: last(split(id, '/'))
      senderRuleId: senderRuleId
      hubName: hubName
    }
  }
]

module vaults 'modules/routing/keyVault.bicep' = [
  for id in others(keyVaults, pipeline): {
    scope: resourceGroup(split(id, '/')[2], split(id, '/')[4])
    params: {
      resourceName: last(split(id, '/'))
      senderRuleId: senderRuleId
      hubName: hubName
    }
  }
]

module servers 'modules/routing/sqlServer.bicep' = [
  for id in others(sqlServers, pipeline): {
    scope: resourceGroup(split(id, '/')[2], split(id, '/')[4])
    params: {
      resourceName: last(split(id, '/'))
      senderRuleId: senderRuleId
      hubName: hubName
    }
  }
]

module kubernetes 'modules/routing/cluster.bicep' = [
  for id in others(clusters, pipeline): {
    scope: resourceGroup(split(id, '/')[2], split(id, '/')[4])
    params: {
      resourceName: last(split(id, '/'))
      senderRuleId: senderRuleId
      hubName: hubName
    }
  }
]

module apps 'modules/routing/webApp.bicep' = [
  for id in others(webApps, pipeline): {
    scope: resourceGroup(split(id, '/')[2], split(id, '/')[4])
    params: {
      resourceName: last(split(id, '/'))
      senderRuleId: senderRuleId
      hubName: hubName
    }
  }
]

module machines 'modules/routing/virtualMachine.bicep' = [
  for id in virtualMachines: {
    scope: resourceGroup(split(id, '/')[2], split(id, '/')[4])
    params: {
      resourceName: last(split(id, '/'))
      location: machineWorkspace!.location
      workspaceId: machineWorkspace!.id
      senderRuleId: senderRuleId
    }
  }
]

module tables 'modules/routing/machineTables.bicep' = if (machineWorkspace != null) {
  scope: resourceGroup(split(machineWorkspace!.id, '/')[2], split(machineWorkspace!.id, '/')[4])
  params: {
    workspaceName: last(split(machineWorkspace!.id, '/'))
    senderRuleId: senderRuleId
    hubNamespaceId: split(senderRuleId, '/authorizationRules/')[0]
    hubName: hubName
  }
}

// A rule for each type, whose name and content depend on nothing else: another deployment that names other resources changes
// nothing about these.
func platformRuleFor(senderRuleId string, type string) string =>
  'dcr-${settingNameFor(senderRuleId)}-${uniqueString(type)}'

module platform 'modules/routing/platformTelemetry.bicep' = [
  for type in union(map(platformIds, id => typeOf(id)), []): {
    scope: resourceGroup(split(senderRuleId, '/')[2], split(senderRuleId, '/')[4])
    params: {
      ruleName: platformRuleFor(senderRuleId, type)
      location: hubLocation
      type: type
      hubNamespaceName: split(senderRuleId, '/')[8]
      hubName: hubName
    }
  }
]

module associations 'modules/routing/association.json' = [
  for id in platformIds: {
    scope: resourceGroup(split(id, '/')[2], split(id, '/')[4])
    params: {
      resourceId: id
      ruleId: resourceId(
        split(senderRuleId, '/')[2],
        split(senderRuleId, '/')[4],
        'Microsoft.Insights/dataCollectionRules',
        platformRuleFor(senderRuleId, typeOf(id))
      )
      associationName: settingNameFor(senderRuleId)
    }
    dependsOn: [platform]
  }
]
