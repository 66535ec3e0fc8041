metadata name = 'Policy on the hub'
metadata description = 'Lets a policy assignment read the key of the rule that the diagnostic settings it writes will send with.'

@description('Required. Namespace of the hub.')
@minLength(6)
@maxLength(50)
param hubNamespaceName string

@description('Required. Identity of the policy assignment.')
@minLength(1)
@maxLength(64)
param principalId string

var eventHubsDataOwner = 'f526a384-b230-433a-b45c-95f59c4a2dec' // what the policies ask for; less has not been tried

resource namespace 'Microsoft.EventHub/namespaces@2024-01-01' existing = {
  name: hubNamespaceName
}

resource role 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: namespace
  name: guid(namespace.id, principalId, eventHubsDataOwner)
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', eventHubsDataOwner)
    description: 'Policy reads the key of the Send-only rule.'
  }
}
