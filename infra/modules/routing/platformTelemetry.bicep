metadata name = 'Platform telemetry'
metadata description = 'A data collection rule of kind PlatformTelemetry, a preview: it sends the logs of resources of one type that are associated with it straight to the hub, as an identity of its own and without a key. It transforms nothing, so it drops nothing.'

@description('Required. Name of the rule.')
@minLength(3)
@maxLength(64)
param ruleName string

@description('Required. Region of the rule: that of the hub and of the resources.')
@minLength(1)
@maxLength(64)
param location string

@description('Required. Type of the resources.')
@minLength(1)
@maxLength(128)
param type string

@description('Required. Namespace of the hub.')
@minLength(6)
@maxLength(50)
param hubNamespaceName string

@description('Required. Event hub.')
@minLength(1)
@maxLength(256)
param hubName string

var streams = ['${type}:Logs-Group-All']

resource namespace 'Microsoft.EventHub/namespaces@2024-01-01' existing = {
  name: hubNamespaceName

  resource hub 'eventhubs' existing = {
    name: hubName
  }
}

resource rule 'Microsoft.Insights/dataCollectionRules@2024-03-11' = {
  name: ruleName
  location: location
  kind: 'PlatformTelemetry'
  identity: { type: 'SystemAssigned' }
  properties: {
    description: 'Logs of ${type}, to ${hubNamespaceName}'
    dataSources: { platformTelemetry: [{ name: 'logs', streams: streams }] }
    destinations: { eventHubs: [{ name: 'hub', eventHubResourceId: namespace::hub.id }] }
    dataFlows: [{ streams: streams, destinations: ['hub'] }]
  }
}

module maySend 'platformSender.bicep' = {
  params: {
    hubNamespaceName: hubNamespaceName
    hubName: hubName
    #disable-next-line what-if-short-circuiting // a role that is named without its principal can't be given to the next one
    principalId: rule.identity.principalId
  }
}
