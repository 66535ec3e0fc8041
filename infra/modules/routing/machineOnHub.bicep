metadata name = 'Machine on the hub'
metadata description = 'Lets a virtual machine\'s agent send to the hub as the machine\'s own identity.'

@description('Required. Namespace of the hub.')
@minLength(6)
@maxLength(50)
param hubNamespaceName string

@description('Required. Event hub.')
@minLength(1)
@maxLength(256)
param hubName string

@description('Required. Machine, as a resource id.')
@minLength(1)
@maxLength(512)
param machineId string

@description('Required. Identity of the machine.')
@minLength(1)
@maxLength(64)
param principalId string

var eventHubsDataSender = '2b629674-e913-4c01-ae53-ef4638d8f975'

resource hub 'Microsoft.EventHub/namespaces/eventhubs@2024-01-01' existing = {
  name: '${hubNamespaceName}/${hubName}'
}

resource role 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: hub
  name: guid(hub.id, machineId, eventHubsDataSender)
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', eventHubsDataSender)
    description: 'The machine sends its own logs.'
  }
}
