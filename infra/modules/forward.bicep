metadata name = 'Forwarding'
metadata description = 'The data collection rule that the auditor posts records to, and its right to do so.'

import { forwardStream, tagsOf } from '../shared.bicep'

@description('Required. Region of the workspace.')
@minLength(1)
@maxLength(64)
param location string

@description('Required. Tags of every resource.')
param tags tagsOf

@description('Required. Name of the rule.')
@minLength(3)
@maxLength(30)
param ruleName string

@description('Required. Workspace that has the table, as a resource id.')
@minLength(1)
@maxLength(512)
param workspaceId string

@description('Required. Principal of the auditor.')
@minLength(1)
@maxLength(36)
param principalId string

var monitoringMetricsPublisher = '3913510d-42f4-4e42-8a64-420c390055eb'

// Direct: it has an address of its own, and needs no endpoint beside it.
resource rule 'Microsoft.Insights/dataCollectionRules@2023-03-11' = {
  name: ruleName
  location: location
  tags: tags
  kind: 'Direct'
  properties: {
    streamDeclarations: {
      '${forwardStream}': {
        columns: map(items(loadJsonContent('../forwardColumns.json')), column => {
          name: column.key
          type: column.value
        })
      }
    }
    destinations: {
      logAnalytics: [{ name: 'records', workspaceResourceId: workspaceId }]
    }
    dataFlows: [
      {
        streams: [forwardStream]
        destinations: ['records']
        outputStream: forwardStream
        transformKql: 'source'
      }
    ]
  }
}

resource posts 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: rule
  name: guid(rule.id, principalId, monitoringMetricsPublisher)
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', monitoringMetricsPublisher)
    description: 'Posts rows of records.'
  }
}
