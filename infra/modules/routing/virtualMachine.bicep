metadata name = 'Virtual machine'
metadata description = 'Sends security events of Windows and the authentication log of Linux, through a data collection rule. The machine needs the Azure Monitor agent and a system-assigned identity.'

@description('Required. Name of the virtual machine.')
@minLength(1)
@maxLength(64)
param resourceName string

@description('Required. Region of the machine and of the hub.')
@minLength(1)
@maxLength(64)
param location string

@description('Required. Event hub, as a resource id.')
@minLength(1)
@maxLength(512)
param hubId string

resource machine 'Microsoft.Compute/virtualMachines@2024-11-01' existing = {
  name: resourceName
}

resource rule 'Microsoft.Insights/dataCollectionRules@2023-03-11' = {
  name: 'dcr-auditseal-${resourceName}'
  location: location
  kind: 'AgentDirectToStore'
  properties: {
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
    destinations: { eventHubsDirect: [{ name: 'hub', eventHubResourceId: hubId }] }
    dataFlows: [
      { streams: ['Microsoft-Event', 'Microsoft-Syslog'], destinations: ['hub'] }
    ]
  }
}

resource association 'Microsoft.Insights/dataCollectionRuleAssociations@2023-03-11' = {
  scope: machine
  name: 'auditseal'
  properties: { dataCollectionRuleId: rule.id }
}

module maySend 'machineOnHub.bicep' = {
  scope: resourceGroup(split(hubId, '/')[2], split(hubId, '/')[4])
  params: {
    hubNamespaceName: split(hubId, '/')[8]
    hubName: last(split(hubId, '/'))
    machineId: machine.id
    principalId: machine.identity.principalId
  }
}
