metadata name = 'Private endpoints'
metadata description = 'Addresses of the ledger, the hub and the vault inside the virtual network, and where asked for of Azure Monitor and Azure Resource Manager. Those of the hosts\' storage are with the apps.'

import { namesOf, tagsOf } from '../shared.bicep'

@description('Required. Region.')
@minLength(1)
@maxLength(64)
param location string

@description('Required. Tags of every resource.')
param tags tagsOf

@description('Required. Names of all resources.')
param names namesOf

@description('Required. Resource id of the subnet of the endpoints.')
@minLength(1)
@maxLength(512)
param subnetId string

@description('Required. Resource id of the resource group that has the DNS zones. Empty: a policy of the organisation makes the names.')
@maxLength(256)
param zonesGroupId string

@description('Required. Whether telemetry goes to Azure Monitor through an endpoint too.')
param privateMonitor bool

@description('Required. Resource id of the tenant\'s resource management private link; empty: Azure Resource Manager is asked at its public address.')
@maxLength(512)
param armPrivateLinkId string

module ledger 'privateEndpoint.bicep' = {
  params: {
    location: location
    tags: tags
    targetName: names.ledger
    targetId: resourceId('Microsoft.Storage/storageAccounts', names.ledger)
    groupId: 'blob'
    subnetId: subnetId
    zonesGroupId: zonesGroupId
  }
}

module hub 'privateEndpoint.bicep' = {
  params: {
    location: location
    tags: tags
    targetName: names.hubNamespace
    targetId: resourceId('Microsoft.EventHub/namespaces', names.hubNamespace)
    groupId: 'namespace'
    subnetId: subnetId
    zonesGroupId: zonesGroupId
  }
}

module vault 'privateEndpoint.bicep' = {
  params: {
    location: location
    tags: tags
    targetName: names.vault
    targetId: resourceId('Microsoft.KeyVault/vaults', names.vault)
    groupId: 'vault'
    subnetId: subnetId
    zonesGroupId: zonesGroupId
  }
}

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-02-01' existing = {
  name: names.workspace
}

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: names.insights
}

// The network takes telemetry to nothing else than what is in the scope. Queries from elsewhere go on as before.
resource monitorScope 'Microsoft.Insights/privateLinkScopes@2021-09-01' = if (privateMonitor) {
  name: names.monitorScope
  location: 'global'
  tags: tags
  properties: { accessModeSettings: { ingestionAccessMode: 'PrivateOnly', queryAccessMode: 'Open' } }

  resource ofWorkspace 'scopedResources' = {
    name: names.workspace
    properties: { linkedResourceId: workspace.id }
  }

  resource ofInsights 'scopedResources' = {
    name: names.insights
    properties: { linkedResourceId: insights.id }
    dependsOn: [ofWorkspace] // the scope takes one at a time
  }
}

module monitor 'privateEndpoint.bicep' = if (privateMonitor) {
  params: {
    location: location
    tags: tags
    targetName: names.monitorScope
    targetId: monitorScope.id
    groupId: 'azuremonitor'
    subnetId: subnetId
    zonesGroupId: zonesGroupId
  }
  dependsOn: [monitorScope::ofInsights, ledger] // both write names into the zone of blob storage
}

module resourceManager 'privateEndpoint.bicep' = if (!empty(armPrivateLinkId)) {
  params: {
    location: location
    tags: tags
    targetName: '${names.network}-arm'
    targetId: armPrivateLinkId
    groupId: 'ResourceManagement'
    subnetId: subnetId
    zonesGroupId: zonesGroupId
  }
}
