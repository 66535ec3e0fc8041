metadata name = 'Right on the host storage'
metadata description = 'What the Functions host of an app may do with its own storage account.'

@description('Required. Storage account of the host.')
@minLength(3)
@maxLength(24)
param hostStorageName string

@description('Required. Principal of the app.')
@minLength(1)
@maxLength(36)
param principalId string

resource storage 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: hostStorageName
}

// The host demands the owner's role: https://learn.microsoft.com/azure/azure-functions/functions-reference#connecting-to-host-storage-with-an-identity
var storageBlobDataOwner = 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b'

resource hostRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: storage
  name: guid(storage.id, principalId, storageBlobDataOwner)
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', storageBlobDataOwner)
    description: 'The host keeps its package, positions, leases and keys here.'
  }
}
