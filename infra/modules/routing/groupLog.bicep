metadata name = 'Group log'
metadata description = 'Sends the activity log of a management group to a hub: what is done to the group itself, such as a role or a policy there. What is below it has logs of its own.'

targetScope = 'managementGroup'

import { settingNameFor } from '../../shared.bicep'

@description('Required. Authorization rule of the namespace that diagnostic settings send with, as a resource id.')
@minLength(1)
@maxLength(512)
param senderRuleId string

@description('Required. Event hub.')
@minLength(1)
@maxLength(256)
param hubName string

resource setting 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: settingNameFor(senderRuleId)
  properties: {
    eventHubAuthorizationRuleId: senderRuleId
    eventHubName: hubName
    logs: [
      { category: 'Administrative', enabled: true }
      { category: 'Policy', enabled: true }
    ]
  }
}
