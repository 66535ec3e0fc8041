metadata name = 'Web app'
metadata description = 'Of a web app: sends sign-ins for publishing, requests, and requests that access restrictions refused. Of a function app: what its host and its functions log.'

import { settingNameFor } from '../../shared.bicep'

@description('Required. Name of the app.')
@minLength(2)
@maxLength(60)
param resourceName string

@description('Required. Authorization rule of the namespace that diagnostic settings send with, as a resource id.')
@minLength(1)
@maxLength(512)
param senderRuleId string

@description('Required. Event hub.')
@minLength(1)
@maxLength(256)
param hubName string

resource target 'Microsoft.Web/sites@2024-11-01' existing = {
  name: resourceName
}

resource setting 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: target
  name: settingNameFor(senderRuleId)
  properties: {
    eventHubAuthorizationRuleId: senderRuleId
    eventHubName: hubName
    // Azure refuses a category that an app of this kind doesn't have.
    logs: contains(toLower(target.kind), 'functionapp')
      ? [
          { category: 'FunctionAppLogs', enabled: true }
        ]
      : [
          { category: 'AppServiceAuditLogs', enabled: true }
          { category: 'AppServiceHTTPLogs', enabled: true }
          { category: 'AppServiceIPSecAuditLogs', enabled: true }
        ]
  }
}
