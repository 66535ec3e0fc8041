metadata name = 'Activity log'
metadata description = 'Sends the activity log of the subscription to the hub: who changed what, by way of Azure Resource Manager.'

targetScope = 'subscription'

import { activityCategories, settingNameFor } from '../../shared.bicep'

@description('Required. Authorization rule of the namespace that diagnostic settings send with, as a resource id.')
@minLength(1)
@maxLength(512)
param senderRuleId string

@description('Required. Event hub.')
@minLength(1)
@maxLength(256)
param hubName string

@description('Required. Workspace, as a resource id: alerts on the activity log are found there again.')
@minLength(1)
@maxLength(512)
param workspaceId string

resource setting 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: settingNameFor(senderRuleId)
  properties: {
    eventHubAuthorizationRuleId: senderRuleId
    eventHubName: hubName
    workspaceId: workspaceId
    logs: [for category in activityCategories: { category: category, enabled: true }]
  }
}
