metadata name = 'Virtual machine'
metadata description = 'Has the agent of a machine send security events of Windows and the authentication log of Linux to a workspace, whose export sends them on. The machine needs the Azure Monitor agent and a managed identity, which the agent signs in with.'

import { settingNameFor } from '../../shared.bicep'

@description('Required. Name of the virtual machine.')
@minLength(1)
@maxLength(64)
param resourceName string

@description('Required. Region of the workspace. Rules are kept there; the machine may be elsewhere.')
@minLength(1)
@maxLength(64)
param location string

@description('Required. Workspace, as a resource id.')
@minLength(1)
@maxLength(512)
param workspaceId string

@description('Required. Authorization rule of the namespace that diagnostic settings send with, as a resource id: it names the environment.')
@minLength(1)
@maxLength(512)
param senderRuleId string

resource machine 'Microsoft.Compute/virtualMachines@2024-11-01' existing = {
  name: resourceName
}

// A rule that sent straight to a hub (kind AgentDirectToStore) can't be made since 31 July 2026.
resource rule 'Microsoft.Insights/dataCollectionRules@2023-03-11' = {
  // A rule's name is shorter than that of a machine may be.
  name: 'dcr-${settingNameFor(senderRuleId)}-${uniqueString(machine.id)}'
  location: location
  properties: {
    description: 'Logs of ${resourceName}'
    dataSources: {
      windowsEventLogs: [
        { name: 'security', streams: ['Microsoft-Event'], xPathQueries: ['Security!*'] }
      ]
      syslog: [
        {
          name: 'authentication'
          streams: ['Microsoft-Syslog']
          facilityNames: ['auth', 'authpriv']
          logLevels: ['*']
        }
      ]
    }
    destinations: { logAnalytics: [{ name: 'workspace', workspaceResourceId: workspaceId }] }
    dataFlows: [
      { streams: ['Microsoft-Event', 'Microsoft-Syslog'], destinations: ['workspace'] }
    ]
  }
}

resource association 'Microsoft.Insights/dataCollectionRuleAssociations@2023-03-11' = {
  scope: machine
  name: settingNameFor(senderRuleId)
  properties: { dataCollectionRuleId: rule.id }
}
