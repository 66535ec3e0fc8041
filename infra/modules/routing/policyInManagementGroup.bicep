metadata name = 'Policy in the management group'
metadata description = 'Lets a policy assignment write diagnostic settings in every subscription below the management group.'

targetScope = 'managementGroup'

import { settingWriterRole } from '../../shared.bicep'

@description('Required. Identity of the policy assignment.')
@minLength(1)
@maxLength(64)
param principalId string

resource role 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(managementGroup().id, principalId, settingWriterRole)
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: tenantResourceId('Microsoft.Authorization/roleDefinitions', settingWriterRole)
    description: 'Policy writes diagnostic settings.'
  }
}
