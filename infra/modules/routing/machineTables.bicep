metadata name = 'Tables of machines'
metadata description = 'Exports what agents of virtual machines wrote into a workspace to the hub: every row of the two tables, of all machines that send there.'

import { settingNameFor } from '../../shared.bicep'

@description('Required. Name of the workspace. It is in the region of the hub.')
@minLength(4)
@maxLength(63)
param workspaceName string

@description('Required. Authorization rule of the namespace that diagnostic settings send with, as a resource id: it names the environment.')
@minLength(1)
@maxLength(512)
param senderRuleId string

@description('Required. Namespace of the hub, as a resource id.')
@minLength(1)
@maxLength(512)
param hubNamespaceId string

@description('Required. Event hub.')
@minLength(1)
@maxLength(256)
param hubName string

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-02-01' existing = {
  name: workspaceName
}

resource tables 'Microsoft.OperationalInsights/workspaces/dataExports@2025-02-01' = {
  parent: workspace
  name: settingNameFor(senderRuleId)
  properties: {
    destination: {
      resourceId: hubNamespaceId
      metaData: { eventHubName: hubName }
    }
    enable: true
    tableNames: ['Event', 'Syslog']
  }
}
