metadata name = 'Metrics of the hub'
metadata description = 'Alerts on what only the namespace itself counts.'

import { tagsOf } from '../shared.bicep'

@description('Required. Tags of every resource.')
param tags tagsOf

@description('Required. Namespace of the hub.')
@minLength(6)
@maxLength(50)
param hubNamespaceName string

@description('Required. Address that the name of a section of the runbook is put behind.')
@minLength(1)
@maxLength(513)
param runbook string

@description('Required. Action group, as a resource id.')
@minLength(1)
@maxLength(512)
param actionGroupId string

// No diagnostic setting exports these metrics, so no query sees them. An alert each, because the criteria of one alert must
// all be met. Senders try again for a while, and then events are lost.
var metrics = [
  { key: 'throttled', name: 'ThrottledRequests', title: 'The hub refuses events: it is too small', severity: 2 }
  { key: 'quota', name: 'QuotaExceededErrors', title: 'The hub refuses events: a quota is used up', severity: 2 }
  { key: 'hubErrors', name: 'ServerErrors', title: 'The hub fails at requests', severity: 3 }
]

resource hubNamespace 'Microsoft.EventHub/namespaces@2024-01-01' existing = {
  name: hubNamespaceName
}

resource measured 'Microsoft.Insights/metricAlerts@2018-03-01' = [
  for metric in metrics: {
    name: 'alert-${metric.key}'
    location: 'global'
    tags: tags
    properties: {
      description: '${metric.title}. What to do: ${runbook}alert-${toLower(metric.key)}'
      severity: metric.severity
      enabled: true
      scopes: [hubNamespace.id]
      evaluationFrequency: 'PT5M'
      windowSize: 'PT15M'
      autoMitigate: true // it tells of the end too, and not again until then
      criteria: {
        'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
        allOf: [
          {
            criterionType: 'StaticThresholdCriterion'
            name: metric.key
            metricNamespace: 'Microsoft.EventHub/namespaces'
            metricName: metric.name
            timeAggregation: 'Total'
            operator: 'GreaterThan'
            threshold: 0
          }
        ]
      }
      actions: [{ actionGroupId: actionGroupId }]
    }
  }
]
