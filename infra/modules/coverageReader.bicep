metadata name = 'Coverage reader'
metadata description = 'Lets the auditor read everything in the subscription but data, keys and secrets: which resources there are, and where they send their logs.'

targetScope = 'subscription'

@description('Required. Principal of the auditor.')
@minLength(1)
@maxLength(64)
param principalId string

var reader = 'acdd72a7-3385-48ef-bd42-f606fba81ae7' // less shows less, and lists leave out what is not shown

resource role 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(subscription().id, principalId, reader)
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', reader)
    description: 'Sees which resources send their logs to the hub.'
  }
}
