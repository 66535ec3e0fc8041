metadata name = 'Kubernetes cluster'
metadata description = 'Sends what was changed through the API server, and who signed in to it. Reads (kube-audit) are left out: they are most of the volume.'

import { settingNameFor } from '../../shared.bicep'

@description('Required. Name of the cluster.')
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

resource target 'Microsoft.ContainerService/managedClusters@2025-05-01' existing = {
  name: resourceName
}

resource setting 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: target
  name: settingNameFor(senderRuleId)
  properties: {
    eventHubAuthorizationRuleId: senderRuleId
    eventHubName: hubName
    logs: [
      { category: 'kube-audit-admin', enabled: true }
      { category: 'guard', enabled: true }
    ]
  }
}
