metadata name = 'Platform sender'
metadata description = 'Lets a data collection rule send to the hub, and do nothing else.'

@description('Required. Namespace of the hub.')
@minLength(6)
@maxLength(50)
param hubNamespaceName string

@description('Required. Event hub.')
@minLength(1)
@maxLength(256)
param hubName string

@description('Required. Identity of the rule.')
@minLength(1)
@maxLength(64)
param principalId string

var eventHubsDataSender = '2b629674-e913-4c01-ae53-ef4638d8f975'

resource namespace 'Microsoft.EventHub/namespaces@2024-01-01' existing = {
  name: hubNamespaceName

  resource hub 'eventhubs' existing = {
    name: hubName
  }
}

resource role 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: namespace::hub
  name: guid(namespace::hub.id, principalId, eventHubsDataSender)
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', eventHubsDataSender)
    description: 'Sends logs of resources.'
  }
}
