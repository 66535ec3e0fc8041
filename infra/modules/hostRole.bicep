metadata name = 'Right on the host storage'
metadata description = 'What the Functions host of an app may do with its own storage account.'

@description('Required. Storage account of the host.')
@minLength(3)
@maxLength(24)
param hostStorageName string

// Not string[]: a template with such a type is of language version 2.0, in which what is `existing` is read, and might be before it is made.
@description('Required. Queues there that the app works off, and writes to: their names.')
@maxLength(2)
#disable-next-line use-user-defined-types
param queueNames array

@description('Required. Principal of the app.')
@minLength(1)
@maxLength(36)
param principalId string

resource storage 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: hostStorageName

  resource queueService 'queueServices' existing = {
    name: 'default'

    resource queues 'queues' existing = [
      for name in queueNames: {
        name: name
      }
    ]
  }
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

// The trigger hides a message again while it is worked on, and gives one back that failed: that is an update, which the roles that
// only send or process messages do not allow.
var storageQueueDataContributor = '974c5e8b-45b9-4653-ba55-5f855dd0fb88'

resource queueRoles 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for (name, i) in queueNames: {
    scope: storage::queueService::queues[i]
    name: guid(storage::queueService::queues[i].id, principalId, storageQueueDataContributor)
    properties: {
      principalId: principalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', storageQueueDataContributor)
      description: 'Slices of full rechecks are handed out here.'
    }
  }
]
