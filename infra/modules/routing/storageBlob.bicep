metadata name = 'Storage account'
metadata description = 'Sends who read, wrote and deleted which blob. No initiative covers storage accounts.'

import { settingNameFor } from '../../shared.bicep'

@description('Required. Name of the storage account.')
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

resource target 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: resourceName

  resource blobs 'blobServices' existing = {
    name: 'default'
  }
}

resource setting 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: target::blobs
  name: settingNameFor(senderRuleId)
  properties: {
    eventHubAuthorizationRuleId: senderRuleId
    eventHubName: hubName
    logs: [
      { category: 'StorageRead', enabled: true }
      { category: 'StorageWrite', enabled: true }
      { category: 'StorageDelete', enabled: true }
    ]
  }
}
