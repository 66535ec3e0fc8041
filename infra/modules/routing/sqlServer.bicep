metadata name = 'SQL server'
metadata description = 'Switches auditing on and sends it. The setting is that of the database master, which stands for the server.'

import { settingNameFor } from '../../shared.bicep'

@description('Required. Name of the server.')
@minLength(1)
@maxLength(63)
param resourceName string

@description('Required. Authorization rule of the namespace that diagnostic settings send with, as a resource id.')
@minLength(1)
@maxLength(512)
param senderRuleId string

@description('Required. Event hub.')
@minLength(1)
@maxLength(256)
param hubName string

resource target 'Microsoft.Sql/servers@2023-08-01' existing = {
  name: resourceName

  resource master 'databases' existing = {
    name: 'master'
  }
}

resource setting 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: target::master
  name: settingNameFor(senderRuleId)
  properties: {
    eventHubAuthorizationRuleId: senderRuleId
    eventHubName: hubName
    logs: [
      { category: 'SQLSecurityAuditEvents', enabled: true }
    ]
  }
}

resource auditing 'Microsoft.Sql/servers/auditingSettings@2023-08-01' = {
  parent: target
  name: 'default'
  properties: {
    state: 'Enabled'
    isAzureMonitorTargetEnabled: true
    auditActionsAndGroups: [
      'SUCCESSFUL_DATABASE_AUTHENTICATION_GROUP'
      'FAILED_DATABASE_AUTHENTICATION_GROUP'
      'BATCH_COMPLETED_GROUP'
    ]
  }
  dependsOn: [setting]
}
