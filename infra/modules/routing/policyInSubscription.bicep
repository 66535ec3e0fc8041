metadata name = 'Policy in the subscription'
metadata description = 'Lets a policy assignment write diagnostic settings. Routing by policy is off until it is asked for, because this right reaches the whole subscription.'

targetScope = 'subscription'

import { settingWriterRole } from '../../shared.bicep'

@description('Required. Identity of the policy assignment.')
@minLength(1)
@maxLength(64)
param principalId string

resource role 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(subscription().id, principalId, settingWriterRole)
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', settingWriterRole)
    description: 'Policy writes diagnostic settings.'
  }
}
