metadata name = 'Key vault'
metadata description = 'Sends who used which key and secret.'

import { settingNameFor } from '../../shared.bicep'

@description('Required. Name of the vault.')
@minLength(3)
@maxLength(24)
param resourceName string

@description('Required. Authorization rule of the namespace that diagnostic settings send with, as a resource id.')
@minLength(1)
@maxLength(512)
param senderRuleId string

@description('Required. Event hub.')
@minLength(1)
@maxLength(256)
param hubName string

resource target 'Microsoft.KeyVault/vaults@2024-11-01' existing = {
  name: resourceName
}

resource setting 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: target
  name: settingNameFor(senderRuleId)
  properties: {
    eventHubAuthorizationRuleId: senderRuleId
    eventHubName: hubName
    logs: [
      { categoryGroup: 'audit', enabled: true }
    ]
  }
}
