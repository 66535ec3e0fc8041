metadata name = 'Private endpoints'
metadata description = 'Addresses of the ledger, the hub and the vault inside the virtual network. Those of the hosts\' storage are with the apps.'

import { namesOf, tagsOf } from '../shared.bicep'

@description('Required. Region.')
@minLength(1)
@maxLength(64)
param location string

@description('Required. Tags of every resource.')
param tags tagsOf

@description('Required. Names of all resources.')
param names namesOf

module ledger 'privateEndpoint.bicep' = {
  params: {
    location: location
    tags: tags
    targetName: names.ledger
    targetId: resourceId('Microsoft.Storage/storageAccounts', names.ledger)
    groupId: 'blob'
    networkName: names.network
  }
}

module hub 'privateEndpoint.bicep' = {
  params: {
    location: location
    tags: tags
    targetName: names.hubNamespace
    targetId: resourceId('Microsoft.EventHub/namespaces', names.hubNamespace)
    groupId: 'namespace'
    networkName: names.network
  }
}

module vault 'privateEndpoint.bicep' = {
  params: {
    location: location
    tags: tags
    targetName: names.vault
    targetId: resourceId('Microsoft.KeyVault/vaults', names.vault)
    groupId: 'vault'
    networkName: names.network
  }
}
