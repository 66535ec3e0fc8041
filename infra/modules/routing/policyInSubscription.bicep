metadata name = 'Policy in the subscription'
metadata description = 'Lets a policy assignment write diagnostic settings. Routing by policy is off until it is asked for, because this right reaches the whole subscription.'

targetScope = 'subscription'

@description('Required. Identity of the policy assignment.')
@minLength(1)
@maxLength(64)
param principalId string

var logAnalyticsContributor = '92aaf0da-9dab-42b6-94a3-d43ce8d16293' // what the initiatives' policies ask for

resource role 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(subscription().id, principalId, logAnalyticsContributor)
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', logAnalyticsContributor)
    description: 'Policy writes diagnostic settings.'
  }
}
